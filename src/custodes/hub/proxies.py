"""Who really asks: the socket's address, or what a proxy says that the settings name.

A header that anybody can send is no address. Only a peer within `listen.trusted_proxies` is believed, and only the one
header that `listen.proxy_header` names; from everybody else such headers are taken out before anything can read them.
"""

import ipaddress
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any, TypeAlias

from django.http import HttpRequest

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network
Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
Application: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

X_FORWARDED_FOR = "x-forwarded-for"
FORWARDED = "forwarded"
_HEADERS_OF_PROXIES = frozenset(
    {b"x-forwarded-for", b"forwarded", b"x-forwarded-host", b"x-forwarded-proto", b"x-real-ip", b"client-ip"}
)


class ThroughProxies:
    """ASGI application: puts the asker's address where every reader looks for it, then passes the request on."""

    def __init__(
        self, behind: Application, *, trusted: Sequence[Network], header: str = X_FORWARDED_FOR, is_https: bool = False
    ) -> None:
        self._behind = behind
        self._trusted = tuple(trusted)
        self._header = header
        self._is_https = is_https

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request. Its scheme is what the settings say that people use, not what a header claims."""
        if scope["type"] == "http":
            peer, port = scope.get("client") or ("", 0)
            said = [value.decode("latin-1") for name, value in scope["headers"] if name == self._header.encode()]
            hops = _forwarded_for(said) if self._header == FORWARDED else _listed(said)
            kept = [(name, value) for name, value in scope["headers"] if name not in _HEADERS_OF_PROXIES]
            client = (asker(peer, hops, self._trusted), port) if peer else None
            scope = {**scope, "headers": kept, "client": client}
            if self._is_https:
                scope["scheme"] = "https"
        await self._behind(scope, receive, send)


def asker(peer: str, hops: Sequence[str], trusted: Sequence[Network]) -> str:
    """Return who asked: `peer`, or the last of `hops` (client first) that is not a trusted proxy itself.

    Read from the end, for a client can put anything in front. Something that is no address ends the reading: the
    address before it is the last that a trusted proxy vouches for.
    """
    at = _address(peer)
    if at is None:
        return peer
    for hop in reversed(hops):
        if not any(at in network for network in trusted):
            break
        before = _address(hop)
        if before is None:
            break
        at = before
    return str(at)


def address_of(request: HttpRequest) -> str:
    """Return the asker's address; empty where there is none (a socket in the file system)."""
    return str(request.META.get("REMOTE_ADDR") or "")


def _listed(values: Sequence[str]) -> list[str]:
    return [hop.strip() for value in values for hop in value.split(",")]


def _forwarded_for(values: Sequence[str]) -> list[str]:
    """Return the `for` of each element of `Forwarded` (RFC 7239, 4), client first; empty where one has none."""
    hops = []
    for element in _listed(values):
        pairs = (pair.partition("=") for pair in element.split(";"))
        named = {name.strip().lower(): value.strip().strip('"') for name, _equals, value in pairs}
        hops.append(named.get("for", ""))
    return hops


def _address(text: str) -> Address | None:
    """Read `192.0.2.1`, `192.0.2.1:1234`, `2001:db8::1` or `[2001:db8::1]:1234`; an IPv4 in IPv6 is an IPv4."""
    bare = text.strip()
    if bare.startswith("["):
        bare = bare[1:].partition("]")[0]
    elif bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        found = ipaddress.ip_address(bare.partition("%")[0])
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return mapped or found
