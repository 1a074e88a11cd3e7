"""One file per clip holds its content key, wrapped under the hub's root key. Without the file the clip is noise."""

import os
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

from django.conf import settings

from custodes.core.errors import Corrupt, Permanent
from custodes.core.fs import sync_folder, write_durably
from custodes.hub import rootkeys
from custodes.hub.vault import destroyed


class KeyDestroyed(Permanent):
    """The clip has no key: it was erased, or never arrived."""


def put(clip_id: UUID, content_key: bytes) -> None:
    """Store a clip's content key. Durable on return; a key that is there is replaced.

    Raises Temporary; KeyDestroyed for a clip whose key was destroyed once: it never comes back.
    """
    _refuse_destroyed(clip_id)
    wrapped = rootkeys.opened().wrap(content_key, _bound(clip_id))
    path = _path(clip_id)
    if not path.parent.is_dir():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        sync_folder(path.parent.parent)
        sync_folder(settings.HUB.keys_dir)
    write_durably(path, wrapped)


def get(clip_id: UUID) -> bytes:
    """Return a clip's content key. Raises KeyDestroyed when there is none, Corrupt when it does not unwrap,
    RootKeyAway when a key service does not answer.

    A key file that came back with a backup opens nothing: the list of destroyed keys decides.
    """
    _refuse_destroyed(clip_id)
    try:
        wrapped = _path(clip_id).read_bytes()
    except FileNotFoundError:
        raise KeyDestroyed(f"clip {clip_id} has no key: it was erased") from None
    try:
        return rootkeys.opened().unwrap(wrapped, _bound(clip_id))
    except Corrupt as error:
        raise Corrupt(f"the key of clip {clip_id}: {error}") from error


def destroy(clip_id: UUID) -> None:
    """Overwrite and unlink a clip's key. Durable on return; a key that is not there is no error."""
    path = _path(clip_id)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        # In place, so that freed blocks hold noise wherever the file system overwrites in place.
        os.pwrite(descriptor, os.urandom(os.fstat(descriptor).st_size), 0)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    path.unlink(missing_ok=True)
    sync_folder(path.parent)


def holds(clip_id: UUID) -> bool:
    """Say whether the clip has a key."""
    return _path(clip_id).is_file()


def list_clips() -> Iterator[UUID]:
    """Yield the clips that have a key."""
    for path in _folder().glob("??/*"):
        if not path.name.startswith("."):
            yield UUID(path.name)


def _refuse_destroyed(clip_id: UUID) -> None:
    if destroyed.holds(clip_id):
        raise KeyDestroyed(f"clip {clip_id} has no key: it was erased")


def _folder() -> Path:
    folder: Path = settings.HUB.keys_dir / "clips"
    return folder


def _path(clip_id: UUID) -> Path:
    text = str(clip_id)
    return _folder() / text[-2:] / text


def _bound(clip_id: UUID) -> bytes:
    return b"custodes.clip-key/1" + clip_id.bytes
