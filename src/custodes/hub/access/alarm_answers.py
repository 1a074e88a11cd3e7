"""What a privacy officer does about alarms: read, look into, dismiss, open a case, set limits. Each act is a leaf."""

from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from custodes.core.clock import Clock, SystemClock
from custodes.core.errors import BadInput, Denied
from custodes.hub.access import alarm_entries, alarms, case_ends, oversight
from custodes.hub.access.alarm_entries import Alarm, AlarmLimits, State
from custodes.hub.access.watched import clips_of
from custodes.hub.audit import ledger
from custodes.hub.clips import keeping
from custodes.hub.clips.models import Case, Clip
from custodes.hub.fleet.models import Organisation, Person

MAX_WORDS = 500
MAX_COUNT = 32_767
_CLOCK = SystemClock()


BOUNDS = {
    "many_clips": (2, MAX_COUNT), "many_minutes": (1, 1440), "night_from_minute": (0, 1439),
    "night_to_minute": (0, 1439), "same_clips": (2, MAX_COUNT), "same_days": (1, 90), "outside_days": (1, 90),
    "tell_after_h": (0, 720),
}  # fmt: skip
"""From and to where a limit may be set; of those not named here: from 0."""


@dataclass(frozen=True, slots=True)
class TheirAlarm:
    """An alarm as the recorded person reads it."""

    alarm: Alarm
    viewings: int
    """Of them, not of anybody else."""


def of_officer(person: Person, *, clock: Clock = _CLOCK) -> list[Alarm]:
    """Return the alarms of what `person` oversees, those that wait first, then the newest. Raises Denied.

    One about their own viewings is among them, to be read and not to be answered.
    """
    found = alarm_entries.of_organisations(oversight.organisations(person, clock=clock))
    return sorted(found, key=lambda one: (one.state == State.OPEN, one.raised_at), reverse=True)


def find(person: Person, alarm_id: UUID, *, clock: Clock = _CLOCK) -> Alarm:
    """Return an alarm of what `person` oversees. Raises Denied."""
    alarm = alarm_entries.find(alarm_id)
    if alarm.organisation not in oversight.organisations(person, clock=clock):
        raise Denied.of(alarm_id)
    return alarm


def about_me(person: Person) -> list[TheirAlarm]:
    """Return the alarms about viewings of `person` of which they have been told, newest first."""
    told = [one for one in alarm_entries.told_to(person) if one.watcher_id != person.pk]
    mine = set(clips_of(person).values_list("pk", flat=True)) if told else set()
    counted = [TheirAlarm(one, sum(view.clip_id in mine for view in alarms.views_of(one))) for one in told]
    return sorted(counted, key=lambda each: each.alarm.raised_at, reverse=True)


def acknowledge(*, actor: Person, alarm_id: UUID, clock: Clock = _CLOCK) -> Alarm:
    """Say that one looks into it. The recorded people are told all the same. Raises Denied, BadInput."""
    with transaction.atomic():
        alarm = _mine_to_answer(actor, alarm_id, clock)
        if alarm.state == State.OPEN:
            _answer(alarm, actor, alarm_entries.ACKNOWLEDGED, "", clock)
    return alarm_entries.find(alarm_id)


def dismiss(*, actor: Person, alarm_id: UUID, words: str, clock: Clock = _CLOCK) -> Alarm:
    """Say why there is nothing in it: whoever was not told by then is not told. Raises Denied, BadInput."""
    said = words.strip()
    with transaction.atomic():
        alarm = _mine_to_answer(actor, alarm_id, clock)
        if not 0 < len(said) <= MAX_WORDS:
            raise BadInput(_("Say why, in at most %(n)d characters: it stands in the ledger.") % {"n": MAX_WORDS})
        if alarm.state == State.DISMISSED:
            raise BadInput(_("This alarm was dismissed already."))
        _answer(alarm, actor, alarm_entries.DISMISSED, said, clock)
    return alarm_entries.find(alarm_id)


def open_case(*, actor: Person, alarm_id: UUID, name: str, clock: Clock = _CLOCK) -> Case:
    """Open a case with the clips of an alarm and no others: they are kept, and open to the organisation's officers.

    Raises Denied, BadInput.
    """
    with transaction.atomic():
        alarm = _mine_to_answer(actor, alarm_id, clock)
        if alarm.case is not None:
            raise BadInput(_("There is a case for this alarm already."))
        among = Clip.objects.filter(pk__in=alarm.clip_ids)
        case = keeping.open_case(actor=actor, organisation=alarm.organisation, name=name, among=among, clock=clock)
        body = {"alarm": alarm.pk, "organisation": alarm.organisation.pk, "person": actor.pk, "case": case.pk}
        ledger.append(kind=alarm_entries.CASE_OPENED, body=body, now_ns=clock.wall_ns())
        if alarm.state == State.OPEN:
            _answer(alarm, actor, alarm_entries.ACKNOWLEDGED, "", clock)
    return case


def close_case(*, actor: Person, case_id: UUID, clock: Clock = _CLOCK) -> Case:
    """Close a case of the officers in what `actor` oversees: its clips shut again. Raises Denied (`case_ends`)."""
    case = oversight.cases(actor, clock=clock).filter(pk=case_id).first()
    if case is None or not case_ends.may_end(actor, case, clock=clock):
        raise Denied.of(case_id)
    keeping.close_case(actor=actor, case=case, clock=clock)
    return case


def set_limits(*, actor: Person, organisation: Organisation, wished: AlarmLimits, clock: Clock = _CLOCK) -> None:
    """Keep from where on alarms are raised, and when people are told. Raises Denied, BadInput."""
    if organisation not in oversight.organisations(actor, clock=clock):
        raise Denied.of(organisation.pk)
    after = alarm_entries.limits_said(wished)
    for name, value in after.items():
        least, most = BOUNDS.get(name, (0, MAX_COUNT))
        if not least <= value <= most:
            raise BadInput(
                _("%(name)s: %(value)d is not between %(least)d and %(most)d.")
                % {"name": name, "value": value, "least": least, "most": most}
            )
    with transaction.atomic():
        before = alarm_entries.limits_said(alarm_entries.limits_of(organisation))
        if before == after:
            return
        body = {"organisation": organisation.pk, "person": actor.pk, "before": before, "after": after}
        ledger.append(kind=alarm_entries.LIMITS_SET, body=body, now_ns=clock.wall_ns())


def _mine_to_answer(actor: Person, alarm_id: UUID, clock: Clock) -> Alarm:
    """Return an alarm that `actor` may answer: nobody answers one about themselves. Raises Denied, BadInput."""
    alarm = find(actor, alarm_id, clock=clock)
    if alarm.watcher_id == actor.pk:
        raise BadInput(_("This alarm is about you: somebody else answers it."))
    return alarm


def _answer(alarm: Alarm, actor: Person, kind: str, words: str, clock: Clock) -> None:
    body = {"alarm": alarm.pk, "organisation": alarm.organisation.pk, "person": actor.pk, "words": words}
    ledger.append(kind=kind, body=body, now_ns=clock.wall_ns())
