"""A phone in the driver's hand or at the ear, seen by the driver lens. A phone in its mount is none of it."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from custodes.core.clock import NS_PER_S
from custodes.core.types import HANDHELD, Event, PhoneSeen
from custodes.edge.decide.driver.attention import Attention
from custodes.edge.decide.driver.staged import DriverSettings, DriverState, Gauge, LensMind, Staged, held, rising
from custodes.edge.decide.rule import KINDS

EAR_ASIDE, EAR_BELOW = (0.35, 1.2), 0.7
"""At the ear: beside the face, by widths of it, and no further up or down than so many heights of it."""
MOVES_0_1 = 0.015
"""A hand moves a phone by more than this share of the picture within WATCHED_S; a mount shakes with the camera."""
WATCHED_S, STALE_S = 4.0, 1.6
LEAST_SIGHTS = 3


class PhoneInHandSettings(DriverSettings):
    """A rule on phones; the detector must know them (YOLOX does)."""

    kind: Literal["phone_in_hand"] = Field(
        default="phone_in_hand", description="A phone is seen in the driver's hand or at the ear."
    )
    stages_s: Annotated[tuple[float, float], AfterValidator(rising)] = Field(
        default=(2.0, 6.0), description="How long (s) until it is said, and until it is grave."
    )

    def label(self) -> str:
        """Return the name, or the figure in a sentence."""
        return self.name or f"phone in the hand or at the ear for {self.stages_s[0]:g} s"


@dataclass(frozen=True, slots=True)
class Sights:
    """Where phones were seen of late: (when, wall ns; the nearest to the face), and what the last search said."""

    seen: tuple[tuple[int, PhoneSeen], ...] = ()
    searched_ns: int | None = None
    on: bool | None = None


@KINDS.register("phone_in_hand")
class PhoneInHand(Staged[PhoneInHandSettings, Sights]):
    """Watch whether a phone is at the ear, or moves as only a hand moves it."""

    settings_model = PhoneInHandSettings
    kind = "phone_in_hand"
    needs = HANDHELD
    back_s = 2.0
    urgency = 1

    def memory(self) -> Sights:
        """Return a driver of whose hands nothing is known."""
        return Sights()

    @property
    def stages(self) -> tuple[float, float]:
        """Return how long (s) it lasts at each stage."""
        return self.settings.stages_s

    def gauge(self, mind: LensMind[Sights], look: Attention, state: DriverState[Sights]) -> tuple[Sights, Gauge]:
        """Return for how long there has been a phone in the hand. Between searches the last one holds."""
        del state
        sights = mind.own
        if look.phones is not None:
            sights = _searched(sights, look.phones, look.wall_ns)
        elif sights.searched_ns is None or look.wall_ns - sights.searched_ns > STALE_S * NS_PER_S:
            sights = Sights()
        return sights, held(mind, look, on=sights.on)

    @staticmethod
    def sentence(event: Event) -> str:
        """Return what to do."""
        return "Far too long at the phone: put it away." if str(event.severity) == "critical" else "Put the phone away."


def at_ear(phone: PhoneSeen) -> bool:
    """Return whether a phone is held to the ear."""
    return EAR_ASIDE[0] <= abs(phone.aside) <= EAR_ASIDE[1] and abs(phone.below) <= EAR_BELOW


def _searched(before: Sights, phones: tuple[PhoneSeen, ...], wall_ns: int) -> Sights:
    since_ns = wall_ns - round(WATCHED_S * NS_PER_S)
    kept = tuple(one for one in before.seen if since_ns <= one[0] <= wall_ns)
    nearest = min(phones, key=lambda one: abs(one.aside) + abs(one.below), default=None)
    if nearest is None:
        return Sights(kept, wall_ns, on=False)
    kept = (*kept, (wall_ns, nearest))
    return Sights(kept, wall_ns, on=at_ear(nearest) or _moves([one.at_0_1 for _, one in kept]))


def _moves(places: list[tuple[float, float]]) -> bool:
    if len(places) < LEAST_SIGHTS:
        return False
    across, down = [x for x, _ in places], [y for _, y in places]
    return max(max(across) - min(across), max(down) - min(down)) > MOVES_0_1
