"""What one look says of the driver, measured against what is usual for them."""

from dataclasses import dataclass, field, replace

from custodes.core.clock import NS_PER_S
from custodes.core.types import DriverLook, DriverSight, PhoneSeen
from custodes.edge.decide.driver.calibration import Calibration, learned

GAP_NS = NS_PER_S // 2
"""Looks at a face that are further apart than this say nothing of the time between them."""
IDLE_GAP_NS = 10 * NS_PER_S
"""An empty seat or a covered lens is looked at once a keyframe: two such looks in a row tell of the time between."""
FORGET_S = 30.0
"""With nobody there for this long, whoever sits down next is somebody else."""
NO_BLINK_S = 180.0
"""People blink 10 to 20 times a minute: eyes that were seen open for so long without are a picture, or not read."""
SEES_BLINKS_S = 0.15
"""A blink lasts 0.1 to 0.4 s: looks further apart miss it, so the time between them counts for no lack of blinks."""
SURE_DOUBT_S = 2.0
"""A doubt that lasts this long is said."""
OPEN_AGAIN_0_1, BLINK_0_1 = 0.6, 0.3


@dataclass(frozen=True, slots=True)
class Attention:
    """The driver in one look. None: cannot be told, and so counts for nothing.

    `openness_0_1` is the lids' opening as a share of the person's own; `yaw_deg` and `pitch_deg` are how far they look
    off what is straight ahead for them (to their left and up positive). `dt_s` is the time that this look stands for.
    """

    wall_ns: int
    dt_s: float
    sight: DriverSight
    openness_0_1: float | None = None
    mouth_open: float | None = None
    yaw_deg: float | None = None
    pitch_deg: float | None = None
    phones: tuple[PhoneSeen, ...] | None = None


@dataclass(frozen=True, slots=True)
class AttentionState:
    """What the next look is measured against."""

    known: Calibration = field(default_factory=Calibration)
    last_ns: int | None = None
    sight: DriverSight | None = None
    seen_ns: int | None = None
    doubt: str = ""
    doubt_s: float = 0.0
    unblinked_s: float = 0.0
    low: bool = False
    blinks: int = 0

    @property
    def lifeless(self) -> bool:
        """Return whether the eyes have been open for too long without a blink."""
        return self.unblinked_s >= NO_BLINK_S

    def words(self) -> str:
        """Return how well the driver is known, or what cannot be told."""
        if self.sight is DriverSight.COVERED:
            return "nothing to see: the lens is covered, or it is dark"
        if self.seen_ns is None:
            return "nobody in view"
        if self.lifeless:
            return f"uncertain: no blink for {NO_BLINK_S / 60:.0f} minutes; a picture, or eyes that cannot be read"
        if self.doubt and self.doubt_s >= SURE_DOUBT_S:
            return f"uncertain: {self.doubt}"
        return "knows the driver's usual look" if self.known.straight is not None else "getting to know the driver"


def follow(state: AttentionState, look: DriverLook, wall_ns: int) -> tuple[AttentionState, Attention]:
    """Return the next state, and what the look says."""
    gap_ns = wall_ns - state.last_ns if state.last_ns is not None else 0
    idles = look.sight is not DriverSight.SEEN and look.sight is state.sight
    dt_s = gap_ns / NS_PER_S if 0 < gap_ns <= (IDLE_GAP_NS if idles else GAP_NS) else 0.0
    state = replace(state, last_ns=wall_ns, sight=look.sight)
    if look.sight is not DriverSight.SEEN:
        gone = state.seen_ns is None or wall_ns - state.seen_ns > FORGET_S * NS_PER_S
        return (AttentionState(last_ns=wall_ns, sight=look.sight) if gone else state), Attention(
            wall_ns, dt_s, look.sight
        )
    doubt_s = state.doubt_s + dt_s if look.doubt else 0.0
    state = replace(state, seen_ns=wall_ns, doubt=look.doubt, doubt_s=doubt_s)
    state = replace(state, known=learned(state.known, look, wall_ns))
    openness = state.known.openness_0_1(look.eyes_open)
    state = _blinked(state, openness, dt_s)
    if state.lifeless:
        return state, Attention(wall_ns, dt_s, look.sight, phones=look.phones)
    yaw_deg, pitch_deg = _off(state.known, look)
    return state, Attention(wall_ns, dt_s, look.sight, openness, look.mouth_open, yaw_deg, pitch_deg, look.phones)


def _blinked(state: AttentionState, openness: float | None, dt_s: float) -> AttentionState:
    if openness is None:
        return state
    if openness < BLINK_0_1:
        return replace(state, low=True, unblinked_s=0.0)
    unblinked_s = state.unblinked_s + (dt_s if dt_s <= SEES_BLINKS_S else 0.0)
    if openness < OPEN_AGAIN_0_1:
        return replace(state, unblinked_s=unblinked_s)
    return replace(state, low=False, blinks=state.blinks + (1 if state.low else 0), unblinked_s=unblinked_s)


def _off(known: Calibration, look: DriverLook) -> tuple[float | None, float | None]:
    straight = known.straight
    if straight is None or look.head_yaw_deg is None or look.head_pitch_deg is None:
        return None, None
    if look.gaze_yaw_deg is None or look.gaze_pitch_deg is None:
        return look.head_yaw_deg - straight.head_yaw_deg, look.head_pitch_deg - straight.head_pitch_deg
    if straight.gaze_yaw_deg is None or straight.gaze_pitch_deg is None:
        return look.head_yaw_deg - straight.head_yaw_deg, look.head_pitch_deg - straight.head_pitch_deg
    return look.gaze_yaw_deg - straight.gaze_yaw_deg, look.gaze_pitch_deg - straight.gaze_pitch_deg
