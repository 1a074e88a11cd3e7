"""What a privacy officer does about alarms: read, look into, dismiss, open a case, set limits. Each act is a leaf."""

from dataclasses import dataclass
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _

from custodes.core.clock import Clock, SystemClock
from custodes.core.errors import BadInput, Denied
from custodes.hub.access import alarms, case_ends, oversight
from custodes.hub.access.models import Alarm, AlarmLimits, View
from custodes.hub.access.watched import clips_of
from custodes.hub.audit import ledger
from custodes.hub.clips import keeping
from custodes.hub.clips.models import Case, Clip
from custodes.hub.fleet.models import Organisation, Person
from custodes.hub.fleet.times import moment_of

MAX_WORDS = 500
_CLOCK = SystemClock()


@dataclass(frozen=True, slots=True)
class TheirAlarm:
    """An alarm as the recorded person reads it."""

    alarm: Alarm
    viewings: int
    """Of them, not of anybody else."""


def of_officer(person: Person, *, clock: Clock = _CLOCK) -> QuerySet[Alarm]:
    """Return the alarms of what `person` oversees, those that wait first, then the newest. Raises Denied.

    One about their own viewings is among them, to be read and not to be answered.
    """
    rows = Alarm.objects.filter(organisation__in=oversight.organisations(person, clock=clock))
    counted = rows.annotate(viewings=Count("parts")).select_related("organisation", "watcher", "person", "answered_by")
    return counted.order_by("-state", "-raised_at")


def find(person: Person, alarm_id: UUID, *, clock: Clock = _CLOCK) -> Alarm:
    """Return an alarm of what `person` oversees. Raises Denied."""
    alarm = of_officer(person, clock=clock).filter(pk=alarm_id).select_related("case").first()
    if alarm is None:
        raise Denied.of(alarm_id)
    return alarm


def views_of(alarm: Alarm) -> list[View]:
    """Return the viewings of an alarm, oldest first."""
    rows = View.objects.filter(alarms__alarm=alarm).select_related("clip__site__organisation", "clip__subject")
    return list(rows.order_by("ledger_seq"))


def about_me(person: Person) -> list[TheirAlarm]:
    """Return the alarms about viewings of `person` of which they have been told, newest first."""
    mine = clips_of(person).values("pk")
    rows = Alarm.objects.filter(parts__view__clip__in=mine).exclude(told_at=None).exclude(watcher=person).distinct()
    told = [one for one in rows.select_related("organisation", "watcher") if one.person_id in {None, person.pk}]
    counted = [(one, one.parts.filter(view__clip__in=mine).count()) for one in told]
    return [TheirAlarm(one, count) for one, count in sorted(counted, key=lambda each: each[0].raised_at, reverse=True)]


def acknowledge(*, actor: Person, alarm_id: UUID, clock: Clock = _CLOCK) -> Alarm:
    """Say that one looks into it. The recorded people are told all the same. Raises Denied, BadInput."""
    with transaction.atomic():
        alarm = _mine_to_answer(actor, alarm_id, clock)
        if alarm.state == Alarm.State.OPEN:
            _answer(alarm, actor, Alarm.State.ACKNOWLEDGED, "", clock)
    return alarm


def dismiss(*, actor: Person, alarm_id: UUID, words: str, clock: Clock = _CLOCK) -> Alarm:
    """Say why there is nothing in it: whoever was not told by then is not told. Raises Denied, BadInput."""
    said = words.strip()
    with transaction.atomic():
        alarm = _mine_to_answer(actor, alarm_id, clock)
        if not 0 < len(said) <= MAX_WORDS:
            raise BadInput(_("Say why, in at most %(n)d characters: it stands in the ledger.") % {"n": MAX_WORDS})
        if alarm.state == Alarm.State.DISMISSED:
            raise BadInput(_("This alarm was dismissed already."))
        _answer(alarm, actor, Alarm.State.DISMISSED, said, clock)
    return alarm


def open_case(*, actor: Person, alarm_id: UUID, name: str, clock: Clock = _CLOCK) -> Case:
    """Open a case with the clips of an alarm and no others: they are kept, and open to the organisation's officers.

    Raises Denied, BadInput.
    """
    with transaction.atomic():
        alarm = _mine_to_answer(actor, alarm_id, clock)
        if alarm.case_id is not None:
            raise BadInput(_("There is a case for this alarm already."))
        if not name.strip():
            raise BadInput(_("A case needs a name."))
        among = Clip.objects.filter(pk__in=[view.clip_id for view in views_of(alarm)])
        case = keeping.open_case(actor=actor, organisation=alarm.organisation, name=name, among=among, clock=clock)
        Alarm.objects.filter(pk=alarm.pk).update(case=case)
        if alarm.state == Alarm.State.OPEN:
            _answer(alarm, actor, Alarm.State.ACKNOWLEDGED, "", clock)
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
    wished.organisation = organisation
    try:
        wished.clean_fields()
    except ValidationError as error:
        raise BadInput(" ".join(error.messages)) from None
    with transaction.atomic():
        before, after = alarms.limits_said(alarms.limits_of(organisation)), alarms.limits_said(wished)
        if before == after:
            return
        AlarmLimits.objects.update_or_create(organisation=organisation, defaults=after)
        body = {"organisation": organisation.pk, "person": actor.pk, "before": before, "after": after}
        ledger.append(kind="alarm.limits_set", body=body, now_ns=clock.wall_ns())


def _mine_to_answer(actor: Person, alarm_id: UUID, clock: Clock) -> Alarm:
    """Return an alarm that `actor` may answer: nobody answers one about themselves. Raises Denied, BadInput."""
    alarm = find(actor, alarm_id, clock=clock)
    if alarm.watcher_id == actor.pk:
        raise BadInput(_("This alarm is about you: somebody else answers it."))
    return alarm


def _answer(alarm: Alarm, actor: Person, state: str, words: str, clock: Clock) -> None:
    now_ns = clock.wall_ns()
    alarm.state, alarm.words = state, words
    alarm.answered_by, alarm.answered_at = actor, moment_of(now_ns)
    alarm.save(update_fields=["state", "words", "answered_by", "answered_at"])
    body = {"alarm": alarm.pk, "organisation": alarm.organisation_id, "person": actor.pk, "words": words}
    ledger.append(kind=f"alarm.{state}", body=body, now_ns=now_ns)
