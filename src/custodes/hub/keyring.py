"""The hub's own keys: files in `keys/`, readable by the hub's user alone, never in the database.

`ledger.pem` signs tree heads and receipts (Ed25519); `seal.pem` opens what units seal (X25519); `root.key` wraps
the key of every clip (32 random bytes); `mark.key` is what marks and code words are drawn from (32 random bytes);
`entry.key` gives each entry of the ledger the code by which the hub knows it for its own (32 random bytes), and by keys
derived from it rows that lead in (`fleet.own_rows`);
`push.pem` signs what goes to push services (P-256), made when the first browser asks for it.
What each is for, and what its loss means, stands in docs/design/keys.md.
"""

import hashlib
import secrets
import stat
import threading
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from uuid import UUID

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from django.conf import settings

from custodes.core.errors import BadInput
from custodes.core.fs import sync_folder, write_durably

SIGNING_FILE = "ledger.pem"
SEAL_FILE = "seal.pem"
ROOT_FILE = "root.key"
MARK_FILE = "mark.key"
ENTRY_FILE = "entry.key"
PUSH_FILE = "push.pem"
DJANGO_SECRET_FILE = "django_secret"  # noqa: S105  # a file's name
ROOT_KEY_BYTES = 32
_MAKING = threading.Lock()


def make_keys(keys_dir: Path, *, with_root: bool = True) -> list[str]:
    """Make the keys that are not there yet; return their file names. Durable on return.

    Existing keys are never replaced. `with_root`: the root key is a file here (`hub.rootkeys` has other kinds).
    Raises BadInput when the folder is readable by others.
    """
    keys_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    _refuse_readable_by_others(keys_dir)
    makers: tuple[tuple[str, Callable[[], bytes]], ...] = (
        (SIGNING_FILE, lambda: _pem(Ed25519PrivateKey.generate())),
        (SEAL_FILE, lambda: _pem(X25519PrivateKey.generate())),
        (ROOT_FILE, lambda: secrets.token_hex(ROOT_KEY_BYTES).encode() + b"\n"),
        (MARK_FILE, lambda: secrets.token_hex(ROOT_KEY_BYTES).encode() + b"\n"),
        (ENTRY_FILE, lambda: secrets.token_hex(ROOT_KEY_BYTES).encode() + b"\n"),
        (DJANGO_SECRET_FILE, lambda: secrets.token_urlsafe(64).encode() + b"\n"),
    )
    made: list[str] = []
    for name, make in makers:
        if not (keys_dir / name).exists() and (with_root or name != ROOT_FILE):
            write_durably(keys_dir / name, make(), mode=0o600)
            made.append(name)
    if made:
        sync_folder(keys_dir.parent)
    return made


def signing_key() -> Ed25519PrivateKey:
    """Return the key that signs tree heads and receipts. Raises BadInput when its file is missing or not a key."""
    return load_signing_key(settings.HUB.keys_dir)


def signing_public_key() -> Ed25519PublicKey:
    """Return the public half of the signing key: what units keep to check receipts and heads."""
    return signing_key().public_key()


def signing_key_id() -> str:
    """Return the name of the signing key: `ed25519:` and 16 hex digits of its public half's SHA-256."""
    return signing_key_id_of(signing_public_key())


def signing_key_id_of(key: Ed25519PublicKey) -> str:
    """Return the name of one Ed25519 public key."""
    return f"ed25519:{hashlib.sha256(key.public_bytes_raw()).hexdigest()[:16]}"


def seal_key() -> X25519PrivateKey:
    """Return the key that opens units' envelopes. Raises BadInput when its file is missing or not a key."""
    return _load_seal_key(settings.HUB.keys_dir)


def seal_public_key() -> X25519PublicKey:
    """Return the public half of the seal key: what units seal to."""
    return seal_key().public_key()


def seal_key_id() -> str:
    """Return the name of the seal key: `x25519:` and 16 hex digits of its public half's SHA-256."""
    return f"x25519:{hashlib.sha256(seal_public_key().public_bytes_raw()).hexdigest()[:16]}"


def root_key() -> bytes:
    """Return the 32 bytes that wrap every clip's key. Raises BadInput when the file is missing or damaged."""
    return load_root_key(settings.HUB.keys_dir)


def entry_key() -> bytes:
    """Return the 32 bytes under which entries of the ledger are coded. Raises BadInput when missing or damaged."""
    return _load_entry_key(settings.HUB.keys_dir)


def row_key(use: str) -> bytes:
    """Return 32 bytes under which rows of one use are coded: derived from the entries' key (HKDF-SHA256), kept nowhere.

    Raises BadInput when that is missing or damaged.
    """
    return HKDF(hashes.SHA256(), length=32, salt=None, info=b"custodes.row/1 " + use.encode()).derive(entry_key())


def push_key() -> ec.EllipticCurvePrivateKey:
    """Return the key by which push services know this hub (VAPID, RFC 8292); make it at its first use.

    Durable on return. Raises BadInput when its file is not such a key.
    """
    path = settings.HUB.keys_dir / PUSH_FILE
    with _MAKING:
        if not path.exists():
            write_durably(path, _pem(ec.generate_private_key(ec.SECP256R1())), mode=0o600)
    return _load_push_key(settings.HUB.keys_dir)


def has(name: str) -> bool:
    """Say whether a key lies in the hub's folder: a copy of the data alone has none."""
    return (settings.HUB.keys_dir / name).is_file()


def mark_secret(clip_id: UUID, part: str, use: str) -> bytes:
    """Return 32 bytes from which one film's marks or its views' code words are drawn, by `use`.

    Derived anew each time (HKDF-SHA256) and kept nowhere. Raises BadInput when the hub's marking key is missing.
    """
    info = b"custodes.mark/1 " + use.encode() + b" " + part.encode() + clip_id.bytes
    return HKDF(hashes.SHA256(), length=32, salt=None, info=info).derive(_load_mark_key(settings.HUB.keys_dir))


@lru_cache(maxsize=8)
def load_signing_key(keys_dir: Path) -> Ed25519PrivateKey:
    """Return the signing key that lies in `keys_dir`. Raises BadInput when it is missing or not a key."""
    key = _load_pem(keys_dir / SIGNING_FILE)
    if not isinstance(key, Ed25519PrivateKey):
        raise BadInput(f"{keys_dir / SIGNING_FILE}: not an Ed25519 key. Put the hub's own file back from a backup.")
    return key


@lru_cache(maxsize=8)
def _load_seal_key(keys_dir: Path) -> X25519PrivateKey:
    key = _load_pem(keys_dir / SEAL_FILE)
    if not isinstance(key, X25519PrivateKey):
        raise BadInput(f"{keys_dir / SEAL_FILE}: not an X25519 key. Put the hub's own file back from a backup.")
    return key


@lru_cache(maxsize=8)
def _load_push_key(keys_dir: Path) -> ec.EllipticCurvePrivateKey:
    key = _load_pem(keys_dir / PUSH_FILE)
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise BadInput(f"{keys_dir / PUSH_FILE}: not a P-256 key. Put the hub's own file back from a backup.")
    return key


@lru_cache(maxsize=8)
def load_root_key(keys_dir: Path) -> bytes:
    """Return the root key that lies in `keys_dir`. Raises BadInput when it is missing or damaged."""
    return _load_hex(keys_dir / ROOT_FILE)


@lru_cache(maxsize=8)
def _load_mark_key(keys_dir: Path) -> bytes:
    return _load_hex(keys_dir / MARK_FILE)


@lru_cache(maxsize=8)
def _load_entry_key(keys_dir: Path) -> bytes:
    return _load_hex(keys_dir / ENTRY_FILE)


def _load_hex(path: Path) -> bytes:
    try:
        key = bytes.fromhex(_read(path).decode("ascii").strip())
    except ValueError:
        key = b""
    if len(key) != ROOT_KEY_BYTES:
        raise BadInput(f"{path}: not 32 bytes in hex. Put the hub's own file back from a backup.")
    return key


def _load_pem(path: Path) -> object:
    try:
        return load_pem_private_key(_read(path), password=None)
    except (ValueError, TypeError):
        raise BadInput(f"{path}: not a private key in PEM. Put the hub's own file back from a backup.") from None


def _read(path: Path) -> bytes:
    try:
        _refuse_readable_by_others(path)
        return path.read_bytes()
    except FileNotFoundError:
        raise BadInput(f"{path}: missing. 'custodes hub serve' makes it at the first start.") from None
    except OSError as error:
        raise BadInput(f"{path}: cannot be read: {error.strerror}.") from None


def _refuse_readable_by_others(path: Path) -> None:
    mode = path.stat().st_mode
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        wanted = "700" if path.is_dir() else "600"
        raise BadInput(f"{path}: other users of this machine may read it. Run: chmod {wanted} {path}")


def _pem(key: Ed25519PrivateKey | X25519PrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
