"""What proves a person lies sealed, opens once, and ends the session that was there before."""

import base64
import secrets
import time
from importlib import import_module
from pathlib import Path

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.apps import apps
from django.conf import settings as django_settings
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.urls import reverse

from cast import PASSWORD, Cast
from custodes.core.errors import BadInput, Corrupt
from custodes.hub.fleet import account_secrets
from custodes.hub.fleet.models import Person

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@pytest.fixture(autouse=True)
def _no_count_from_before() -> None:
    cache.clear()


@pytest.fixture
def frozen(monkeypatch: pytest.MonkeyPatch) -> float:
    """Stop the clock in the middle of a time step of authenticator apps."""
    at = time.time() // 30 * 30 + 15
    monkeypatch.setattr(time, "time", lambda: at)
    return at


def code_of(secret: str, at: float) -> str:
    return format_hotp_value(hotp_value(secret, int(at) // 30))


def dump() -> str:
    """Return every row of the database, and what base64 in them says."""
    connection.ensure_connection()
    return "\n".join(connection.connection.iterdump())


def forms_of(secret: str) -> set[str]:
    raw = base64.b32decode(secret)
    return {secret, raw.hex(), base64.b64encode(raw).decode(), base64.b64encode(secret.encode()).decode().rstrip("=")}


@pytest.mark.django_db(transaction=True)
def test_a_dump_holds_neither_secret_nor_recovery_code(cast: Cast, frozen: float) -> None:
    client = Client()
    client.force_login(cast.alice, backend=BACKEND)
    secret = client.get(reverse("mfa_activate_totp")).context["form"].secret
    begun = dump() + str(dict(client.session.items()))
    answer = client.post(reverse("mfa_activate_totp"), {"code": code_of(secret, frozen)})
    assert answer.headers["Location"] == reverse("mfa_view_recovery_codes")
    page = client.get(answer.headers["Location"])
    assert page.status_code == 200, "the codes are seen at once, nothing is asked in between"
    codes = page.context["unused_codes"]
    assert len(codes) == 10
    whole = begun + dump()
    kept = RecoveryCodes(Authenticator.objects.get(user=cast.alice, type="recovery_codes"))
    seed = account_secrets.unseal(kept.instance.data["seed"])
    assert [word for word in (*forms_of(secret), *codes, seed) if word in whole] == []
    assert code_of(secret, frozen) not in whole


def test_what_lay_in_the_clear_is_sealed_by_the_update_and_goes_on(cast: Cast, frozen: float) -> None:
    secret, seed, old = generate_totp_secret(), secrets.token_hex(40), "12345678"
    for kind, fields in (("totp", {"secret": secret}), ("recovery_codes", {"seed": seed, "migrated_codes": [old]})):
        Authenticator.objects.create(user=cast.bob, type=kind, data=fields)
    with pytest.raises(Corrupt):
        TOTP(Authenticator.objects.get(type="totp")).validate_code(code_of(secret, frozen))
    update = import_module("custodes.hub.fleet.migrations.0005_sealed_factors")
    for _ in range(2):
        update.seal(apps, None)
    assert [word for word in (secret, seed, old) if word in dump()] == []
    assert TOTP(Authenticator.objects.get(type="totp")).validate_code(code_of(secret, frozen))
    assert RecoveryCodes(Authenticator.objects.get(type="recovery_codes")).validate_code(old)


def test_a_hub_that_lost_the_key_refuses_to_start_and_makes_no_other(cast: Cast, hub_dir: Path) -> None:
    account_secrets.check()
    path = django_settings.HUB.keys_dir / account_secrets.KEY_FILE
    assert path.stat().st_mode & 0o077 == 0
    TOTP.activate(cast.bob, generate_totp_secret())
    content = path.read_bytes()
    path.unlink()
    with pytest.raises(BadInput, match=r"accounts\.sealed: missing"):
        account_secrets.check()
    account_secrets._opened.cache_clear()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(BadInput, match="Put the hub's own file back"):
        account_secrets.check()


def signing_in(person: Person) -> Client:
    """Return a browser that is asked for the second factor."""
    person.set_password(PASSWORD)
    person.save()
    client = Client()
    client.post(reverse("account_login"), {"login": person.email, "password": PASSWORD})
    return client


def comes_in(client: Client, code: str) -> bool:
    client.post(reverse("mfa_authenticate"), {"code": code})
    return client.get("/settings/").status_code == 200


def test_a_code_opens_once_also_after_a_restart(cast: Cast, frozen: float) -> None:
    secret = generate_totp_secret()
    TOTP.activate(cast.dina, secret)
    code = code_of(secret, frozen)
    assert comes_in(signing_in(cast.dina), code)
    cache.clear()  # what a restart forgets
    thief = signing_in(cast.dina)
    for spelling in (code, f"{code[:3]}-{code[3:]}", f" {code}", code_of(secret, frozen - 30)):
        assert not comes_in(thief, spelling)


@pytest.mark.django_db(transaction=True)
def test_the_code_of_a_set_up_opens_nothing_more(cast: Cast, frozen: float) -> None:
    client = Client()
    client.force_login(cast.dina, backend=BACKEND)
    secret = client.get(reverse("mfa_activate_totp")).context["form"].secret
    assert client.post(reverse("mfa_activate_totp"), {"code": code_of(secret, frozen)}).status_code == 302
    cache.clear()
    assert not comes_in(signing_in(cast.dina), code_of(secret, frozen))


def test_a_cookie_from_before_a_new_proof_is_nobodys(cast: Cast) -> None:
    cast.alice.set_password(PASSWORD)
    cast.alice.save()
    client, thief = Client(), Client()
    client.force_login(cast.alice, backend=BACKEND)
    name = django_settings.SESSION_COOKIE_NAME
    thief.cookies[name] = client.cookies[name].value
    assert thief.get("/settings/").status_code == 200
    client.post(reverse("account_reauthenticate"), {"password": "wrong"})
    assert thief.get("/settings/").status_code == 200
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    assert client.get("/settings/").status_code == 200
    assert thief.get("/settings/").status_code == 302
