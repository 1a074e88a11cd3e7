"""The values that pass between stages. Frozen; names carry units and frame of reference.

Times: `wall_ns` is UTC nanoseconds since the epoch, `mono_ns` the unit's monotonic clock.
Boxes: `(left, top, right, bottom)` in pixels of the lens's main stream, origin top left.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BoxXyxy: TypeAlias = tuple[float, float, float, float]


class ObjectClass(StrEnum):
    """What perception tells apart."""

    PERSON = "person"
    CAT = "cat"
    DOG = "dog"
    ANIMAL = "animal"
    BICYCLE = "bicycle"
    CAR = "car"
    TRUCK = "truck"
    BUS = "bus"
    TRAFFIC_LIGHT = "traffic_light"
    STOP_SIGN = "stop_sign"
    PHONE = "phone"


SIGNALS = frozenset({ObjectClass.TRAFFIC_LIGHT, ObjectClass.STOP_SIGN})
"""What stands at a road and tells its drivers what to do: only road lenses look for it."""
HANDHELD = frozenset({ObjectClass.PHONE})
"""What somebody may have in the hand: only driver lenses look for it."""


class Facing(StrEnum):
    """Where a lens looks."""

    ROAD = "road"
    DRIVER = "driver"
    CABIN = "cabin"
    PORCH = "porch"
    ROOM = "room"


class TroubleKind(StrEnum):
    """What is wrong with a lens that should see, or with the unit itself."""

    COVERED = "covered"
    DARK = "dark"
    BLURRED = "blurred"
    MOVED = "moved"
    NO_PICTURE = "no_picture"
    CLOCK = "clock"
    NO_FIX = "no_fix"
    NO_RECEIVER = "no_receiver"

    @property
    def of_the_unit(self) -> bool:
        """Return whether it is the unit's own, and no lens's."""
        return self in {TroubleKind.CLOCK, TroubleKind.NO_FIX, TroubleKind.NO_RECEIVER}


class Severity(StrEnum):
    """How grave an event is, from least to most."""

    NOTE = "note"
    WARNING = "warning"
    CRITICAL = "critical"


class Purpose(StrEnum):
    """Why somebody watches."""

    OWN = "own"
    INCIDENT = "incident"
    COACHING = "coaching"
    TROUBLESHOOTING = "troubleshooting"
    REVIEW = "review"
    SUBJECT_REQUEST = "subject_request"
    LEAK_CASE = "leak_case"
    TRAINING = "training"


class Picture(Protocol):
    """One decoded frame, lazily converted: capture makes it, perception reads it."""

    wall_ns: int
    mono_ns: int
    width_px: int
    height_px: int
    is_keyframe: bool

    def luma(self) -> "NDArray[np.uint8]":
        """Return the luma plane, shape (height_px, width_px), uint8, without converting colours where possible."""
        ...

    def rgb(self) -> "NDArray[np.uint8]":
        """Return the frame as RGB, shape (height_px, width_px, 3), uint8. Converts at the first call."""
        ...


@dataclass(frozen=True, slots=True)
class Detection:
    """One object found by a detector in one frame."""

    object_class: ObjectClass
    score_0_1: float
    box_px_xyxy: BoxXyxy


@dataclass(frozen=True, slots=True)
class TrackedObject:
    """One object followed over frames.

    `score_0_1` is the score over the track's history, not this frame's; `confirmed` says that the history has
    passed the hysteresis, so that rules may count on it.
    """

    track_id: int
    object_class: ObjectClass
    score_0_1: float
    box_px_xyxy: BoxXyxy
    confirmed: bool
    zones: tuple[str, ...] = ()


class DriverSight(StrEnum):
    """What a driver lens shows at all."""

    SEEN = "seen"
    NOBODY = "nobody"
    COVERED = "covered"


@dataclass(frozen=True, slots=True)
class PhoneSeen:
    """A phone near the driver: its middle from the face's, in widths of the face to the side and heights down.

    `at_0_1` is where in the picture (shares of its width and height) it is.
    """

    aside: float
    below: float
    at_0_1: tuple[float, float]


@dataclass(frozen=True, slots=True)
class DriverLook:
    """What one frame shows of the driver: measures, no judgement, and no identity. None: cannot be told.

    `eyes_open` is the height of the lids' opening over its width, `mouth_open` the same of the mouth. Angles are seen
    from the camera, to the person's left and up positive; `gaze` is head and eyes together. `doubt` says in words why
    something cannot be told. `phones` is what a detector that knows phones found near them, in the looks that it saw.
    """

    sight: DriverSight
    faces: int = 0
    face_px_xyxy: BoxXyxy | None = None
    eyes_open: float | None = None
    mouth_open: float | None = None
    head_yaw_deg: float | None = None
    head_pitch_deg: float | None = None
    gaze_yaw_deg: float | None = None
    gaze_pitch_deg: float | None = None
    doubt: str = ""
    phones: tuple[PhoneSeen, ...] | None = None


Lamp = Literal["red", "amber", "green"]


@dataclass(frozen=True, slots=True)
class RoadLook:
    """How a lens that looks at the road sees it, in px of its main stream: measures, no judgement.

    `focal_px` is the focal length, `ahead_px` the point (x, y) that lies straight ahead of the vehicle. `markings` are
    the stripes along the road, from left to right: how far to our right, in heights of the camera above the road.
    `lamps` are what traffic lights show, by track number; one whose lamp cannot be told is not there.
    """

    focal_px: float
    ahead_px: tuple[float, float]
    markings: tuple[float, ...] = ()
    lamps: Mapping[int, Lamp] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Observation:
    """What perception saw in one frame of one lens. `motion_0_1` is the share of the picture that moved.

    `driver` is there for a lens that looks at the driver, `road` for one that looks at the road.
    """

    lens: str
    wall_ns: int
    mono_ns: int
    width_px: int
    height_px: int
    objects: tuple[TrackedObject, ...] = ()
    motion_0_1: float = 0.0
    idle: bool = False
    driver: DriverLook | None = None
    road: RoadLook | None = None


@dataclass(frozen=True, slots=True)
class VehicleState:
    """What the vehicle's own bus says of it. None means that the bus did not say, or not lately."""

    engine_rpm: float | None = None
    belt_fastened: bool | None = None
    reverse_gear: bool | None = None
    door_open: bool | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """One telemetry reading. None means that the source did not say."""

    wall_ns: int
    lat_deg: float | None = None
    lon_deg: float | None = None
    altitude_m: float | None = None
    speed_mps: float | None = None
    course_deg: float | None = None
    accel_mps2_xyz: tuple[float, float, float] | None = None
    gyro_radps_xyz: tuple[float, float, float] | None = None
    horizontal_accuracy_m: float | None = None
    source: str = ""
    vehicle: VehicleState | None = None


@dataclass(frozen=True, slots=True)
class ManualMark:
    """Somebody at the site pressed the button."""

    wall_ns: int
    by: str = "button"
    note: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One measured value that made a rule decide, beside the threshold it passed."""

    name: str
    value: float | str
    threshold: float | str | None = None
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """A decision. `end_wall_ns` is None while it lasts. `lens` is None when no lens saw it (speed, button)."""

    event_id: str
    kind: str
    rule: str
    onset_wall_ns: int
    severity: Severity
    lens: str | None = None
    end_wall_ns: int | None = None
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class EventUpdate:
    """What a rule says of an event: it began, it became graver, or it ended (same `event_id`).

    `stage` is how urgent it has become, 1 to 3, where its kind has stages; each has a sound of its own.
    `decided_wall_ns` is when it was decided, where that is later than the onset by seconds.
    """

    phase: Literal["onset", "stage", "end"]
    event: Event
    raises_alert: bool = True
    cuts_clip: bool = True
    stage: int = 0
    decided_wall_ns: int | None = None


@dataclass(frozen=True, slots=True)
class Alert:
    """The message to the person in place, at once."""

    event_id: str
    kind: str
    severity: Severity
    text: str
    wall_ns: int
    stage: int = 0


@dataclass(frozen=True, slots=True)
class ModelIdentity:
    """Which weights saw it."""

    name: str
    task: str
    sha256_hex: str
    licence: str = ""


@dataclass(frozen=True, slots=True)
class LensFilm:
    """One lens's part of a clip as a fragmented MP4 on the unit's disk.

    `first_frame_wall_ns` is the wall time of presentation time zero; `start_wall_ns`/`end_wall_ns` in the manifest
    give the kept range, which the film covers and may exceed by up to one GOP before it.
    """

    lens: str
    facing: Facing
    path: str
    codec: str
    width_px: int
    height_px: int
    duration_ns: int
    frames: int
    first_frame_wall_ns: int
    has_sound: bool
    sha256_hex: str
    size_bytes: int
    observations: tuple[Observation, ...] = field(default=())
