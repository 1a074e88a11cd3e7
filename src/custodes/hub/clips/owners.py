"""Who but clips keeps keys and sealed blobs: each says what it has. `fsck` checks by it, repair leaves it alone."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from custodes.core.registry import Registry


@dataclass(frozen=True, slots=True)
class StoredBlob:
    """What a row says of a blob: its size (bytes) and its SHA-256."""

    sealed_bytes: int
    sealed_sha256: str


@dataclass(frozen=True, slots=True)
class Owner:
    """Which blobs an app has, by name, and whether a key is that of something it keeps, be blobs there or not yet."""

    blobs: Callable[[], Mapping[str, StoredBlob]]
    keeps: Callable[[UUID], bool]


owners: Registry[Owner] = Registry("owner of blobs")


def all_blobs() -> dict[str, StoredBlob]:
    """Return every blob that an owner speaks of, by its name in the vault."""
    found: dict[str, StoredBlob] = {}
    for name in owners:
        found.update(owners.get(name).blobs())
    return found


def is_kept(owner_id: UUID) -> bool:
    """Say whether keys and blobs of this id are those of something that an owner keeps."""
    return any(owners.get(name).keeps(owner_id) for name in owners)
