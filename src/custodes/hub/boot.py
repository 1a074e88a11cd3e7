"""Bring Django up on one data folder, once in a process; keep two hubs off one folder."""

import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from custodes.core.errors import BadInput
from custodes.hub import config

LOCK_FILE = "hub.lock"
OTHERS = 0o077
"""The rights of group and others: nobody but the hub's user has any."""


def django_on(data_dir: Path) -> None:
    """Set Django up on the hub in `data_dir`. Raises BadInput for wrong settings. Makes no file.

    Whatever this process writes from here on is for its user alone.
    """
    os.umask(OTHERS)
    os.environ[config.DATA_DIR_VARIABLE] = str(data_dir.expanduser().absolute())
    os.environ["DJANGO_SETTINGS_MODULE"] = "custodes.hub.settings"
    config.load(data_dir)  # says what is wrong in one line, before Django wraps it
    import django

    django.setup()


@contextmanager
def opened(data_dir: Path) -> Iterator[None]:
    """Set Django up on a hub that is there already, running or not, for a command that reads it.

    Raises BadInput when no hub lies there, and for a database that cannot be read.
    """
    database = config.HubSettings(data_dir=data_dir).database_path
    if not database.is_file():
        raise BadInput(f"{data_dir}: no hub lies here (hub.sqlite3 is missing). Give its folder with --data.")
    django_on(data_dir)
    from django.db import DatabaseError

    try:
        yield
    except DatabaseError as error:
        raise BadInput(f"{database}: cannot be read as the hub's database: {error}.") from error


@contextmanager
def hold(data_dir: Path) -> Iterator[None]:
    """Hold the folder's lock. Raises BadInput, naming the process, when another hub holds it."""
    with (data_dir / LOCK_FILE).open("a+", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            process = file.read(20).strip() or "?"
            raise BadInput(
                f"{data_dir}: another hub (process {process}) runs on this folder. Stop it, or give another --data."
            ) from None
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield


def make_folders(data_dir: Path) -> None:
    """Make the data folder and those in it, for the hub's user alone. Raises BadInput when it cannot.

    A folder and databases that are there already are closed to others: SQLite gives its `-wal` and `-shm` the rights
    of the database.
    """
    os.umask(OTHERS)
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        _close_to_others(data_dir)
        for path in data_dir.glob("*.sqlite3*"):
            _close_to_others(path)
        for name in ("keys", "vault", "uploads", "logs"):
            (data_dir / name).mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise BadInput(f"{data_dir}: cannot be used as data folder: {error.strerror}.") from None


def _close_to_others(path: Path) -> None:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & OTHERS:
        path.chmod(mode & ~OTHERS)
