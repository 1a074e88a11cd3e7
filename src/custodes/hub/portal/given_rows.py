"""Clips in the tester programme, as their people's pages tell of them: which, since when, and the text agreed to."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from custodes.hub.access import testers
from custodes.hub.access.given import Agreed
from custodes.hub.access.testers import GivenClip
from custodes.hub.clips.models import Clip
from custodes.hub.consent import texts
from custodes.hub.consent.texts import Text
from custodes.hub.fleet.models import Person
from custodes.hub.fleet.times import moment_of


@dataclass(frozen=True, slots=True)
class GivenRow:
    """One clip in the programme, as somebody on film in it reads of it."""

    clip: Clip
    given_at: datetime
    by: str
    ledger_seq: int
    text: Text | None
    """What the reader had agreed to, in the language in which they did."""
    text_sha256: str
    others: tuple[str, ...]
    """Who else is on film and had agreed."""


def of(person: Person) -> list[GivenRow]:
    """Return the clips in the programme in which `person` is on film, the newest first."""
    return [row(one, person) for one in reversed(testers.given_by(person))]


def row(given: GivenClip, person: Person) -> GivenRow:
    """Return a clip in the programme as `person`, who is on film in it, reads of it."""
    mine = agreed_by(given, person)
    names = _names({given.by_id, *(one.person_id for one in given.agreed)})
    return GivenRow(
        clip=given.clip,
        given_at=moment_of(given.given_wall_ns),
        by=names.get(given.by_id, ""),
        ledger_seq=given.ledger_seq,
        text=texts.book().find(mine.text_sha256),
        text_sha256=mine.text_sha256,
        others=tuple(names.get(one.person_id, "") for one in given.agreed if one.person_id != person.pk),
    )


def agreed_by(given: GivenClip, person: Person) -> Agreed:
    """Return what `person`, who is on film, had agreed to."""
    return next(one for one in given.agreed if one.person_id == person.pk)


def _names(people: set[UUID]) -> dict[UUID, str]:
    return {one.pk: str(one) for one in Person.objects.filter(pk__in=people)}
