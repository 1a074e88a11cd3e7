"""Who may take something up with a driver, and who reads it: the driver it is for, and who may coach them now.

Asked of the rules as `coach`, of a clip of the moment that it is about, at each access: once a driver takes back the
yes to coaching, nobody else reads what was written. Missing and forbidden look the same.
"""

import uuid
from dataclasses import dataclass

from django.db.models import Q

from custodes.core.clock import Clock, SystemClock
from custodes.core.errors import Denied
from custodes.hub.access import decisions, drives, gate
from custodes.hub.access.requests import Action
from custodes.hub.clips.models import Clip
from custodes.hub.driving import coaching
from custodes.hub.driving.coaching import About
from custodes.hub.driving.models import Talk, TripEvent
from custodes.hub.fleet.models import Membership, Person, Site
from custodes.hub.fleet.times import now_of

LISTED = 100
_CLOCK = SystemClock()


@dataclass(frozen=True, slots=True)
class Shown:
    """A talk that somebody may read. `mine`: it is for them; else they may coach its driver."""

    talk: Talk
    mine: bool


def may_coach(actor: Person, about: About | None, *, clock: Clock = _CLOCK) -> bool:
    """Return whether `actor` may take this up with its driver now."""
    if about is None:
        return False
    return decisions.decide(actor, Action.COACH, _moment(about), purpose=None, now=now_of(clock)).allowed


def about_trip(actor: Person, trip_id: uuid.UUID, *, clock: Clock = _CLOCK) -> About:
    """Return a drive that `actor` may take up. Raises Denied."""
    return _allowed(actor, coaching.about_trip(drives.find_trip(actor, trip_id, clock=clock).trip), trip_id, clock)


def about_event(actor: Person, event_id: uuid.UUID, *, clock: Clock = _CLOCK) -> About:
    """Return an event of a drive that `actor` may take up. Raises Denied."""
    event = TripEvent.objects.select_related("clip").filter(pk=event_id).first()
    if event is None:
        raise Denied.of(event_id)
    trip = drives.find_trip(actor, event.trip_id, clock=clock).trip
    return _allowed(actor, coaching.about_trip(trip, event), event_id, clock)


def about_clip(actor: Person, clip_id: uuid.UUID, *, clock: Clock = _CLOCK) -> About:
    """Return a clip that `actor` may take up. Raises Denied."""
    clip = gate.find_clip(actor, clip_id, clock=clock)
    return _allowed(actor, coaching.about_clip(clip), clip_id, clock)


def talks_for(actor: Person, *, clock: Clock = _CLOCK) -> list[Shown]:
    """Return what is for `actor`, and what they may read as somebody who coaches: what waits first, then the newest."""
    now = now_of(clock)
    held = Membership.objects.filter(person_id=actor.pk).filter(Q(until=None) | Q(until__gt=now))
    reach = Q(driver=actor) | Q(site__in=Site.objects.filter(organisation_id__in=held.values("organisation_id")))
    rows = Talk.objects.filter(reach).select_related("site__organisation", "driver", "given_by", "trip", "event")
    shown = [one for talk in rows.order_by("-given_at")[:LISTED] if (one := _shown(actor, talk, clock)) is not None]
    return sorted(shown, key=lambda one: one.talk.state not in {Talk.State.OPEN, Talk.State.ANSWERED})


def find_talk(actor: Person, talk_id: uuid.UUID, *, clock: Clock = _CLOCK) -> Shown:
    """Return a talk that `actor` may read. Raises Denied."""
    talk = Talk.objects.select_related("site__organisation", "driver", "given_by").filter(pk=talk_id).first()
    shown = _shown(actor, talk, clock) if talk is not None else None
    if shown is None:
        raise Denied.of(talk_id)
    return shown


def answer(actor: Person, talk_id: uuid.UUID, *, words: str, clock: Clock = _CLOCK) -> None:
    """Answer what is for oneself. Raises Denied; BadInput without words or when it is over."""
    coaching.answer(talk=_mine(actor, talk_id, clock), by=actor, words=words, clock=clock)


def acknowledge(actor: Person, talk_id: uuid.UUID, *, clock: Clock = _CLOCK) -> None:
    """Acknowledge what is for oneself. Raises Denied; BadInput when it is over."""
    coaching.acknowledge(talk=_mine(actor, talk_id, clock), by=actor, clock=clock)


def withdraw(actor: Person, talk_id: uuid.UUID, *, clock: Clock = _CLOCK) -> None:
    """Take back what one gave oneself. Raises Denied; BadInput when it is over."""
    shown = find_talk(actor, talk_id, clock=clock)
    if shown.mine or shown.talk.given_by_id != actor.pk:
        raise Denied.of(talk_id)
    coaching.withdraw(talk=shown.talk, by=actor, clock=clock)


def _mine(actor: Person, talk_id: uuid.UUID, clock: Clock) -> Talk:
    shown = find_talk(actor, talk_id, clock=clock)
    if not shown.mine:
        raise Denied.of(talk_id)
    return shown.talk


def _shown(actor: Person, talk: Talk, clock: Clock) -> Shown | None:
    if talk.driver_id == actor.pk:
        return Shown(talk, mine=True)
    about = About(talk.driver_id, talk.site, talk.moment_wall_ns, talk.route_id)
    return Shown(talk, mine=False) if may_coach(actor, about, clock=clock) else None


def _allowed(actor: Person, about: About | None, what: uuid.UUID, clock: Clock) -> About:
    if about is None or not may_coach(actor, about, clock=clock):
        raise Denied.of(what)
    return about


def _moment(about: About) -> Clip:
    """Return a clip of the moment, never stored: the rules about people, places and roles speak of talks too."""
    return Clip(
        id=uuid.uuid4(),
        site=about.site,
        subject_id=about.driver_id,
        route_id=about.route_id,
        state=Clip.State.READY,
        onset_wall_ns=about.moment_wall_ns,
    )
