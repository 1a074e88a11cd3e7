"""The cast as rows: making it takes ten times what putting rows back does, and more than a thousand tests want it."""

import functools
import pickle
from dataclasses import dataclass

from django.db import connection, transaction

from cast import Cast, make_cast


@dataclass(frozen=True, slots=True)
class _Stored:
    """The cast that was made once, with the statements by which a database comes to hold it."""

    pickled: bytes
    inserts: tuple[tuple[str, list[tuple[object, ...]]], ...]


def put_cast() -> Cast:
    """Store the cast where nobody is yet. The hub's keys are those of this run of tests (`hub_fixtures.give_hub`)."""
    stored = _made_once()
    with transaction.atomic(), connection.cursor() as cursor:
        for statement, rows in stored.inserts:
            cursor.cursor.executemany(statement, rows)
    cast: Cast = pickle.loads(stored.pickled)
    return cast


@functools.cache
def _made_once() -> _Stored:
    with transaction.atomic():
        before = _tables()
        cast = make_cast()
        changed = {name: rows for name, rows in _tables().items() if rows != before[name]}
        assert not any(before[name] for name in changed), "the cast is made where nobody is yet"
        transaction.set_rollback(True)
    return _Stored(pickle.dumps(cast), tuple((_insert(name, rows[0]), rows) for name, rows in changed.items()))


def _tables() -> dict[str, list[tuple[object, ...]]]:
    with connection.cursor() as cursor:
        names = connection.introspection.table_names(cursor)
        return {name: cursor.execute(f'SELECT * FROM "{name}"').fetchall() for name in names}


def _insert(table: str, row: tuple[object, ...]) -> str:
    return f'INSERT INTO "{table}" VALUES ({", ".join("?" * len(row))})'
