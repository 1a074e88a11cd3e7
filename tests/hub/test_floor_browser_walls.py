"""What every answer tells the browser: which scripts, which frames, which cookies, and nothing to keep."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from cast import Cast
from custodes.hub.fleet import signin_links
from custodes.hub.fleet.models import Person
from custodes.hub.fleet.password_words import NoWordsOfThisHub

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
PAGES = ("/", "/inbox/", "/settings/", "/accounts/login/", "/healthz", "/nowhere/", "/clips/nothing/", "/why-not/")
ASK_SETTINGS = """
import json
from custodes.hub import settings as s
names = "SESSION_COOKIE_NAME CSRF_COOKIE_NAME SESSION_COOKIE_SECURE CSRF_COOKIE_SECURE SECURE_HSTS_SECONDS"
print(json.dumps({n: getattr(s, n) for n in (names + " SECURE_HSTS_INCLUDE_SUBDOMAINS DEBUG").split()}))
"""


@pytest.fixture
def bob(cast: Cast) -> Client:
    client = Client()
    client.force_login(cast.bob, backend=BACKEND)
    return client


@pytest.mark.parametrize("path", PAGES)
def test_every_answer_carries_the_walls(bob: Client, path: str) -> None:
    for browser in (bob, Client()):
        headers = browser.get(path).headers
        policy = headers["Content-Security-Policy"]
        for rule in ("default-src 'self'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"):
            assert rule in policy
        assert "unsafe" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Content-Type"] in {"text/html; charset=utf-8", "text/plain; charset=utf-8"}
        assert headers["Referrer-Policy"] == "same-origin"
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "no-store" in headers["Cache-Control"]
        assert "Access-Control-Allow-Origin" not in headers


def test_cookies_are_out_of_reach_and_new_at_each_sign_in(cast: Cast, client: Client) -> None:
    names = set()
    for _ in range(2):
        page = client.get("/accounts/login/")
        assert page.cookies["custodes_csrf"]["samesite"] == "Lax"
        client.post(signin_links.make_signin_link(cast.dina, now=timezone.now()))
        kept = client.cookies["custodes_session"]
        assert (kept["samesite"], bool(kept["httponly"]), len(kept.value)) == ("Lax", True, 32)
        names.add(kept.value)
        client.post("/accounts/logout/")
    assert len(names) == 2


def test_over_tls_cookies_belong_to_the_host_and_plain_http_is_forgotten(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    (tmp_path / "hub.toml").write_text('public_url = "https://hub.example.org"\n')
    environment = {**os.environ, "CUSTODES_HUB_DATA_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", ASK_SETTINGS], capture_output=True, text=True, check=True, env=environment
    )
    assert json.loads(done.stdout) == {
        "SESSION_COOKIE_NAME": "__Host-custodes_session",
        "CSRF_COOKIE_NAME": "__Host-custodes_csrf",
        "SESSION_COOKIE_SECURE": True,
        "CSRF_COOKIE_SECURE": True,
        "SECURE_HSTS_SECONDS": 365 * 24 * 3600,
        "SECURE_HSTS_INCLUDE_SUBDOMAINS": True,
        "DEBUG": False,
    }


def test_signing_out_clears_what_the_browser_kept(bob: Client) -> None:
    assert bob.post("/accounts/logout/").headers["Clear-Site-Data"] == '"cache", "storage"'
    assert "Clear-Site-Data" not in Client().get("/accounts/login/").headers


def test_a_form_from_elsewhere_is_refused(cast: Cast) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(cast.alice, backend=BACKEND)
    for path in ("/inbox/bulk/", "/people/invite/", "/settings/", "/settings/sessions/end/", "/accounts/logout/"):
        assert strict.post(path, {"act": "delete"}).status_code == 403, path


@pytest.mark.parametrize("path", ["/settings/sessions/end/", "/inbox/bulk/", "/people/shifts/"])
def test_what_changes_something_is_no_get(bob: Client, path: str) -> None:
    assert bob.get(path).status_code == 405


@pytest.mark.parametrize("path", PAGES)
def test_a_trace_is_not_echoed(bob: Client, path: str) -> None:
    answer = bob.generic("TRACE", path, headers={"X-Secret": "echo me"})
    assert answer.status_code in {302, 404, 405}
    assert b"echo me" not in answer.content


def test_a_next_address_leads_to_nobody_else(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.dina, backend=BACKEND)
    for address in ("https://evil.example/", "//evil.example/", "javascript:alert(1)"):
        answer = client.get("/accounts/login/", {"next": address})
        assert "evil" not in answer.headers.get("Location", "")
        assert "javascript" not in answer.headers.get("Location", "")


@pytest.mark.parametrize("password", ["Custodes2026!", "harbourvans123", "dispatcher1234", "HarbourCamera99"])
def test_a_password_of_names_around_here_is_refused(cast: Cast, password: str) -> None:
    with pytest.raises(ValidationError):
        NoWordsOfThisHub().validate(password, cast.bob)


@pytest.mark.parametrize("password", ["correct horse battery staple", "my camera likes the rain in Caen", "x" * 80])
def test_a_sentence_is_a_password(cast: Cast, password: str) -> None:
    NoWordsOfThisHub().validate(password, cast.bob)
    NoWordsOfThisHub().validate(password, None)


def test_a_closed_account_ends_its_sessions(cast: Cast, bob: Client) -> None:
    assert bob.get("/settings/").status_code == 200
    Person.objects.filter(pk=cast.bob.pk).update(is_active=False)
    assert bob.get("/settings/").status_code == 302


def test_there_is_no_account_before_somebody_makes_one(db: None) -> None:
    assert not Person.objects.exists()
