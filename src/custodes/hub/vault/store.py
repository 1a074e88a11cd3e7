"""The vault's port: five verbs over sealed blobs. A store registers itself and then runs the contract suite."""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Protocol, TypeAlias

from django.conf import settings

from custodes.core.errors import BadInput, Permanent
from custodes.core.registry import Registry

NAME_PATTERN = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/[a-z0-9][a-z0-9._-]{0,47}")


class AlreadyStored(Permanent):
    """A blob of that name is there; blobs never change."""


class NoSuchBlob(Permanent):
    """No blob has that name."""


class BlobStore(Protocol):
    """Sealed blobs under names `<clip id>/<part>`. Bytes are opaque to it. Safe to share between threads."""

    def put(self, name: str, source: Path) -> None:
        """Take the file `source` in; it is gone from its place afterwards.

        Durable on return: content and name. Raises AlreadyStored when the name is taken (the source stays),
        Temporary when the disk refuses.
        """
        ...

    def read(self, name: str, start: int, stop: int) -> bytes:
        """Return bytes `[start, stop)`, fewer at the end of the blob. Raises NoSuchBlob."""
        ...

    def size(self, name: str) -> int:
        """Return the blob's size (bytes). Raises NoSuchBlob."""
        ...

    def delete(self, name: str) -> None:
        """Remove a blob; durable on return. A blob that is not there is no error: deletes are repeated."""
        ...

    def list(self, prefix: str = "") -> Iterator[str]:
        """Yield the names that begin with `prefix`, sorted."""
        ...


StoreMaker: TypeAlias = Callable[[Path], BlobStore]
stores: Registry[StoreMaker] = Registry("blob store")


def check_name(name: str) -> str:
    """Return `name`. Raises BadInput when it is not `<clip id>/<part>`: names never lead out of the vault."""
    if not NAME_PATTERN.fullmatch(name):
        raise BadInput(f"{name!r} is not the name of a blob")
    return name


def vault() -> BlobStore:
    """Return the hub's blob store: the local folder."""
    return _opened("local", settings.HUB.vault_dir)


@lru_cache(maxsize=8)
def _opened(kind: str, folder: Path) -> BlobStore:
    from custodes.hub.vault import local  # noqa: F401  # the stores register themselves

    return stores.get(kind)(folder)
