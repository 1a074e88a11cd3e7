"""Seal and open what a leak is made of. People come here through `access.leaks`, the machine through `process`."""

import hashlib
import io
from collections.abc import Iterator
from uuid import UUID

from django.conf import settings

from custodes.core import seal
from custodes.core.errors import Corrupt
from custodes.core.fs import sync_folder
from custodes.hub.clips import quota
from custodes.hub.leak.models import Leak, LeakPart
from custodes.hub.vault import keys
from custodes.hub.vault.store import vault

PIECE_BYTES = 1 << 20
"""How much of a file comes with one request: less than what Django would put on a disk in the clear."""


def pieces_of(size_bytes: int) -> int:
    """Return how many pieces a file of that size comes in."""
    return -(-size_bytes // PIECE_BYTES)


def piece_name(number: int) -> str:
    """Return the part that holds a piece, counted from 0."""
    return f"piece.{number:04d}"


def sealed_total(size_bytes: int) -> int:
    """Return the room that a file of that size takes, sealed (bytes)."""
    whole, rest = divmod(size_bytes, PIECE_BYTES)
    return whole * seal.sealed_size(PIECE_BYTES) + (seal.sealed_size(rest) if rest else 0)


def blob_name(leak_id: UUID, part: str) -> str:
    """Return the vault's name for a part."""
    return f"{leak_id}/{part}"


def store(leak: Leak, part: str, content: bytes) -> seal.SealedFacts:
    """Seal a part and put it into the vault; one of that name is replaced. Durable on return; rows are the caller's.

    Raises KeyDestroyed when the leak was erased meanwhile, Temporary.
    """
    content_key = keys.get(leak.pk)
    folder = settings.HUB.data_dir / "process"
    folder.mkdir(mode=0o700, exist_ok=True)
    sealed = folder / f"{leak.pk}.{part}"
    sealed.unlink(missing_ok=True)
    facts = seal.seal_stream(
        io.BytesIO(content), sealed, plain_bytes=len(content), content_key=content_key, context=_context(leak, part)
    )
    sync_folder(folder)
    vault().delete(blob_name(leak.pk, part))
    vault().put(blob_name(leak.pk, part), sealed)
    return facts


def keep(leak: Leak, part: str, content: bytes) -> None:
    """Store what the hub made of a leak, with its row, and count its room. Raises as `store`."""
    facts = store(leak, part, content)
    before = LeakPart.objects.filter(leak=leak, name=part).values_list("sealed_bytes", flat=True).first() or 0
    LeakPart.objects.update_or_create(
        leak=leak,
        name=part,
        defaults={
            "sealed_sha256": facts.sha256_hex,
            "sealed_bytes": facts.sealed_bytes,
            "plain_bytes": facts.plain_bytes,
        },
    )
    quota.add(organisation_id=leak.organisation_id, more_bytes=facts.sealed_bytes - before)


def read_part(leak: Leak, part: str) -> bytes:
    """Return one part. Raises Corrupt when it is not there or does not open, KeyDestroyed."""
    row = LeakPart.objects.filter(leak=leak, name=part).first()
    if row is None:
        raise Corrupt(f"leak {leak.pk} has no part {part}")
    return b"".join(_open(leak, row, 0, row.plain_bytes))


def read(leak: Leak, start: int, stop: int) -> bytes:
    """Return bytes [start, stop) of the file as it came. Raises as `read_part`."""
    found: list[bytes] = []
    for number in range(start // PIECE_BYTES, pieces_of(min(stop, leak.size_bytes))):
        at = number * PIECE_BYTES
        row = LeakPart.objects.filter(leak=leak, name=piece_name(number)).first()
        if row is None:
            raise Corrupt(f"leak {leak.pk} has no part {piece_name(number)}")
        found += _open(leak, row, max(start - at, 0), min(stop - at, row.plain_bytes))
    return b"".join(found)


def sha256_of(leak: Leak) -> str:
    """Return the SHA-256 of the file as it came, in hex."""
    digest = hashlib.sha256()
    for number in range(pieces_of(leak.size_bytes)):
        digest.update(read(leak, number * PIECE_BYTES, (number + 1) * PIECE_BYTES))
    return digest.hexdigest()


def _context(leak: Leak, part: str) -> seal.SealContext:
    """Return what a part is sealed for: this leak of this organisation, rebuilt from the row."""
    return seal.SealContext(leak.pk, leak.organisation_id, part)


def _open(leak: Leak, row: LeakPart, start: int, stop: int) -> Iterator[bytes]:
    name = blob_name(leak.pk, row.name)
    return seal.open_range(
        lambda offset, length: vault().read(name, offset, offset + length),
        content_key=keys.get(leak.pk),
        context=_context(leak, row.name),
        sealed_bytes=row.sealed_bytes,
        start=start,
        stop=stop,
    )
