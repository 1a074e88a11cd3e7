"""The four statements of an append and the one of a look-up, as SQL: every act of the hub pays for them, every byte
range for the look-up, and the ORM costs five times more.

Plain standard SQL with the models' own table names; SQLite and PostgreSQL take it as it is.
"""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from custodes.core.merkle import Frontier
from custodes.hub.audit.leaf import LedgerEntry
from custodes.hub.audit.models import LedgerBody, LedgerLeaf, LedgerState

_STATE, _LEAF, _BODY = (model._meta.db_table for model in (LedgerState, LedgerLeaf, LedgerBody))
_UUID = LedgerBody._meta.get_field("clip_id")


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """One entry as the database holds it, believed in nothing."""

    seq: int
    kind: str
    recorded_wall_ns: int
    mac: bytes | None
    salt: bytes
    body_json: str


@dataclass(frozen=True, slots=True)
class Edge:
    """Where the ledger ends: the tree's right edge, and the time of its last entry (wall ns; 0: none)."""

    frontier: Frontier
    last_wall_ns: int


def locked_edge() -> Edge:
    """Return where the ledger ends, locked until the transaction ends. Call it inside of one."""
    # SQLite took the write lock with BEGIN IMMEDIATE and knows no FOR UPDATE.
    lock = " FOR UPDATE" if connection.features.has_select_for_update else ""
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT "size", "frontier", "last_wall_ns" FROM "{_STATE}" WHERE "only" = 1{lock}')  # noqa: S608
        row = cursor.fetchone()
        if row is None:
            cursor.execute(
                f'INSERT INTO "{_STATE}" ("only", "size", "frontier", "last_wall_ns") VALUES (1, 0, %s, 0)',  # noqa: S608
                [b""],
            )
            return Edge(Frontier(), 0)
    return Edge(Frontier.from_bytes(row[0], bytes(row[1])), row[2])


def store(
    entry: LedgerEntry,
    frontier: Frontier,
    *,
    mac: bytes,
    salt: bytes,
    body_json: str,
    clip: UUID | None,
    person: UUID | None,
) -> None:
    """Store one entry and the edge after it."""
    with connection.cursor() as cursor:
        cursor.execute(
            f'UPDATE "{_STATE}" SET "size" = %s, "frontier" = %s, "last_wall_ns" = %s WHERE "only" = 1',  # noqa: S608
            [frontier.size, frontier.to_bytes(), entry.recorded_wall_ns],
        )
        cursor.execute(
            f'INSERT INTO "{_LEAF}" ("seq", "leaf_hash", "body_hash", "kind", "recorded_wall_ns", "mac") '  # noqa: S608
            "VALUES (%s, %s, %s, %s, %s, %s)",
            [entry.seq, entry.leaf_hash, entry.body_hash, entry.kind, entry.recorded_wall_ns, mac],
        )
        cursor.execute(
            f'INSERT INTO "{_BODY}" ("leaf_id", "salt", "body_json", "clip_id", "person_id") '  # noqa: S608
            "VALUES (%s, %s, %s, %s, %s)",
            [entry.seq, salt, body_json, _uuid(clip), _uuid(person)],
        )


def filed_under(clip: UUID, kinds: Collection[str], *, holding: str = "") -> list[StoredEntry]:
    """Return the entries of `kinds` that are filed under a clip, in order; `holding`: whose text has this in it."""
    places = ", ".join(["%s"] * len(kinds))
    query = (
        'SELECT l."seq", l."kind", l."recorded_wall_ns", l."mac", b."salt", b."body_json" '  # noqa: S608
        f'FROM "{_BODY}" b JOIN "{_LEAF}" l ON l."seq" = b."leaf_id" '
        f'WHERE b."clip_id" = %s AND l."kind" IN ({places}) AND b."body_json" LIKE %s ESCAPE \'\\\' ORDER BY l."seq"'
    )
    text = f"%{connection.ops.prep_for_like_query(holding)}%"
    with connection.cursor() as cursor:
        cursor.execute(query, [_uuid(clip), *kinds, text])
        return [
            StoredEntry(seq, kind, wall_ns, None if mac is None else bytes(mac), bytes(salt), text)
            for seq, kind, wall_ns, mac, salt, text in cursor.fetchall()
        ]


def _uuid(value: UUID | None) -> UUID | str | None:
    """Return `value` as the database in use keeps it: SQLite as text, PostgreSQL as itself."""
    prepared: UUID | str | None = _UUID.get_db_prep_value(value, connection)
    return prepared
