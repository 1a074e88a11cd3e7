"""What is done about a leak: shares revoked, sessions ended, the clip kept in a case, the recorded people told.

Each act is asked of the policies again and written into the ledger. Every function raises Denied.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.urls import reverse
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from custodes.core.clock import Clock, SystemClock
from custodes.core.errors import BadInput, Denied
from custodes.hub.access import gate, leaks, recorded, share_states, sharing, watched
from custodes.hub.access.models import Share
from custodes.hub.access.requests import Action
from custodes.hub.audit import ledger
from custodes.hub.clips import keeping
from custodes.hub.clips.models import Clip
from custodes.hub.fleet import mailroom, open_sessions
from custodes.hub.fleet.models import Person
from custodes.hub.fleet.times import moment_of, now_of
from custodes.hub.leak import keeping as leak_keeping
from custodes.hub.leak import reports, sealing
from custodes.hub.leak.models import Leak, LeakFinding
from custodes.trace.verdicts import Verdict

_CLOCK = SystemClock()


def living_shares(clip: Clip, *, clock: Clock = _CLOCK) -> int:
    """Return how many shares there are by which somebody could still watch a clip."""
    now = now_of(clock)
    rows = Share.objects.filter(clip=clip, revoked_at=None, ends_at__gt=now)
    return sum(not share_states.has_ended(one, now=now) for one in rows)


def revoke_shares(*, actor: Person, leak: Leak, clock: Clock = _CLOCK) -> int:
    """End every living share of the clips that the leak shows; return how many."""
    now_ns = clock.wall_ns()
    return sum(
        sharing.end_all_of(clip, by=actor, why=f"leak {leak.pk}", now_ns=now_ns)
        for clip in _clips_for(actor, leak, clock)
    )


def end_sessions(*, actor: Person, leak: Leak, view_id: UUID, clock: Clock = _CLOCK) -> int:
    """End every session of the account that opened an identified view, but never one's own; return how many."""
    identified = {one.view_id for one in named(leak) if one.verdict == Verdict.IDENTIFIED.value}
    view = next(iter(leaks.views_of({view_id} & identified)), None)
    if view is None or view.person is None or view.person_id == actor.pk:
        raise Denied.of(view_id)
    now_ns = clock.wall_ns()
    with transaction.atomic():
        ended = open_sessions.drop(view.person, keep=None)
        body = {"person": view.person_id, "sessions": ended, "by": actor.pk, "leak": leak.pk}
        ledger.append(kind="sessions.ended", body=body, now_ns=now_ns)
    return ended


def open_case(*, actor: Person, leak: Leak, name: str, clock: Clock = _CLOCK) -> None:
    """Open a case with the clips in which a view was named: they and the leak are kept while it is open.

    Raises BadInput without a name, or where the leak is in a case already.
    """
    if leak.case is not None:
        raise BadInput(_("This leak is in a case already."))
    wanted = [clip.pk for clip in _clips_for(actor, leak, clock)]
    among = Clip.objects.filter(pk__in=wanted)
    with transaction.atomic():
        case = keeping.open_case(actor=actor, organisation=leak.organisation, name=name, among=among, clock=clock)
        Leak.objects.filter(pk=leak.pk, erased_at=None).update(case=case)
        body = {"leak": leak.pk, "organisation": leak.organisation_id, "person": actor.pk, "case": case.pk}
        ledger.append(kind=leak_keeping.CASE_OPENED, body=body, now_ns=clock.wall_ns())


def close_case(*, actor: Person, leak: Leak, clock: Clock = _CLOCK) -> None:
    """Close the leak's case: the leak is erased at the next sweep, its clips go by the rules again."""
    if leak.case is None:
        raise Denied.of(leak.pk)
    keeping.close_case(actor=actor, case=leak.case, clock=clock)


def hold(*, actor: Person, leak: Leak, clock: Clock = _CLOCK) -> int:
    """Place a legal hold on each clip that the leak shows; return on how many. Raises BadInput."""
    clips = _clips_for(actor, leak, clock)
    among = Clip.objects.filter(pk__in=[clip.pk for clip in clips])
    for clip in clips:
        keeping.place_hold(actor=actor, clip_id=clip.pk, reason=f"leak {leak.pk}", among=among, clock=clock)
    return len(clips)


def tell_people(*, actor: Person, leak: Leak, clock: Clock = _CLOCK) -> int:
    """Tell everybody recorded in these clips, by mail, that footage of them came from outside; return how many.

    A leaf in the ledger names them. Who opened the view is not told: that is a finding about a view.
    """
    now_ns = clock.wall_ns()
    now = moment_of(now_ns)
    clips = _clips_for(actor, leak, clock)
    ids = {person_id for clip in clips for person_id in recorded.people_in(clip)}
    people = list(Person.objects.filter(pk__in=ids, is_active=True))
    if not people:
        raise BadInput(_("Nobody who is recorded in this clip has an account here who could be told."))
    with transaction.atomic():
        body = {
            "leak": leak.pk,
            "by": actor.pk,
            "clips": sorted(str(clip.pk) for clip in clips),
            "people": sorted(str(person.pk) for person in people),
        }
        ledger.append(kind="leak.people_told", body=body, now_ns=now_ns)
        Leak.objects.filter(pk=leak.pk).update(told_people_at=now)
    for person in people:
        _write_to(person, clips, leak)
    return len(people)


@dataclass(frozen=True, slots=True)
class ToldLeak:
    """A leak as somebody reads of it who is on film in it: when they were told, which clips, and what was found."""

    told_at: datetime
    clips: tuple[Clip, ...]
    identified: bool


def about_me(person: Person) -> list[ToldLeak]:
    """Return the leaks of clips in which `person` is recorded and of which they were told, newest first.

    As long as they are kept; the letter and the ledger's entry remain. Who opened the view is not said.
    """
    mine = {clip.pk: clip for clip in watched.clips_of(person).filter(erased_at=None)}
    rows = LeakFinding.objects.filter(found=True, clip_id__in=mine, run=F("leak__run"), leak__erased_at=None)
    shown: dict[UUID, list[LeakFinding]] = {}
    for row in rows.exclude(leak__told_people_at=None).select_related("leak", "clip__site").order_by("pk"):
        if sealing.is_own(row):
            shown.setdefault(row.leak_id, []).append(row)
    told = []
    for found in shown.values():
        clips = {row.clip_id: row.clip for row in found}
        identified = any(row.verdict == Verdict.IDENTIFIED.value for row in found)
        if found[0].leak.told_people_at is not None:
            told.append(ToldLeak(found[0].leak.told_people_at, tuple(clips.values()), identified))
    return sorted(told, key=lambda one: one.told_at, reverse=True)


def named(leak: Leak) -> list[reports.Named]:
    """Return the views that the leak's report names."""
    return reports.named_in(reports.findings_of(leak))


def clips_of(leak: Leak) -> list[Clip]:
    """Return the clips that the leak shows."""
    found = {row.clip_id: row.clip for row in reports.findings_of(leak) if row.found and row.clip.erased_at is None}
    return list(found.values())


def _clips_for(actor: Person, leak: Leak, clock: Clock) -> list[Clip]:
    """Return the clips that the leak shows and that `actor` may trace leaks of. Raises Denied where there is none."""
    clips = [clip for clip in clips_of(leak) if gate.may(actor, Action.TRACE_LEAK, clip, clock=clock).allowed]
    if not clips:
        raise Denied.of(leak.pk)
    return clips


def _write_to(person: Person, clips: Collection[Clip], leak: Leak) -> None:
    with translation.override(person.language):
        lines = [_("Hello %(name)s,") % {"name": person}, ""]
        lines.append(_("film in which you are recorded was found outside of this hub:"))
        for clip in clips:
            moment = moment_of(clip.onset_wall_ns)
            when = f"{date_format(moment, 'j F Y')} {moment:%H:%M} UTC"
            lines.append(_("- %(site)s, %(when)s") % {"site": clip.site.name, "when": when})
        lines += ["", _("%(organisation)s is looking into it.") % {"organisation": leak.organisation}]
        lines += [
            _("Who watched you, with proofs, and what you can do about it:"),
            f"{settings.HUB.base_url}{reverse('portal:watched_me')}",
        ]
        subject = _("Film of you was found outside")
        mailroom.tell(person, subject=subject, text="\n".join(lines), path=reverse("portal:watched_me"))
