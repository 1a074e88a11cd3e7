"""Somebody who is locked out gets a link by command; it is in the ledger, and they read that it was made."""

import json
from pathlib import Path

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.test import Client
from django.utils import timezone

from cast import NOW, PASSWORD, Cast
from custodes.core.errors import BadInput
from custodes.hub.audit.models import LedgerBody, LedgerLeaf
from custodes.hub.fleet import locked_out
from custodes.hub.fleet.models import AccountNotice, Person

pytestmark = pytest.mark.django_db


def path_of(made: locked_out.MadeLink) -> str:
    return "/" + made.link.split("/", maxsplit=3)[3]


def test_the_link_lets_in_who_was_locked_out(cast: Cast, client: Client) -> None:
    cast.dina.set_password(PASSWORD)
    cast.dina.save()
    for _ in range(9):
        answer = client.post("/accounts/login/", {"login": cast.dina.email, "password": "wrong"})
    assert answer.status_code == 429
    path = path_of(locked_out.for_person("DINA@example.org", forget_second_factor=False, now=timezone.now()))
    assert client.post(path).headers["Location"] == "/"
    assert Client().post(path).status_code == 404
    answer = Client().post("/accounts/login/", {"login": cast.dina.email, "password": PASSWORD})
    assert answer.status_code == 302, "the wrong passwords are forgotten"


def test_it_is_in_the_ledger_and_the_person_reads_it(cast: Cast, client: Client) -> None:
    made = locked_out.for_person(cast.dina.email, forget_second_factor=False, now=timezone.now())
    body = json.loads(LedgerBody.objects.get(leaf__kind="sign_in.link_made").body_json)
    assert (body["person"], body["by_command"]) == (str(cast.dina.pk), True)
    client.post(path_of(made))
    said = "A sign-in link was made for you by command."
    assert client.get("/settings/").content.decode().count(said) == 2, "once as a message"
    assert client.get("/settings/").content.decode().count(said) == 1, "and from then on in the list"
    assert AccountNotice.objects.get().shown_at is not None


def test_a_lost_second_factor_is_forgotten_only_when_asked(cast: Cast, client: Client) -> None:
    TOTP.activate(cast.bob, generate_totp_secret())
    path = path_of(locked_out.for_person(cast.bob.email, forget_second_factor=False, now=timezone.now()))
    assert client.post(path).headers["Location"].startswith("/accounts/2fa/authenticate/")
    locked_out.for_person(cast.bob.email, forget_second_factor=True, now=NOW)
    assert not Authenticator.objects.filter(user=cast.bob).exists()
    assert "second_factor.forgotten" in LedgerLeaf.objects.values_list("kind", flat=True)
    assert AccountNotice.objects.filter(kind=AccountNotice.Kind.FACTORS_FORGOTTEN).exists()


def test_an_operator_ends_the_sessions_of_one_person(
    cast: Cast, client: Client, hub_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.force_login(cast.dina, backend="allauth.account.auth_backends.AuthenticationBackend")
    (hub_dir / "hub.sqlite3").touch()
    monkeypatch.setattr("custodes.hub.boot.django_on", lambda _folder: None)  # the test's own database is up already
    assert locked_out.sign_out(hub_dir, "DINA@example.org") == 1
    assert client.get("/settings/").status_code == 302
    assert json.loads(LedgerBody.objects.get(leaf__kind="sessions.ended").body_json)["by"] is None
    with pytest.raises(BadInput, match="nobody with this address"):
        locked_out.sign_out(hub_dir, "nobody@example.org")


def test_who_is_not_here_gets_one_line(cast: Cast, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="nobody with this address"):
        locked_out.for_person("nobody@example.org", forget_second_factor=False, now=NOW)
    Person.objects.filter(pk=cast.bob.pk).update(is_active=False)
    with pytest.raises(BadInput, match="nobody with this address"):
        locked_out.for_person(cast.bob.email, forget_second_factor=False, now=NOW)
    with pytest.raises(BadInput, match="no hub here"):
        locked_out.make_link(tmp_path, "a@example.org")
