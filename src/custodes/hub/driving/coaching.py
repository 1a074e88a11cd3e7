"""Talks with a driver and praise: given, answered, acknowledged, withdrawn. The caller asks the gate first.

What is said stays between who gave it and the driver: the ledger has the acts, not the words.
"""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from custodes.core.clock import Clock, SystemClock
from custodes.core.errors import BadInput
from custodes.hub.audit import ledger
from custodes.hub.clips.models import Clip
from custodes.hub.driving.models import Talk, Trip, TripEvent
from custodes.hub.fleet import mailroom
from custodes.hub.fleet.models import Person, Site
from custodes.hub.fleet.times import moment_of

DAYS = 7
MOST_DAYS = 60
MOST_WORDS = 1000
GIVEN_A_DAY = 100
"""What one person may take up in a day: a button that is held down fills no inbox."""
AT_ONCE = 200
_CLOCK = SystemClock()


@dataclass(frozen=True, slots=True)
class About:
    """What is taken up: an event of a drive, a drive, or a clip, and whose it is."""

    driver_id: UUID
    site: Site
    moment_wall_ns: int
    route_id: UUID | None = None
    trip: Trip | None = None
    event: TripEvent | None = None
    clip: Clip | None = None


def about_trip(trip: Trip, event: TripEvent | None = None) -> About | None:
    """Return a drive, or one event of it, to take up; None where nobody is known to have driven."""
    if trip.driver_id is None:
        return None
    moment_ns = trip.start_wall_ns if event is None else event.onset_wall_ns
    clip = None if event is None else event.clip
    return About(trip.driver_id, trip.site, moment_ns, trip.route_id, trip=trip, event=event, clip=clip)


def about_clip(clip: Clip) -> About | None:
    """Return a clip to take up; None where nobody is known to have driven."""
    if clip.subject_id is None:
        return None
    return About(clip.subject_id, clip.site, clip.onset_wall_ns, clip.route_id, clip=clip)


def give(*, about: About, by: Person, kind: str, words: str, days: int = DAYS, clock: Clock = _CLOCK) -> Talk:
    """Take something up with its driver, who gets a mail. Raises BadInput for a talk without words, or too many."""
    words, praise = words.strip(), kind == Talk.Kind.PRAISE
    if kind not in Talk.Kind.values:
        raise BadInput(_("Say whether it is to be talked about or was well driven."))
    if not words and not praise:
        raise BadInput(_("Say in a few words what you want to talk about."))
    if not 1 <= days <= MOST_DAYS:
        raise BadInput(_("%(n)d days: choose between 1 and %(most)d.") % {"n": days, "most": MOST_DAYS})
    now_ns = clock.wall_ns()
    now = moment_of(now_ns)
    with transaction.atomic():
        if Talk.objects.filter(given_by=by, given_at__gt=now - timedelta(days=1)).count() >= GIVEN_A_DAY:
            raise BadInput(_("You have taken up %(n)d things in a day: that is enough for now.") % {"n": GIVEN_A_DAY})
        talk = Talk.objects.create(
            kind=kind,
            site=about.site,
            route_id=about.route_id,
            driver_id=about.driver_id,
            given_by=by,
            moment_wall_ns=about.moment_wall_ns,
            trip=about.trip,
            event=about.event,
            clip=about.clip,
            words=words[:MOST_WORDS],
            given_at=now,
            due_at=None if praise else now + timedelta(days=days),
        )
        _log("coaching.given", talk, by, now_ns, kind=kind, event=talk.event_id, clip=talk.clip_id, trip=talk.trip_id)
        _mail(talk)
    return talk


def answer(*, talk: Talk, by: Person, words: str, clock: Clock = _CLOCK) -> None:
    """Answer in words, as the driver; a later answer takes the place of the last. Raises BadInput when it is over."""
    words = words.strip()
    if not words:
        raise BadInput(_("Say in a few words what you think of it."))
    _move(talk, by, clock, state=Talk.State.ANSWERED, among=_LIVE, answer_words=words[:MOST_WORDS], at="answered_at")


def acknowledge(*, talk: Talk, by: Person, clock: Clock = _CLOCK) -> None:
    """Say, as the driver, that it was read and talked about. Raises BadInput when it is over."""
    _move(talk, by, clock, state=Talk.State.DONE, among=_LIVE, at="done_at")


def withdraw(*, talk: Talk, by: Person, clock: Clock = _CLOCK) -> None:
    """Take it back, as who gave it. Raises BadInput when it is over."""
    _move(talk, by, clock, state=Talk.State.WITHDRAWN, among=_LIVE, at="done_at")


def forget_due(*, now_ns: int) -> int:
    """Delete talks that were given longer ago than trips are kept; return how many."""
    kept = timedelta(days=settings.HUB.driving.keep_trips_days)
    due = list(Talk.objects.filter(given_at__lte=moment_of(now_ns) - kept).order_by("given_at")[:AT_ONCE])
    for talk in due:
        with transaction.atomic():
            ledger.append(kind="coaching.erased", body={"talk": talk.pk, "driver": talk.driver_id}, now_ns=now_ns)
            talk.delete()
    return len(due)


_LIVE = (Talk.State.OPEN, Talk.State.ANSWERED)
_KIND_OF = {
    Talk.State.ANSWERED: "coaching.answered",
    Talk.State.DONE: "coaching.acknowledged",
    Talk.State.WITHDRAWN: "coaching.withdrawn",
}


def _move(
    talk: Talk, by: Person, clock: Clock, *, state: Talk.State, among: tuple[str, ...], at: str, **changes: object
) -> None:
    now_ns = clock.wall_ns()
    with transaction.atomic():
        rows = Talk.objects.filter(pk=talk.pk, state__in=among)
        if not rows.update(state=state, **{at: moment_of(now_ns)}, **changes):
            raise BadInput(_("This is over already."))
        _log(_KIND_OF[state], talk, by, now_ns)
    talk.refresh_from_db()


def _log(entry: str, talk: Talk, by: Person, now_ns: int, /, **more: object) -> None:
    body = {"talk": talk.pk, "driver": talk.driver_id, "person": by.pk, "site": talk.site_id}
    ledger.append(kind=entry, body=body | {key: value for key, value in more.items() if value}, now_ns=now_ns)


def _mail(talk: Talk) -> None:
    driver = talk.driver
    with translation.override(driver.language):
        praise = talk.kind == Talk.Kind.PRAISE
        said = (
            _("Somebody says that you drove well.") if praise else _("Somebody wants to talk about a drive of yours.")
        )
        subject = f"{settings.HUB.name}: {talk.get_kind_display()}"
        mailroom.write(driver, subject=subject, sentence=said, path=reverse("portal:coaching"))
