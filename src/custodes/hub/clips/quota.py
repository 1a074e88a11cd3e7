"""Room that an organisation's clips and trips take: counted when they come, given back when refused or erased."""

from collections.abc import Iterable
from uuid import UUID

from django.db import connection
from django.db.models import F

from custodes.hub.clips.models import StoredBytes
from custodes.hub.fleet.models import Organisation

_KEY = Organisation._meta.get_field("id")
LEAST_BYTES = 4096
"""What a blob takes on a disk however few bytes it has: a block. Its row and its folder come on top."""


def room(sizes: Iterable[int]) -> int:
    """Return what blobs of these sealed sizes count as (bytes)."""
    return sum(max(LEAST_BYTES, size) for size in sizes)


def reserve(*, organisation_id: UUID, wanted_bytes: int, limit_bytes: int) -> bool:
    """Count `wanted_bytes` towards the organisation unless that passes `limit_bytes`. Inside a transaction."""
    if _take(organisation_id, wanted_bytes, limit_bytes):
        return True
    StoredBytes.objects.get_or_create(organisation_id=organisation_id)
    return _take(organisation_id, wanted_bytes, limit_bytes)


def _take(organisation_id: UUID, wanted_bytes: int, limit_bytes: int) -> bool:
    """Count bytes where there is room for them; one statement, and no ORM: every clip pays for it."""
    with connection.cursor() as cursor:
        cursor.execute(
            f'UPDATE "{StoredBytes._meta.db_table}" SET "sealed_bytes" = "sealed_bytes" + %s '  # noqa: S608  # our names
            'WHERE "organisation_id" = %s AND "sealed_bytes" <= %s',
            [wanted_bytes, _KEY.get_db_prep_value(organisation_id, connection), limit_bytes - wanted_bytes],
        )
        return bool(cursor.rowcount)


def add(*, organisation_id: UUID, more_bytes: int) -> None:
    """Count bytes that the hub itself adds (a poster)."""
    StoredBytes.objects.filter(organisation_id=organisation_id).update(sealed_bytes=F("sealed_bytes") + more_bytes)


def give_back(*, organisation_id: UUID, freed_bytes: int) -> None:
    """Return room that is free again."""
    StoredBytes.objects.filter(organisation_id=organisation_id, sealed_bytes__gte=freed_bytes).update(
        sealed_bytes=F("sealed_bytes") - freed_bytes
    )


def stored_bytes(organisation_id: UUID) -> int:
    """Return the room that an organisation's clips take (bytes)."""
    row = StoredBytes.objects.filter(organisation_id=organisation_id).first()
    return row.sealed_bytes if row else 0
