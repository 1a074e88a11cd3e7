"""Which key a unit has, and at which site, by the entry of its enrolment: a row written by hand is no unit's."""

from hashlib import sha256
from uuid import UUID

from custodes.hub.audit import past

ENROLLED, REVOKED = "unit.enrolled", "unit.revoked"
_ENTRIES = past.Entries((ENROLLED, REVOKED), by="unit")


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
