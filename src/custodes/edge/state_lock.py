"""One running unit a state folder: a lock that the system lets go when the process ends, however it ends."""

import fcntl
import os
from contextlib import suppress
from pathlib import Path

from custodes.core.errors import BadInput

LOCK_NAME = "lock"
OTHERS = 0o077
"""The rights of group and others: what a unit writes is for its user alone."""


class StateLock:
    """One unit a state folder."""

    def __init__(self, state_dir: Path) -> None:
        self.state_dir = state_dir
        self._descriptor = -1

    def __enter__(self) -> None:
        """Take the lock, and close the folder to other users. Raises BadInput when another process holds the lock."""
        os.umask(OTHERS)
        try:
            self.state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            with suppress(PermissionError):  # somebody else's folder: they have let us in
                self.state_dir.chmod(0o700)
            self._descriptor = os.open(self.state_dir / LOCK_NAME, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise BadInput(f"cannot use {self.state_dir}: {error.strerror}. Check unit.state_dir.") from error
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._descriptor)
            raise BadInput(
                f"another process runs the unit in {self.state_dir}. Stop it, or give this one a state_dir of its own."
            ) from None

    def __exit__(self, *exit_facts: object) -> None:
        """Give the lock back."""
        os.close(self._descriptor)


def somebody_runs(state_dir: Path) -> bool:
    """Tell whether a unit runs in this folder now."""
    try:
        descriptor = os.open(state_dir / LOCK_NAME, os.O_RDWR)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False
