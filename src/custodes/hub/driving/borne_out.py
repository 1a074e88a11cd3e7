"""Whether a row on who drives is borne out by an entry of this hub: rows alone sign nobody on, and claim nothing.

Whoever can write the database's file can add a row for a minute; an entry bears the hub's own code (`audit.said.own`).
"""

from datetime import datetime
from uuid import UUID

from custodes.hub.audit import said
from custodes.hub.audit.said import Said
from custodes.hub.driving.identity_models import SignOn, TripClaim
from custodes.hub.driving.models import Trip

SIGNED_ON, SIGNED_OFF, REFUSED = "driver.signed_on", "driver.signed_off", "driver.sign_on_refused"
CLAIMED, CLAIM_CONFIRMED, CLAIM_REFUSED = "trip.claimed", "trip.claim_confirmed", "trip.claim_refused"
CLAIMS = (CLAIMED, CLAIM_CONFIRMED, CLAIM_REFUSED)
RECEIVED, DENIED, JUDGED_AGAIN = "trip.received", "trip.denied", "trip.judged_again"
WHOSE = (RECEIVED, DENIED, CLAIM_CONFIRMED, JUDGED_AGAIN)
"""The newest of these says whose a drive is."""

PLAN, CLAIM = "plan", "claim"
"""`Trip.known_by`, beside the ways of signing on."""


def sign_on(row: SignOn) -> bool:
    """Say whether somebody signed on as this row says, and its shift is theirs, there, by then. One query."""
    shift = row.shift
    if shift is not None and (shift.site_id, shift.driver_id) != (row.site_id, row.person_id):
        return False
    if shift is not None and shift.starts_at > row.at:
        return False
    told = said.own(SIGNED_ON, person=row.person_id, naming=str(row.pk))
    return any(one.get("sign_on") == str(row.pk) and not differences(row, one) for one in told)


def differences(row: SignOn, told: Said) -> list[str]:
    """Return what of a sign-on's row its entry does not bear out. A unit or a shift that is gone differs in nothing."""
    now: dict[str, object] = {"person": row.person_id, "site": row.site_id, "way": row.way, "outcome": row.outcome}
    if row.unit_id is not None:
        now["unit"] = row.unit_id
    if row.shift_id is not None:
        now["shift"] = row.shift_id
    wrong = [name for name, value in now.items() if told.get(name) != (None if value is None else str(value))]
    at = told.get("at")
    if at is None or datetime.fromisoformat(at) != row.at:
        wrong.append("at")
    return wrong


def whose(told: Said) -> tuple[str | None, str]:
    """Return whose a drive is by one of WHOSE, and by what it is known."""
    if told.kind == DENIED:
        return None, ""
    if told.kind == CLAIM_CONFIRMED:
        return told.get("person"), CLAIM
    return told.get("driver"), told.get("known_by") or ""


def newest(trip: Trip) -> Said | None:
    """Return the newest entry on whose a drive is. One query."""
    told = (one for one in said.own(*WHOSE, naming=str(trip.pk)) if one.get("trip") == str(trip.pk))
    return next(reversed(list(told)), None)


def confirmed(trip: Trip) -> UUID | None:
    """Return whose claim of a drive was confirmed, while that stands. One query."""
    told = newest(trip)
    return UUID(str(told.get("person"))) if told is not None and told.kind == CLAIM_CONFIRMED else None


def denied(trip: Trip, *, by: UUID) -> bool:
    """Say whether this person said that a drive was not theirs. One query."""
    return any(one.get("trip") == str(trip.pk) for one in said.own(DENIED, person=by, naming=str(trip.pk)))


def claim(row: TripClaim) -> bool:
    """Say whether this person claimed this drive, and nobody answered yet. One query."""
    told = said.own(*CLAIMS, person=row.person_id, naming=str(row.trip_id))
    about = [one.kind for one in told if (one.get("trip"), one.get("person")) == (str(row.trip_id), str(row.person_id))]
    return about[-1:] == [CLAIMED]
