"""Files that survive a power cut: write, sync, rename, sync the folder."""

import os
import secrets
from pathlib import Path

from custodes.core.errors import Temporary


def write_durably(path: Path, content: bytes, *, mode: int = 0o600) -> None:
    """Write `content` to `path` so that after a crash the file is the old one or the new one, whole.

    Durable on return. Raises Temporary when the disk is full or refuses; the old file stays.
    """
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}.partial")
    try:
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(path)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
        sync_folder(path.parent)
    except OSError as error:
        raise Temporary(f"cannot write {path}: {error.strerror}. Check the disk's space and rights.") from error


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable (POSIX requires it after create, rename and unlink)."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
