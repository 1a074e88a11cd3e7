"""Alarms about watching, as the ledger tells them: there is no other store of them.

A row could be taken out, handed to another or count as told for a moment, by whoever can write the database. What these
entries say was read in order and is kept in memory (`audit.past`); an alarm lasts as long as its entry. See ADR 0056.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from custodes.core.errors import Denied
from custodes.hub.access.snooping import Limits, Pattern, Subject
from custodes.hub.audit import past
from custodes.hub.audit.places import Places, told_at
from custodes.hub.audit.trusted import Told
from custodes.hub.clips.models import Case
from custodes.hub.fleet.models import Organisation, Person
from custodes.hub.fleet.times import moment_of

RAISED, GREW, TOLD, CASE_OPENED = "alarm.raised", "alarm.grew", "alarm.told", "alarm.case_opened"
ACKNOWLEDGED, DISMISSED = "alarm.acknowledged", "alarm.dismissed"
LIMITS_SET, SWEPT = "alarm.limits_set", "alarm.swept"
_END = 2**63 - 1
_RAISED = past.Entries((RAISED,), by="alarm")
_RAISED_IN = past.Entries((RAISED,), by="organisation")
_SINCE = past.Entries((GREW, TOLD, CASE_OPENED, ACKNOWLEDGED, DISMISSED), by="alarm")
_TOLD_TO = past.Entries((TOLD,), by="people")
_OF_CASE = past.Entries((CASE_OPENED,), by="case")
_LIMITS = past.Entries((LIMITS_SET,), by="organisation")
_SWEEPS, _RAISES = Places((SWEPT,)), Places((RAISED,))


@dataclass(frozen=True, slots=True)
class AlarmLimits(Limits):
    """From where on an organisation's privacy officers want an alarm, and when the recorded people are told."""

    tell_after_h: int = 72
    """How long (h) an officer has to dismiss an alarm before the recorded people are told: at most 30 days."""


class State(TextChoices):
    """What the officers made of an alarm."""

    OPEN = "open", _("Waits for an answer")
    ACKNOWLEDGED = "acknowledged", _("Being looked into")
    DISMISSED = "dismissed", _("Dismissed")


@dataclass(frozen=True, slots=True)
class Alarm:
    """One alarm about what somebody watched. It accuses nobody: a privacy officer looks, and answers."""

    pk: UUID
    organisation: Organisation
    watcher_id: UUID
    watcher: Person | None
    about: Subject
    person: Person | None
    """Of the pattern `same_person`: who was watched again and again."""
    bound: int
    """The number of clips from which on it was raised; with `window_ns`, how long they may lie apart."""
    window_ns: int
    raised_at: datetime
    last_wall_ns: int
    """When the last of its viewings was opened; of an early entry: when it was raised."""
    tell_at: datetime
    told_at: datetime | None
    """When the recorded people were told; None: not yet, or it was dismissed before."""
    view_ids: tuple[UUID, ...]
    clip_ids: frozenset[UUID]
    """Of which clips these viewings are."""
    state: State
    answered_by: Person | None
    answered_at: datetime | None
    words: str
    case: Case | None

    @property
    def viewings(self) -> int:
        """How many viewings it is about."""
        return len(self.view_ids)


def of_organisations(organisations: Iterable[Organisation]) -> list[Alarm]:
    """Return the alarms of organisations, the oldest first. Raises Unreadable as `audit.past`."""
    past.read_on()
    told = [one for organisation in organisations for one in _RAISED_IN.as_read(organisation.pk)]
    return _alarms(sorted(told, key=lambda one: one.seq))


def find(alarm_id: UUID) -> Alarm:
    """Return one alarm. Raises Denied where there is none, Unreadable as `audit.past`."""
    found = _alarms(_RAISED.of(alarm_id))
    if not found:
        raise Denied.of(alarm_id)
    return found[0]


def told_to(person: Person) -> list[Alarm]:
    """Return the alarms of which somebody was told, the oldest first. Raises Unreadable as `audit.past`."""
    past.read_on()
    ids = {str(one.body["alarm"]): None for one in _TOLD_TO.as_read(person.pk)}
    return _alarms([raised for name in ids for raised in _RAISED.as_read(name)])


def of_case(case: Case) -> list[Alarm]:
    """Return the alarms of which a case was opened. Raises Unreadable as `audit.past`."""
    past.read_on()
    return _alarms([raised for one in _OF_CASE.as_read(case.pk) for raised in _RAISED.as_read(one.body["alarm"])])


def limits_of(organisation: Organisation) -> AlarmLimits:
    """Return from where on an organisation wants alarms; the defaults where nobody has set any."""
    told = _LIMITS.of(organisation.pk)
    said = told[-1].body["after"] if told else {}
    known = {field.name for field in fields(AlarmLimits)}
    # An entry of an early version does not name every limit.
    return AlarmLimits(**{name: value for name, value in said.items() if name in known})


def limits_said(limits: AlarmLimits) -> dict[str, int]:
    """Return what the ledger says of limits, by name."""
    return asdict(limits)


def swept_to() -> int:
    """Return the place up to which viewings were looked at, as of the last reading; -1: none was."""
    sweeps = told_at(_SWEEPS.up_to(_END, most=1))
    if sweeps:
        return int(sweeps[0].body["to"])
    # A hub that is older than these entries: what raised its last alarm was looked at.
    return next(iter(_RAISES.up_to(_END, most=1)), -1)


def _alarms(raised: Sequence[Told]) -> list[Alarm]:
    since = [_SINCE.as_read(one.body["alarm"]) for one in raised]
    people = Person.objects.in_bulk(set(_people(raised, since)))
    organisations = Organisation.objects.in_bulk({UUID(one.body["organisation"]) for one in raised})
    cases = Case.objects.in_bulk({UUID(one.body["case"]) for acts in since for one in acts if one.kind == CASE_OPENED})
    return [
        _alarm(one, acts, organisations[UUID(one.body["organisation"])], people, cases)
        for one, acts in zip(raised, since, strict=True)
        if UUID(one.body["organisation"]) in organisations
    ]


def _people(raised: Iterable[Told], since: Iterable[Sequence[Told]]) -> Iterator[UUID]:
    for one in raised:
        yield UUID(one.body["person"])
        if one.body.get("about"):
            yield UUID(one.body["about"])
    for acts in since:
        yield from (UUID(one.body["person"]) for one in acts if one.kind in {ACKNOWLEDGED, DISMISSED})


def _alarm(
    raised: Told,
    since: Sequence[Told],
    organisation: Organisation,
    people: dict[Any, Person],
    cases: dict[Any, Case],
) -> Alarm:
    body = raised.body
    grew = [one for one in since if one.kind == GREW]
    told = next((one for one in since if one.kind == TOLD), None)
    case = next((one for one in since if one.kind == CASE_OPENED), None)
    answer = next((one for one in reversed(since) if one.kind in {ACKNOWLEDGED, DISMISSED}), None)
    about = Subject(Pattern(body["pattern"]), _id(body.get("about")), _id(body.get("about_clip")))
    raised_at, watcher_id = moment_of(raised.recorded_wall_ns), UUID(body["person"])
    times = [body.get("last_wall_ns", raised.recorded_wall_ns), *(one.body["opened_wall_ns"] for one in grew)]
    # Entries of early versions do not say when people are told: after the usual time.
    tell_at = body.get("tell_at")
    return Alarm(
        pk=UUID(body["alarm"]),
        organisation=organisation,
        watcher_id=watcher_id,
        watcher=people.get(watcher_id),
        about=about,
        person=None if about.person is None else people.get(about.person),
        bound=body["bound"],
        window_ns=body.get("window_ns", 0),
        raised_at=raised_at,
        last_wall_ns=max(times),
        tell_at=datetime.fromisoformat(tell_at) if tell_at else raised_at + timedelta(hours=AlarmLimits().tell_after_h),
        told_at=None if told is None else moment_of(told.recorded_wall_ns),
        view_ids=tuple(UUID(one) for one in (*body["views"], *(one.body["view"] for one in grew))),
        clip_ids=frozenset(UUID(one) for one in (*body.get("clips", ()), *(one.body["clip"] for one in grew))),
        state=State.OPEN if answer is None else State(answer.kind.removeprefix("alarm.")),
        answered_by=None if answer is None else people.get(UUID(answer.body["person"])),
        answered_at=None if answer is None else moment_of(answer.recorded_wall_ns),
        words="" if answer is None else answer.body["words"],
        case=None if case is None else cases.get(UUID(case.body["case"])),
    )


def _id(text: str | None) -> UUID | None:
    return UUID(text) if text else None
