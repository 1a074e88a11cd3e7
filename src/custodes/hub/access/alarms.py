"""Look at what was watched, raise alarms, and tell the recorded people after a while. Answers: `alarm_answers`."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q, QuerySet

from custodes.hub.access import alarm_letters, recorded
from custodes.hub.access.models import Alarm, AlarmLimits, AlarmSweep, AlarmView, View
from custodes.hub.access.snooping import Grown, Pattern, Raised, Subject, Viewing, Watch, longest_ns
from custodes.hub.audit import ledger
from custodes.hub.clips.models import Clip
from custodes.hub.fleet import given_roles, selectors
from custodes.hub.fleet.models import Membership, Organisation, Person, Shift
from custodes.hub.fleet.times import moment_of, wall_ns_of

VIEWS_A_SWEEP = 500
KNOWN_FOR = timedelta(days=30)
"""Who drove, planned or was given clips at a site within this time has to do with it."""


def sweep(*, now_ns: int) -> int:
    """Look at the viewings since the last sweep; return how many alarms were raised. Durable on return.

    Of companies alone, and of other people's film alone: nobody is alarmed about watching themselves.
    """
    raised: list[Alarm] = []
    with transaction.atomic():
        last, _made = AlarmSweep.objects.select_for_update().get_or_create(only=1)
        fresh = list(_others_film().filter(ledger_seq__gt=last.ledger_seq).order_by("ledger_seq")[:VIEWS_A_SWEEP])
        if not fresh:
            return 0
        by_watcher: dict[tuple[UUID | None, UUID], list[View]] = defaultdict(list)
        for view in fresh:
            by_watcher[view.person_id, view.clip.site.organisation_id].append(view)
        for views in by_watcher.values():
            raised += _look(views, last.ledger_seq, now_ns)
        AlarmSweep.objects.filter(only=1).update(ledger_seq=fresh[-1].ledger_seq)
    return len(raised)


def tell_due(*, now_ns: int) -> int:
    """Tell the recorded people of alarms that nobody dismissed in time; return how many. On their page, and by mail."""
    now = moment_of(now_ns)
    due = Alarm.objects.filter(told_at=None, tell_at__lte=now).exclude(state=Alarm.State.DISMISSED)
    told = 0
    for alarm in due.select_related("organisation", "watcher")[:50]:
        with transaction.atomic():
            if Alarm.objects.filter(pk=alarm.pk, told_at=None).update(told_at=now):
                _tell(alarm, now_ns)
                told += 1
    return told


def raise_at_once(view: View, *, now_ns: int) -> Alarm:
    """Raise the alarm about a broken glass and tell everybody of it now, in the transaction of the caller."""
    opened_ns = wall_ns_of(view.opened_at)
    viewing = Viewing(view.pk, view.clip_id, opened_ns)
    one = Raised(Subject(Pattern.BREAK_GLASS), (viewing,), 1, 0)
    alarm = _raise(one, view, now_ns, tell_after=timedelta(0))
    Alarm.objects.filter(pk=alarm.pk).update(told_at=moment_of(now_ns))
    _tell(alarm, now_ns)
    return alarm


def limits_of(organisation: Organisation) -> AlarmLimits:
    """Return from where on an organisation wants alarms; the defaults where nobody has set any. Stores nothing."""
    return AlarmLimits.objects.filter(organisation=organisation).first() or AlarmLimits(organisation=organisation)


def limits_said(limits: AlarmLimits) -> dict[str, int]:
    """Return what the ledger says of limits, by name."""
    return {field.name: getattr(limits, field.name) for field in AlarmLimits._meta.fields if not field.primary_key}


def recorded_in(alarm: Alarm) -> set[UUID]:
    """Return who was watched: the one person that it is about, or everybody in its clips; never the watcher."""
    if alarm.person_id is not None:
        return {alarm.person_id}
    clips = Clip.objects.filter(views__alarms__alarm=alarm).select_related("site__organisation").distinct()
    return {person for clip in clips for person in recorded.people_in(clip)} - {alarm.watcher_id}


def _others_film() -> QuerySet[View]:
    views = View.objects.filter(clip__site__organisation__kind=Organisation.Kind.COMPANY).exclude(person=None)
    others = views.filter(Q(clip__subject=None) | ~Q(clip__subject=F("person")))
    return others.select_related("clip__site__organisation", "person")


def _look(fresh: Sequence[View], looked_at_seq: int, now_ns: int) -> list[Alarm]:
    first = fresh[0]
    organisation = first.clip.site.organisation
    limits = limits_of(organisation).limits()
    since = moment_of(wall_ns_of(first.opened_at) - longest_ns(limits))
    before = _others_film().filter(person=first.person_id, clip__site__organisation=organisation, opened_at__gt=since)
    earlier = list(before.filter(ledger_seq__lte=looked_at_seq).order_by("ledger_seq"))
    alarms = Alarm.objects.filter(watcher=first.person_id, organisation=organisation)
    running = {_subject(one): one for one in alarms.order_by("last_wall_ns")}
    watch = Watch(limits, {subject: one.last_wall_ns for subject, one in running.items()})
    counted = _counted(earlier)
    known = _known_sites(first.person_id, organisation, now=moment_of(now_ns)) if limits.outside_clips else None
    for view in earlier:
        watch.remember(_viewing(view, known, counted.get(view.pk, frozenset())))
    raised = []
    for view in fresh:
        for found in watch.look(_viewing(view, known)):
            if isinstance(found, Raised):
                running[found.subject] = _raise(found, view, now_ns)
                raised.append(running[found.subject])
            else:
                _grow(running[found.subject], found)
    return raised


def _raise(found: Raised, view: View, now_ns: int, *, tell_after: timedelta | None = None) -> Alarm:
    organisation = view.clip.site.organisation
    now = moment_of(now_ns)
    pause = timedelta(hours=limits_of(organisation).tell_after_h) if tell_after is None else tell_after
    alarm = Alarm(
        organisation=organisation,
        watcher=view.person,
        pattern=found.subject.pattern.value,
        person_id=found.subject.person,
        clip_id=found.subject.clip,
        bound=found.limit,
        window_ns=found.window_ns,
        began_wall_ns=found.viewings[0].opened_wall_ns,
        last_wall_ns=found.viewings[-1].opened_wall_ns,
        raised_at=now,
        tell_at=now + pause,
    )
    body = {
        "alarm": alarm.pk,
        "organisation": organisation.pk,
        "person": alarm.watcher_id,
        "pattern": alarm.pattern,
        "about": alarm.person_id,
        **({"about_clip": alarm.clip_id} if alarm.clip_id else {}),
        "bound": found.limit,
        "window_ns": found.window_ns,
        "tell_at": alarm.tell_at.isoformat(),
        "views": sorted(str(one.view_id) for one in found.viewings),
    }
    alarm.ledger_seq = ledger.append(kind="alarm.raised", body=body, now_ns=now_ns).seq
    alarm.save(force_insert=True)
    AlarmView.objects.bulk_create(AlarmView(alarm=alarm, view_id=one.view_id) for one in found.viewings)
    alarm_letters.to_officers(alarm, selectors.privacy_officers(organisation, now))
    return alarm


def _grow(alarm: Alarm, found: Grown) -> None:
    AlarmView.objects.get_or_create(alarm=alarm, view_id=found.viewing.view_id)
    alarm.last_wall_ns = max(alarm.last_wall_ns, found.viewing.opened_wall_ns)
    alarm.save(update_fields=["last_wall_ns"])


def _tell(alarm: Alarm, now_ns: int) -> None:
    people = recorded_in(alarm)
    body = {"alarm": alarm.pk, "organisation": alarm.organisation_id, "people": sorted(map(str, people))}
    ledger.append(kind="alarm.told", body=body, now_ns=now_ns)
    alarm_letters.to_recorded(alarm, Person.objects.filter(pk__in=people, is_active=True))


def _viewing(view: View, known: set[UUID] | None, counted: frozenset[Subject] = frozenset()) -> Viewing:
    site = view.clip.site
    return Viewing(
        view_id=view.pk,
        clip_id=view.clip_id,
        opened_wall_ns=wall_ns_of(view.opened_at),
        recorded=frozenset() if view.clip.subject_id is None else frozenset({view.clip.subject_id}),
        time_zone=site.time_zone or site.organisation.time_zone,
        outside=known is not None and site.pk not in known and view.clip.assignee_id != view.person_id,
        counted=counted,
    )


def _counted(views: Iterable[View]) -> dict[UUID, frozenset[Subject]]:
    parts = AlarmView.objects.filter(view__in=[one.pk for one in views]).select_related("alarm")
    found: dict[UUID, frozenset[Subject]] = {}
    for part in parts:
        subject = _subject(part.alarm)
        found[part.view_id] = found.get(part.view_id, frozenset()) | {subject}
    return found


def _subject(alarm: Alarm) -> Subject:
    return Subject(Pattern(alarm.pattern), alarm.person_id, alarm.clip_id)


def _known_sites(person_id: UUID | None, organisation: Organisation, *, now: datetime) -> set[UUID]:
    """Return the sites with which somebody has to do: a role for that site, shifts driven there lately."""
    roles = given_roles.counting(
        Membership.objects.filter(person=person_id, organisation=organisation).exclude(site=None)
    )
    lately = Q(ends_at=None) | Q(ends_at__gt=now - KNOWN_FOR)
    drove = Shift.objects.filter(lately, driver=person_id, site__organisation=organisation)
    assigned = Clip.objects.filter(assignee=person_id, site__organisation=organisation, received_at__gt=now - KNOWN_FOR)
    return {pk for rows in (roles, drove, assigned) for pk in rows.values_list("site_id", flat=True) if pk is not None}
