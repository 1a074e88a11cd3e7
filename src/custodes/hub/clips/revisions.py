"""One number that grows with every change of any clip: the live feed orders by it."""

from django.db import connection, transaction


def next_revision() -> int:
    """Return the revision for a change, inside the caller's transaction.

    Whoever calls holds the database's write lock until the transaction ends (SQLite: BEGIN IMMEDIATE; elsewhere an
    advisory lock), so that revisions become visible in order and a reader of "all after n" misses none.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("a revision is taken inside a transaction")
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(72189001)")
    return latest_revision() + 1


def latest_revision() -> int:
    """Return the highest revision that is visible now (0: no clips). One step in the index, and no ORM: it is hot."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(revision) FROM clips_clip")
        row = cursor.fetchone()
    return int(row[0] or 0)
