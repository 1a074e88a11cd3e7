"""The doors that allauth would open stay shut, and a second factor cannot be guessed."""

from collections.abc import Iterator

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.core import mail
from django.core.cache import cache
from django.test import Client

from cast import PASSWORD, Cast
from custodes.hub import settings as hub_settings
from custodes.hub.fleet.models import Person

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_count_from_before() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


def with_password(person: Person) -> Person:
    person.set_password(PASSWORD)
    person.save()
    return person


@pytest.mark.parametrize("path", ["email/", "signup/", "confirm-email/", "password/reset/", "login/code/confirm/"])
def test_nobody_takes_an_address_or_an_account_by_themselves(cast: Cast, client: Client, path: str) -> None:
    client.force_login(with_password(cast.bob), backend="allauth.account.auth_backends.AuthenticationBackend")
    wanted = {"email": "victim@example.org", "action_add": "", "password1": PASSWORD}
    for browser in (client, Client()):
        assert browser.get(f"/accounts/{path}").status_code == 404
        assert browser.post(f"/accounts/{path}", wanted).status_code == 404
    assert mail.outbox == []


def test_without_mail_the_sign_in_page_says_whom_to_ask(client: Client) -> None:
    assert "Ask whoever runs the hub" in client.get("/accounts/login/").content.decode()
    assert hub_settings.EMAIL_BACKEND.endswith("dummy.EmailBackend"), "a printed link lets readers of the log in"


def test_twenty_wrong_codes_are_not_twenty_guesses(cast: Cast, client: Client) -> None:
    secret = generate_totp_secret()
    TOTP.activate(with_password(cast.bob), secret)
    answer = client.post("/accounts/login/", {"login": cast.bob.email, "password": PASSWORD})
    assert answer.headers["Location"].startswith("/accounts/2fa/authenticate/")
    said = [client.post("/accounts/2fa/authenticate/", {"code": "000000"}).content.decode() for _ in range(20)]
    looked_at = [page for page in said if "Incorrect code" in page]
    assert len(looked_at) == 5
    assert all("Too many failed" in page for page in said[5:])
    assert client.get("/").status_code == 302
