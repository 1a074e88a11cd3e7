"""The browsers in which a person has turned notices on: kept, listed, removed. What one says of itself is input."""

import base64
import binascii
import uuid
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from custodes.core.clock import NS_PER_S
from custodes.core.errors import BadInput
from custodes.hub import keyring
from custodes.hub.fleet import notices, push_address, push_post
from custodes.hub.fleet.models import Person
from custodes.hub.fleet.push_models import PushBrowser
from custodes.hub.fleet.times import wall_ns_of

A_PERSON = 10
"""Browsers that one person may have."""
AGAIN_AFTER_NS = 10 * NS_PER_S


def server_key() -> str:
    """Return the public key by which browsers know this hub, as they want it: base64url of the point."""
    point = keyring.push_key().public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return base64.urlsafe_b64encode(point).rstrip(b"=").decode()


def of(person: Person) -> QuerySet[PushBrowser]:
    """Return the browsers of `person`, the newest first."""
    return PushBrowser.objects.filter(person=person).order_by("-added_at")


def keep(person: Person, *, endpoint: str, p256dh: str, auth: str, browser: str, now: datetime) -> PushBrowser:
    """Store a browser and put a first notice on its way, which shows whether its service can be reached.

    A browser that somebody else had turned on goes over to `person`: two people share it, and the one who sits there
    now proves it by the browser's own secret. Raises BadInput for what is no subscription, or one too many.
    """
    if not settings.HUB.push.enabled:
        raise BadInput(_("This hub sends no notices to browsers."))
    push_address.take_apart(endpoint)
    p256dh, auth = _public_key(p256dh), _secret(auth)
    with transaction.atomic():
        row = PushBrowser.objects.filter(endpoint=endpoint).first()
        if row is not None and row.person_id != person.pk:
            if (row.p256dh, row.auth) != (p256dh, auth):
                raise BadInput(_("That is no address of a push service."))
            row.delete()
            row = None
        if row is None and of(person).count() >= A_PERSON:
            raise BadInput(
                _("You have turned notices on in %(n)d browsers already: remove one first.") % {"n": A_PERSON}
            )
        if row is None:
            row = PushBrowser(person=person, endpoint=endpoint, added_at=now)
            notices.tell(person, notices.Kind.PUSH_ADDED, now=now)
        row.p256dh, row.auth, row.browser = p256dh, auth, browser[:200]
        row.failing_since_ns, row.failures, row.try_after_ns, row.last_failure = None, 0, 0, ""
        row.save()
        push_post.put([row], path=reverse("portal:settings"), now_ns=wall_ns_of(now))
    return row


def remove(person: Person, browser_id: uuid.UUID) -> bool:
    """Forget one browser of `person`, and what waits for it. False: they have no such browser."""
    return bool(of(person).filter(pk=browser_id).delete()[0])


def try_again(person: Person, browser_id: uuid.UUID, *, now: datetime) -> bool:
    """Send a notice to one browser of `person` now, at most every 10 s. False: they have no such browser."""
    row = of(person).filter(pk=browser_id).first()
    if row is None:
        return False
    now_ns = wall_ns_of(now)
    if now_ns - row.tried_at_ns >= AGAIN_AFTER_NS:
        with transaction.atomic():
            PushBrowser.objects.filter(pk=row.pk).update(try_after_ns=0)
            push_post.put([row], path=reverse("portal:settings"), now_ns=now_ns)
    return True


def _public_key(text: str) -> str:
    point = _bytes_of(text, longest=100)
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    except ValueError:
        point = b""
    if len(point) != 65:
        raise BadInput(_("The browser gave no key that notices could be encrypted to."))
    return base64.urlsafe_b64encode(point).rstrip(b"=").decode()


def _secret(text: str) -> str:
    secret = _bytes_of(text, longest=32)
    if len(secret) != 16:
        raise BadInput(_("The browser gave no key that notices could be encrypted to."))
    return base64.urlsafe_b64encode(secret).rstrip(b"=").decode()


def _bytes_of(text: str, *, longest: int) -> bytes:
    if len(text) > longest:
        return b""
    try:
        return base64.b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return b""
