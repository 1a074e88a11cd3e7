"""Room that an organisation's clips take: counted when declared, given back when refused or erased."""

from uuid import UUID

from django.db.models import F

from custodes.hub.clips.models import StoredBytes


def reserve(*, organisation_id: UUID, wanted_bytes: int, limit_bytes: int) -> bool:
    """Count `wanted_bytes` towards the organisation unless that passes `limit_bytes`. Inside a transaction."""
    room = StoredBytes.objects.filter(organisation_id=organisation_id, sealed_bytes__lte=limit_bytes - wanted_bytes)
    more = F("sealed_bytes") + wanted_bytes
    if room.update(sealed_bytes=more):
        return True
    StoredBytes.objects.get_or_create(organisation_id=organisation_id)
    return bool(room.update(sealed_bytes=more))


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
