"""Short glances off the road that add up: none of them long, and the eyes never back for long enough."""

from dataclasses import dataclass, replace
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from custodes.core.clock import NS_PER_S
from custodes.core.types import Event, Sample
from custodes.edge.decide.driver.aside import AsideSettings, off_road, turned
from custodes.edge.decide.driver.attention import Attention
from custodes.edge.decide.driver.staged import DriverState, Gauge, LensMind, Staged, rising
from custodes.edge.decide.rule import KINDS


class GlancingSettings(AsideSettings):
    """A rule on repeated glances, after Euro NCAP's visual attention time sharing (2023): 10 s in 30 s, 2 s back."""

    kind: Literal["glancing"] = Field(default="glancing", description="Short glances off the road that add up.")
    sums_s: Annotated[tuple[float, float], AfterValidator(rising)] = Field(
        default=(10.0, 15.0), description="How much (s) the glances add up to at the first warning and at the last."
    )
    window_s: float = Field(default=30.0, ge=5, le=300, description="The time (s) in which they add up.")
    back_after_s: float = Field(
        default=2.0, ge=0.5, le=30, description="Eyes on the road for this long (s) begin the sum anew."
    )
    long_s: float = Field(
        default=3.0, ge=1, le=30, description="A glance of this length (s) is no short one: `looking_away` tells it."
    )

    def label(self) -> str:
        """Return the name, or the figures in a sentence."""
        return self.name or f"glances off the road for {self.sums_s[0]:g} s in {self.window_s:g} s"


@dataclass(frozen=True, slots=True)
class Glances:
    """The looks off the road in the window, when (wall ns) and for how long (s); how long the present one lasts."""

    looks: tuple[tuple[int, float], ...] = ()
    away_ns: int | None = None
    """The last look off the road, while the glance lasts."""
    now_s: float = 0.0
    back_s: float = 0.0


@KINDS.register("glancing")
class Glancing(Staged[GlancingSettings, Glances]):
    """Add up glances; a mirror now and then is good driving, and never adds up."""

    settings_model = GlancingSettings
    kind = "glancing"
    measured = "glances add up to"
    back_s = 2.0

    def memory(self) -> Glances:
        """Return that nobody glanced yet."""
        return Glances()

    @property
    def stages(self) -> tuple[float, float]:
        """Return what the glances add up to (s) at each stage."""
        return self.settings.sums_s

    def rode(self, state: DriverState[Glances], sample: Sample) -> DriverState[Glances]:
        """Follow the vehicle's turning."""
        return replace(state, road=turned(state.road, sample))

    def gauge(self, mind: LensMind[Glances], look: Attention, state: DriverState[Glances]) -> tuple[Glances, Gauge]:
        """Return what the glances add up to."""
        away = off_road(look, self.settings, state.road, was_away_ns=mind.own.away_ns)
        if not self.drives(state, look.wall_ns):
            return Glances(), Gauge(on=False)
        own = self._after(mind.own, look, away=away)
        if not own.looks:
            return own, Gauge(on=False)
        return own, Gauge(on=True if away else None, value=sum(seconds for _, seconds in own.looks))

    def _after(self, own: Glances, look: Attention, *, away: bool | None) -> Glances:
        since_ns = look.wall_ns - round(self.settings.window_s * NS_PER_S)
        own = replace(own, looks=tuple(one for one in own.looks if one[0] >= since_ns))
        if away is None:
            return own
        if not away:
            back_s = own.back_s + look.dt_s
            back = back_s >= self.settings.back_after_s
            return replace(own, looks=() if back else own.looks, away_ns=None, now_s=0.0, back_s=back_s)
        now_s = own.now_s + look.dt_s
        if now_s >= self.settings.long_s:
            return Glances(away_ns=look.wall_ns, now_s=now_s)
        return Glances((*own.looks, (look.wall_ns, look.dt_s)), look.wall_ns, now_s)

    @staticmethod
    def sentence(event: Event) -> str:
        """Return what to do."""
        return "Keep your eyes on the road." if str(event.severity) == "critical" else "Many looks off the road."
