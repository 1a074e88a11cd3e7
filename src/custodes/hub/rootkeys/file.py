"""The root key as a file in `keys/`: whoever holds the folder can open clips."""

from custodes.core.errors import Corrupt
from custodes.core.seal import lock, unlock
from custodes.hub import keyring
from custodes.hub.config import HubSettings
from custodes.hub.rootkeys.port import root_keys


def unlock_wrapped(key: bytes, wrapped: bytes, bound: bytes) -> bytes:
    """Return what a root key wrapped. Raises Corrupt, in words of root keys."""
    try:
        return unlock(key, wrapped, bound)
    except Corrupt:
        raise Corrupt("it does not open under this hub's root key; was the root key replaced?") from None


@root_keys.register("file")
class FileRootKey:
    """`keys/root.key`: 32 bytes in hex, made at the first start."""

    def __init__(self, hub: HubSettings) -> None:
        self._keys_dir = hub.keys_dir

    def wrap(self, plain: bytes, bound: bytes) -> bytes:
        """Return `plain` sealed. See `RootKey.wrap`."""
        return lock(keyring.load_root_key(self._keys_dir), plain, bound)

    def unwrap(self, wrapped: bytes, bound: bytes) -> bytes:
        """Return what was wrapped. See `RootKey.unwrap`."""
        return unlock_wrapped(keyring.load_root_key(self._keys_dir), wrapped, bound)
