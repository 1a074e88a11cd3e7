"""Look at what was watched, raise alarms, and tell the recorded people after a while. Answers: `alarm_answers`."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import Q

from custodes.hub.access import alarm_entries, alarm_letters, recorded, viewings
from custodes.hub.access.alarm_entries import Alarm, State
from custodes.hub.access.models import View
from custodes.hub.access.snooping import Grown, Pattern, Raised, Subject, Viewing, Watch, longest_ns
from custodes.hub.audit import ledger, past
from custodes.hub.audit.places import Places, told_at
from custodes.hub.audit.trusted import Told
from custodes.hub.clips import arrivals
from custodes.hub.clips.models import Clip
from custodes.hub.fleet import given_roles, selectors
from custodes.hub.fleet.models import Membership, Organisation, Person, Shift
from custodes.hub.fleet.times import moment_of

VIEWS_A_SWEEP = 500
KNOWN_FOR = timedelta(days=30)
"""Who drove, planned or was given clips at a site within this time has to do with it."""
_OPENED, _OPENED_BY = Places((viewings.OPENED,)), Places((viewings.OPENED,), by="person")


@dataclass(frozen=True, slots=True)
class _Opened:
    """One viewing of somebody else's film, as its entry and those of the clip tell it."""

    seq: int
    view_id: UUID
    person_id: UUID
    clip: Clip
    subject_id: UUID | None
    wall_ns: int


def sweep(*, now_ns: int) -> int:
    """Look at the viewings since the last sweep; return how many alarms were raised. Durable on return.

    Of companies alone, and of other people's film alone: nobody is alarmed about watching themselves. Raises Unreadable
    where the ledger, or what it says of a clip, cannot be read just now: the next sweep begins at the same place.
    """
    raised = 0
    with transaction.atomic():
        past.read_on()
        looked_at = alarm_entries.swept_to()
        places = _OPENED.after(looked_at, most=VIEWS_A_SWEEP)
        fresh = _others_film(told_at(places))
        by_watcher: dict[tuple[UUID, UUID], list[_Opened]] = defaultdict(list)
        for one in fresh:
            by_watcher[one.person_id, one.clip.site.organisation_id].append(one)
        for opened in by_watcher.values():
            raised += _look(opened, looked_at, now_ns)
        if fresh or len(places) == VIEWS_A_SWEEP:
            ledger.append(kind=alarm_entries.SWEPT, body={"to": places[-1]}, now_ns=now_ns)
    return raised


def tell_due(*, now_ns: int) -> int:
    """Tell the recorded people of alarms that nobody dismissed in time; return how many. On their page, and by mail."""
    now, told = moment_of(now_ns), 0

    def due() -> list[Alarm]:
        found = alarm_entries.of_organisations(Organisation.objects.all())
        return [one for one in found if not one.told_at and one.state != State.DISMISSED and one.tell_at <= now]

    if due():
        with transaction.atomic():
            for alarm in due():
                _tell(alarm, now_ns)
                told += 1
    return told


def raise_at_once(view: View, *, now_ns: int) -> Alarm:
    """Raise the alarm about a broken glass and tell everybody of it now, in the transaction of the caller."""
    organisation = view.clip.site.organisation
    viewing = Viewing(view.pk, view.clip_id, now_ns)
    one = Raised(Subject(Pattern.BREAK_GLASS), (viewing,), 1, 0)
    assert view.person_id is not None, "who breaks the glass has an account"
    alarm = _raise(one, organisation, view.person_id, now_ns, tell_after=timedelta(0))
    _tell(alarm, now_ns)
    return alarm


def recorded_in(alarm: Alarm) -> set[UUID]:
    """Return who was watched: the one person that it is about, or everybody in its clips; never the watcher."""
    if alarm.about.person is not None:
        return {alarm.about.person}
    clips = Clip.objects.filter(pk__in=alarm.clip_ids).select_related("site__organisation")
    return {person for clip in clips for person in recorded.people_in(_as_told(clip))} - {alarm.watcher_id}


def views_of(alarm: Alarm) -> list[View]:
    """Return the viewings of an alarm, oldest first: those whose rows say by whom and of what as their entries do."""
    rows = View.objects.filter(pk__in=alarm.view_ids).select_related("clip__site__organisation", "clip__subject")
    return [view for view in rows.order_by("ledger_seq") if _is_of(view, alarm.watcher_id)]


def _is_of(view: View, watcher_id: UUID) -> bool:
    said = viewings.said_of(view.pk, view.ledger_seq)
    return said is not None and (said.clip, said.opener) == (str(view.clip_id), str(watcher_id))


def _others_film(told: Iterable[Told]) -> list[_Opened]:
    """Return what of viewings is of other people's film in companies, by people with an account."""
    entries = [one for one in told if one.body.get("person")]
    rows = Clip.objects.filter(pk__in={one.body["clip"] for one in entries}).select_related("site__organisation")
    clips = {clip.pk: _as_told(clip) for clip in rows if clip.site.organisation.kind == Organisation.Kind.COMPANY}
    found = []
    for one in entries:
        clip = clips.get(UUID(one.body["clip"]))
        if clip is not None and str(clip.subject_id) != one.body["person"]:
            ids = UUID(one.body["view"]), UUID(one.body["person"])
            found.append(_Opened(one.seq, *ids, clip, clip.subject_id, one.recorded_wall_ns))
    return found


def _as_told(clip: Clip) -> Clip:
    """Return a clip of whom its entries say: a row could name another for as long as a sweep takes."""
    clip.subject_id = arrivals.subject_told(clip)
    return clip


def _look(fresh: Sequence[_Opened], looked_at: int, now_ns: int) -> int:
    first = fresh[0]
    organisation = first.clip.site.organisation
    limits = alarm_entries.limits_of(organisation)
    before = _before(first, looked_at, since_ns=first.wall_ns - longest_ns(limits))
    earlier = [one for one in before if one.clip.site.organisation_id == organisation.pk]
    theirs = [one for one in alarm_entries.of_organisations([organisation]) if one.watcher_id == first.person_id]
    running = {one.about: one for one in theirs}
    watch = Watch(limits, {about: one.last_wall_ns for about, one in running.items()})
    counted: dict[UUID, frozenset[Subject]] = defaultdict(frozenset)
    for alarm in theirs:
        for view_id in alarm.view_ids:
            counted[view_id] |= {alarm.about}
    known = _known_sites(first.person_id, organisation, now=moment_of(now_ns)) if limits.outside_clips else None
    for one in earlier:
        watch.remember(_viewing(one, known, counted[one.view_id]))
    raised = 0
    for one in fresh:
        for found in watch.look(_viewing(one, known)):
            if isinstance(found, Raised):
                running[found.subject] = _raise(found, organisation, first.person_id, now_ns)
                raised += 1
            else:
                _grow(running[found.subject], found, now_ns)
    return raised


def _before(first: _Opened, looked_at: int, *, since_ns: int) -> list[_Opened]:
    """Return what somebody watched from `since_ns` on and that was looked at already, oldest first."""
    found: list[_Opened] = []
    end = looked_at
    while places := _OPENED_BY.up_to(end, most=VIEWS_A_SWEEP, subject=first.person_id):
        told = [one for one in told_at(places) if one.recorded_wall_ns > since_ns]
        found = _others_film(told) + found
        if len(told) < len(places):
            break
        end = places[0] - 1
    return found


def _raise(
    found: Raised, organisation: Organisation, watcher_id: UUID, now_ns: int, *, tell_after: timedelta | None = None
) -> Alarm:
    now, alarm_id = moment_of(now_ns), uuid4()
    pause = timedelta(hours=alarm_entries.limits_of(organisation).tell_after_h) if tell_after is None else tell_after
    body = {
        "alarm": alarm_id,
        "organisation": organisation.pk,
        "person": watcher_id,
        "pattern": found.subject.pattern.value,
        "about": found.subject.person,
        **({"about_clip": found.subject.clip} if found.subject.clip else {}),
        "bound": found.limit,
        "window_ns": found.window_ns,
        "last_wall_ns": found.viewings[-1].opened_wall_ns,
        "tell_at": (now + pause).isoformat(),
        "views": sorted(str(one.view_id) for one in found.viewings),
        "clips": sorted({str(one.clip_id) for one in found.viewings}),
    }
    ledger.append(kind=alarm_entries.RAISED, body=body, now_ns=now_ns)
    alarm = alarm_entries.find(alarm_id)
    alarm_letters.to_officers(alarm, selectors.privacy_officers(organisation, now))
    return alarm


def _grow(alarm: Alarm, found: Grown, now_ns: int) -> None:
    body = {
        "alarm": alarm.pk,
        "organisation": alarm.organisation.pk,
        "person": alarm.watcher_id,
        "view": found.viewing.view_id,
        "clip": found.viewing.clip_id,
        "opened_wall_ns": found.viewing.opened_wall_ns,
    }
    ledger.append(kind=alarm_entries.GREW, body=body, now_ns=now_ns)


def _tell(alarm: Alarm, now_ns: int) -> None:
    people = recorded_in(alarm)
    body = {"alarm": alarm.pk, "organisation": alarm.organisation.pk, "people": sorted(map(str, people))}
    ledger.append(kind=alarm_entries.TOLD, body=body, now_ns=now_ns)
    alarm_letters.to_recorded(alarm, Person.objects.filter(pk__in=people, is_active=True))


def _viewing(one: _Opened, known: set[UUID] | None, counted: frozenset[Subject] = frozenset()) -> Viewing:
    site = one.clip.site
    return Viewing(
        view_id=one.view_id,
        clip_id=one.clip.pk,
        opened_wall_ns=one.wall_ns,
        recorded=frozenset() if one.subject_id is None else frozenset({one.subject_id}),
        time_zone=site.time_zone or site.organisation.time_zone,
        outside=known is not None and site.pk not in known and one.clip.assignee_id != one.person_id,
        counted=counted,
    )


def _known_sites(person_id: UUID, organisation: Organisation, *, now: datetime) -> set[UUID]:
    """Return the sites with which somebody has to do: a role for that site, shifts driven there lately."""
    roles = given_roles.counting(
        Membership.objects.filter(person=person_id, organisation=organisation).exclude(site=None)
    )
    lately = Q(ends_at=None) | Q(ends_at__gt=now - KNOWN_FOR)
    drove = Shift.objects.filter(lately, driver=person_id, site__organisation=organisation)
    assigned = Clip.objects.filter(assignee=person_id, site__organisation=organisation, received_at__gt=now - KNOWN_FOR)
    return {pk for rows in (roles, drove, assigned) for pk in rows.values_list("site_id", flat=True) if pk is not None}
