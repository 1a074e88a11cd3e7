"""Who writes the database's file and holds no key becomes nobody by it: rows made at home lead nowhere."""

import hashlib
import json
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.contrib.auth.hashers import make_password
from django.core.cache import cache
from django.test import Client, override_settings
from django.utils import timezone

from cast import Cast, tell_of_shifts
from custodes.core.errors import BadInput
from custodes.hub.audit import ledger
from custodes.hub.audit.models import LedgerBody, LedgerLeaf
from custodes.hub.audit.verify import verify
from custodes.hub.fleet import (
    account_codes,
    invitations,
    own_rows,
    second_factor,
    setup,
    signin_links,
)
from custodes.hub.fleet.crosscheck_accounts import factors_against_ledger
from custodes.hub.fleet.models import Invitation, Membership, Person, SetupToken, SignInLink
from custodes.hub.fleet.one_time_codes import LoginPasskey, ProofPasskey, SignInPasskey

pytestmark = pytest.mark.django_db
TOKEN = "the attacker knows this one"
PLAIN = hashlib.sha256(TOKEN.encode()).hexdigest()


def path_of(token: str) -> str:
    return f"/join/{token}"


def invited(cast: Cast, role: str = "driver") -> str:
    asked = {"organisation": cast.company, "email": "mallory@example.org", "role": role}
    return invitations.invite_person(**asked, by=cast.alice, now=timezone.now()).path  # type: ignore[arg-type]


def nothing_happens(path: str) -> None:
    """Hold a link to leading nowhere: the page of every link that is not there, and not a word in the ledger."""
    size, people = LedgerLeaf.objects.count(), Person.objects.count()
    client = Client()
    here, nowhere = client.get(path), client.get(path.rsplit("/", 1)[0] + "/nobody-made-this")
    assert (here.status_code, here.content) == (nowhere.status_code, nowhere.content)
    assert client.post(path).status_code == 404
    assert client.get("/settings/").status_code == 302
    assert (LedgerLeaf.objects.count(), Person.objects.count()) == (size, people)


@pytest.mark.parametrize("kept", [PLAIN, "by the hub"])
def test_an_invitation_made_at_home_is_nobodys(cast: Cast, kept: str) -> None:
    """Also with a hash that the hub made: of the token of another row, which its holder knows."""
    now, path = timezone.now(), path_of(TOKEN)
    if kept != PLAIN:
        path = invited(cast)
        kept = Invitation.objects.get().token_sha256
        Invitation.objects.all().delete()
    Invitation.objects.create(
        organisation=cast.company,
        role="manager",
        email="mallory@example.org",
        token_sha256=kept,
        made_by=None,
        made_at=now,
        expires_at=now + timedelta(hours=20),
    )
    nothing_happens(path)
    assert "invitation_edited" in {one.kind for one in verify().problems}


def test_an_invitation_gives_what_was_promised_and_once(cast: Cast) -> None:
    tell_of_shifts()
    path = invited(cast)
    row = Invitation.objects.values().get()
    edits = {
        "role": "manager",
        "email": "other@example.org",
        "organisation_id": cast.rival.pk,
        "site_id": cast.van.pk,
        "made_by_id": None,
        "expires_at": timezone.now() + timedelta(days=300),
    }
    for name, value in edits.items():
        Invitation.objects.update(**{name: value})
        nothing_happens(path)
        assert [one.kind for one in verify().problems] == ["invitation_edited"], name
        Invitation.objects.update(**{name: row[name]})
    assert Client().post(path).status_code == 302
    assert verify().ok
    Membership.objects.filter(person__email="mallory@example.org").delete()
    Person.objects.filter(email="mallory@example.org").delete()
    Invitation.objects.update(accepted_at=None)
    nothing_happens(path)


def test_an_entry_by_hand_makes_no_invitation(cast: Cast) -> None:
    """The hub's code of an entry is asked for, not its words."""
    path = invited(cast)
    Invitation.objects.update(role="manager")
    body = LedgerBody.objects.get(leaf__kind="person.invited")
    said = json.loads(body.body_json) | {"code": invitations.code_of(Invitation.objects.get()), "role": "manager"}
    LedgerBody.objects.filter(pk=body.pk).update(body_json=json.dumps(said))
    nothing_happens(path)
    LedgerBody.objects.filter(pk=body.pk).update(body_json=body.body_json)
    facts = {"invitation": Invitation.objects.get().pk, "code": said["code"]}
    newest = ledger.append(kind="person.invited", body=facts, now_ns=1)
    LedgerLeaf.objects.filter(pk=newest.seq).update(mac=b"\0" * 32)
    nothing_happens(path)


def test_a_sign_in_link_made_at_home_is_nobodys(cast: Cast) -> None:
    now = timezone.now()
    link = {"kind": "sign_in", "created_at": now, "expires_at": now + timedelta(hours=1)}
    SignInLink.objects.create(person=cast.bob, token_sha256=PLAIN, **link)
    nothing_happens(f"/enter/{TOKEN}")
    mine = signin_links.make_signin_link(cast.dina, now=now)
    SignInLink.objects.filter(person=cast.dina).update(person=cast.alice)
    nothing_happens(mine)
    SignInLink.objects.filter(person=cast.alice).update(person=cast.dina)
    assert Client().post(mine).status_code == 302
    SignInLink.objects.filter(person=cast.dina).update(used_at=None)
    nothing_happens(mine)


def test_a_setup_token_made_at_home_sets_nothing_up(db: None) -> None:
    SetupToken.objects.create(token_sha256=PLAIN, expires_at=timezone.now() + timedelta(hours=1))
    assert not setup.is_live(TOKEN, now=timezone.now())
    token = setup.make_token(now=timezone.now())
    assert token
    assert setup.is_live(token, now=timezone.now())
    assert SetupToken.objects.get().token_sha256 != own_rows.token_code(token, "invitation"), "of one use each"


def comes_in(person: Person, password: str) -> Client | None:
    """Return the browser of somebody who signed in by a password; None: it was wrong."""
    client = Client()
    client.post("/accounts/login/", {"login": person.email, "password": password})
    return client if "_auth_user_id" in client.session else None


@pytest.fixture
def cheap() -> Iterator[None]:
    """Hash passwords at once: here it is not asked how dear that is."""
    cache.clear()
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]):
        yield


def have_passwords(cast: Cast) -> None:
    for person in (cast.bob, cast.dina):
        person.set_password(f"the sentence of {person.email}")
        person.save()


@pytest.mark.usefixtures("cheap")
def test_a_password_made_at_home_is_nobodys(cast: Cast) -> None:
    have_passwords(cast)
    rows = Person.objects.filter(pk=cast.bob.pk)
    genuine, dinas = rows.values("password", "password_code").get(), Person.objects.get(pk=cast.dina.pk)
    rows.update(password=make_password("of the attacker"))
    assert comes_in(cast.bob, "of the attacker") is None
    for code in (dinas.password_code, "", "0" * 64, "é"):
        rows.update(password=dinas.password, password_code=code)
        assert comes_in(cast.bob, f"the sentence of {dinas.email}") is None
        assert not Person.objects.get(pk=cast.bob.pk).has_usable_password()
    assert [one.kind for one in factors_against_ledger()] == ["account_edited"]
    rows.update(**genuine)
    assert comes_in(cast.bob, f"the sentence of {cast.bob.email}")
    Person.objects.filter(pk=cast.dina.pk).update(email="dinah@example.org")
    assert comes_in(Person.objects.get(pk=cast.dina.pk), f"the sentence of {dinas.email}") is None


@pytest.mark.usefixtures("cheap")
def test_a_password_of_before_is_accepted_once_in_a_hubs_life(cast: Cast, hub_dir: Path) -> None:
    have_passwords(cast)
    secret = generate_totp_secret()
    TOTP.activate(cast.bob, secret)
    Authenticator.objects.update(data={"secret": Authenticator.objects.get().data["secret"]})
    Person.objects.update(password_code="")
    assert comes_in(cast.dina, f"the sentence of {cast.dina.email}") is None
    for _ in range(2):
        account_codes.begin()
    assert comes_in(cast.dina, f"the sentence of {cast.dina.email}")
    assert account_codes.factor_fits(Authenticator.objects.get())
    assert second_factor.stand_by_ledger(cast.bob) == 1
    Person.objects.update(password_code="", password=make_password("of the attacker"))
    account_codes.begin()
    assert comes_in(cast.dina, "of the attacker") is None
    (hub_dir / "keys" / account_codes.SINCE_FILE).write_text("another's")
    with pytest.raises(BadInput, match="another hub's"):
        account_codes.begin()


def with_app(person: Person) -> Client:
    """Let a person set up their authenticator app, as the pages do it; return their browser."""
    client = comes_in(person, f"the sentence of {person.email}")
    assert client is not None
    client.post("/accounts/reauthenticate/", {"password": f"the sentence of {person.email}"})
    secret = client.get("/accounts/2fa/totp/activate/").context["form"].secret
    code = format_hotp_value(hotp_value(secret, int(time.time()) // 30))
    answer = client.post("/accounts/2fa/totp/activate/", {"code": code})
    assert answer.headers["Location"] == "/accounts/2fa/recovery-codes/"
    return client


@pytest.mark.usefixtures("cheap")
@pytest.mark.django_db(transaction=True)
def test_a_thief_of_the_password_sets_up_no_factor_where_one_stands(cast: Cast) -> None:
    have_passwords(cast)
    theirs = with_app(cast.bob)
    assert second_factor.stand_by_ledger(cast.bob) == 1
    assert not list(factors_against_ledger())
    kept = list(Authenticator.objects.filter(user=cast.bob))
    Authenticator.objects.filter(user=cast.bob).delete()
    assert [one.kind for one in factors_against_ledger()] == ["account_edited"]
    thief = comes_in(cast.bob, f"the sentence of {cast.bob.email}")
    assert thief is not None, "the password alone still opens a session, which sees nothing"
    pages = ("totp/activate/", "webauthn/add/", "recovery-codes/", "recovery-codes/generate/", "totp/deactivate/")
    for is_back in (False, True):
        if is_back:
            Authenticator.objects.bulk_create(kept)
        for page in pages:
            for answer in (thief.get(f"/accounts/2fa/{page}"), thief.post(f"/accounts/2fa/{page}", {"code": "1"})):
                assert answer.headers["Location"] == "/second-factor/", page
        assert ("whoever runs this hub" in thief.get("/second-factor/").content.decode()) is not is_back
    assert theirs.get("/accounts/2fa/recovery-codes/").status_code in (200, 302)
    Authenticator.objects.filter(user=cast.bob).delete()
    second_factor.forget(cast.bob, now=timezone.now())
    assert thief.get("/accounts/2fa/").headers.get("Location") != "/second-factor/", "the operator let them begin anew"


@pytest.mark.usefixtures("cheap")
def test_a_factor_made_at_home_or_moved_shows_nothing(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    have_passwords(cast)
    secret = generate_totp_secret()
    TOTP.activate(cast.dina, secret)
    Authenticator.objects.update(user=cast.bob)
    waiting = Client()
    waiting.post("/accounts/login/", {"login": cast.bob.email, "password": f"the sentence of {cast.bob.email}"})
    code = format_hotp_value(hotp_value(secret, int(time.time()) // 30))
    waiting.post("/accounts/2fa/authenticate/", {"code": code})
    assert "_auth_user_id" not in waiting.session
    passkey = Authenticator.objects.create(user=cast.bob, type="webauthn", data={"name": "x", "credential": {}})
    monkeypatch.setattr("allauth.mfa.webauthn.internal.auth.parse_authentication_response", lambda _given: None)
    monkeypatch.setattr("allauth.mfa.webauthn.internal.auth.complete_authentication", lambda *_: found())
    monkeypatch.setattr("allauth.mfa.webauthn.forms.check_rate_limit", lambda _person: None)
    for kind in (SignInPasskey, LoginPasskey, ProofPasskey):
        monkeypatch.setattr("allauth.mfa.webauthn.internal.auth.extract_user_from_response", lambda _given: cast.bob)
        asked = {} if kind is LoginPasskey else {"user": cast.bob}
        for edited in (False, True):
            data = passkey.data | ({"credential": {"mine": 1}} if edited else {})
            Authenticator.objects.filter(pk=passkey.pk).update(data=data)
            assert kind({"credential": '{"id": 1}'}, **asked).is_valid() is not edited


def found() -> Authenticator:
    return Authenticator.objects.get(type="webauthn")
