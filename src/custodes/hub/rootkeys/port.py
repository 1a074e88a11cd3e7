"""The port of the root key: two verbs, so that a key service never has to give the key away.

A kind registers itself and then runs the contract suite (`tests/contracts/test_root_keys.py`).
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Protocol, TypeAlias

from django.conf import settings

from custodes.core.errors import Temporary
from custodes.core.registry import Registry
from custodes.hub.config import HubSettings


class RootKeyAway(Temporary):
    """The key service does not answer. Nothing is lost; try again."""


class RootKey(Protocol):
    """Wraps the content keys of clips. Safe to share between threads."""

    def wrap(self, plain: bytes, bound: bytes) -> bytes:
        """Return `plain` (32 bytes) wrapped, so that only `unwrap` with the same `bound` opens it.

        Raises RootKeyAway; BadInput when the key is not as the settings say.
        """
        ...

    def unwrap(self, wrapped: bytes, bound: bytes) -> bytes:
        """Return what was wrapped. Raises Corrupt when it was not wrapped here for `bound`; else as `wrap`."""
        ...


RootKeyMaker: TypeAlias = Callable[[HubSettings], RootKey]
root_keys: Registry[RootKeyMaker] = Registry("root key")


def kinds() -> Registry[RootKeyMaker]:
    """Return every kind of root key."""
    from custodes.hub.rootkeys import file, passphrase, socket  # noqa: F401  # the kinds register themselves

    return root_keys


def opened() -> RootKey:
    """Return the root key that the hub's settings name. Reads nothing until it is used."""
    return _opened(settings.HUB)


def check() -> None:
    """Wrap and unwrap something, so that a hub whose root key does not work refuses to start. Raises as the port."""
    key = opened()
    if key.unwrap(key.wrap(bytes(32), b"check"), b"check") != bytes(32):
        raise RootKeyAway("the key service answers nonsense: what it wrapped does not come back. Mend it, then start.")


@lru_cache(maxsize=8)
def _opened(hub: HubSettings) -> RootKey:
    return kinds().get(hub.keys.root)(hub)
