"""Seal footage so that a byte range opens without the rest, and only for the clip, unit and part it was sealed for.

Chunked AEAD after STREAM (Hoang, Reyhanitabar, Rogaway, Vizár 2015) as `age` uses it; layout in
`docs/design/storage.md`. Associated data is rebuilt from the caller's context, never read from the blob.
"""

import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, hpke
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from custodes.core.errors import BadInput, Corrupt, Temporary

MAGIC: Final = b"custodes.seal/1\n"
SALT_BYTES: Final = 16
HEADER_BYTES: Final = len(MAGIC) + SALT_BYTES
CHUNK_BYTES: Final = 64 * 1024
TAG_BYTES: Final = 16
NONCE_BYTES: Final = 12
CONTENT_KEY_BYTES: Final = 32
_SEALED_CHUNK_BYTES: Final = CHUNK_BYTES + TAG_BYTES
ENVELOPE = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)


@dataclass(frozen=True, slots=True)
class SealContext:
    """What a blob is sealed for. Opening under any other context fails."""

    clip_id: UUID
    unit_id: UUID
    part: str


@dataclass(frozen=True, slots=True)
class SealedFacts:
    """A sealed blob's SHA-256 and size as it lies on disk, and the size of what is in it."""

    sha256_hex: str
    sealed_bytes: int
    plain_bytes: int


def new_content_key() -> bytes:
    """Return 32 random bytes from the system, the key of one clip."""
    return os.urandom(CONTENT_KEY_BYTES)


def lock(key: bytes, plain: bytes, bound: bytes) -> bytes:
    """Return a nonce (12 bytes) and `plain` under AES-256-GCM, bound to `bound`: for a key or a row, not footage."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, bound)


def unlock(key: bytes, locked: bytes, bound: bytes) -> bytes:
    """Return what `lock` locked. Raises Corrupt when key, bytes or `bound` differ."""
    try:
        return AESGCM(key).decrypt(locked[:NONCE_BYTES], locked[NONCE_BYTES:], bound)
    except (InvalidTag, ValueError):
        raise Corrupt("it does not open: it was changed, or locked under another key or for something else") from None


def sealed_size(plain_bytes: int) -> int:
    """Return the size of the blob that seals `plain_bytes` (bytes)."""
    return HEADER_BYTES + plain_bytes + TAG_BYTES * _chunk_count(plain_bytes)


def plain_size(sealed_bytes: int) -> int:
    """Return the size of what a blob of `sealed_bytes` holds. Raises Corrupt when no blob has that size."""
    body = sealed_bytes - HEADER_BYTES
    whole, rest = divmod(body, _SEALED_CHUNK_BYTES)
    if body < TAG_BYTES or 0 < rest < TAG_BYTES or (rest == TAG_BYTES and whole > 0):
        raise Corrupt(f"a sealed blob cannot be {sealed_bytes} bytes long: it was cut short")
    return body - TAG_BYTES * (whole + (1 if rest else 0))


def seal_file(source: Path, target: Path, *, content_key: bytes, context: SealContext) -> SealedFacts:
    """Seal the file `source` into the new file `target` (mode 0600).

    The content of `target` is durable on return; its name is durable once the caller has synced the folder.
    Raises BadInput when the source cannot be read or changes while it is read, Temporary when the target cannot
    be written (it is removed then).
    """
    try:
        with source.open("rb") as plain:
            return seal_stream(
                plain, target, plain_bytes=source.stat().st_size, content_key=content_key, context=context
            )
    except (FileNotFoundError, IsADirectoryError, PermissionError) as error:
        raise BadInput(f"cannot seal {source}: {error.strerror}. Was the film moved or removed?") from error


def seal_stream(
    plain: BinaryIO, target: Path, *, plain_bytes: int, content_key: bytes, context: SealContext
) -> SealedFacts:
    """Seal exactly `plain_bytes` from `plain` into the new file `target`; promises as `seal_file`."""
    try:
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise Temporary(f"cannot create {target}: {error.strerror}. Check the disk's space and rights.") from error
    digest = hashlib.sha256()
    try:
        with os.fdopen(descriptor, "wb", buffering=0) as file:
            for piece in seal_pieces(plain, plain_bytes=plain_bytes, content_key=content_key, context=context):
                digest.update(piece)
                _write_all(file.fileno(), piece)
            os.fsync(file.fileno())
    except OSError as error:
        target.unlink(missing_ok=True)
        raise Temporary(f"cannot write {target}: {error.strerror}. Check the disk's space.") from error
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    return SealedFacts(digest.hexdigest(), sealed_size(plain_bytes), plain_bytes)


def seal_pieces(
    plain: BinaryIO, *, plain_bytes: int, content_key: bytes, context: SealContext, salt: bytes | None = None
) -> Iterator[bytes]:
    """Yield the sealed blob in pieces of at most one chunk. `salt` is given by test vectors alone.

    Raises BadInput when `plain` is shorter or longer than `plain_bytes`.
    """
    salt = os.urandom(SALT_BYTES) if salt is None else salt
    cipher = _part_cipher(content_key, salt, context)
    bound = _associated_data(context, plain_bytes)
    yield MAGIC + salt
    last = _chunk_count(plain_bytes) - 1
    for number in range(last + 1):
        wanted = min(CHUNK_BYTES, plain_bytes - number * CHUNK_BYTES)
        piece = _read_exactly(plain, wanted)
        if len(piece) != wanted or (number == last and plain.read(1)):
            raise BadInput(f"part {context.part} of clip {context.clip_id} changed while it was sealed; seal it again")
        yield cipher.encrypt(_nonce(number, is_last=number == last), piece, bound)


def open_range(
    reader: Callable[[int, int], bytes],
    *,
    content_key: bytes,
    context: SealContext,
    sealed_bytes: int,
    start: int = 0,
    stop: int | None = None,
) -> Iterator[bytes]:
    """Yield the plain bytes `[start, stop)`, decrypting only the chunks that hold them.

    `reader(offset, length)` returns bytes of the blob; `sealed_bytes` comes from the caller's own record of it.
    `stop` None means to the end; a range beyond the end is cut. Raises Corrupt before any byte of a chunk that
    was changed, swapped, truncated, or sealed with another key or for another context.
    """
    total = plain_size(sealed_bytes)
    stop = total if stop is None else min(stop, total)
    if not 0 <= start <= total:
        raise BadInput(f"range starts at byte {start}, but the part has {total}")
    header = reader(0, HEADER_BYTES)
    if len(header) != HEADER_BYTES or not header.startswith(MAGIC):
        raise Corrupt(_told(context, "its header is not that of a sealed part"))
    cipher = _part_cipher(content_key, header[len(MAGIC) :], context)
    bound = _associated_data(context, total)
    last = _chunk_count(total) - 1
    first_wanted = min(start // CHUNK_BYTES, last)
    last_wanted = last if total == 0 else max(first_wanted, (stop - 1) // CHUNK_BYTES)
    for number in range(first_wanted, last_wanted + 1):
        plain = _open_chunk(reader, cipher, bound, context, number=number, last=last, total=total)
        base = number * CHUNK_BYTES
        piece = plain[max(start - base, 0) : max(stop - base, 0)]
        if piece:
            yield piece


def open_whole(blob: bytes, *, content_key: bytes, context: SealContext) -> bytes:
    """Return all that a small blob in memory holds. Raises Corrupt as `open_range`."""
    pieces = open_range(
        lambda offset, length: blob[offset : offset + length],
        content_key=content_key,
        context=context,
        sealed_bytes=len(blob),
    )
    return b"".join(pieces)


def wrap_key(content_key: bytes, *, hub_key: X25519PublicKey, clip_id: UUID, unit_id: UUID) -> bytes:
    """Wrap a clip's content key to the hub (HPKE base mode, RFC 9180), bound to clip and unit."""
    return ENVELOPE.encrypt(content_key, hub_key, info=_envelope_bound(clip_id, unit_id))


def unwrap_key(envelope: bytes, *, hub_key: X25519PrivateKey, clip_id: UUID, unit_id: UUID) -> bytes:
    """Open an envelope. Raises Corrupt when it was made for another hub, clip or unit, or was changed."""
    try:
        content_key = ENVELOPE.decrypt(envelope, hub_key, info=_envelope_bound(clip_id, unit_id))
    except (InvalidTag, ValueError) as error:
        raise Corrupt(f"the envelope of clip {clip_id} does not open for unit {unit_id}") from error
    if len(content_key) != CONTENT_KEY_BYTES:
        raise Corrupt(f"the envelope of clip {clip_id} holds no content key")
    return content_key


def _open_chunk(
    reader: Callable[[int, int], bytes],
    cipher: AESGCM,
    bound: bytes,
    context: SealContext,
    *,
    number: int,
    last: int,
    total: int,
) -> bytes:
    length = min(CHUNK_BYTES, total - number * CHUNK_BYTES) + TAG_BYTES
    sealed = reader(HEADER_BYTES + number * _SEALED_CHUNK_BYTES, length)
    if len(sealed) != length:
        raise Corrupt(_told(context, f"chunk {number} is cut short"))
    try:
        return cipher.decrypt(_nonce(number, is_last=number == last), sealed, bound)
    except InvalidTag as error:
        raise Corrupt(_told(context, f"chunk {number} does not open")) from error


def _told(context: SealContext, what: str) -> str:
    return f"part {context.part} of clip {context.clip_id}: {what}"


def _chunk_count(plain_bytes: int) -> int:
    return max(1, -(-plain_bytes // CHUNK_BYTES))


def _nonce(number: int, *, is_last: bool) -> bytes:
    return number.to_bytes(11, "big") + (b"\x01" if is_last else b"\x00")


def _associated_data(context: SealContext, plain_bytes: int) -> bytes:
    ids = context.clip_id.bytes + context.unit_id.bytes
    return b"custodes.seal/1" + ids + plain_bytes.to_bytes(8, "big") + context.part.encode()


def _envelope_bound(clip_id: UUID, unit_id: UUID) -> bytes:
    return b"custodes.envelope/1" + clip_id.bytes + unit_id.bytes


def _part_cipher(content_key: bytes, salt: bytes, context: SealContext) -> AESGCM:
    if len(content_key) != CONTENT_KEY_BYTES:
        raise BadInput(f"a content key has {CONTENT_KEY_BYTES} bytes, this one {len(content_key)}")
    label = b"custodes.seal/1 part " + context.part.encode()
    return AESGCM(HKDF(hashes.SHA256(), length=32, salt=salt, info=label).derive(content_key))


def _read_exactly(file: BinaryIO, wanted: int) -> bytes:
    pieces = []
    while wanted > 0:
        piece = file.read(wanted)
        if not piece:
            break
        pieces.append(piece)
        wanted -= len(piece)
    return b"".join(pieces)


def _write_all(descriptor: int, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
