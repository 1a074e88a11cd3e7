"""The root key as a file in `keys/`: whoever holds the folder can open clips."""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from custodes.core.errors import Corrupt
from custodes.hub import keyring
from custodes.hub.config import HubSettings
from custodes.hub.rootkeys.port import root_keys

NONCE_BYTES = 12


def seal(key: bytes, plain: bytes, bound: bytes) -> bytes:
    """Return nonce (12) and AES-256-GCM ciphertext of `plain` under `key`, bound to `bound`."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, bound)


def unseal(key: bytes, sealed: bytes, bound: bytes) -> bytes:
    """Return what `seal` sealed. Raises Corrupt when key, bytes or `bound` differ."""
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bound)
    except (InvalidTag, ValueError) as error:
        raise Corrupt("it does not open under this hub's root key; was the root key replaced?") from error


@root_keys.register("file")
class FileRootKey:
    """`keys/root.key`: 32 bytes in hex, made at the first start."""

    def __init__(self, hub: HubSettings) -> None:
        self._keys_dir = hub.keys_dir

    def wrap(self, plain: bytes, bound: bytes) -> bytes:
        """Return `plain` sealed. See `RootKey.wrap`."""
        return seal(keyring.load_root_key(self._keys_dir), plain, bound)

    def unwrap(self, wrapped: bytes, bound: bytes) -> bytes:
        """Return what was wrapped. See `RootKey.unwrap`."""
        return unseal(keyring.load_root_key(self._keys_dir), wrapped, bound)
