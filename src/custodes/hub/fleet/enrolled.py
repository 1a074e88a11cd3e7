"""Which key a unit has, and at which site, by the entry of its enrolment: a row written by hand is no unit's.

So with the code by which it enrols: it opens the site for which its entry was written, within its time, once.
"""

from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

from custodes.hub.audit import past
from custodes.hub.fleet.times import moment_of

ENROLLED, REVOKED = "unit.enrolled", "unit.revoked"
ISSUED = "enrolment.code_issued"
CODE_LIVES = timedelta(minutes=10)
_ENTRIES = past.Entries((ENROLLED, REVOKED), by="unit")
_CODES = past.Entries((ISSUED, ENROLLED), by="code_sha256")


def may_enrol(code_sha256: str, *, site_id: UUID, now: datetime) -> bool:
    """Say whether a code was issued for this site less than ten minutes ago, by its entry, and no entry used it.

    Raises Denied while the ledger is not as the hub wrote it.
    """
    told = _CODES.of(code_sha256)
    if len(told) != 1 or told[0].kind != ISSUED:
        return False
    return told[0].body["site"] == str(site_id) and now - moment_of(told[0].recorded_wall_ns) < CODE_LIVES


def stands(unit_id: UUID, *, site_id: UUID, public_key: bytes) -> bool:
    """Say whether a unit enrolled with this key at this site, by its entry, and no entry turned it away.

    Film goes on coming in where the ledger is not as the hub wrote it: by what was read, and by what rows say.
    """
    told = _ENTRIES.of_or_looked_up(unit_id)
    enrolled = [one.body for one in told if one.kind == ENROLLED]
    if not enrolled or len(enrolled) < len(told):
        return False
    wanted = (str(site_id), sha256(public_key).hexdigest())
    return (enrolled[-1].get("site"), enrolled[-1].get("key_sha256")) == wanted
