"""Seal where a trip went: under a key of its own, wrapped by the root key, so that the database alone tells no way."""

import os
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from custodes.core.errors import Corrupt
from custodes.hub import rootkeys

NONCE_BYTES = 12
KEY_BYTES = 32


def seal(trip_id: UUID, unit_id: UUID, content: bytes) -> tuple[bytes, bytes]:
    """Return (wrapped key, sealed content). Raises as the root key's port."""
    key, nonce = os.urandom(KEY_BYTES), os.urandom(NONCE_BYTES)
    bound = _bound(trip_id, unit_id)
    return rootkeys.opened().wrap(key, bound), nonce + AESGCM(key).encrypt(nonce, content, bound)


def unseal(trip_id: UUID, unit_id: UUID, *, wrapped_key: bytes, sealed: bytes) -> bytes:
    """Return what was sealed for this trip of this unit. Raises Corrupt for anything else."""
    bound = _bound(trip_id, unit_id)
    key = rootkeys.opened().unwrap(wrapped_key, bound)
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bound)
    except InvalidTag:
        raise Corrupt(f"trip {trip_id} was changed on disk, or sealed for another unit") from None


def _bound(trip_id: UUID, unit_id: UUID) -> bytes:
    return f"custodes.trip/1\n{trip_id}\n{unit_id}".encode()
