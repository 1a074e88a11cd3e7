"""Links that sign one person in, once: for the demo, and for somebody who is locked out.

The token has 256 bits and only its hash is kept. Opening the link shows a button; the button's POST uses the token
up. A mail scanner that follows links therefore uses nothing up.
"""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.db import transaction
from django.urls import reverse

from custodes.core.errors import Denied
from custodes.hub.audit import ledger
from custodes.hub.fleet.models import Person, SignInLink
from custodes.hub.fleet.times import wall_ns_of

SIGN_IN_LIVES = timedelta(hours=1)
TOKEN_BYTES = 32


def make_signin_link(person: Person, *, now: datetime, by_command: bool = False) -> str:
    """Return the path of a link that signs `person` in once. It replaces their earlier links."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    kind = SignInLink.Kind.SIGN_IN
    with transaction.atomic():
        SignInLink.objects.filter(person=person, kind=kind, used_at=None).delete()
        SignInLink.objects.create(
            person=person, kind=kind, token_sha256=token_hash(token), created_at=now, expires_at=now + SIGN_IN_LIVES
        )
        body = {"person": person.pk, "link": kind, "by_command": by_command}
        ledger.append(kind="sign_in.link_made", body=body, now_ns=wall_ns_of(now))
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
        ledger.append(
            kind="sign_in.link_used", body={"person": link.person_id, "link": link.kind}, now_ns=wall_ns_of(now)
        )
    return link


def token_hash(token: str) -> str:
    """Return what is kept of a token. It has 256 random bits, so a plain hash hides it."""
    return hashlib.sha256(token.encode()).hexdigest()


def _live(token: str, now: datetime) -> SignInLink | None:
    # Looked up by hash: the time of the look-up tells nothing of the token.
    return (
        SignInLink.objects.select_related("person")
        .filter(token_sha256=token_hash(token), used_at=None, expires_at__gt=now, person__is_active=True)
        .first()
    )
