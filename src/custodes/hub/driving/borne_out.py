"""Whether a row on who drives is borne out by an entry of this hub: rows alone sign nobody on, and claim nothing.

Whoever can write the database's file can add a row for a minute; an entry bears the hub's own code (`audit.said.own`).
"""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from custodes.hub.audit import said, trusted
from custodes.hub.audit.models import LedgerBody
from custodes.hub.audit.said import Said
from custodes.hub.driving.identity_models import SignOn, TripClaim
from custodes.hub.driving.models import Trip
from custodes.hub.fleet.models import Person

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


def drives(rows: Collection[Trip]) -> frozenset[UUID]:
    """Return those of these drives that are where, and whose, the newest entry on it says.

    Two queries; for rows from before the place of their entry was kept a third reads all that was said of drives. Of a
    drive that is nobody's by its row it is not looked for that it became somebody's since: `is_nobodys` does.
    """
    told = said.own_at([row.whose_seq for row in rows if row.whose_seq is not None])
    people = {row.driver_id for row in rows if row.driver_id is not None}
    since = min((row.whose_seq or 0 for row in rows), default=0)
    taken = {
        (one.get("trip"), one.get("person")): one.seq
        for one in said.own(DENIED, JUDGED_AGAIN, among=people, since=since)
        if whose(one)[0] != one.get("person")
    }

    is_older = any(row.whose_seq is None for row in rows)
    newest = {one.get("trip"): one for one in said.own(*WHOSE)} if is_older else {}

    def stands(row: Trip) -> bool:
        one = newest.get(str(row.pk)) if row.whose_seq is None else told.get(row.whose_seq)
        if one is None or one.kind not in WHOSE or not _is_of(row, one):
            return False
        return taken.get((str(row.pk), str(row.driver_id)), -1) <= one.seq

    return frozenset(row.pk for row in rows if stands(row))


def received_wall_ns(row: Trip) -> int | None:
    """Return when a drive was received by its entry; None where none is found. One query; a long one where whose it is
    was said anew since.
    """
    told = list(trusted.with_code(LedgerBody.objects.filter(pk=row.whose_seq), or_older=True))
    if [(one.kind, one.body.get("trip")) for one in told] != [(RECEIVED, str(row.pk))]:
        rows = LedgerBody.objects.filter(leaf__kind=RECEIVED, body_json__contains=str(row.pk))
        told = [one for one in trusted.with_code(rows, or_older=True) if one.body.get("trip") == str(row.pk)]
    return told[0].recorded_wall_ns if told else None


def is_nobodys(row: Trip) -> bool:
    """Say whether a drive is nobody's, by its row and its newest entry. Reads the ledger from the row's entry on."""
    told = _newest(row)
    return row.driver_id is None and told is not None and _is_of(row, told)


def confirmed(row: Trip) -> UUID | None:
    """Return whose claim of a drive was confirmed, while that stands."""
    return row.driver_id if row.known_by == CLAIM and row.pk in drives([row]) else None


def _newest(row: Trip) -> Said | None:
    since = row.whose_seq or 0
    told = [one for one in said.own(*WHOSE, naming=str(row.pk), since=since) if one.get("trip") == str(row.pk)]
    if not told or (row.whose_seq is not None and told[0].seq != since):
        return None
    return told[-1]


def _is_of(row: Trip, told: Said) -> bool:
    """Say whether a drive is where and whose an entry says; who left the hub is nobody."""
    if (told.get("trip"), told.get("site")) != (str(row.pk), str(row.site_id)):
        return False
    driver, known_by = whose(told)
    if row.driver_id is None:
        return driver is None or not Person.objects.filter(pk=driver).exists()
    return (driver, known_by) == (str(row.driver_id), row.known_by)


def denied(trip: Trip, *, by: UUID) -> bool:
    """Say whether this person said that a drive was not theirs. One query."""
    return any(one.get("trip") == str(trip.pk) for one in said.own(DENIED, person=by, naming=str(trip.pk)))


def claim(row: TripClaim) -> bool:
    """Say whether this person claimed this drive, and nobody answered yet. One query."""
    told = said.own(*CLAIMS, person=row.person_id, naming=str(row.trip_id))
    about = [one.kind for one in told if (one.get("trip"), one.get("person")) == (str(row.trip_id), str(row.person_id))]
    return about[-1:] == [CLAIMED]
