"""Who but clips keeps sealed blobs in the vault: each says what it has, and `fsck` holds the vault against it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from custodes.core.registry import Registry


@dataclass(frozen=True, slots=True)
class StoredBlob:
    """What a row says of a blob: its size (bytes) and its SHA-256."""

    sealed_bytes: int
    sealed_sha256: str


owners: Registry[Callable[[], Mapping[str, StoredBlob]]] = Registry("owner of blobs")


def all_blobs() -> dict[str, StoredBlob]:
    """Return every blob that an owner speaks of, by its name in the vault."""
    found: dict[str, StoredBlob] = {}
    for name in owners:
        found.update(owners.get(name)())
    return found
