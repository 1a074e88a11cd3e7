"""Open a clip's parts. `access.gate` is the one door that leads here for people; `process` for the machine."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from custodes.core import seal
from custodes.core.errors import Corrupt
from custodes.core.wire import MANIFEST_PART, MAX_MANIFEST_BYTES, Manifest
from custodes.hub.clips.models import Clip, ClipPart
from custodes.hub.vault import keys
from custodes.hub.vault.store import NoSuchBlob, vault


@dataclass(frozen=True, slots=True)
class OpenedPart:
    """Plain bytes of one range. `size_bytes` is that of the whole part, `start`/`stop` the range that was cut to it."""

    size_bytes: int
    media_type: str
    chunks: Iterator[bytes]
    start: int = 0
    stop: int = 0


def blob_name(clip_id: object, part: str) -> str:
    """Return the vault's name for a part."""
    return f"{clip_id}/{part}"


def context_of(clip: Clip, part: str) -> seal.SealContext:
    """Return what a part was sealed for, rebuilt from the rows, never from the blob."""
    return seal.SealContext(clip.id, clip.unit_id, part)


def sealed_reader(clip: Clip, part: str) -> Callable[[int, int], bytes]:
    """Return a reader of sealed bytes, `(offset, length) -> bytes`."""
    store, name = vault(), blob_name(clip.id, part)
    return lambda offset, length: store.read(name, offset, offset + length)


def open_part(clip: Clip, part: str, start: int = 0, stop: int | None = None) -> OpenedPart:
    """Open plain bytes `[start, stop)` of a part; a range beyond the end is cut.

    The key is taken now; chunks are read and decrypted as they are drawn. Raises Corrupt when the part has no row,
    no blob, or does not open (then or while chunks are drawn), KeyDestroyed when the clip was erased.
    """
    row, read = _ranges(clip, part)
    size = seal.plain_size(row.sealed_bytes)
    stop = size if stop is None else min(stop, size)
    start = min(start, size)
    media_type = row.media_type or "application/octet-stream"
    return OpenedPart(size, media_type, read(start, stop), start, max(start, stop))


def ranges_of(clip: Clip, part: str) -> Callable[[int, int], Iterator[bytes]]:
    """Return what yields plain bytes `[start, stop)` of a part: row and key are taken once, for many ranges.

    For one answer to one reader, who is asked for their right meanwhile. Raises as `open_part`.
    """
    return _ranges(clip, part)[1]


def _ranges(clip: Clip, part: str) -> tuple[ClipPart, Callable[[int, int], Iterator[bytes]]]:
    row = ClipPart.objects.filter(clip_id=clip.id, name=part).first()
    if row is None:
        raise Corrupt(f"clip {clip.id} has no part {part}")
    content_key, context, reader = keys.get(clip.id), context_of(clip, part), sealed_reader(clip, part)
    sealed_bytes = row.sealed_bytes

    def read(start: int, stop: int) -> Iterator[bytes]:
        return _told(
            seal.open_range(
                reader, content_key=content_key, context=context, sealed_bytes=sealed_bytes, start=start, stop=stop
            )
        )

    return row, read


def read_whole(clip: Clip, part: str, *, at_most: int) -> bytes:
    """Return a small part. Raises Corrupt when it is larger than `at_most` bytes, or as `open_part`."""
    opened = open_part(clip, part)
    if opened.size_bytes > at_most:
        raise Corrupt(f"part {part} of clip {clip.id} has {opened.size_bytes} bytes; at most {at_most} are wanted")
    return b"".join(opened.chunks)


def read_manifest(clip: Clip) -> Manifest:
    """Return the clip's manifest. Raises Corrupt when it does not open, ValidationError when it is no manifest."""
    return Manifest.model_validate_json(read_whole(clip, MANIFEST_PART, at_most=MAX_MANIFEST_BYTES))


def _told(chunks: Iterator[bytes]) -> Iterator[bytes]:
    try:
        yield from chunks
    except NoSuchBlob as error:
        raise Corrupt(str(error)) from error
