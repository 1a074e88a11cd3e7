"""Look at one lens: idle on keyframes, wake on motion, detect where it matters, follow, and say what is there."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from custodes.core.clock import NS_PER_S
from custodes.core.types import BoxXyxy, Detection, ObjectClass, Observation, Picture, TrackedObject
from custodes.edge.perceive.areas import Areas, Corners
from custodes.edge.perceive.settings import PerceiveSettings
from custodes.vision.motion import Motion, MotionGate
from custodes.vision.objects import Detector
from custodes.vision.tiles import TileChooser, TileSettings, look_at
from custodes.vision.tracking import ByteTrack, Track

_RECHECK_S = 1.0
"""What does not move is looked at again this often (s) while awake, and at each picture while idle."""
_STEADY_S = 0.5
"""Who is sure and walks on is looked at again this often (s); in between the forecast follows the motion."""
_STEADY_HITS = 4
_EXPLAINED_0_1 = 0.8
"""A moved part is put down to a steady object when at least this share of it lies around that object's box."""
_BLUR_0_1 = 0.0125
"""How much too large a moved part may be on each side, as a share of the picture's width: two of the gate's pixels."""
_JUMP_S = 30.0
"""A step of the film's clock larger than this, or back, starts the scene anew."""


class Perceiver:
    """See what `look` is given, in the order of the film. One object a lens; not for several threads at once.

    `zones` and `masks` are those of the lens and come on top of those in the settings. `main_size_px` (width,
    height) is the size of the main stream when the pictures come from a smaller sub stream: boxes are given in its
    pixels.
    """

    beside: ClassVar[frozenset[ObjectClass]] = frozenset()
    """What this kind of lens looks for whatever the settings say."""

    def __init__(
        self,
        *,
        lens: str,
        settings: PerceiveSettings,
        detector: Detector,
        zones: Mapping[str, Corners] | None = None,
        masks: Sequence[Corners] = (),
        main_size_px: tuple[int, int] | None = None,
    ) -> None:
        self.lens = lens
        self.settings = settings
        self.looks = 0
        self.inferences = 0
        self._detector = detector
        self._main_size_px = main_size_px
        all_masks = [*settings.masks, *masks]
        self._areas = Areas({**settings.zones, **(zones or {})}, all_masks, settings.min_size, settings.max_size)
        self._gate = MotionGate()
        self._gate.ignore([list(corners) for corners in all_masks])
        self._tracker = ByteTrack(self._threshold_of)
        self._chooser = TileChooser(detector.side_px, TileSettings(per_look=settings.tiles_per_look))
        self._wanted = (frozenset(settings.classes) | self.beside) & detector.classes
        self._size_px = (0, 0)
        self._last_ns: int | None = None
        self._full_ns: int | None = None
        self._awake_until_ns = self._last_motion_ns = 0

    @property
    def wants_all_frames(self) -> bool:
        """Return whether every frame should be decoded; while idle, keyframes suffice."""
        return self._last_ns is not None and self._last_ns < self._awake_until_ns

    def look(self, picture: Picture) -> Observation:
        """Return what is in the picture and what of it moved."""
        at_ns = picture.wall_ns
        self._begin(picture, at_ns)
        motion = self._gate.look(picture.luma(), at_ns=at_ns)
        moved_px = [_scaled(box, picture.width_px, picture.height_px) for box in motion.regions_0_1]
        self._tracker.predict(at_ns=at_ns)
        parts = self._parts(motion, moved_px, at_ns)
        if parts:
            found = self._detect(picture, parts)
            tracks = self._tracker.update(found, at_ns=at_ns, looked_px=parts, moved_px=moved_px, size_px=self._size_px)
        else:
            tracks = self._tracker.carry(at_ns=at_ns, moved_px=moved_px)
        self._stay_awake(motion, tracks, at_ns)
        self.looks += 1
        return self._observation(picture, tracks, motion)

    def _begin(self, picture: Picture, at_ns: int) -> None:
        size = (picture.width_px, picture.height_px)
        jumped = self._last_ns is not None and not 0 <= at_ns - self._last_ns <= _JUMP_S * NS_PER_S
        if size != self._size_px or jumped:
            self._tracker.tracks.clear()
            self._full_ns = None
            self._awake_until_ns = self._last_motion_ns = 0
            self._size_px = size
        self._last_ns = at_ns

    def _threshold_of(self, object_class: ObjectClass) -> float:
        return self.settings.min_score.get(object_class, self._detector.usual_score_0_1)

    def _parts(self, motion: Motion, moved_px: Sequence[BoxXyxy], at_ns: int) -> list[BoxXyxy]:
        """Return which parts of the picture the detector shall see now; none when nothing calls for a look."""
        width_px, height_px = self._size_px
        every_s = self.settings.full_look_s if self.wants_all_frames else self._idle_look_s()
        if motion.fresh or self._full_ns is None or at_ns - self._full_ns >= every_s * NS_PER_S:
            self._full_ns = at_ns
            return [(0.0, 0.0, float(width_px), float(height_px))]
        steady = [track for track in self._tracker.tracks if self._is_steady(track, at_ns)]
        due = [track.box_px_xyxy for track in self._tracker.tracks if self._is_due(track, at_ns)]
        unexplained = [box for box in moved_px if not _explained(box, steady, _BLUR_0_1 * width_px)]
        # Once a look is due anyway it takes in all that moves: the square grows little, and others are then fresh too.
        wanted = [*moved_px, *due] if due else unexplained
        if not wanted:
            return []
        return self._chooser.choose(wanted, width_px=width_px, height_px=height_px, at_ns=at_ns)

    def _idle_look_s(self) -> float:
        """Return the wait for the next look: doubled where the last one found nothing and nothing has moved since."""
        unmoved = self._full_ns is not None and self._last_motion_ns <= self._full_ns
        return self.settings.idle_look_s * (2 if unmoved and not self._tracker.tracks else 1)

    def _is_due(self, track: Track, at_ns: int) -> bool:
        walks = at_ns - track.last_moved_ns < _RECHECK_S * NS_PER_S
        wait_s = _STEADY_S if walks else _RECHECK_S
        return not track.confirmed or not track.found or at_ns - track.last_looked_ns >= wait_s * NS_PER_S

    def _is_steady(self, track: Track, at_ns: int) -> bool:
        """Return whether the track can do without a look: sure of itself, not due, and not about to leave."""
        if not track.confirmed or track.hits < _STEADY_HITS or self._is_due(track, at_ns):
            return False
        left, top, right, bottom = track.box_px_xyxy
        width_px, height_px = self._size_px
        return 0 <= (left + right) / 2 <= width_px and 0 <= (top + bottom) / 2 <= height_px

    def _detect(self, picture: Picture, parts: Sequence[BoxXyxy]) -> list[Detection]:
        self.inferences += len(parts)
        found = look_at(self._detector, self._areas.painted(picture.rgb()), parts)
        width_px, height_px = self._size_px
        return [
            one
            for one in found
            if one.object_class in self._wanted and self._areas.admits(one, width_px=width_px, height_px=height_px)
        ]

    def _stay_awake(self, motion: Motion, tracks: Sequence[Track], at_ns: int) -> None:
        """Motion wakes, and so does something new; what stands still for long does not keep the lens awake."""
        hold_ns = round(self.settings.awake_hold_s * NS_PER_S)
        lively = any(at_ns - max(track.born_ns, track.last_moved_ns) < hold_ns for track in tracks)
        if motion.regions_0_1:
            self._last_motion_ns = at_ns
        if motion.regions_0_1 or lively:
            self._awake_until_ns = at_ns + hold_ns

    def _observation(self, picture: Picture, tracks: Sequence[Track], motion: Motion) -> Observation:
        width_px, height_px = self._main_size_px or self._size_px
        across, down = width_px / self._size_px[0], height_px / self._size_px[1]
        return Observation(
            lens=self.lens,
            wall_ns=picture.wall_ns,
            mono_ns=picture.mono_ns,
            width_px=width_px,
            height_px=height_px,
            objects=tuple(self._told(track, across, down) for track in tracks if track.found),
            motion_0_1=motion.share_0_1,
            idle=not self.wants_all_frames,
        )

    def _told(self, track: Track, across: float, down: float) -> TrackedObject:
        width_px, height_px = self._size_px
        left, top, right, bottom = track.box_px_xyxy
        left, right = max(left, 0.0), min(right, float(width_px))
        top, bottom = max(top, 0.0), min(bottom, float(height_px))
        zones = self._areas.zones_of((left, top, right, bottom), width_px=width_px, height_px=height_px)
        return TrackedObject(
            track_id=track.track_id,
            object_class=track.object_class,
            score_0_1=min(max(track.score_0_1, 0.0), 1.0),
            box_px_xyxy=(left * across, top * down, right * across, bottom * down),
            confirmed=track.confirmed,
            zones=zones,
        )


def _explained(moved: BoxXyxy, steady: Sequence[Track], blur_px: float) -> bool:
    """Return whether somebody who is followed moved there: the part lies in his box, a quarter larger all round."""
    area_px2 = (moved[2] - moved[0]) * (moved[3] - moved[1])
    for track in steady:
        left, top, right, bottom = track.box_px_xyxy
        room_x, room_y = (right - left) / 4 + blur_px, (bottom - top) / 4 + blur_px
        across = min(moved[2], right + room_x) - max(moved[0], left - room_x)
        down = min(moved[3], bottom + room_y) - max(moved[1], top - room_y)
        if across > 0 and down > 0 and across * down >= _EXPLAINED_0_1 * area_px2:
            return True
    return False


def _scaled(box: BoxXyxy, width_px: int, height_px: int) -> BoxXyxy:
    return box[0] * width_px, box[1] * height_px, box[2] * width_px, box[3] * height_px
