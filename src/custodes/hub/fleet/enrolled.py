"""Which key a unit has, and at which site, by the entry of its enrolment: a row written by hand is no unit's.

What entries of the hub's own hand say is kept in memory; those that came since are read when a unit is asked about
that nobody read of yet, or after a minute.
"""

import threading
import time
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from custodes.hub.audit import trusted
from custodes.hub.audit.models import LedgerLeaf

ENROLLED, REVOKED = "unit.enrolled", "unit.revoked"
READ_EVERY_S = 60.0


@dataclass(slots=True)
class _Memory:
    """What this process has read: how far, that last entry's hash, and when."""

    units: dict[str, tuple[object, object]]
    revoked: set[str]
    read: int = 0
    last_hash: bytes = b""
    read_at_s: float = -READ_EVERY_S


_memory = _Memory({}, set())
_lock = threading.Lock()


def stands(unit_id: UUID, *, site_id: UUID, public_key: bytes) -> bool:
    """Say whether a unit enrolled with this key at this site, by its entry, and no entry turned it away."""
    asked, wanted = str(unit_id), (str(site_id), sha256(public_key).hexdigest())
    with _lock:
        if time.monotonic() - _memory.read_at_s >= READ_EVERY_S or _memory.units.get(asked) != wanted:
            _read_on()
        return _memory.units.get(asked) == wanted and asked not in _memory.revoked


def _read_on() -> None:
    """Read the entries since the last that was read; all of them where that one is not there any more."""
    newest = LedgerLeaf.objects.order_by("-seq").values_list("seq", "leaf_hash").first()
    if newest is None:
        return
    last = LedgerLeaf.objects.filter(seq=_memory.read - 1).values_list("leaf_hash", flat=True).first()
    start = _memory.read if last is not None and bytes(last) == _memory.last_hash else 0
    for one in trusted.own_since(start, {ENROLLED, REVOKED}):
        unit = str(one.body.get("unit"))
        if one.kind == REVOKED:
            _memory.revoked.add(unit)
        else:
            _memory.units[unit] = (one.body.get("site"), one.body.get("key_sha256"))
    _memory.read, _memory.last_hash, _memory.read_at_s = newest[0] + 1, bytes(newest[1]), time.monotonic()
