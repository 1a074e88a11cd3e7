"""Too close behind the vehicle ahead, for long. Who cuts in makes the gap short; then it is theirs, for a while."""

from typing import Literal

from pydantic import Field

from custodes.core.types import Event, Evidence
from custodes.edge.decide.road.frame import Finding, Own, RoadSettings, Stretch
from custodes.edge.decide.road.lead import LeadRule, whose
from custodes.edge.decide.road.traffic import Lead
from custodes.edge.decide.rule import KINDS

OPENING_PER_S = -0.02
"""A gap that opens by more than this share a second is one that somebody restores."""


class TailgatingSettings(RoadSettings):
    """A rule on the gap to the vehicle ahead. 0.9 s is half of half the tacho: from there on Germany fines (BKatV)."""

    kind: Literal["tailgating"] = Field(default="tailgating", description="Too close behind the vehicle ahead.")
    gap_s: float = Field(
        default=0.9,
        gt=0,
        le=5,
        description="The time gap (s) that is too short, at its longest reading: the widest vehicle that it may be.",
    )
    lasts_s: float = Field(default=5.0, ge=1, le=120, description="How long (s) it is too short before it is said.")
    grave_s: float = Field(default=20.0, gt=0, le=600, description="How long (s) until it is grave.")
    fall_back_s: float = Field(
        default=4.0,
        ge=0,
        le=60,
        description="How long (s) there is to fall back from whoever cut in; until then the short gap is their doing.",
    )
    from_kmh: float = Field(
        default=40.0, ge=0, le=200, description="Slower than this (km/h), or at no known speed, nothing is said."
    )

    def label(self) -> str:
        """Return the name, or the figures in a sentence."""
        return self.name or f"less than {self.gap_s:g} s behind the vehicle ahead for {self.lasts_s:g} s"


@KINDS.register("tailgating")
class Tailgating(LeadRule[TailgatingSettings]):
    """Watch the time gap, at its longest reading, and who made it short."""

    settings_model = TailgatingSettings
    kind = "tailgating"

    @property
    def stages(self) -> tuple[float, float]:
        """Return how long (s) the gap is short at each stage."""
        return self.settings.lasts_s, max(self.settings.grave_s, self.settings.lasts_s + 1)

    def find(self, lead: Lead, own: Own, stretch: Stretch | None) -> Finding:
        """Return for how long the gap has been too short by our own doing."""
        settings, speed_mps = self.settings, own.speed_mps
        if speed_mps is None or speed_mps < max(settings.from_kmh / 3.6, 1.0):
            return Finding(on=False)
        most_s = lead.gap_most_m / speed_mps
        theirs = lead.who.came == "cut_in" and lead.came_s <= settings.fall_back_s
        opening = lead.closing is not None and lead.closing.rate_per_s < OPENING_PER_S
        if most_s >= settings.gap_s or theirs or (opening and stretch is None):
            return Finding(on=False)
        held_s = 0.0 if stretch is None else (lead.wall_ns - stretch.since_ns) / 1e9
        evidence = (
            Evidence("time gap at most", round(most_s, 2), settings.gap_s, "s"),
            Evidence("time gap likely", round(lead.gap_m / speed_mps, 2), None, "s"),
            Evidence("too close for", round(held_s, 1), settings.lasts_s, "s"),
            *whose(lead),
        )
        return Finding(on=True, value=held_s, evidence=evidence)

    @staticmethod
    def sentence(event: Event) -> str:
        """Return what to do."""
        return "Far too close for long: fall back." if str(event.severity) == "critical" else "Too close: fall back."
