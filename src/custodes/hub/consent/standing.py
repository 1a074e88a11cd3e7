"""Where the hub's own entries leave each answer: rows of answers and showings open nothing.

A row that stands can be exchanged for one that was taken back, for as long as somebody needs to watch. So who agreed
to what is what the newest entry says, and who was shown a text what any entry says (`audit.past`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from custodes.hub.audit import past
from custodes.hub.audit.trusted import Told

ANSWERED, WITHDRAWN, SHOWN = "consent.answered", "consent.withdrawn", "consent.shown"
_ENTRIES = past.Entries((ANSWERED, WITHDRAWN, SHOWN), by="organisation")


@dataclass(slots=True)
class Stand:
    """Where the people whom an organisation records stand towards one topic."""

    answers: dict[UUID, tuple[str, str]] = field(default_factory=dict)
    """By person: what they said last, and the SHA-256 (hex) of the text to which they said it."""
    shown: dict[UUID, set[str]] = field(default_factory=dict)
    """By person: the texts that they were shown."""


_stands: dict[UUID, tuple[object, Mapping[str, Stand]]] = {}
"""By organisation: as of which entry, and by topic. Entries are many and change seldom: each is parsed once."""


def stand_of(organisation_id: UUID, topic: str) -> Stand:
    """Return where everybody stands towards `topic` in an organisation, as of the last reading (`past.read_on`)."""
    last = _ENTRIES.last(organisation_id)
    known = _stands.get(organisation_id)
    if known is None or known[0] is not last:
        known = _stands[organisation_id] = last, _followed(_ENTRIES.as_read(organisation_id))
    return known[1].get(topic) or Stand()


def _followed(told: list[Told]) -> Mapping[str, Stand]:
    found: dict[str, Stand] = {}
    for one in told:
        body, person = one.body, UUID(str(one.body["person"]))
        if one.kind != SHOWN:
            stand = found.setdefault(str(body["topic"]), Stand())
            stand.answers[person] = str(body["says"]), str(body["text_sha256"])
            continue
        for text in body["texts"]:
            stand = found.setdefault(str(text["topic"]), Stand())
            stand.shown.setdefault(person, set()).add(str(text["text_sha256"]))
    return found
