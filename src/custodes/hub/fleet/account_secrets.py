"""What proves a person, sealed: secrets of authenticator apps and recovery codes lie in the database, but not open.

They are sealed under a key of their own (AES-256-GCM). That key lies in `keys/accounts.sealed`, wrapped by the root
key, and never in the database: a dump or a backup of the data lets nobody make a code. See docs/design/keys.md.
"""

import base64
import binascii
import threading
from functools import lru_cache
from pathlib import Path

from allauth.mfa.models import Authenticator
from django.conf import settings

from custodes.core.errors import BadInput, Corrupt
from custodes.core.fs import write_durably
from custodes.core.seal import lock, new_content_key, unlock
from custodes.hub import rootkeys

KEY_FILE = "accounts.sealed"
MARK = "sealed.1."
"""What every sealed secret begins with."""
OPEN_FIELDS = ("secret", "seed")
"""Where django-allauth keeps a secret in an authenticator's data; `migrated_codes` is a list of them."""
_BOUND = b"custodes.account-secrets/1"
_making = threading.Lock()


def seal(text: str) -> str:
    """Return `text` sealed, in letters that a JSON field takes. Raises as the root key's port."""
    return MARK + base64.urlsafe_b64encode(lock(_key(), text.encode(), _BOUND)).decode()


def unseal(sealed: str) -> str:
    """Return what `seal` sealed. Raises Corrupt for anything else, also for a secret that was put in open by hand."""
    try:
        content = base64.urlsafe_b64decode(sealed.removeprefix(MARK))
        if sealed.startswith(MARK):
            return unlock(_key(), content, _BOUND).decode()
    except (Corrupt, binascii.Error, ValueError):
        pass
    raise Corrupt("a second factor's secret was not sealed by this hub. Was keys/accounts.sealed replaced?")


def seal_fields(fields: dict[str, object]) -> dict[str, object]:
    """Return an authenticator's data with every secret sealed; what is sealed stays."""
    sealed = {
        name: seal(value) if name in OPEN_FIELDS and isinstance(value, str) and not value.startswith(MARK) else value
        for name, value in fields.items()
    }
    codes = sealed.get("migrated_codes")
    if isinstance(codes, list):
        sealed["migrated_codes"] = [code if code.startswith(MARK) else seal(code) for code in codes]
    return sealed


def check() -> None:
    """Open the key, so that sign-ins need no key service later. Raises BadInput when it is lost, and as the port."""
    path = _path()
    if not path.is_file() and Authenticator.objects.filter(type__in=[*_SEALED_TYPES]).exists():
        raise BadInput(
            f"{path}: missing; without it no authenticator app can be checked. Put the hub's own file back from a "
            "backup of its keys."
        )
    _key()


_SEALED_TYPES = (Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES)


def _path() -> Path:
    folder: Path = settings.HUB.keys_dir
    return folder / KEY_FILE


def _key() -> bytes:
    return _opened(_path())


@lru_cache(maxsize=8)
def _opened(path: Path) -> bytes:
    with _making:
        if not path.is_file():
            key = new_content_key()
            write_durably(path, rootkeys.opened().wrap(key, _BOUND))
            return key
        try:
            return rootkeys.opened().unwrap(path.read_bytes(), _BOUND)
        except Corrupt as error:
            raise BadInput(f"{path}: {error} Put the hub's own file back from a backup of its keys.") from None
