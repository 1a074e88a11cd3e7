"""The list of clips whose key was destroyed: one line a clip, beside the keys, only ever added to.

A key that comes back, with yesterday's backup or a copy of the folder, opens nothing: whoever reads keys asks here
first. The line is durable before the key file is touched. See docs/design/keys.md.
"""

import os
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from uuid import UUID

from django.conf import settings

from custodes.core.errors import Temporary
from custodes.core.fs import sync_folder

FILE_NAME = "destroyed.list"


def note(clip_id: UUID, *, now_ns: int) -> None:
    """Write down that the key of a clip is destroyed. Durable on return; a repeat changes nothing. Raises Temporary."""
    if not holds(clip_id):
        _append(_path(), {clip_id: now_ns})


def holds(clip_id: UUID) -> bool:
    """Say whether the key of a clip was destroyed."""
    return clip_id in known()


def known() -> Mapping[UUID, int]:
    """Return every clip on the list, with the time at which its key was destroyed (wall ns)."""
    return read(_path())


def read(path: Path) -> Mapping[UUID, int]:
    """Return what a list says; nothing where there is none. A line torn by a power cut is passed over."""
    try:
        facts = path.stat()
    except FileNotFoundError:
        return {}
    return _read(path, facts.st_size, facts.st_mtime_ns)


def merge(path: Path, lists: Iterable[Mapping[UUID, int]]) -> int:
    """Add to the list at `path` what other lists know; return how many were new. Durable on return."""
    here = read(path)
    more = {clip_id: at for one in lists for clip_id, at in one.items() if clip_id not in here}
    if more:
        _append(path, more)
    return len(more)


def _append(path: Path, lines: Mapping[UUID, int]) -> None:
    text = "".join(f"{clip_id} {at}\n" for clip_id, at in lines.items())
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            # A torn last line must not swallow the next one.
            os.write(descriptor, b"\n" + text.encode() if _torn(path) else text.encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        sync_folder(path.parent)
    except OSError as error:
        raise Temporary(f"cannot write {path}: {error.strerror}. Check the disk's space and rights.") from error


def _torn(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(0, os.SEEK_END)
        if file.tell() == 0:
            return False
        file.seek(-1, os.SEEK_END)
        return file.read(1) != b"\n"


@lru_cache(maxsize=4)
def _read(path: Path, _size: int, _mtime_ns: int) -> dict[UUID, int]:
    found: dict[UUID, int] = {}
    for line in path.read_text(encoding="ascii", errors="replace").splitlines():
        name, _space, at = line.partition(" ")
        try:
            found[UUID(name)] = int(at)
        except ValueError:
            continue
    return found


def _path() -> Path:
    folder: Path = settings.HUB.keys_dir
    return folder / FILE_NAME
