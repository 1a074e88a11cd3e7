"""Get to know the person at the wheel: how far their eyes open, and which way they look when they look ahead.

Nothing here says who it is. It is held in memory for one sitting, and forgotten with it.
"""

from dataclasses import dataclass, replace
from statistics import median, quantiles

from custodes.core.clock import NS_PER_S
from custodes.core.types import DriverLook

LOOK_EVERY_NS = NS_PER_S // 5
LOOKS = 50
"""Looks to get to know somebody: ten seconds of them."""

SHUT_SHARE = 0.4
"""What the iris network gives for shut eyes, as a share of what it gives for the same person's open ones: between 0.2
and 0.6 on film, lashes and the angle making the difference."""
FEW_LOOKS = 10
"""Looks at the eyes before anything is said of them."""
LEAST_RATIO = 0.15
"""Eyes that never open further than this cannot be told from shut ones."""
AHEAD_DEG = 12.0
"""Once known, only looks this close to straight ahead may shift it: who looks away for long must not teach it so."""
SHIFT_PER_LOOK = 1 / 600
"""Share by which each such look shifts what is known: two minutes of them replace most of it."""


@dataclass(frozen=True, slots=True)
class Straight:
    """The usual direction while looking ahead, seen from the camera (degrees): of the head, and of head and eyes."""

    head_yaw_deg: float
    head_pitch_deg: float
    gaze_yaw_deg: float | None
    gaze_pitch_deg: float | None


@dataclass(frozen=True, slots=True)
class Calibration:
    """What is known of the person. `straight` is None until enough was seen."""

    looks: tuple[DriverLook, ...] = ()
    last_ns: int = 0
    straight: Straight | None = None
    open_ratio: float | None = None
    """The opening of this person's open eyes; None before a few looks."""

    @property
    def progress_0_1(self) -> float:
        """Return how much of what is needed has been seen."""
        return 1.0 if self.straight is not None else len(self.looks) / LOOKS

    def openness_0_1(self, eyes_open: float | None) -> float | None:
        """Return how far the eyes are open: 0 for shut, 1 for this person's own opening; None: cannot be told."""
        if eyes_open is None or self.open_ratio is None:
            return None
        return min(max((eyes_open / self.open_ratio - SHUT_SHARE) / (1 - SHUT_SHARE), 0.0), 1.5)


def learned(known: Calibration, look: DriverLook, wall_ns: int) -> Calibration:
    """Return what is known after one more look at the person. Looks that show too little teach nothing."""
    if look.head_yaw_deg is None or look.head_pitch_deg is None or 0 <= wall_ns - known.last_ns < LOOK_EVERY_NS:
        return known
    known = replace(known, last_ns=wall_ns)
    if known.straight is not None:
        return _shifted(known, known.straight, look)
    looks = (*known.looks, look)
    eyes = [one.eyes_open for one in looks if one.eyes_open is not None]
    open_ratio = max(quantiles(eyes, n=10)[-1], LEAST_RATIO) if len(eyes) >= FEW_LOOKS else known.open_ratio
    if len(looks) < LOOKS:
        return replace(known, looks=looks, open_ratio=open_ratio)
    return replace(known, looks=(), open_ratio=open_ratio, straight=_straight(looks))


def _straight(looks: tuple[DriverLook, ...]) -> Straight:
    gazes = [one for one in looks if one.gaze_yaw_deg is not None]
    enough = len(gazes) >= len(looks) // 3
    return Straight(
        head_yaw_deg=median(one.head_yaw_deg or 0.0 for one in looks),
        head_pitch_deg=median(one.head_pitch_deg or 0.0 for one in looks),
        gaze_yaw_deg=median(one.gaze_yaw_deg or 0.0 for one in gazes) if enough else None,
        gaze_pitch_deg=median(one.gaze_pitch_deg or 0.0 for one in gazes) if enough else None,
    )


def _shifted(known: Calibration, straight: Straight, look: DriverLook) -> Calibration:
    head_yaw, head_pitch = look.head_yaw_deg or 0.0, look.head_pitch_deg or 0.0
    ahead = abs(head_yaw - straight.head_yaw_deg) < AHEAD_DEG and abs(head_pitch - straight.head_pitch_deg) < AHEAD_DEG
    if not ahead:
        return known
    open_ratio = known.open_ratio
    if open_ratio is None:
        open_ratio = look.eyes_open
    elif look.eyes_open is not None and look.eyes_open > 0.8 * open_ratio:
        open_ratio += SHIFT_PER_LOOK * (look.eyes_open - open_ratio)
    return replace(
        known,
        open_ratio=open_ratio,
        straight=Straight(
            head_yaw_deg=straight.head_yaw_deg + SHIFT_PER_LOOK * (head_yaw - straight.head_yaw_deg),
            head_pitch_deg=straight.head_pitch_deg + SHIFT_PER_LOOK * (head_pitch - straight.head_pitch_deg),
            gaze_yaw_deg=_toward(straight.gaze_yaw_deg, look.gaze_yaw_deg),
            gaze_pitch_deg=_toward(straight.gaze_pitch_deg, look.gaze_pitch_deg),
        ),
    )


def _toward(known_deg: float | None, seen_deg: float | None) -> float | None:
    if known_deg is None or seen_deg is None:
        return known_deg if known_deg is not None else seen_deg
    return known_deg + SHIFT_PER_LOOK * (seen_deg - known_deg)
