"""The form of a new database, laid at once instead of by every migration since the first: see ADR 0027.

`schema.sql` is what the migrations of this version make of an empty database; `python tools/schema.py` writes it.
"""

from functools import cache
from pathlib import Path

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.loader import MigrationLoader

FILE = Path(__file__).with_name("schema.sql")
MIGRATION = "-- migration "


def lay(connection: BaseDatabaseWrapper) -> bool:
    """Lay the form into an empty database, whole or not at all; say whether it was laid.

    A database with a table in it is left alone, and so is one whose libraries know other migrations than the file.
    """
    if connection.introspection.table_names():
        return False
    if not covered() <= set(MigrationLoader(None).disk_migrations):
        return False
    connection.ensure_connection()
    connection.connection.executescript(f"BEGIN IMMEDIATE;\n{FILE.read_text(encoding='utf-8')}COMMIT;\n")
    return True


@cache
def covered() -> frozenset[tuple[str, str]]:
    """Return the migrations that the file stands for, as (app, name)."""
    lines = FILE.read_text(encoding="utf-8").splitlines()
    named = (line.removeprefix(MIGRATION).split() for line in lines if line.startswith(MIGRATION))
    return frozenset((app, name) for app, name in named)
