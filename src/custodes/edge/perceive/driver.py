"""Look at one driver lens: find the driver's face, measure it, say what cannot be told. It keeps no picture."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from custodes.core.clock import NS_PER_S
from custodes.core.types import HANDHELD, BoxXyxy, DriverLook, DriverSight, Observation, PhoneSeen, Picture
from custodes.edge.perceive.areas import Areas, Corners
from custodes.edge.perceive.sight import shows_nothing
from custodes.vision.face.reader import FaceNetworks, FaceReader, FaceReading
from custodes.vision.objects import Detector
from custodes.vision.tiles import look_at

SEAT_ZONE = "driver"
"""A zone of this name on the lens says where the driver's face may be; without it, anywhere."""

MIN_EYE_PX = 6.0
MIN_CHEEK_LUMA = 20.0
MIN_SURE_0_1 = 0.8
FAR_SIDE_DEG = 20.0
"""A head that is turned further than this shows the camera one eye only."""
HIDDEN_DEG = 50.0
"""A head that is turned further than this shows it none to be sure of."""
PHONES_EVERY_S = 0.5
REACH = 3.5
"""In heights of a face: arms, chest and lap of whoever sits there."""
WATCH_ON_S = 5.0
"""With nobody there for this long, keyframes suffice until somebody is."""
JUMP_S = 30.0


class DriverPerceiver:
    """See what `look` is given, in the order of the film. One object a lens; not for several threads at once."""

    def __init__(
        self,
        *,
        lens: str,
        networks: FaceNetworks,
        detector: Detector | None = None,
        zones: Mapping[str, Corners] | None = None,
        masks: Sequence[Corners] = (),
        main_size_px: tuple[int, int] | None = None,
    ) -> None:
        self.lens = lens
        self.looks = 0
        seat = {name: corners for name, corners in (zones or {}).items() if name == SEAT_ZONE}
        self._areas = Areas(seat, masks)
        self._main_size_px = main_size_px
        self._size_px = (0, 0)
        self._reader = FaceReader(networks, in_seat=self._in_seat)
        self._detector = detector if detector is not None and detector.classes >= HANDHELD else None
        self._phones_ns: int | None = None
        self._searches = 0
        self._last_ns: int | None = None
        self._seen_ns: int | None = None

    @property
    def wants_all_frames(self) -> bool:
        """Return whether every frame should be decoded: while somebody sits there. Blinks are short."""
        if self._last_ns is None or self._seen_ns is None:
            return False
        return self._last_ns - self._seen_ns < WATCH_ON_S * NS_PER_S

    @property
    def inferences(self) -> int:
        """Return how often a network ran."""
        return self._reader.inferences + self._searches

    def look(self, picture: Picture) -> Observation:
        """Return what the picture shows of the driver."""
        size_px = (picture.width_px, picture.height_px)
        step_ns = 0 if self._last_ns is None else picture.wall_ns - self._last_ns
        if size_px != self._size_px or not 0 <= step_ns <= JUMP_S * NS_PER_S:
            self._reader.forget()
            self._seen_ns = None
            self._size_px = size_px
        self._last_ns = picture.wall_ns
        self.looks += 1
        look = self._driver(picture)
        if look.sight is DriverSight.SEEN:
            self._seen_ns = picture.wall_ns
        width_px, height_px = self._main_size_px or size_px
        return Observation(
            lens=self.lens,
            wall_ns=picture.wall_ns,
            mono_ns=picture.mono_ns,
            width_px=width_px,
            height_px=height_px,
            idle=not self.wants_all_frames,
            driver=self._in_main_pixels(look, width_px / size_px[0], height_px / size_px[1]),
        )

    def _driver(self, picture: Picture) -> DriverLook:
        if shows_nothing(picture):
            return DriverLook(DriverSight.COVERED, doubt="the picture is of one shade")
        reading = self._reader.read(self._areas.painted(picture.rgb()), at_ns=picture.wall_ns)
        faces = self._reader.faces
        if reading is None:
            return DriverLook(DriverSight.NOBODY, faces=faces)
        return replace(look_of(reading, faces=faces), phones=self._phones(picture, reading.box_px_xyxy))

    def _phones(self, picture: Picture, face: BoxXyxy) -> tuple[PhoneSeen, ...] | None:
        """Return the phones near the face; None in most looks, for nobody searches then."""
        at_ns, last_ns = picture.wall_ns, self._phones_ns
        if self._detector is None or (last_ns is not None and 0 <= at_ns - last_ns < PHONES_EVERY_S * NS_PER_S):
            return None
        self._phones_ns = at_ns
        self._searches += 1
        part = around(face, picture.width_px, picture.height_px)
        found = look_at(self._detector, self._areas.painted(picture.rgb()), [part])
        least = self._detector.usual_score_0_1
        phones = [one for one in found if one.object_class in HANDHELD and one.score_0_1 >= least]
        return tuple(phone_by(face, one.box_px_xyxy, picture.width_px, picture.height_px) for one in phones)

    def _in_seat(self, point_px: tuple[float, float]) -> bool:
        if not self._areas.zones:
            return True
        x, y = point_px
        width_px, height_px = self._size_px
        return bool(self._areas.zones_of((x, y, x, y), width_px=width_px, height_px=height_px))

    @staticmethod
    def _in_main_pixels(look: DriverLook, across: float, down: float) -> DriverLook:
        if look.face_px_xyxy is None:
            return look
        left, top, right, bottom = look.face_px_xyxy
        return replace(look, face_px_xyxy=(left * across, top * down, right * across, bottom * down))


def around(face: BoxXyxy, width_px: int, height_px: int) -> BoxXyxy:
    """Return the part of the picture in which the hands of whoever has this face can be seen: a square, as it fits."""
    left, top, right, bottom = face
    side_px = min(REACH * max(right - left, bottom - top), float(width_px), float(height_px))
    x = min(max((left + right) / 2 - side_px / 2, 0.0), width_px - side_px)
    y = min(max(top - side_px / 8, 0.0), height_px - side_px)
    return x, y, x + side_px, y + side_px


def phone_by(face: BoxXyxy, phone: BoxXyxy, width_px: int, height_px: int) -> PhoneSeen:
    """Return where a phone is, seen from the face."""
    wide_px, high_px = max(face[2] - face[0], 1.0), max(face[3] - face[1], 1.0)
    x, y = (phone[0] + phone[2]) / 2, (phone[1] + phone[3]) / 2
    aside = (x - (face[0] + face[2]) / 2) / wide_px
    below = (y - (face[1] + face[3]) / 2) / high_px
    return PhoneSeen(aside, below, (x / width_px, y / height_px))


def look_of(reading: FaceReading, *, faces: int) -> DriverLook:
    """Return what can be told of a face, and in words why the rest cannot."""
    doubt = doubt_of(reading)
    seen = DriverLook(
        DriverSight.SEEN,
        faces=faces,
        face_px_xyxy=reading.box_px_xyxy,
        mouth_open=reading.mouth_open,
        head_yaw_deg=reading.pose.yaw_deg,
        head_pitch_deg=reading.pose.pitch_deg,
        doubt=doubt,
    )
    if reading.sure_0_1 < MIN_SURE_0_1:
        return replace(seen, mouth_open=None, head_yaw_deg=None, head_pitch_deg=None)
    if doubt:
        return seen
    turned_deg = reading.pose.yaw_deg
    eyes = [reading.right_eye, reading.left_eye]
    if turned_deg > FAR_SIDE_DEG:  # to the person's left: the right eye is the near one
        eyes = [reading.right_eye]
    elif turned_deg < -FAR_SIDE_DEG:
        eyes = [reading.left_eye]
    return replace(
        seen,
        eyes_open=sum(eye.open_ratio for eye in eyes) / len(eyes),
        gaze_yaw_deg=turned_deg + sum(eye.yaw_deg for eye in eyes) / len(eyes),
        gaze_pitch_deg=reading.pose.pitch_deg + sum(eye.pitch_deg for eye in eyes) / len(eyes),
    )


def doubt_of(reading: FaceReading) -> str:
    """Return why the eyes of this face cannot be told, or nothing when they can."""
    if reading.sure_0_1 < MIN_SURE_0_1:
        return "the picture is too poor to read the face"
    if reading.cheek_luma < MIN_CHEEK_LUMA:
        return "it is too dark to see the eyes"
    if reading.eye_px < MIN_EYE_PX:
        return "the face is too small to see the eyes"
    if abs(reading.pose.yaw_deg) > HIDDEN_DEG:
        return "the head is turned too far to see the eyes"
    if reading.shaded:
        return "dark glasses or a shadow hide the eyes"
    return ""
