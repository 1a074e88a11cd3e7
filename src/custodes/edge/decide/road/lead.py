"""The frame for rules on the vehicle ahead: who leads is followed, a kind says what it makes of them."""

from abc import abstractmethod
from typing import Generic, TypeVar

from custodes.core.types import Evidence, Observation, RoadLook
from custodes.edge.decide.road.frame import Finding, Own, RoadRule, RoadSettings, Stretch
from custodes.edge.decide.road.traffic import Lead, Traffic, follow

C = TypeVar("C", bound=RoadSettings)


class LeadRule(RoadRule[C, Traffic], Generic[C]):
    """A rule on the vehicle ahead; without one nothing is so."""

    @abstractmethod
    def find(self, lead: Lead, own: Own, stretch: Stretch | None) -> Finding:
        """Return what the kind makes of the vehicle ahead."""

    def begin(self) -> Traffic:
        """Return an empty road."""
        return Traffic()

    def look(
        self, memory: Traffic, seen: Observation, road: RoadLook, own: Own, stretch: Stretch | None
    ) -> tuple[Traffic, Finding]:
        """Return the traffic after a look, and what the kind makes of who leads."""
        traffic, lead = follow(memory, seen, road)
        return traffic, Finding(on=False) if lead is None else self.find(lead, own, stretch)


def whose(lead: Lead) -> tuple[Evidence, ...]:
    """Return whose doing it is that the vehicle is ahead of us as it is, by how it came there."""
    who = lead.who
    doing = Evidence("whose doing", "the other's" if who.came == "cut_in" else "our own")
    if who.came == "ahead":
        return (doing,)
    came = f"from the {who.side}" if who.came == "cut_in" else "we changed lanes"
    return (doing, Evidence("came ahead of us", came), Evidence("ahead of us for", round(lead.came_s, 1), None, "s"))
