"""The driver's lids are down for too large a share of the last minute."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from custodes.core.clock import NS_PER_S
from custodes.core.types import Event
from custodes.edge.decide.driver.attention import Attention
from custodes.edge.decide.driver.staged import DriverSettings, DriverState, Gauge, LensMind, Staged, rising
from custodes.edge.decide.rule import KINDS

P80_0_1 = 0.2
"""PERCLOS counts the time in which the lids cover at least 80 % of the eye."""
KNOWN_SHARE = 0.5
"""The share of the window in which the eyes must have been seen for anything to be said."""


class DrowsySettings(DriverSettings):
    """A rule on drowsiness by PERCLOS (P80): Wierwille et al. (1994); Dinges and Grace, FHWA-MCRT-98-006 (1998)."""

    kind: Literal["drowsy"] = Field(default="drowsy", description="The eyes are shut for much of the last minute.")
    window_s: float = Field(default=60.0, ge=10, le=600, description="The time (s) that is looked back on.")
    shares: Annotated[tuple[float, float], AfterValidator(rising)] = Field(
        default=(0.15, 0.3), description="Share of that time with the eyes shut at the first warning and at the last."
    )

    def label(self) -> str:
        """Return the name, or the figures in a sentence."""
        return self.name or f"eyes shut for {self.shares[0]:.0%} of {self.window_s:g} s"


@dataclass(frozen=True, slots=True)
class Second:
    """How long the eyes were seen in one second, and how long they were shut in it."""

    second: int
    known_s: float
    shut_s: float


@KINDS.register("drowsy")
class Drowsy(Staged[DrowsySettings, tuple[Second, ...]]):
    """Add up the seconds of the window."""

    settings_model = DrowsySettings
    kind = "drowsy"
    back_s = 10.0
    measured = "share of time with eyes shut"
    unit = ""

    def memory(self) -> tuple[Second, ...]:
        """Return an empty window."""
        return ()

    @property
    def stages(self) -> tuple[float, float]:
        """Return the shares at the stages."""
        return self.settings.shares

    def gauge(
        self, mind: LensMind[tuple[Second, ...]], look: Attention, state: DriverState[tuple[Second, ...]]
    ) -> tuple[tuple[Second, ...], Gauge]:
        """Return the share of the window in which the eyes were shut."""
        if look.openness_0_1 is None or mind.attention.known.straight is None:
            return mind.own, Gauge(on=None)
        window = self._with(mind.own, look, shut=look.openness_0_1 <= P80_0_1)
        known_s = sum(one.known_s for one in window)
        if known_s < KNOWN_SHARE * self.settings.window_s:
            return window, Gauge(on=None)
        share = sum(one.shut_s for one in window) / known_s
        return window, Gauge(on=share >= self.settings.shares[0], value=share)

    def _with(self, window: tuple[Second, ...], look: Attention, *, shut: bool) -> tuple[Second, ...]:
        second = look.wall_ns // NS_PER_S
        known_s, shut_s = look.dt_s, look.dt_s if shut else 0.0
        if window and window[-1].second == second:
            last = window[-1]
            return (*window[:-1], Second(second, last.known_s + known_s, last.shut_s + shut_s))
        oldest = second - self.settings.window_s
        return (*(one for one in window if one.second > oldest), Second(second, known_s, shut_s))

    @staticmethod
    def sentence(event: Event) -> str:
        """Return what to do."""
        return "You are getting drowsy: take a break."
