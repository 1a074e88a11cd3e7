"""What somebody may be told of a clip besides its film: where it was, who watched it, and by name who may.

To watch (`view`) is one right; where it was and who drove (`locate`) and who watched it (`history`) are two others.
"""

from collections import Counter
from dataclasses import dataclass
from uuid import UUID

from custodes.core.types import Purpose
from custodes.core.wire import Manifest
from custodes.hub.access import acquaintance, shared_facts
from custodes.hub.access.decisions import Question
from custodes.hub.access.models import View
from custodes.hub.access.requests import Action
from custodes.hub.fleet.models import Person

VIEWINGS = 100


@dataclass(frozen=True, slots=True)
class AudienceTold:
    """Who may watch a clip by one rule, as one reader is told: people they may know by name, the others by role."""

    policy: str
    says: str
    purposes: tuple[Purpose, ...]
    named: tuple[Person, ...]
    unnamed: tuple[tuple[str, int], ...]
    """Role -> how many who hold it."""

    @property
    def count(self) -> int:
        """Return how many people it is."""
        return len(self.named) + sum(count for _role, count in self.unnamed)


def manifest(asked: Question, whole: Manifest) -> Manifest:
    """Return a clip's manifest as who asks may know it: without the place where that is not theirs to know."""
    return whole if asked.decide(Action.LOCATE).allowed else shared_facts.without_place(whole)


def viewings(asked: Question) -> list[View] | None:
    """Return the views of a clip, newest first, at most `VIEWINGS`; None: who watched is not theirs to know."""
    if not asked.decide(Action.HISTORY).allowed:
        return None
    return list(View.objects.filter(clip=asked.clip).select_related("person").order_by("-opened_at")[:VIEWINGS])


def audience(asked: Question) -> tuple[AudienceTold, ...]:
    """Return who may watch a clip, by rule, for "who may see this".

    Everybody reads their own name. Who may know who watched reads there whomever else they may know; who is recorded
    reads all.
    """
    lines = asked.audience()
    everybody = {person.pk for line in lines for person in line.people}
    known = everybody & _known(asked, everybody)
    return tuple(
        AudienceTold(
            policy=line.policy,
            says=line.says,
            purposes=line.purposes,
            named=tuple(person for person in line.people if person.pk in known),
            unnamed=tuple(
                sorted(
                    Counter(
                        role for person, role in zip(line.people, line.roles, strict=True) if person.pk not in known
                    ).items()
                )
            ),
        )
        for line in lines
    )


def _known(asked: Question, everybody: set[UUID]) -> set[UUID]:
    actor, clip = asked.actor, asked.clip
    if not isinstance(actor, Person):
        return set()
    if not asked.decide(Action.HISTORY).allowed:
        return {actor.pk}
    if clip.subject_id == actor.pk:
        return everybody
    colleagues = acquaintance.known_memberships(actor, clip.site.organisation, now=asked.now)
    known = {actor.pk, *colleagues.values_list("person_id", flat=True)}
    return known | {clip.subject_id} if clip.subject_id and asked.decide(Action.LOCATE).allowed else known
