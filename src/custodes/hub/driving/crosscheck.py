"""Hold whose a drive is, sign-ons and claims to the ledger: rows that were added, edited or removed by hand."""

from collections.abc import Iterator

from custodes.hub.audit.report import Problem
from custodes.hub.audit.said import Said, entries
from custodes.hub.driving import borne_out
from custodes.hub.driving.identity_models import SignOn, TripClaim
from custodes.hub.driving.models import Trip
from custodes.hub.fleet.models import Person, Site


def drivers_against_ledger() -> Iterator[Problem]:
    """Yield a problem for each drive that is another's than its newest entry says."""
    last = {one.get("trip"): one for one in entries(*borne_out.WHOSE)}
    people = _people()
    for row in Trip.objects.order_by("pk").only("pk", "driver_id", "known_by").iterator():
        told = last.get(str(row.pk))
        if told is None:
            yield Problem("trip_edited", None, f"drive {row.pk} was added by hand: no entry received it")
            continue
        driver, known_by = borne_out.whose(told)
        if told.kind == borne_out.RECEIVED and "driver" not in told.body and not row.known_by:
            continue  # from before entries named the driver
        if driver is not None and driver not in people:
            driver = None
        now = None if row.driver_id is None else str(row.driver_id)
        if (now, row.known_by) != (driver, known_by):
            message = f"whose the drive {row.pk} is was edited by hand: entry {told.seq} says {driver or 'nobody'}"
            yield Problem("trip_edited", told.seq, message)


def sign_ons_against_ledger() -> Iterator[Problem]:
    """Yield a problem for each sign-on that no entry bears out, that differs from its entry, or whose row is gone."""
    told = {one.get("sign_on"): one for one in entries(borne_out.SIGNED_ON, borne_out.SIGNED_OFF, borne_out.REFUSED)}
    for row in SignOn.objects.order_by("pk").iterator():
        one = told.pop(str(row.pk), None)
        if one is None:
            yield Problem("sign_on_edited", None, f"sign-on {row.pk} was added by hand: no entry says it")
        elif wrong := _wrong(row, one):
            message = f"sign-on {row.pk} is not what entry {one.seq} says: {', '.join(wrong)} edited by hand"
            yield Problem("sign_on_edited", one.seq, message)
    people, sites = _people() | {None}, {str(pk) for pk in Site.objects.values_list("pk", flat=True)}
    for name, one in told.items():
        if one.get("person") in people and one.get("site") in sites:
            yield Problem("sign_on_edited", one.seq, f"sign-on {name} of entry {one.seq} was removed by hand")


def claims_against_ledger() -> Iterator[Problem]:
    """Yield a problem for each claim of a drive that nobody made, that stands otherwise, or whose row is gone."""
    last = {(one.get("trip"), one.get("person")): one for one in entries(*borne_out.CLAIMS)}
    state_of = {
        borne_out.CLAIMED: TripClaim.State.OPEN,
        borne_out.CLAIM_CONFIRMED: TripClaim.State.CONFIRMED,
        borne_out.CLAIM_REFUSED: TripClaim.State.REFUSED,
    }
    for row in TripClaim.objects.order_by("pk").iterator():
        one = last.pop((str(row.trip_id), str(row.person_id)), None)
        if one is None or row.state != state_of[one.kind]:
            why = "no entry says it" if one is None else f"entry {one.seq} says otherwise"
            message = f"the claim {row.pk} of drive {row.trip_id} was added or edited by hand: {why}"
            yield Problem("claim_edited", None if one is None else one.seq, message)
    people, trips = _people(), {str(pk) for pk in Trip.objects.values_list("pk", flat=True)}
    for (trip, person), one in last.items():
        if trip in trips and person in people:
            yield Problem("claim_edited", one.seq, f"the claim of drive {trip} of entry {one.seq} was removed by hand")


def _wrong(row: SignOn, told: Said) -> list[str]:
    wrong = borne_out.differences(row, told)
    if row.is_on == (told.kind == borne_out.SIGNED_OFF):
        wrong.append("on or off")
    return wrong


def _people() -> set[str | None]:
    return {str(pk) for pk in Person.objects.values_list("pk", flat=True)}
