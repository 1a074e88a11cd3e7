"""Seal where a trip went: under a key of its own, wrapped by the root key, so that the database alone tells no way."""

from uuid import UUID

from custodes.core.errors import Corrupt
from custodes.core.seal import lock, new_content_key, unlock
from custodes.hub import rootkeys


def seal(trip_id: UUID, unit_id: UUID, content: bytes) -> tuple[bytes, bytes]:
    """Return (wrapped key, sealed content). Raises as the root key's port."""
    key, bound = new_content_key(), _bound(trip_id, unit_id)
    return rootkeys.opened().wrap(key, bound), lock(key, content, bound)


def unseal(trip_id: UUID, unit_id: UUID, *, wrapped_key: bytes, sealed: bytes) -> bytes:
    """Return what was sealed for this trip of this unit. Raises Corrupt for anything else."""
    bound = _bound(trip_id, unit_id)
    key = rootkeys.opened().unwrap(wrapped_key, bound)
    try:
        return unlock(key, sealed, bound)
    except Corrupt:
        raise Corrupt(f"trip {trip_id} was changed on disk, or sealed for another unit") from None


def _bound(trip_id: UUID, unit_id: UUID) -> bytes:
    return f"custodes.trip/1\n{trip_id}\n{unit_id}".encode()
