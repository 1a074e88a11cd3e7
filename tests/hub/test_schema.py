"""A new hub's database is laid from a file: it must be what the migrations would have made, or not be used."""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db.backends.sqlite3.base import DatabaseWrapper
from django.db.migrations.loader import MigrationLoader

from custodes.hub import schema

PROJECT = Path(__file__).parent.parent.parent


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[DatabaseWrapper]:
    """Open a database file of its own, as Django opens the hub's."""
    from django.db import connection

    wrapper = DatabaseWrapper({**connection.settings_dict, "NAME": str(tmp_path / "new.sqlite3")}, alias="new")
    yield wrapper
    if wrapper.connection is not None:
        wrapper.connection.close()


def tables(wrapper: DatabaseWrapper) -> set[str]:
    with sqlite3.connect(wrapper.settings_dict["NAME"]) as database:
        return {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def test_the_file_is_what_the_migrations_make() -> None:
    checked = subprocess.run(
        [sys.executable, "tools/schema.py", "check"], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert (checked.returncode, checked.stderr) == (0, "")


def test_an_empty_database_is_laid_and_needs_no_migration(empty: DatabaseWrapper, django_db_blocker) -> None:
    with django_db_blocker.unblock():
        assert schema.lay(empty)
    with sqlite3.connect(empty.settings_dict["NAME"]) as database:
        applied = set(database.execute("SELECT app, name FROM django_migrations"))
    assert applied == set(MigrationLoader(None).disk_migrations)
    assert {"clips_clip", "audit_ledgerleaf"} <= tables(empty)


def test_a_database_with_anything_in_it_is_left_alone(empty: DatabaseWrapper, django_db_blocker) -> None:
    with sqlite3.connect(empty.settings_dict["NAME"]) as database:
        database.execute("CREATE TABLE kept (word TEXT)")
    with django_db_blocker.unblock():
        assert not schema.lay(empty)
    assert tables(empty) == {"kept"}


def test_libraries_that_know_other_migrations_migrate_step_by_step(
    empty: DatabaseWrapper, django_db_blocker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "covered", lambda: frozenset({("axes", "9999_of_a_later_version")}))
    with django_db_blocker.unblock():
        assert not schema.lay(empty)
    assert tables(empty) == set()


def test_a_form_that_breaks_off_leaves_nothing(
    empty: DatabaseWrapper, django_db_blocker, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    torn = tmp_path / "torn.sql"
    torn.write_text("CREATE TABLE first (word TEXT);\nCREATE TABLE second (wo", encoding="utf-8")
    monkeypatch.setattr(schema, "FILE", torn)
    with django_db_blocker.unblock(), pytest.raises(sqlite3.Error):
        schema.lay(empty)
    empty.connection.close()
    assert tables(empty) == set()
