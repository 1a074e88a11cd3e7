"""Sealed blobs in a folder: `<root>/<aa>/<clip id>/<part>`, readable by the hub's user alone."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from custodes.core.errors import Temporary
from custodes.core.fs import sync_folder
from custodes.hub.vault.store import AlreadyStored, NoSuchBlob, check_name, stores


@stores.register("local")
class LocalStore:
    """A local folder. The fan-out `aa` is the end of the clip's id: its start may be a time."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._root.mkdir(mode=0o700, parents=True, exist_ok=True)

    def put(self, name: str, source: Path) -> None:
        """Link the file in, sync file and folders, then unlink the source. See `BlobStore.put`."""
        target = self._path(name)
        try:
            self._make_folder(target.parent)
            self._link(source, target)
            _sync_file(target)
            sync_folder(target.parent)
            source.unlink()
        except FileExistsError:
            raise AlreadyStored(f"blob {name} is stored already") from None
        except OSError as error:
            raise Temporary(f"cannot store blob {name}: {error.strerror}. Check the vault's disk.") from error

    def read(self, name: str, start: int, stop: int) -> bytes:
        """Return bytes `[start, stop)` of the blob."""
        try:
            descriptor = os.open(self._path(name), os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            raise NoSuchBlob(f"blob {name} is not in the vault") from None
        try:
            return _read_exactly(descriptor, start, stop)
        finally:
            os.close(descriptor)

    def size(self, name: str) -> int:
        """Return the blob's size (bytes)."""
        try:
            return self._path(name).stat().st_size
        except FileNotFoundError:
            raise NoSuchBlob(f"blob {name} is not in the vault") from None

    def delete(self, name: str) -> None:
        """Unlink the blob; remove its clip's folder with the last one."""
        path = self._path(name)
        if not path.parent.is_dir():
            return
        path.unlink(missing_ok=True)
        sync_folder(path.parent)
        if not any(path.parent.iterdir()):
            path.parent.rmdir()
            sync_folder(path.parent.parent)

    def list(self, prefix: str = "") -> Iterator[str]:
        """Yield names in order of clip id."""
        folders = sorted(self._root.glob("??/*"), key=lambda folder: folder.name)
        for folder in folders:
            if not folder.name.startswith(prefix[:36]):
                continue
            for path in sorted(folder.iterdir()):
                name = f"{folder.name}/{path.name}"
                if name.startswith(prefix) and not path.name.startswith("."):
                    yield name

    def _path(self, name: str) -> Path:
        clip, part = check_name(name).split("/")
        return self._root / clip[-2:] / clip / part

    def _make_folder(self, folder: Path) -> None:
        if folder.is_dir():
            return
        if not folder.parent.is_dir():
            folder.parent.mkdir(mode=0o700, exist_ok=True)
            sync_folder(self._root)
        folder.mkdir(mode=0o700, exist_ok=True)
        sync_folder(folder.parent)

    def _link(self, source: Path, target: Path) -> None:
        """Give the file its name in the vault without ever replacing one: a hard link fails if the name is taken."""
        try:
            os.link(source, target)
        except OSError as error:
            if isinstance(error, FileExistsError | FileNotFoundError):
                raise
            # Another file system, or one without links: copy beside, then link or rename within the vault.
            partial = target.with_name(f".{target.name}.partial")
            partial.unlink(missing_ok=True)
            with source.open("rb") as plain, partial.open("xb") as copy:
                shutil.copyfileobj(plain, copy, 1 << 20)
            _sync_file(partial)
            if target.exists():
                partial.unlink()
                raise FileExistsError(target) from None
            partial.rename(target)
        target.chmod(0o600)


def _sync_file(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read_exactly(descriptor: int, start: int, stop: int) -> bytes:
    pieces = []
    while start < stop:
        piece = os.pread(descriptor, stop - start, start)
        if not piece:
            break
        pieces.append(piece)
        start += len(piece)
    return b"".join(pieces)
