"""Links that sign one person in, once: for the demo, and for somebody who is locked out.

The token has 256 bits and only a keyed hash is kept. A link counts while the hub's own ledger says that it was made,
for whom and until when, and not that it was used: a row alone lets nobody in. Opening the link shows a button; the
button's POST uses the token up. A mail scanner that follows links therefore uses nothing up.
"""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.db import transaction
from django.urls import reverse

from custodes.core.errors import Denied
from custodes.hub.audit import ledger, past
from custodes.hub.fleet import own_rows
from custodes.hub.fleet.models import Person, SignInLink
from custodes.hub.fleet.times import wall_ns_of

SIGN_IN_LIVES = timedelta(hours=1)
TOKEN_BYTES = 32
MADE, USED = "sign_in.link_made", "sign_in.link_used"
_ENTRIES = past.Entries((MADE, USED), by="person")


def make_signin_link(person: Person, *, now: datetime, by_command: bool = False) -> str:
    """Return the path of a link that signs `person` in once. It replaces their earlier links."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    kind = SignInLink.Kind.SIGN_IN
    with transaction.atomic():
        SignInLink.objects.filter(person=person, kind=kind, used_at=None).delete()
        link = SignInLink.objects.create(
            person=person,
            kind=kind,
            token_sha256=own_rows.token_code(token, "sign-in"),
            created_at=now,
            expires_at=now + SIGN_IN_LIVES,
        )
        body = {"person": person.pk, "link": kind, "by_command": by_command, "code": _code_of(link)}
        ledger.append(kind=MADE, body=body, now_ns=wall_ns_of(now))
    return reverse("fleet:enter", args=[token])


def is_live(token: str, *, now: datetime) -> bool:
    """Say whether a link would still sign somebody in."""
    return _live(token, now) is not None


def use(token: str, *, now: datetime) -> SignInLink:
    """Use a link up and return it with its person. Of two at once, one wins. Raises Denied."""
    with transaction.atomic():
        link = _live(token, now)
        if link is None or not SignInLink.objects.filter(pk=link.pk, used_at=None).update(used_at=now):
            raise Denied("The link is not there, was used, or is too old.")
        body = {"person": link.person_id, "link": link.kind, "code": _code_of(link)}
        ledger.append(kind=USED, body=body, now_ns=wall_ns_of(now))
    return link


def token_hash(token: str) -> str:
    """Return what is kept of a token. It has 256 random bits, so a plain hash hides it."""
    return hashlib.sha256(token.encode()).hexdigest()


def _live(token: str, now: datetime) -> SignInLink | None:
    # Looked up by hash: the time of the look-up tells nothing of the token.
    link = (
        SignInLink.objects.select_related("person")
        .filter(
            token_sha256=own_rows.token_code(token, "sign-in"),
            used_at=None,
            expires_at__gt=now,
            person__is_active=True,
        )
        .first()
    )
    return link if link is not None and _is_waiting(link) else None


def _is_waiting(link: SignInLink) -> bool:
    """Say whether by the ledger the hub made this link, as it stands, and nobody has used it."""
    code = _code_of(link)
    try:
        entries = _ENTRIES.of(link.person_id, or_older=False)
    except past.Unreadable:
        return False
    return [one.kind for one in entries if one.body.get("code") == code] == [MADE]


def _code_of(link: SignInLink) -> str:
    return own_rows.code_of("sign-in", link.pk, link.person_id, link.kind, link.token_sha256, link.expires_at)
