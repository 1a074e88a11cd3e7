"""Which addresses the hub calls by itself: push services that the settings name, over TLS, at public addresses.

The address comes from a browser, that is, from anybody who is signed in. It is resolved here and called at what was
resolved, so that a name which answers differently the next time leads nowhere else.
"""

import ipaddress
import re
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from custodes.core.errors import BadInput, Temporary

LONGEST = 1024
NAME = re.compile(r"(?!xn--)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.(?!xn--)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*")
"""A name as push services have them: letters, digits and hyphens, and no label in another alphabet's encoding."""
PORTS_BELOW = 65536


@dataclass(frozen=True, slots=True)
class Called:
    """One endpoint, taken apart."""

    origin: str
    host: str
    port: int
    target: str
    """Path and query."""


def take_apart(endpoint: str) -> Called:
    """Return the parts of an endpoint. Raises BadInput for anything but https at a push service of the settings."""
    try:
        parts = urlsplit(endpoint)
        host, port = (parts.hostname or "").lower().rstrip("."), parts.port or 443
    except ValueError:
        raise BadInput(_("That is no address of a push service.")) from None
    plain = endpoint.isascii() and endpoint.isprintable() and " " not in endpoint and len(endpoint) <= LONGEST
    if not plain or parts.scheme != "https" or parts.username or parts.password or parts.fragment:
        raise BadInput(_("That is no address of a push service."))
    if not NAME.fullmatch(host):
        raise BadInput(_("That is no address of a push service."))
    if not any(host == one or host.endswith(f".{one}") for one in settings.HUB.push.services):
        raise BadInput(
            _("This hub does not call %(host)s: it is none of the push services in its settings.") % {"host": host}
        )
    origin = f"https://{host}" if port == 443 else f"https://{host}:{port}"
    return Called(origin, host, port, f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}")


def resolve(called: Called) -> str:
    """Return one IP address at which to call: a public one, or one within `push.allowed_networks`.

    Raises Temporary when the name does not resolve, BadInput when it leads to none but private addresses.
    """
    try:
        found = socket.getaddrinfo(called.host, called.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Temporary(f"{called.host} does not resolve: {error}") from None
    addresses = [ipaddress.ip_address(str(one[4][0]).partition("%")[0]) for one in found]
    for address in addresses:
        if _may_be_called(address):
            return str(address)
    raise BadInput(_("%(host)s leads to a private network.") % {"host": called.host})


def _may_be_called(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    plain = getattr(address, "ipv4_mapped", None) or address
    if any(plain.version == one.version and plain in one for one in settings.HUB.push.allowed_networks):
        return True
    return bool(plain.is_global and not plain.is_multicast and not plain.is_reserved)
