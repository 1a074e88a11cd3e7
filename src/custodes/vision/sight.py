"""Say what is wrong with a lens's picture: covered, dark, blurred, or turned elsewhere than it looked.

Each measure is held against what this very lens usually shows, so that a soft lens is not blurred and a plain wall not
covered. The usual view is learned from looks with which nothing is wrong, and forgets slowly: dusk is followed.
Whether a lens moved is asked of the edges that hardly ever leave their place: all of a room, and of a road the bonnet
and the frame of the windscreen. A view without such edges does not tell, and then nothing is said.
"""

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from custodes.core.clock import NS_PER_S
from custodes.core.types import TroubleKind

COVERED_SPREAD = 4.0
"""Standard deviation of luma (levels of 255) below which a picture shows nothing: a covered or dark lens."""


def of_one_shade(luma: NDArray[np.uint8]) -> bool:
    """Return whether the luma plane (height_px, width_px) shows nothing: the lens is covered, or it is dark."""
    return spread_of(luma) < COVERED_SPREAD


def spread_of(luma: NDArray[np.uint8]) -> float:
    """Return the standard deviation of a luma plane, from one pixel in 256."""
    return float(luma[::16, ::16].std())


@dataclass(frozen=True, slots=True)
class SightSettings:
    """Thresholds, set on the film that `make eval-health` names. Raising a hold tells later and errs less.

    `dark_levels`: mean luma below which a picture without content is dark. `flat_0_1`: share of blocks without detail
    from which something lies over the lens. `blur_0_1`: share of its usual crispness below which it is blurred.
    `kept_0_1`: share of the standing edges, above chance, below which it looks elsewhere. `anchors_0_1`: least share
    of the picture that stands still, to tell that. `learn_s`: how long (s) the usual view takes to be known, `follow_s`
    to follow; `adopt_s`: after this long (s) a new view is taken for the usual one.
    """

    every_s: float = 1.0
    dark_levels: float = 20.0
    flat_0_1: float = 0.7
    blur_0_1: float = 0.4
    kept_0_1: float = 0.45
    anchors_0_1: float = 0.02
    learn_s: float = 20.0
    follow_s: float = 300.0
    adopt_s: float = 3600.0
    hold_s: dict[TroubleKind, float] = field(
        default_factory=lambda: {
            TroubleKind.COVERED: 10.0,
            TroubleKind.DARK: 10.0,
            TroubleKind.BLURRED: 20.0,
            TroubleKind.MOVED: 20.0,
        }
    )
    well_s: float = 5.0


@dataclass(frozen=True, slots=True)
class Glance:
    """What is measured of one picture: light and spread of luma (levels of 255), crispness, flat share, edges."""

    light: float
    spread: float
    crispness: float
    flat_0_1: float
    edges: NDArray[np.bool_]


def measure(luma: NDArray[np.uint8]) -> Glance:
    """Return the measures of a luma plane (height_px, width_px), at the cost of one pass over it."""
    height_px, width_px = luma.shape
    wide = 320
    tall = max(16, round(wide * height_px / max(1, width_px)))
    fine = np.asarray(cv2.resize(luma, (wide, tall), interpolation=cv2.INTER_AREA), np.uint8)
    coarse = np.asarray(cv2.resize(fine, (wide // 2, tall // 2), interpolation=cv2.INTER_AREA), np.float32)
    sharp = np.abs(cv2.Laplacian(fine, cv2.CV_32F))
    edge = float(np.partition(sharp, round(0.95 * sharp.size), axis=None)[round(0.95 * sharp.size)])
    soft = cv2.GaussianBlur(coarse, (3, 3), 0)
    slope = cv2.magnitude(cv2.Sobel(soft, cv2.CV_32F, 1, 0), cv2.Sobel(soft, cv2.CV_32F, 0, 1))
    blocks = cv2.resize(slope, (12, 8), interpolation=cv2.INTER_AREA)
    steep = np.partition(slope, round(0.88 * slope.size), axis=None)[round(0.88 * slope.size)]
    return Glance(
        light=float(fine.mean()),
        spread=spread_of(luma),
        crispness=edge / max(float(fine.std()), 1.0),
        flat_0_1=float((blocks < FLAT_SLOPE).mean()),
        edges=np.asarray(slope > max(float(steep), EDGE_SLOPE), np.bool_),
    )


FLAT_SLOPE, EDGE_SLOPE = 5.0, 16.0
"""Slope of luma (Sobel, levels) below which a block has no detail, and above which a pixel may be an edge."""
STANDS_0_1 = 0.7
"""An edge seen in this share of the looks stands still."""
_NEAR = np.ones((5, 5), np.uint8)


@dataclass(slots=True)
class Usual:
    """What a lens usually shows: running means, and how often each pixel is an edge."""

    light: float
    crispness: float
    flat_0_1: float
    presence: NDArray[np.float32]
    known_s: float = 0.0

    def follow(self, glance: Glance, dt_s: float, follow_s: float) -> None:
        """Move towards a look: quickly at first, as a plain mean does, then with `follow_s` (s)."""
        self.known_s += dt_s
        step = min(1.0, dt_s / min(self.known_s, follow_s)) if self.known_s > 0 else 0.0
        self.light += step * (glance.light - self.light)
        self.crispness += step * (glance.crispness - self.crispness)
        self.flat_0_1 += step * (glance.flat_0_1 - self.flat_0_1)
        cv2.accumulateWeighted(glance.edges.astype(np.float32), self.presence, step)

    def kept_0_1(self, glance: Glance, least_0_1: float) -> float | None:
        """Return which share of the standing edges is there, above chance; None where too few stand still."""
        anchors = self.presence >= STANDS_0_1
        count = int(anchors.sum())
        if count < least_0_1 * anchors.size:
            return None
        near = cv2.dilate(glance.edges.view(np.uint8), _NEAR).astype(bool)
        chance = float(near.mean())
        kept = float(near[anchors].mean())
        return (kept - chance) / max(1.0 - chance, 0.1)


class SightWatch:
    """Follows one lens, in the order of its film. Not for several threads at once."""

    def __init__(self, settings: SightSettings | None = None) -> None:
        self.settings = settings or SightSettings()
        self.forget()

    def forget(self) -> None:
        """Begin anew: nothing of before says anything of what follows."""
        self.trouble: TroubleKind | None = None
        self._usual: Usual | None = None
        self._last_ns: int | None = None
        self._lit_ns: int | None = None
        self._detailed_ns: int | None = None
        self._doubt = 0
        self._guess: TroubleKind | None = None
        self._since_ns = 0

    def look(self, luma: NDArray[np.uint8], *, at_ns: int) -> TroubleKind | None:
        """Return what is wrong now, or None. Looks closer together than `every_s` cost nothing."""
        elapsed_s = None if self._last_ns is None else (at_ns - self._last_ns) / NS_PER_S
        if elapsed_s is not None and 0 <= elapsed_s < self.settings.every_s:
            return self.trouble
        self._last_ns = at_ns
        glance = measure(luma)
        if self._usual is None or self._usual.presence.shape != glance.edges.shape:
            self._usual = _first(glance)
        guess = self._judge(glance, at_ns)
        if glance.spread >= 2 * COVERED_SPREAD:
            self._lit_ns = at_ns
        self._hold(guess, at_ns)
        if guess is None and self.trouble is None:
            self._usual.follow(glance, min(max(elapsed_s or 0.0, 0.0), 10.0), self.settings.follow_s)
        return self.trouble

    def _flat(self, glance: Glance, usual: Usual, at_ns: int) -> bool:
        """Return whether something lies over the lens: it has lost its detail in the same light, or at a stroke."""
        bound = max(self.settings.flat_0_1, usual.flat_0_1 + 0.3)
        if glance.flat_0_1 < bound - AT_A_STROKE_0_1:
            self._detailed_ns = at_ns
        if glance.flat_0_1 < bound:
            return False
        return self._covered(glance, usual, self._detailed_ns, at_ns)

    def _covered(self, glance: Glance, usual: Usual, seen_ns: int | None, at_ns: int) -> bool:
        """Return whether what cannot be seen was covered: at a stroke after `seen_ns`, or in no dusk."""
        dusk = glance.light < max(0.7 * usual.light, 2 * self.settings.dark_levels)
        stroke = _lately(seen_ns, at_ns) and usual.light >= 2 * self.settings.dark_levels
        return stroke or not dusk or self._guess is TroubleKind.COVERED

    def _judge(self, glance: Glance, at_ns: int) -> TroubleKind | None:
        rules, usual = self.settings, self._usual
        assert usual is not None
        if glance.spread < COVERED_SPREAD:
            return TroubleKind.COVERED if self._covered(glance, usual, self._lit_ns, at_ns) else TroubleKind.DARK
        if usual.known_s < rules.learn_s:
            return None
        if self._flat(glance, usual, at_ns):
            return TroubleKind.COVERED
        if glance.light < rules.dark_levels or not _same_light(glance, usual):
            return None  # in other light, edges and grain are others
        if glance.crispness < rules.blur_0_1 * usual.crispness:
            return TroubleKind.BLURRED
        kept = usual.kept_0_1(glance, rules.anchors_0_1)
        return TroubleKind.MOVED if kept is not None and kept < rules.kept_0_1 else None

    def _hold(self, guess: TroubleKind | None, at_ns: int) -> None:
        self._doubt = self._doubt + 1 if guess is not self._guess else 0
        if self._doubt >= OTHER_LOOKS or at_ns < self._since_ns or (self._guess is None and self._doubt):
            self._guess, self._since_ns, self._doubt = guess, at_ns, 0
        guess = self._guess
        held_s = (at_ns - self._since_ns) / NS_PER_S
        if guess is None:
            self.trouble = None if held_s >= self.settings.well_s else self.trouble
        elif held_s >= self.settings.hold_s[guess]:
            self.trouble = guess
        if guess in _ADOPTED and held_s >= self.settings.adopt_s:
            self._usual, self.trouble, self._guess = None, None, None


def _first(glance: Glance) -> Usual:
    presence = glance.edges.astype(np.float32)
    return Usual(light=glance.light, crispness=glance.crispness, flat_0_1=glance.flat_0_1, presence=presence)


def _same_light(glance: Glance, usual: Usual) -> bool:
    return 0.4 <= glance.light / max(usual.light, 1.0) <= 2.5


def _lately(then_ns: int | None, at_ns: int) -> bool:
    return then_ns is not None and 0 <= at_ns - then_ns <= SUDDEN_S * NS_PER_S


AT_A_STROKE_0_1 = 0.2
"""Detail that goes from so many blocks between two looks was covered; dusk takes it from a few at a time."""
OTHER_LOOKS = 3
"""So many looks in a row must say otherwise before a trouble has gone: somebody walks past a turned lens."""
SUDDEN_S = 3.0
"""A picture that goes within this time was covered, or the light went out; night takes longer."""
_ADOPTED = frozenset({TroubleKind.MOVED, TroubleKind.BLURRED})
