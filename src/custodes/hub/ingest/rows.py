"""The statements that every clip pays for, as SQL: the ORM would spend five times their CPU on them.

Plain standard SQL with the models' own names; the fields turn values into what the database in use keeps.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Field, Model

from custodes.hub.clips.models import Clip, ClipPart
from custodes.hub.clips.revisions import next_revision
from custodes.hub.fleet.models import Shift

_CLIP, _PART, _SHIFT = (model._meta.db_table for model in (Clip, ClipPart, Shift))
_UUID, _TIME = Clip._meta.get_field("id"), Clip._meta.get_field("received_at")


def insert(model: type[Model], rows: Sequence[Mapping[str, object]]) -> None:
    """Insert new rows of one model, given by column; what is not given has the model's default. Raises IntegrityError.

    The first row says which columns are given; `id` must be among them unless the database counts it.
    """
    query, defaults = _insertion(model, frozenset(rows[0]))
    fields = _fields(model)
    values = [[*(_kept(fields[column], row[column]) for column in sorted(row)), *defaults] for row in rows]
    with connection.cursor() as cursor:
        cursor.executemany(query, values) if len(values) > 1 else cursor.execute(query, values[0])


def known_clip(clip_id: UUID) -> tuple[UUID, str, str, str] | None:
    """Return (unit, hash of the declaration, receipt, state) of a declared clip."""
    row = _first(
        f'SELECT "unit_id", "declaration_sha256", "receipt_json", "state" FROM "{_CLIP}" WHERE "id" = %s',  # noqa: S608
        [_kept(_UUID, clip_id)],
    )
    return None if row is None else (_uuid(row[0]), row[1], row[2], row[3])


def open_parts(unit_id: UUID) -> tuple[int, int]:
    """Return how many parts of a unit's clips are under way, and the bytes that they were declared with."""
    row = _first(
        f'SELECT count(*), coalesce(sum(p."sealed_bytes"), 0) '  # noqa: S608  # our names
        f'FROM "{_CLIP}" c JOIN "{_PART}" p ON p."clip_id" = c."id" '
        'WHERE c."unit_id" = %s AND c."state" = %s',
        [_kept(_UUID, unit_id), Clip.State.RECEIVING.value],
    )
    return (int(row[0]), int(row[1])) if row else (0, 0)


def declared_since(unit_id: UUID, moment: datetime) -> int:
    """Return how many clips a unit has declared since a moment."""
    row = _first(
        f'SELECT count(*) FROM "{_CLIP}" WHERE "unit_id" = %s AND "declared_at" > %s',  # noqa: S608  # our names
        [_kept(_UUID, unit_id), _kept(_TIME, moment)],
    )
    return int(row[0]) if row else 0


def shift_at(site_id: UUID, moment: datetime) -> tuple[UUID | None, UUID | None]:
    """Return who drives at a site at a moment and on which route, by the shifts that the hub knows."""
    at = _kept(_TIME, moment)
    row = _first(
        f'SELECT "driver_id", "route_id" FROM "{_SHIFT}" WHERE "site_id" = %s AND "starts_at" <= %s '  # noqa: S608  # our names
        'AND ("ends_at" IS NULL OR "ends_at" > %s) ORDER BY "starts_at" DESC LIMIT 1',
        [_kept(_UUID, site_id), at, at],
    )
    return (None, None) if row is None else (_uuid(row[0]), None if row[1] is None else _uuid(row[1]))


def mark_received(
    clip_id: UUID,
    *,
    receipt_json: str,
    subject_id: UUID | None,
    route_id: UUID | None,
    clock_doubt: str,
    now: datetime,
) -> bool:
    """Move a clip and its parts from arriving to stored, inside a transaction. False: it was not arriving any more."""
    at, clip = _kept(_TIME, now), _kept(_UUID, clip_id)
    with connection.cursor() as cursor:
        cursor.execute(
            f'UPDATE "{_CLIP}" SET "state" = %s, "received_at" = %s, "subject_id" = %s, "route_id" = %s, '  # noqa: S608
            '"clock_doubt" = %s, "receipt_json" = %s, "revision" = %s WHERE "id" = %s AND "state" = %s',
            [
                Clip.State.PROCESSING.value,
                at,
                None if subject_id is None else _kept(_UUID, subject_id),
                None if route_id is None else _kept(_UUID, route_id),
                clock_doubt,
                receipt_json,
                next_revision(),
                clip,
                Clip.State.RECEIVING.value,
            ],
        )
        if cursor.rowcount != 1:
            return False
        cursor.execute(f'UPDATE "{_PART}" SET "stored_at" = %s WHERE "clip_id" = %s', [at, clip])  # noqa: S608
    return True


@cache
def _fields(model: type[Model]) -> "dict[str, Field[Any, Any]]":
    return {str(field.column): field for field in model._meta.local_concrete_fields}


@cache
def _insertion(model: type[Model], given: frozenset[str]) -> tuple[str, list[Any]]:
    """Return the statement, its places for the given columns (sorted) first, and the values of all others."""
    rest = {
        column: field
        for column, field in _fields(model).items()
        if column not in given and field.get_internal_type() != "BigAutoField"
    }
    columns = ", ".join(f'"{column}"' for column in [*sorted(given), *rest])
    places = ", ".join(["%s"] * (len(given) + len(rest)))
    defaults = [field.get_db_prep_save(field.get_default(), connection) for field in rest.values()]
    return f'INSERT INTO "{model._meta.db_table}" ({columns}) VALUES ({places})', defaults  # noqa: S608  # our names


def _first(query: str, values: Sequence[Any]) -> tuple[Any, ...] | None:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        row: tuple[Any, ...] | None = cursor.fetchone()
    return row


def _kept(field: Any, value: object) -> Any:
    return field.get_db_prep_value(value, connection)


def _uuid(value: object) -> UUID:
    return value if isinstance(value, UUID) else UUID(str(value))
