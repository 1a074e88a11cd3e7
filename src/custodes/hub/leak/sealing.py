"""The hub's seal on a finding: its row is plain, and whoever can write the database could name anybody in it."""

import hashlib
import hmac

from custodes.hub import keyring
from custodes.hub.leak.models import LeakFinding


def seal_of(row: LeakFinding) -> str:
    """Return the seal of a finding: HMAC-SHA-256 over all that it says, under a key of this film's (64 hex digits).

    Raises BadInput when the hub's marking key is missing.
    """
    said = (row.leak_id, row.run, row.clip_id, row.film, row.found, row.verdict, row.finding_json)
    secret = keyring.mark_secret(row.clip_id, row.film, "finding")
    return hmac.new(secret, "\n".join(map(str, said)).encode(), hashlib.sha256).hexdigest()


def is_own(row: LeakFinding) -> bool:
    """Say whether the hub itself found this."""
    return hmac.compare_digest(seal_of(row), row.seal)
