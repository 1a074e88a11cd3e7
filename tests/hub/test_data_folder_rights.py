"""The data folder is for the hub's user alone, also one that was open to others before."""

import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from custodes.hub import boot


@pytest.fixture(autouse=True)
def wide_umask() -> Iterator[None]:
    """Start as a careless shell does, and give the test process its own back."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_folder_that_was_open_is_closed_with_its_databases(tmp_path: Path) -> None:
    folder = tmp_path / "own"
    folder.mkdir(mode=0o755)
    connection = sqlite3.connect(folder / "hub.sqlite3")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("CREATE TABLE kept (n)")
    connection.commit()
    assert (mode(folder), mode(folder / "hub.sqlite3"), mode(folder / "hub.sqlite3-wal")) == (0o755, 0o644, 0o644)
    boot.make_folders(folder)
    assert mode(folder) == 0o700
    assert {mode(path) for path in folder.glob("*.sqlite3*")} == {0o600}
    connection.close()


def test_what_is_written_later_is_for_the_user_alone(tmp_path: Path) -> None:
    boot.make_folders(tmp_path / "own")
    sqlite3.connect(tmp_path / "own" / "dbos.sqlite3").execute("CREATE TABLE kept (n)").connection.close()
    assert mode(tmp_path / "own" / "dbos.sqlite3") == 0o600


def test_a_command_on_the_folder_writes_for_the_user_alone(tmp_path: Path) -> None:
    """Set Django up as the audit command does, then let SQLite make files."""
    code = (
        "import sys; from pathlib import Path; from custodes.hub import boot; folder = Path(sys.argv[1]);"
        "boot.django_on(folder); from django.db import connection;"
        "connection.cursor().execute('CREATE TABLE kept (n)')"
    )
    folder = tmp_path / "own"
    folder.mkdir()
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("CUSTODES_", "DJANGO_"))}
    subprocess.run([sys.executable, "-c", code, str(folder)], check=True, timeout=60, env=environment)
    databases = list(folder.glob("*.sqlite3*"))
    assert databases
    assert {mode(path) for path in databases} == {0o600}
