"""How far a page has read, in a form that tells its reader nothing.

A revision counts the changes of every clip of the hub: whoever saw it grow would know when others are filmed. A page
therefore holds a bookmark: the revision, encrypted for one person, different each time, good for half a day.
"""

import base64
import binascii
import secrets
import struct
from collections.abc import Callable
from functools import lru_cache
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from custodes.core.clock import NS_PER_S, Clock, SystemClock

GOOD_FOR_S = 12 * 3600
"""A page that was left open for longer is to be loaded anew: reading on from there could mean every clip of the hub."""
_NONCE_BYTES = 12
_PLACE = struct.Struct(">QQ")


class Bookmarks:
    """Makes and reads the bookmarks of one person; those of others read as none."""

    def __init__(
        self, person_id: UUID, *, clock: Clock | None = None, nonce: Callable[[int], bytes] = secrets.token_bytes
    ) -> None:
        self._person = person_id.bytes
        self._clock = clock or SystemClock()
        self._nonce = nonce

    def seal(self, revision: int) -> str:
        """Return a bookmark at `revision`: 59 letters, digits, `-` and `_`, never twice the same."""
        nonce = self._nonce(_NONCE_BYTES)
        place = _PLACE.pack(revision, self._now_s())
        return base64.urlsafe_b64encode(nonce + _key().encrypt(nonce, place, self._person)).decode().rstrip("=")

    def open(self, text: str) -> int | None:
        """Return the revision of a bookmark of this person; None for one that is old, foreign or made up."""
        try:
            sealed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
            revision, made_s = _PLACE.unpack(_key().decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], self._person))
        except (binascii.Error, ValueError, InvalidTag, struct.error):
            return None
        return int(revision) if 0 <= self._now_s() - made_s <= GOOD_FOR_S else None

    def _now_s(self) -> int:
        return self._clock.wall_ns() // NS_PER_S


def _key() -> AESGCM:
    return _key_from(settings.SECRET_KEY)


@lru_cache(maxsize=2)
def _key_from(secret: str) -> AESGCM:
    return AESGCM(HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=b"inbox bookmark").derive(secret.encode()))
