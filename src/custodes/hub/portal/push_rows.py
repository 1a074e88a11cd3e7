"""The browsers that take notices, as the settings page lists them."""

import hashlib
import uuid
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext as _

from custodes.core.errors import BadInput
from custodes.hub.fleet import push_address, push_browsers, push_post
from custodes.hub.fleet.models import Person
from custodes.hub.fleet.push_models import PushBrowser
from custodes.hub.portal.sessions import device_words


@dataclass(frozen=True, slots=True)
class Row:
    """One browser."""

    pk: uuid.UUID
    device: str
    service: str
    added_at: datetime
    reached_at: datetime | None
    trouble: str
    """Why nothing comes there now; empty: nothing is known to be wrong."""
    endpoint_sha256: str
    """By which the browser knows itself in the list."""


@dataclass(frozen=True, slots=True)
class Card:
    """What the page says about notices."""

    enabled: bool
    server_key: str
    services: str
    mail: bool
    rows: tuple[Row, ...]
    full: bool


def card_of(person: Person) -> Card:
    """Return what the settings page of `person` says about notices in browsers."""
    told = settings.HUB.push
    rows = tuple(_row(one) for one in push_browsers.of(person))
    return Card(
        enabled=told.enabled,
        server_key=push_browsers.server_key() if told.enabled else "",
        services=", ".join(told.services),
        mail=bool(settings.HUB.mail.host),
        rows=rows,
        full=len(rows) >= push_browsers.A_PERSON,
    )


def _row(one: PushBrowser) -> Row:
    try:
        service = push_address.take_apart(one.endpoint).host
    except BadInput:
        service = "?"
    return Row(
        pk=one.pk,
        device=device_words(one.browser),
        service=service,
        added_at=one.added_at,
        reached_at=one.reached_at,
        trouble=_trouble(one, service),
        endpoint_sha256=hashlib.sha256(one.endpoint.encode()).hexdigest(),
    )


def _trouble(one: PushBrowser, service: str) -> str:
    if not one.last_failure:
        return ""
    if one.last_failure == push_post.UNREACHABLE:
        return _("The hub does not reach %(service)s: no notices come to this browser.") % {"service": service}
    if one.last_failure == push_post.REFUSED_ADDRESS:
        return _("This hub does not call %(service)s: no notices come to this browser.") % {"service": service}
    return _("%(service)s refuses what the hub sends (%(status)s): no notices come to this browser.") % {
        "service": service,
        "status": one.last_failure,
    }
