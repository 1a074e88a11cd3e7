"""Explain access: what one person may do with one clip, for which purpose, and which rule says so."""

import json
import uuid
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from custodes.core.clock import Clock, SystemClock
from custodes.core.errors import BadInput
from custodes.hub import boot
from custodes.hub.fleet.times import now_of

if TYPE_CHECKING:
    from custodes.hub.clips.models import Clip
    from custodes.hub.fleet.models import Person

_CLOCK = SystemClock()


@dataclass(frozen=True, slots=True)
class Answer:
    """The gate's answer to one question. `purpose` is empty but for watching; `policy` is empty when no rule spoke."""

    action: str
    purpose: str
    allowed: bool
    role: str
    policy: str
    why: str


@dataclass(frozen=True, slots=True)
class Explained:
    """Every answer about one person and one clip."""

    person: str
    clip: str
    answers: tuple[Answer, ...]

    def as_json(self) -> str:
        """Return the answers for machines."""
        return json.dumps(asdict(self), ensure_ascii=False)

    def as_text(self) -> str:
        """Return one line for each answer, for a terminal."""
        lines = [f"{self.person}, clip {self.clip}"]
        for one in self.answers:
            asked = f"{one.action} ({one.purpose})" if one.purpose else one.action
            by = f"  [{one.policy}]" if one.policy else ""
            lines.append(f"  {'yes' if one.allowed else 'no ':3}  {asked:26} {one.why}{by}")
        return "\n".join(lines)


def explain(person: "Person", clip: "Clip", *, clock: Clock = _CLOCK) -> tuple[Answer, ...]:
    """Return the gate's answer for every action, and for watching one for every purpose. Opens and logs nothing."""
    from custodes.core.types import Purpose
    from custodes.hub.access import decisions
    from custodes.hub.access.requests import Action

    now = now_of(clock)
    asked: list[tuple[Action, Purpose | None]] = [(action, None) for action in Action if action is not Action.VIEW]
    asked += [(Action.VIEW, purpose) for purpose in Purpose]
    answers = []
    for action, purpose in asked:
        decision = decisions.decide(person, action, clip, purpose=purpose, now=now)
        answers.append(
            Answer(
                action=action.value,
                purpose="" if purpose is None else purpose.value,
                allowed=decision.allowed,
                role=decision.role,
                policy=decision.policy,
                why=decision.why,
            )
        )
    return tuple(answers)


def explain_in(data_dir: Path, *, who: str, clip: str) -> Explained:
    """Explain access in the hub that lies in `data_dir`, for whoever runs it.

    `who` is an e-mail address or a name; `clip` an id. Raises BadInput when there is no such hub, person or clip.
    """
    with boot.opened(data_dir):
        person, found = _person(who), _clip(clip)
        return Explained(person=str(person), clip=str(found.pk), answers=explain(person, found))


def _person(who: str) -> "Person":
    from custodes.hub.fleet.models import Person

    for field in ("email__iexact", "display_name__iexact"):
        people = list(Person.objects.filter(**{field: who})[:2])
        if len(people) == 1:
            return people[0]
        if people:
            raise BadInput(f"--as {who}: several people have this name. Give the e-mail address.")
    raise BadInput(f"--as {who}: nobody has this e-mail address or name. Known: {_some_people()}.")


def _clip(text: str) -> "Clip":
    from custodes.hub.clips.models import Clip

    try:
        found = Clip.objects.select_related("site").filter(pk=uuid.UUID(text)).first()
    except ValueError:
        raise BadInput(f"--clip {text}: not a clip's id. Take it from the address of its page.") from None
    if found is None:
        raise BadInput(f"--clip {text}: this hub has no such clip.")
    return found


def _some_people(most: int = 5) -> str:
    from custodes.hub.fleet.models import Person

    emails: Iterable[str] = Person.objects.order_by("email").values_list("email", flat=True)[: most + 1]
    known = list(emails)
    return ", ".join(known[:most]) + (", …" if len(known) > most else "") if known else "nobody yet"
