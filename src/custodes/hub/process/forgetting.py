"""What `process` forgets of a clip that is erased: its durable work, with whatever a step returned or failed with."""

import sqlite3
from contextlib import closing
from uuid import UUID

from django.conf import settings

from custodes.core.errors import Temporary

NAMED_BY = ("workflow_uuid", "workflow_id")
"""Columns by which the tables of durable work name a workflow; its id begins with the clip's or the leak's."""


def forget_work(clip_id: UUID) -> int:
    """Delete every row of durable work on a clip; return how many. Freed pages are overwritten. Raises Temporary."""
    return _forget_named(f"clip-{clip_id}")


def forget_leak(leak_id: UUID) -> int:
    """Delete every row of durable work on a leak, as `forget_work`."""
    return _forget_named(f"leak-{leak_id}")


def _forget_named(beginning: str) -> int:
    if not settings.HUB.dbos_path.is_file():
        return 0
    try:
        with closing(sqlite3.connect(settings.HUB.dbos_path, timeout=10)) as db:
            db.execute("PRAGMA secure_delete=ON")
            with db:
                return sum(_forget(db, table, column, beginning) for table, column in _tables(db))
    except sqlite3.Error as error:
        raise Temporary(f"{settings.HUB.dbos_path}: the work on {beginning} cannot be deleted: {error}.") from error


def _tables(db: sqlite3.Connection) -> list[tuple[str, str]]:
    """Return tables that name workflows, and by which column; the table of workflows itself last."""
    names = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
    found = []
    for name in sorted(names, key=lambda name: name == "workflow_status"):
        columns = {row[1] for row in db.execute(f'PRAGMA table_info("{name}")')}
        found += [(name, column) for column in NAMED_BY if column in columns]
    return found


def _forget(db: sqlite3.Connection, table: str, column: str, beginning: str) -> int:
    done = db.execute(f'DELETE FROM "{table}" WHERE "{column}" LIKE ?', [f"{beginning}%"])  # noqa: S608  # DBOS's names
    return done.rowcount
