"""What the ledger leaves of the tester programme: which clips were given and not taken out again, and by which yes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from custodes.hub.audit.trusted import Told
from custodes.hub.consent.models import Answer
from custodes.hub.consent.topics import Topic

GIVEN, TAKEN_BACK = "tester.given", "tester.taken_back"
ANSWERS = frozenset({"consent.answered", "consent.withdrawn"})
DENIED = "trip.denied"
ENDS = frozenset(
    {
        TAKEN_BACK,
        DENIED,
        "clip.deleted",
        "clip.retention_ended",
        "clip.erased",
        "clip.quarantined",
        "subject.asked",
        "dispute.raised",
    }
)
"""What takes each clip that it names out, for good: it may be given anew."""
CLIP_KINDS = ENDS | {GIVEN}
KINDS = CLIP_KINDS | ANSWERS


@dataclass(frozen=True, slots=True)
class Agreed:
    """What one person on film had agreed to: the text by its SHA-256 (hex), and the entry of their yes."""

    person_id: UUID
    text_sha256: str
    answer_seq: int

    def as_body(self) -> dict[str, object]:
        """Return it as entries carry it."""
        return {"person": str(self.person_id), "text_sha256": self.text_sha256, "answer": self.answer_seq}

    @classmethod
    def all_in(cls, body: Mapping[str, Any]) -> tuple["Agreed", ...]:
        """Return what an entry says of each person; one that is written otherwise says nothing."""
        try:
            return tuple(
                cls(UUID(str(one["person"])), str(one["text_sha256"]), int(one["answer"])) for one in body["agreed"]
            )
        except (KeyError, TypeError, ValueError):
            return ()


@dataclass(slots=True)
class Programme:
    """Entries, followed in the ledger's order."""

    given: dict[UUID, Told] = field(default_factory=dict)
    _yes: dict[tuple[UUID, str], Agreed] = field(default_factory=dict)
    """The yes that stands, by person and organisation."""

    def follow(self, told: Told, *, is_own: bool) -> None:
        """Take one entry in. `is_own`: it bears the hub's code; without, it can only take out."""
        try:
            self._follow(told, is_own=is_own)
        except (AttributeError, KeyError, TypeError, ValueError):
            if is_own:
                raise
            # Put in by hand, and it names nothing: the hub writes no such body.

    def agreement_of(self, person_id: UUID, organisation_id: UUID) -> Agreed | None:
        """Return to what somebody's yes is that stands; None: there is none."""
        return self._yes.get((person_id, str(organisation_id)))

    def _follow(self, told: Told, *, is_own: bool) -> None:
        if told.kind in ANSWERS:
            self._answer(told, is_own=is_own)
        elif told.kind in ENDS:
            for clip_id in _clips_of(told.body):
                self.given.pop(clip_id, None)
        elif told.kind == GIVEN and is_own:
            self._give(told)

    def _give(self, told: Told) -> None:
        agreed, owner = Agreed.all_in(told.body), str(told.body.get("organisation"))
        if agreed and all(self._yes.get((one.person_id, owner)) == one for one in agreed):
            for clip_id in _clips_of(told.body):
                self.given[clip_id] = told

    def _answer(self, told: Told, *, is_own: bool) -> None:
        body = told.body
        if body.get("topic") != Topic.TRAINING.value:
            return
        person, owner = UUID(str(body["person"])), str(body["organisation"])
        if body.get("says") != Answer.Says.YES:
            self._yes.pop((person, owner), None)
            self._end(person, owner)
        elif is_own:
            self._yes[person, owner] = Agreed(person, str(body["text_sha256"]), told.seq)

    def _end(self, person_id: UUID, owner: str) -> None:
        """Take out what rested on a yes that has ended."""
        for clip_id, told in list(self.given.items()):
            people = {one.person_id for one in Agreed.all_in(told.body)}
            if str(told.body.get("organisation")) == owner and person_id in people:
                del self.given[clip_id]


def _clips_of(body: Mapping[str, Any]) -> list[UUID]:
    return [UUID(str(one)) for one in (body.get("clip"), *(body.get("clips") or ())) if one]
