"""Parts on their way: files under `uploads/<clip>/`. The file is the truth; what is acknowledged is synced.

`<part>.partial` grows; `<part>.whole` had the declared SHA-256. Procedure P4 of docs/design/storage.md.
"""

import hashlib
import os
import shutil
import threading
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from django.conf import settings

from custodes.core.errors import Temporary
from custodes.core.fs import sync_folder
from custodes.hub.ingest.exchange import Refusal
from custodes.hub.ingest.hashers import Hashers


@dataclass(frozen=True, slots=True)
class Slot:
    """One declared part: how long it will be and what it must hash to."""

    clip_id: UUID
    part: str
    sealed_bytes: int
    sealed_sha256: str
    partial: Path = field(init=False, repr=False, compare=False)
    """The growing file."""
    whole: Path = field(init=False, repr=False, compare=False)
    """The file once its hash was right."""

    def __post_init__(self) -> None:
        folder = folder_of(self.clip_id)  # joined once: a clip asks for these paths dozens of times
        object.__setattr__(self, "partial", folder / f"{self.part}.partial")
        object.__setattr__(self, "whole", folder / f"{self.part}.whole")

    def offset(self) -> int:
        """Return how many bytes the hub holds.

        A part that came to its full length just before a crash is hashed now: it becomes whole, or is thrown away.
        """
        if self.whole.exists():
            return self.sealed_bytes
        try:
            held = self.partial.stat().st_size
        except FileNotFoundError:
            return 0
        return held if held < self.sealed_bytes else _settle(self)

    def sync_names(self) -> None:
        """Make the names of what came durable: whoever acknowledges bytes without a receipt owes it."""
        folder = folder_of(self.clip_id)
        if folder.is_dir():
            sync_folder(folder)
            sync_folder(folder.parent)


def folder_of(clip_id: UUID) -> Path:
    """Return the folder of a clip's uploads."""
    folder: Path = settings.HUB.uploads_dir / str(clip_id)
    return folder


def make_folder(clip_id: UUID) -> None:
    """Make a clip's folder. Its name is made durable with the first bytes in it (`Slot.sync_names`)."""
    folder = folder_of(clip_id)
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        return
    except FileNotFoundError:
        folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)


def remove_folder(clip_id: UUID) -> None:
    """Remove a clip's uploads, whatever is there."""
    folder = folder_of(clip_id)
    try:
        folder.rmdir()  # the usual end: all parts went into the vault
    except OSError:
        shutil.rmtree(folder, ignore_errors=True)


_hashers = Hashers()
_busy: set[Path] = set()
_busy_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Expected:
    """What a chunk must turn out to be: its length (None: not said) and its digests by algorithm."""

    length: int | None
    digests: tuple[tuple[str, bytes], ...]


class Append:
    """One chunk on its way into a part: `write` pieces, then `finish` or, when the line is cut, `cut`."""

    def __init__(self, slot: Slot, *, offset: int, expected: Expected) -> None:
        self.slot = slot
        self._expected = expected
        self._start = offset
        self._received = 0
        self._path = slot.partial
        self._descriptor = -1
        with _busy_lock:
            if self._path in _busy:
                raise Refusal(423, "busy", "another request writes this part; wait for it to end", retry=True)
            _busy.add(self._path)
        try:
            self._open(offset)
        except BaseException:
            self._leave()
            raise

    def write(self, piece: bytes) -> None:
        """Append bytes. Raises Refusal 413 beyond the declared size, 507 when the disk is full."""
        if not piece:
            return
        if self._start + self._received + len(piece) > self.slot.sealed_bytes:
            self._undo()
            raise Refusal(413, "too_long", "more bytes than the part was declared to have; nothing was kept")
        try:
            rest = memoryview(piece)
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        except OSError as error:
            self._undo()
            raise Refusal(507, "disk", f"the hub's disk refuses ({error.strerror}); try later", retry=True) from error
        for digest in self._running:
            digest.update(piece)
        self._received += len(piece)

    def finish(self) -> int:
        """Check the chunk, sync it and return the new offset. Raises Refusal 460 and keeps nothing of it.

        The bytes are durable on return, their name after `Slot.sync_names` or the commit of the clip.
        When the part is complete its SHA-256 is checked against the declaration: Refusal 422 `part_hash` and the
        whole part is gone, or it is renamed to `.whole`. Refusal 410 when the clip was received or given up meanwhile.
        """
        if self._expected.length is not None and self._received != self._expected.length:
            return self.cut()
        for algorithm, wanted in self._expected.digests:
            if self._chunk_digests[algorithm].digest() != wanted:
                self._undo()
                raise Refusal(
                    460,
                    "checksum",
                    f"the {algorithm} of the bytes that came differs; nothing was kept, send again",
                    retry=True,
                )
        offset = self._start + self._received
        try:
            os.fsync(self._descriptor)
            if offset < self.slot.sealed_bytes:
                _hashers.keep(self._path, offset, self._part_digest)
                return offset
            _promote(self.slot, self._part_digest.hexdigest())
        except FileNotFoundError:  # another sender's bytes completed the clip, and its uploads were removed
            raise _gone() from None
        finally:
            self._leave()
        return offset

    def cut(self) -> int:
        """Keep what came before the line was cut; the whole part's hash decides in the end."""
        offset = self._start + self._received
        try:
            os.fsync(self._descriptor)
            _hashers.keep(self._path, offset, self._part_digest)
        finally:
            self._leave()
        return offset

    def _open(self, offset: int) -> None:
        if self.slot.whole.exists():
            raise _conflict(self.slot.sealed_bytes)
        try:
            self._descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except FileNotFoundError:
            raise _gone() from None
        held = os.fstat(self._descriptor).st_size
        if held != offset:
            raise _conflict(held)
        os.lseek(self._descriptor, offset, os.SEEK_SET)
        self._part_digest = _hashers.take(self._path, offset)
        wanted = {algorithm for algorithm, _ in self._expected.digests}
        self._chunk_digests = {algorithm: hashlib.new(algorithm) for algorithm in wanted}
        if offset == 0 and "sha256" in wanted:
            self._chunk_digests["sha256"] = self._part_digest  # one chunk from the start: hash once
        self._running = list({id(one): one for one in (self._part_digest, *self._chunk_digests.values())}.values())

    def _undo(self) -> None:
        try:
            os.ftruncate(self._descriptor, self._start)
        finally:
            self._leave()

    def _leave(self) -> None:
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)
        with _busy_lock:
            _busy.discard(self._path)


def _settle(slot: Slot) -> int:
    """Decide about a partial file of full length that no request is writing; return the offset that holds now."""
    path = slot.partial
    with _busy_lock:
        if path in _busy:
            return slot.sealed_bytes
        _busy.add(path)
    try:
        if path.exists():
            digest = _hashers.take(path, slot.sealed_bytes)
            _sync_file(path)  # the name that says "whole" must never outlive the bytes
            _promote(slot, digest.hexdigest())
    except (Refusal, FileNotFoundError):  # not what was declared, or removed meanwhile with its clip's uploads
        return 0
    else:
        return slot.sealed_bytes
    finally:
        with _busy_lock:
            _busy.discard(path)


def _promote(slot: Slot, sha256_hex: str) -> None:
    """Make a complete partial file whole; remove it and raise Refusal when it is not what was declared."""
    if sha256_hex != slot.sealed_sha256:
        slot.partial.unlink()
        sync_folder(slot.partial.parent)
        raise Refusal(
            422,
            "part_hash",
            f"part {slot.part} arrived whole but is not what was declared; it was discarded, send it again",
        )
    slot.partial.rename(slot.whole)


def _sync_file(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def lay(slot: Slot, content: bytes) -> None:
    """Put a part that came whole with its declaration, and is what was declared, in its place.

    Not durable on return: the commit syncs it, and who declares again sends it again. Raises Refusal 507.
    """
    path = slot.partial
    with _busy_lock:
        if path in _busy:
            return  # another request brings the same bytes
        _busy.add(path)
    try:
        if not slot.whole.exists():
            path.write_bytes(content)
            path.chmod(0o600)
            _hashers.keep(path, len(content), hashlib.sha256(content))
    except OSError as error:
        raise Refusal(507, "disk", f"the hub's disk refuses ({error.strerror}); try later", retry=True) from error
    finally:
        with _busy_lock:
            _busy.discard(path)


def discard(slot: Slot) -> None:
    """Throw away what came of a part (tus termination). Durable on return."""
    with _busy_lock:
        if slot.partial in _busy:
            raise Refusal(423, "busy", "another request writes this part; wait for it to end", retry=True)
    slot.partial.unlink(missing_ok=True)
    slot.whole.unlink(missing_ok=True)
    if slot.partial.parent.is_dir():
        sync_folder(slot.partial.parent)


def check_disk(wanted_bytes: int) -> None:
    """Raise Refusal 507 when `wanted_bytes` more would leave less than the reserve, Temporary when it cannot say."""
    try:
        free = shutil.disk_usage(settings.HUB.data_dir).free
    except OSError as error:
        raise Temporary(f"cannot measure the disk of {settings.HUB.data_dir}: {error.strerror}") from error
    if free - wanted_bytes < settings.HUB.quota.disk_reserve_bytes:
        raise Refusal(507, "disk", "the hub's disk is full; its operator must make room. Keep the clip.", retry=True)


def _gone() -> Refusal:
    return Refusal(410, "expired", "this upload expired; declare the clip again", retry=True)


def _conflict(held: int) -> Refusal:
    return Refusal(
        409,
        "offset_conflict",
        f"the hub holds {held} bytes of this part; go on from there",
        retry=True,
        headers={"upload-offset": str(held)},
    )
