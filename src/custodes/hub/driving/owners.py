"""Whose a drive is: who was at the wheel, who says that it was not them, who says that it was theirs.

Nobody is better than the wrong person. A drive is nobody's where two people signed on within it, and stays so until
somebody claims it and somebody else, who plans there, confirms.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from custodes.core.errors import BadInput, Denied
from custodes.hub.audit import ledger
from custodes.hub.clips import filing
from custodes.hub.driving import borne_out, film
from custodes.hub.driving.borne_out import CLAIM, PLAN
from custodes.hub.driving.identity_models import SignOn, TripClaim
from custodes.hub.driving.models import Dispute, Trip
from custodes.hub.fleet import selectors
from custodes.hub.fleet.models import Person, Shift
from custodes.hub.fleet.times import moment_of, wall_ns_of

AFTER_START = timedelta(minutes=15)
"""Who signs on so soon after a drive began, with nobody at the wheel before, drove it from its beginning."""

END_SLACK = timedelta(minutes=2)
"""A drive ends when the van has stood for a while: who signs off so shortly before drove it."""

CLAIM_WITHIN = timedelta(days=7)
"""How long a drive can be claimed, or said not to be one's own: as long as people remember."""


@dataclass(frozen=True, slots=True)
class AtWheel:
    """Whose shift a drive was in, and what says so (`Trip.known_by`)."""

    shift: Shift | None
    known_by: str


def at_wheel(site_id: UUID, start_wall_ns: int, end_wall_ns: int) -> AtWheel:
    """Return who was at the wheel from a drive's beginning to its end, by shifts and sign-ons.

    A sign-on counts only as the hub's own entry says it was.
    """
    start, end = moment_of(start_wall_ns), moment_of(end_wall_ns)
    here = Shift.objects.filter(site_id=site_id, starts_at__lte=end).exclude(ends_at__lte=start)
    shift = here.filter(starts_at__lte=start).order_by("-starts_at").first()
    counting = SignOn.objects.filter(site_id=site_id, is_on=True, outcome=SignOn.Outcome.COUNTS)
    counting = counting.select_related("shift")
    within = [one for one in counting.filter(at__gt=start, at__lte=end).order_by("at") if borne_out.sign_on(one)]
    others = {one.person_id for one in within} - {shift.driver_id if shift is not None else None}
    if shift is None and len(others) == 1:
        soon = within[0] if within[0].at <= start + AFTER_START else None
        shift = soon.shift if soon is not None else None
        others = set()
    if shift is None or others or _left(shift, here, end - END_SLACK):
        return AtWheel(None, "")
    told = (one for one in counting.filter(shift=shift).order_by("-at") if borne_out.sign_on(one))
    newest = next(told, None)
    return AtWheel(shift, newest.way if newest is not None else PLAN)


def _left(shift: Shift, here: QuerySet[Shift], until: datetime) -> bool:
    """Say whether a driver signed off before then and did not go on in a shift that follows at once.

    A planned end alone is none: who comes back late from their round drove it.
    """
    ends_at = shift.ends_at
    last = shift
    for later in here.filter(driver_id=shift.driver_id, starts_at__gt=shift.starts_at).order_by("starts_at"):
        if ends_at is not None and later.starts_at <= ends_at:
            last, ends_at = later, later.ends_at
    signed_off = SignOn.objects.filter(shift=last, is_on=False, outcome=SignOn.Outcome.COUNTS)
    return ends_at is not None and ends_at < until and signed_off.exists()


def deny(*, trip: Trip, by: Person, now: datetime) -> None:
    """Say that a drive that counts as one's own was somebody else's: it is nobody's from now on, its score is gone.

    Raises Denied for another's, BadInput where it is too long ago, or an event of it was disputed.
    """
    with transaction.atomic():
        trip = Trip.objects.select_for_update().get(pk=trip.pk)
        if trip.driver_id != by.pk or trip.pk not in borne_out.drives([trip]):
            raise Denied.of(trip.pk)
        _must_be_recent(trip, now)
        if _is_disputed(trip):
            raise BadInput(_("You objected to what happened on this drive, so you drove it. That stands."))
        before = trip.known_by
        clips = list(film.of_drive(trip, filed_under=by.pk))
        trip.driver, trip.known_by, trip.denied_by = None, "", by
        trip.whose_seq = _tell(borne_out.DENIED, trip, by, now, known_by=before, clips=[str(one.pk) for one in clips])
        trip.save(update_fields=["driver", "known_by", "denied_by", "whose_seq"])
        filing.refile(clips, under=None, by=by, trip_id=trip.pk, now_ns=wall_ns_of(now))


def can_deny(trip: Trip, person: Person, now: datetime) -> bool:
    """Say whether somebody may still say that a drive was not theirs."""
    return trip.driver_id == person.pk and _is_recent(trip, now) and not _is_disputed(trip)


def claimable(person: Person, now: datetime) -> list[Trip]:
    """Return the drives of nobody that a driver may say were theirs, newest first."""
    since_ns = wall_ns_of(now - CLAIM_WITHIN)
    found = Trip.objects.filter(driver=None, start_wall_ns__gt=since_ns).exclude(denied_by=person)
    found = found.exclude(claims__person=person).select_related("site__organisation").order_by("-start_wall_ns")
    sites: dict[UUID, bool] = {}
    for trip in found[:200]:
        if trip.site_id not in sites:
            sites[trip.site_id] = selectors.drives_at(person, trip.site, now)
    return [trip for trip in found[:200] if sites[trip.site_id] and not _drove_elsewhere(person, trip)][:50]


def claim(*, trip: Trip, by: Person, now: datetime) -> TripClaim:
    """Say that a drive of nobody was one's own. It counts once who plans there confirms. Raises Denied, BadInput."""
    with transaction.atomic():
        trip = Trip.objects.select_related("site").select_for_update().get(pk=trip.pk)
        if not selectors.drives_at(by, trip.site, now) or borne_out.denied(trip, by=by.pk):
            raise Denied.of(trip.pk)
        if not borne_out.is_nobodys(trip) or TripClaim.objects.filter(trip=trip, person=by).exists():
            raise BadInput(_("This drive is somebody’s by now, or you claimed it before."))
        _must_be_recent(trip, now)
        if _drove_elsewhere(by, trip):
            raise BadInput(_("You drove another van at that time."))
        made = TripClaim.objects.create(trip=trip, person=by, made_at=now)
        _tell(borne_out.CLAIMED, trip, by, now)
    return made


def claims_to_answer(person: Person, now: datetime) -> list[TripClaim]:
    """Return the claims that wait for somebody who plans there, never one's own; oldest first."""
    waiting: QuerySet[TripClaim] = TripClaim.objects.filter(state=TripClaim.State.OPEN).exclude(person=person)
    waiting = waiting.select_related("trip__site__organisation", "person").order_by("made_at")
    organisations = selectors.memberships_at(person, now).values("organisation_id")
    return [
        one
        for one in waiting.filter(trip__site__organisation__in=organisations)[:200]
        if selectors.plans_route(person, one.trip.site, one.trip.route, now) and borne_out.claim(one)
    ]


def may_answer(made: TripClaim, by: Person, now: datetime) -> bool:
    """Say whether somebody confirms a claim, or not: who plans there, and did not make it."""
    return made.person_id != by.pk and selectors.plans_route(by, made.trip.site, made.trip.route, now)


def answer_claim(*, made: TripClaim, by: Person, confirmed: bool, now: datetime) -> None:
    """Confirm a claim, or not; whoever made it does not answer. Raises Denied, BadInput."""
    with transaction.atomic():
        trip = Trip.objects.select_related("site__organisation", "route").select_for_update().get(pk=made.trip_id)
        made = TripClaim.objects.select_related("person").select_for_update().get(pk=made.pk)
        is_forged = made.state == TripClaim.State.OPEN and not borne_out.claim(made)
        if is_forged or not may_answer(made, by, now):
            raise Denied.of(made.pk)
        if made.state != TripClaim.State.OPEN or (confirmed and not borne_out.is_nobodys(trip)):
            raise BadInput(_("That was answered by now, or the drive is somebody’s."))
        if confirmed and _drove_elsewhere(made.person, trip):
            raise BadInput(_("They drove another van at that time: only one of the two can be theirs."))
        made.state = TripClaim.State.CONFIRMED if confirmed else TripClaim.State.REFUSED
        made.answered_by, made.answered_at = by, now
        made.save(update_fields=["state", "answered_by", "answered_at"])
        kind = borne_out.CLAIM_CONFIRMED if confirmed else borne_out.CLAIM_REFUSED
        seq = _tell(kind, trip, made.person, now, by=by.pk)
        if confirmed:
            trip.driver, trip.known_by, trip.whose_seq = made.person, CLAIM, seq
            trip.save(update_fields=["driver", "known_by", "whose_seq"])
            clips = film.of_drive(trip, filed_under=None)
            filing.refile(clips, under=made.person_id, by=by, trip_id=trip.pk, now_ns=wall_ns_of(now))


def _is_disputed(trip: Trip) -> bool:
    return Dispute.objects.filter(event__trip=trip).exists()


def _is_recent(trip: Trip, now: datetime) -> bool:
    return moment_of(trip.start_wall_ns) >= now - CLAIM_WITHIN


def _must_be_recent(trip: Trip, now: datetime) -> None:
    if not _is_recent(trip, now):
        raise BadInput(_("This drive is more than a week old: whose it is stands."))


def _drove_elsewhere(person: Person, trip: Trip) -> bool:
    """Say whether somebody had another drive at that time: nobody drives two vans."""
    lapping = Trip.objects.filter(
        driver=person, start_wall_ns__lt=trip.end_wall_ns, end_wall_ns__gt=trip.start_wall_ns
    ).exclude(pk=trip.pk)
    return lapping.exists()


def _tell(kind: str, trip: Trip, person: Person, now: datetime, **more: object) -> int:
    """Append an entry on a drive; return its place."""
    body = {"trip": trip.pk, "site": trip.site_id, "person": person.pk, **more}
    return ledger.append(kind=kind, body=body, now_ns=wall_ns_of(now)).seq
