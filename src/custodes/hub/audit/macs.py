"""The code by which the hub knows its own entries: HMAC-SHA256 over the leaf hash, under a key that lies in `keys/`.

Whoever can write the database can put any leaf into it, with every hash right, but not this code. From which entry on
it is demanded stands in `keys/` too (`entry.since`), with the root of the entries before, so that nobody can pass a
new entry off as one from before the hub had such a key.
"""

import hmac
import json
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from custodes.core.errors import BadInput
from custodes.core.fs import write_durably
from custodes.core.merkle import EMPTY_ROOT
from custodes.hub import keyring

SINCE_FILE = "entry.since"
_ENTRY = b"custodes.entry-mac/1\n"
_SINCE = b"custodes.entry-since/1\n"


@dataclass(frozen=True, slots=True)
class Beginning:
    """From which entry on each bears a code, and the root of all before it."""

    size: int = 0
    root: bytes = EMPTY_ROOT


def mac_of(leaf_hash: bytes, key: bytes = b"") -> bytes:
    """Return the code of an entry, 32 bytes. Raises BadInput when the hub's key for it is missing or damaged.

    `key`: that of the hub, where somebody who asks of many entries has it at hand.
    """
    return hmac.digest(key or keyring.entry_key(), _ENTRY + leaf_hash, "sha256")


def fits(leaf_hash: bytes, mac: bytes | memoryview | None, key: bytes = b"") -> bool:
    """Say whether the hub gave this code to this entry. `key`: as above."""
    return mac is not None and hmac.compare_digest(mac_of(leaf_hash, key), bytes(mac))


def beginning() -> Beginning:
    """Return from where on codes are demanded: from the first entry, unless the key is younger than the ledger.

    Raises BadInput when the note of it is damaged or another key's.
    """
    path = _path()
    try:
        fields = json.loads(path.read_text(encoding="ascii"))
        noted = Beginning(int(fields["size"]), bytes.fromhex(fields["root"]))
        mac = bytes.fromhex(fields["mac"])
    except FileNotFoundError:
        return Beginning()
    except (OSError, ValueError, KeyError, TypeError):
        raise BadInput(f"{path}: cannot be read. Put the hub's own file back from a backup.") from None
    if not hmac.compare_digest(mac, _mac_of_beginning(noted)):
        raise BadInput(f"{path}: was changed, or is another hub's. Put the hub's own file back from a backup.")
    return noted


def is_noted() -> bool:
    """Say whether it was noted from where on codes are demanded."""
    return _path().is_file()


def note(begun: Beginning) -> None:
    """Note from where on codes are demanded. Durable on return."""
    fields = {"size": begun.size, "root": begun.root.hex(), "mac": _mac_of_beginning(begun).hex()}
    write_durably(_path(), json.dumps(fields).encode() + b"\n", mode=0o600)


def _path() -> Path:
    folder: Path = settings.HUB.keys_dir
    return folder / SINCE_FILE


def _mac_of_beginning(begun: Beginning) -> bytes:
    return hmac.digest(keyring.entry_key(), _SINCE + f"{begun.size}\n{begun.root.hex()}".encode(), "sha256")
