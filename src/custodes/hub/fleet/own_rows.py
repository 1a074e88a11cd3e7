"""The code by which the hub knows rows of its own: HMAC-SHA256 under a key that is derived from one in `keys/`.

Whoever can write the database can put any row into it, or give a row of one person the content of another's, but
cannot make the code that says: this hub wrote these facts together.
"""

import hmac
import json
from datetime import UTC, datetime

from custodes.hub import keyring


def code_of(use: str, *facts: object) -> str:
    """Return the code of a row's facts, 64 hex digits. `use` keeps codes of one table out of all others."""
    # As JSON: no two lists of facts run together into the same bytes.
    told = json.dumps([_spelled(fact) for fact in facts], ensure_ascii=True)
    return hmac.digest(keyring.row_key(use), told.encode(), "sha256").hex()


def _spelled(fact: object) -> str | None:
    if isinstance(fact, datetime):
        return fact.astimezone(UTC).isoformat(timespec="microseconds")
    return None if fact is None else str(fact)


def fits(code: object, use: str, *facts: object) -> bool:
    """Say whether the hub gave this code to these facts."""
    return isinstance(code, str) and code.isascii() and hmac.compare_digest(code, code_of(use, *facts))


def token_code(token: str, use: str) -> str:
    """Return what is kept of a token that leads in: who writes the table cannot make it for a token of their own."""
    return code_of(f"{use} token", token)
