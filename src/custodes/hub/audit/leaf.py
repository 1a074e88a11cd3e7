"""What a leaf holds, in exact bytes: the part of the ledger that an outsider can check by hand."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

SALT_BYTES = 16
LEAF_FORMAT = b"custodes.leaf/1"


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One act in the ledger. Durable when the transaction that appended it commits."""

    seq: int
    kind: str
    recorded_wall_ns: int
    body_hash: bytes
    leaf_hash: bytes


def canonical_json(body: Mapping[str, object]) -> str:
    """Return `body` as JSON with sorted keys, no spaces and no non-ASCII; UUIDs become strings.

    Raises TypeError for a value that JSON does not have, ValueError for NaN and infinity.
    """
    return json.dumps(body, sort_keys=True, separators=(",", ":"), allow_nan=False, default=_text_of)


def body_hash(salt: bytes, body_json: str) -> bytes:
    """Return SHA-256(salt ‖ body), 32 bytes. The salt keeps a small body from being guessed once it is erased."""
    return hashlib.sha256(salt + body_json.encode()).digest()


def leaf_bytes(*, seq: int, kind: str, recorded_wall_ns: int, body_hash: bytes) -> bytes:
    """Return the bytes that the tree hashes: format, place, kind, time and body hash, one a line.

    The place stands in the leaf, so that a leaf moved elsewhere is known for what it is.
    """
    return b"\n".join(
        (LEAF_FORMAT, str(seq).encode(), kind.encode(), str(recorded_wall_ns).encode(), body_hash.hex().encode())
    )


def head_bytes(*, size: int, root: bytes, signed_wall_ns: int, key_id: str) -> bytes:
    """Return the bytes that a head's signature covers, one field a line."""
    return b"\n".join(
        (b"custodes.head/1", str(size).encode(), root.hex().encode(), str(signed_wall_ns).encode(), key_id.encode())
    )


def _text_of(value: object) -> str:
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} cannot stand in a ledger body")
