"""Who asks is the socket's address, unless a proxy that the settings name says otherwise."""

import asyncio
import ipaddress
import json
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from allauth.account.adapter import get_adapter
from axes.helpers import get_client_ip_address
from django.core.handlers.asgi import ASGIRequest
from django.test import Client, RequestFactory

from cast import PASSWORD, Cast, make_clip
from custodes.core.errors import BadInput
from custodes.hub import config
from custodes.hub.access import gate
from custodes.hub.audit.models import LedgerBody
from custodes.hub.ingest.asgi import _request_of
from custodes.hub.proxies import ThroughProxies, address_of, asker

PROXIES = [ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("2001:db8:ff::/48")]
PROXY, OUTSIDE, CLIENT = "10.0.0.7", "198.51.100.9", "203.0.113.5"


def seen(peer: str, headers: list[tuple[bytes, bytes]], *, trusted: Any = PROXIES, **more: Any) -> dict[str, Any]:
    """Return the scope that the application behind gets."""
    caught: list[dict[str, Any]] = []

    async def behind(scope: Any, receive: Any, send: Any) -> None:
        caught.append(scope)

    scope = {"type": "http", "method": "POST", "path": "/", "scheme": "http", "headers": headers}
    door = ThroughProxies(behind, trusted=trusted, **more)
    asyncio.run(door({**scope, "client": (peer, 1234), "query_string": b""}, None, None))  # type: ignore[arg-type]
    return caught[0]


@pytest.mark.parametrize(
    ("peer", "hops", "expected"),
    [
        (OUTSIDE, [CLIENT], OUTSIDE),
        (PROXY, [CLIENT], CLIENT),
        (PROXY, [CLIENT, "10.9.9.9"], CLIENT),
        (PROXY, ["192.0.2.66", CLIENT], CLIENT),
        (PROXY, ["192.0.2.66", CLIENT, "10.9.9.9"], CLIENT),
        (PROXY, ["192.0.2.66", "unknown"], PROXY),
        (PROXY, ["<script>", "10.9.9.9"], "10.9.9.9"),
        (PROXY, [], PROXY),
        (PROXY, [""], PROXY),
        ("::ffff:10.0.0.7", [CLIENT], CLIENT),
        (PROXY, [f"{CLIENT}:4711"], CLIENT),
        (PROXY, ["[2001:db8::5]:4711"], "2001:db8::5"),
        ("2001:db8:ff::1", ["2001:db8::5"], "2001:db8::5"),
        ("", [CLIENT], ""),
    ],
)
def test_only_a_trusted_proxy_is_believed(peer: str, hops: list[str], expected: str) -> None:
    assert asker(peer, hops, PROXIES) == expected


def test_without_a_setting_nobody_is_believed() -> None:
    for peer in ("127.0.0.1", PROXY, OUTSIDE):
        assert seen(peer, [(b"x-forwarded-for", CLIENT.encode())], trusted=())["client"][0] == peer


def test_every_reader_sees_the_same_address() -> None:
    """Axes, the limits of allauth, views, and the enrolment lock-out."""
    for peer, expected in ((PROXY, CLIENT), (OUTSIDE, OUTSIDE)):
        scope = seen(peer, [(b"x-forwarded-for", b"192.0.2.66, " + CLIENT.encode()), (b"forwarded", b"for=192.0.2.77")])
        request = ASGIRequest(scope, BytesIO())
        assert get_client_ip_address(request) == expected
        assert get_adapter().get_client_ip(request) == expected
        assert address_of(request) == expected
        assert _request_of(scope).address == expected
        assert not {name for name in request.headers if "forwarded" in name.lower()}, "nothing later may read them"


def test_one_header_is_read_and_the_other_is_the_clients() -> None:
    both = [
        (b"forwarded", b"for=192.0.2.66;proto=https, for=203.0.113.5;by=10.0.0.7"),
        (b"x-forwarded-for", b"192.0.2.1"),
    ]
    assert seen(PROXY, both, header="forwarded")["client"][0] == CLIENT
    assert seen(PROXY, both)["client"][0] == "192.0.2.1"
    assert seen(PROXY, [(b"forwarded", b'For="[2001:db8::5]:80"')], header="forwarded")["client"][0] == "2001:db8::5"
    assert seen(PROXY, [(b"forwarded", b"for=_hidden")], header="forwarded")["client"][0] == PROXY


def test_the_scheme_is_a_fact_of_the_settings_and_no_headers() -> None:
    claimed = [(b"x-forwarded-proto", b"https")]
    assert seen(PROXY, claimed)["scheme"] == seen(OUTSIDE, claimed)["scheme"] == "http"
    assert seen(OUTSIDE, [], is_https=True)["scheme"] == "https"


@pytest.mark.django_db
def test_a_forged_header_does_not_hide_a_guesser(cast: Cast, client: Client) -> None:
    cast.bob.set_password(PASSWORD)
    cast.bob.save()
    for number in range(8):
        forged = {"X-Forwarded-For": f"192.0.2.{number}", "Forwarded": f"for=192.0.2.{number}"}
        answer = client.post("/accounts/login/", {"login": cast.bob.email, "password": "wrong"}, headers=forged)
    assert answer.status_code == 429


@pytest.mark.django_db
def test_a_view_keeps_the_address_of_who_asks(cast: Cast, rf: RequestFactory) -> None:
    assert address_of(rf.get("/", REMOTE_ADDR=OUTSIDE, HTTP_X_FORWARDED_FOR=CLIENT)) == OUTSIDE
    view = gate.open_view(actor=cast.bob, clip_id=make_clip(cast.van_unit).pk, purpose="incident", address=OUTSIDE)
    assert json.loads(LedgerBody.objects.get(pk=view.ledger_seq).body_json)["address"] == OUTSIDE == view.address


def load(tmp_path: Path, text: str) -> config.HubSettings:
    (tmp_path / "hub.toml").write_text(text)
    return config.load(tmp_path, environment={})


def test_the_setting_takes_networks(tmp_path: Path) -> None:
    hub = load(tmp_path, '[listen]\ntrusted_proxies = ["10.0.0.0/8", "2001:db8::1"]\n')
    assert [str(network) for network in hub.listen.trusted_proxies] == ["10.0.0.0/8", "2001:db8::1/128"]
    by_variable = {"CUSTODES_HUB__LISTEN__TRUSTED_PROXIES": "10.0.0.1, 10.0.0.2"}
    assert len(config.load(tmp_path, environment=by_variable).listen.trusted_proxies) == 2
    assert config.HubSettings(data_dir=tmp_path).listen.trusted_proxies == ()


@pytest.mark.parametrize(
    ("value", "said"), [('["0.0.0.0/0"]', "would believe everybody"), ('["proxy.example"]', "not a valid")]
)
def test_a_setting_that_would_believe_everybody_is_refused(tmp_path: Path, value: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        load(tmp_path, f"[listen]\ntrusted_proxies = {value}\n")
