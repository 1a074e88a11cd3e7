"""A password reset by mail: it arrives, it leads to this hub alone, and it tells nobody who has an account."""

import re
import socket
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from django.conf import settings
from django.core.cache import cache
from django.test import Client, override_settings
from django.urls import include, path

from cast import PASSWORD, Cast
from custodes.hub.fleet import mailroom
from custodes.hub.fleet.account_urls import RESET
from custodes.hub.fleet.models import Person
from custodes.hub.urls import urlpatterns as plain

pytestmark = pytest.mark.django_db(transaction=True)
urlpatterns = [path("accounts/", include(RESET)), *plain]  # as a hub with a mail host has them
OWN = "https://hub.example.org"
NEW_PASSWORD = "staple battery horse correct"


class Catcher:
    """A mail server's inside: keeps what comes."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        return "250 kept"


@pytest.fixture
def post(monkeypatch: pytest.MonkeyPatch) -> Iterator[Catcher]:
    """Give the hub a real mail server on this machine, and an address of its own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    catcher = Catcher()
    controller = Controller(catcher, hostname="127.0.0.1", port=port)
    controller.start()
    cache.clear()
    with override_settings(
        EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend",
        EMAIL_HOST="127.0.0.1",
        EMAIL_PORT=port,
        EMAIL_USE_TLS=False,
        EMAIL_HOST_USER="",
        ROOT_URLCONF=__name__,
        ALLOWED_HOSTS=["*"],  # as on a hub that listens everywhere: it takes any name
        HUB=settings.HUB.model_copy(update={"public_url": OWN}),
    ):
        yield catcher
    mailroom.drain()
    controller.stop()
    cache.clear()


def ask(address: str, *, host: str = "hub.example.org") -> tuple[int, str]:
    answer = Client(headers={"host": host}).post("/accounts/password/reset/", {"email": address})
    mailroom.drain()
    return answer.status_code, answer.headers["Location"]


def text_of(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def test_the_link_arrives_and_sets_a_password(cast: Cast, post: Catcher) -> None:
    cast.bob.set_password(PASSWORD)
    cast.bob.save()
    ask(cast.bob.email)
    (mail,) = post.mails
    assert mail["To"] == cast.bob.email
    found = re.search(rf"{OWN}(/accounts/password/reset/key/\S+)", text_of(mail))
    assert found is not None
    client = Client()
    form = client.get(found[1]).headers["Location"]
    client.post(form, {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})
    assert Person.objects.get(pk=cast.bob.pk).check_password(NEW_PASSWORD)


def test_a_foreign_host_stands_nowhere_in_the_mail(cast: Cast, post: Catcher) -> None:
    cast.bob.set_password(PASSWORD)
    cast.bob.save()
    ask(cast.bob.email, host="evil.example.net")
    (mail,) = post.mails
    assert "evil" not in mail.as_string()
    assert re.findall(r"https?://[^/\s]+", text_of(mail)) == [OWN]


def test_it_comes_in_the_readers_language(cast: Cast, post: Catcher) -> None:
    cast.bob.set_password(PASSWORD)
    cast.bob.language = "fr"
    cast.bob.save()
    ask(cast.bob.email)
    assert "mot de passe" in text_of(post.mails[0])


def test_an_address_that_nobody_has_gets_the_same_answer_and_no_mail(cast: Cast, post: Catcher) -> None:
    cast.bob.set_password(PASSWORD)
    cast.bob.save()
    assert ask("nobody@example.org") == ask(cast.bob.email)
    assert [mail["To"] for mail in post.mails] == [cast.bob.email]


def test_an_address_that_was_written_into_the_database_gets_nothing(cast: Cast, post: Catcher) -> None:
    cast.bob.set_password(PASSWORD)
    cast.bob.save()
    Person.objects.filter(pk=cast.bob.pk).update(email="thief@example.org")
    ask("thief@example.org")
    assert post.mails == []
