"""The root key in `keys/`, sealed under a passphrase that lies elsewhere: a copy of the folder alone opens nothing.

The passphrase comes from a file that something else provides when the hub starts, such as a systemd credential or a
mounted secret. scrypt (RFC 7914) makes guessing slow: N = 2^15, r = 8, p = 1, 32 MiB and about 0.1 s a guess.
"""

import os
import threading
from pathlib import Path

from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from custodes.core.errors import BadInput, Corrupt
from custodes.core.fs import write_durably
from custodes.core.seal import lock, unlock
from custodes.hub.config import HubSettings
from custodes.hub.rootkeys.file import unlock_wrapped
from custodes.hub.rootkeys.port import root_keys

SEALED_FILE = "root.sealed"
MAGIC = b"custodes.root/1\n"
SALT_BYTES = 16
KEY_BYTES = 32
MIN_LETTERS = 20
"""A passphrase of five words of a dice list (64 bits) has more letters than this."""


@root_keys.register("passphrase")
class PassphraseRootKey:
    """`keys/root.sealed`, made at the first use."""

    def __init__(self, hub: HubSettings) -> None:
        self._path = hub.keys_dir / SEALED_FILE
        self._passphrase_file = hub.keys.passphrase_file
        self._lock = threading.Lock()
        self._key: bytes | None = None

    def wrap(self, plain: bytes, bound: bytes) -> bytes:
        """Return `plain` sealed. See `RootKey.wrap`."""
        return lock(self._opened(), plain, bound)

    def unwrap(self, wrapped: bytes, bound: bytes) -> bytes:
        """Return what was wrapped. See `RootKey.unwrap`."""
        return unlock_wrapped(self._opened(), wrapped, bound)

    def _opened(self) -> bytes:
        with self._lock:
            if self._key is None:
                self._key = self._open() if self._path.is_file() else self._make()
            return self._key

    def _make(self) -> bytes:
        key, salt = os.urandom(KEY_BYTES), os.urandom(SALT_BYTES)
        write_durably(self._path, MAGIC + salt + lock(self._stretched(salt), key, MAGIC))
        return key

    def _open(self) -> bytes:
        content = self._path.read_bytes()
        salt = content[len(MAGIC) : len(MAGIC) + SALT_BYTES]
        try:
            return unlock(self._stretched(salt), content[len(MAGIC) + SALT_BYTES :], MAGIC)
        except Corrupt:
            raise BadInput(
                f"{self._path}: does not open under the passphrase in {self._passphrase_file}. Give the one that it "
                "was made with, or put the file back from a backup."
            ) from None

    def _stretched(self, salt: bytes) -> bytes:
        passphrase = _read(self._passphrase_file)
        return Scrypt(salt=salt, length=KEY_BYTES, n=2**15, r=8, p=1).derive(passphrase)


def _read(path: Path | None) -> bytes:
    if path is None:
        raise BadInput("keys.passphrase_file: missing. Name the file that holds the passphrase of the root key.")
    try:
        passphrase = path.read_bytes().strip()
    except OSError as error:
        raise BadInput(f"{path}: cannot be read: {error.strerror}. It holds the passphrase of the root key.") from None
    if len(passphrase) < MIN_LETTERS:
        raise BadInput(f"{path}: the passphrase has {len(passphrase)} letters; take {MIN_LETTERS} or more.")
    return passphrase
