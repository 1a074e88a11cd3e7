"""Who came in, went out and failed to stands in the ledger; what can be repeated at will is counted, and bounded."""

import json
from typing import Any
from uuid import uuid4

import pytest
from allauth.mfa.totp.internal import auth as totp
from django.core.cache import cache
from django.test import Client

from cast import PASSWORD, Cast, make_clip
from custodes.hub.audit.models import LedgerBody
from custodes.hub.fleet import one_time_codes, tallies
from custodes.hub.fleet.models import Person

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
NEW = "another good sentence"
MINUTE_NS = 60 * 10**9
LATER_NS = 4 * 10**18


@pytest.fixture(autouse=True)
def _nothing_waits(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    tallies.forget()
    cache.clear()


def said(kind: str) -> list[dict[str, Any]]:
    rows = LedgerBody.objects.filter(leaf__kind=kind).order_by("pk")
    return [json.loads(text) for text in rows.values_list("body_json", flat=True)]


def written(kind: str, now_ns: int = LATER_NS) -> list[dict[str, Any]]:
    tallies.write_due(now_ns=now_ns)
    return said(kind)


def sign_in(client: Client, person: Person, password: str) -> None:
    client.post("/accounts/login/", {"login": person.email, "password": password})


def test_in_and_out_with_a_new_password_between(cast: Cast) -> None:
    cast.dina.set_password(PASSWORD)
    cast.dina.save()
    client = Client(headers={"User-Agent": "Harbour Browser"}, REMOTE_ADDR="192.0.2.7")
    sign_in(client, cast.dina, PASSWORD)
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    client.post("/accounts/password/change/", {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW})
    sign_in(client, cast.dina, NEW)
    client.post("/accounts/logout/")
    origin = {"person": str(cast.dina.pk), "address": "192.0.2.7", "browser": "Harbour Browser"}
    assert said("sign_in.done") == [origin | {"ways": ["password"]}] * 2
    assert said("sign_in.proven_anew") == [origin | {"ways": ["password"]}]
    assert said("password.changed") == [origin | {"way": "changed"}]
    assert said("sign_out.done")[-1] == origin


def test_signing_out_is_one_press_away_on_every_page(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.alice, backend=BACKEND)
    for page in ("/", "/inbox/", "/drives/", "/people/", "/me/watched/", "/settings/", "/ledger/"):
        assert 'action="/accounts/logout/"' in client.get(page).content.decode(), page


def test_a_second_factor_is_named_and_its_codes_are_told(cast: Cast, django_capture_on_commit_callbacks: Any) -> None:
    client = Client(REMOTE_ADDR="192.0.2.7")
    client.force_login(cast.dina, backend=BACKEND)
    page = client.get("/accounts/2fa/totp/activate/")
    secret = page.context["form"].secret
    right = totp.format_hotp_value(totp.hotp_value(secret, one_time_codes.step_now()))
    with django_capture_on_commit_callbacks(execute=True):
        client.post("/accounts/2fa/totp/activate/", {"code": right})
    assert len(said("second_factor.added")) == 1
    assert [one["person"] for one in said("recovery_codes.made")] == [str(cast.dina.pk)]
    client.force_login(cast.dina, backend=BACKEND)  # its session went with the ones before the factor
    client.post("/accounts/2fa/reauthenticate/", {"code": "000000"})
    (told,) = written("sign_in.failed")
    assert (told["person"], told["address"]) == (str(cast.dina.pk), "192.0.2.7")
    assert (told["count"], told["what"]) == (1, {"code": 1})


def test_wrong_passwords_are_one_entry_for_one_account_and_no_typed_word_is_kept(cast: Cast) -> None:
    for password in ("first wrong one", "second wrong one"):
        sign_in(Client(REMOTE_ADDR="192.0.2.7"), cast.dina, password)
    for name in ("nobody@example.org", "my password in the wrong field"):
        Client(REMOTE_ADDR="192.0.2.7").post("/accounts/login/", {"login": name, "password": "third wrong one"})
    told = {one["person"]: one for one in written("sign_in.failed")}
    assert told[str(cast.dina.pk)]["count"] == 2
    assert told[str(cast.dina.pk)]["what"] == {"password": 2}
    everything = "".join(LedgerBody.objects.values_list("body_json", flat=True))
    assert "wrong one" not in everything
    assert "wrong field" not in everything
    assert "nobody@example.org" not in everything


def test_a_lock_is_told(cast: Cast) -> None:
    for _ in range(9):
        sign_in(Client(REMOTE_ADDR="192.0.2.7"), cast.dina, "a wrong one")
    assert [one["person"] for one in written("sign_in.locked")] == [str(cast.dina.pk)]


def test_links_that_lead_nowhere_are_counted_without_their_word() -> None:
    for path in ("/enter/a-secret-word", "/join/a-secret-word", "/setup/a-secret-word"):
        Client(REMOTE_ADDR="192.0.2.7").get(path)
    tallies.write_due(now_ns=LATER_NS)
    assert [one["what"] for one in said("sign_in.failed")] == [{"link": 2}]
    assert [one["what"] for one in said("access.refused")] == [{"fleet:setup": 1}]
    assert "a-secret-word" not in "".join(LedgerBody.objects.values_list("body_json", flat=True))


def test_what_is_forbidden_and_what_is_not_there_are_refused_and_counted_alike(cast: Cast, client: Client) -> None:
    clip, nothing = make_clip(cast.van_unit), uuid4()
    client.force_login(cast.charlie, backend=BACKEND)
    for _ in range(3):
        answers = [client.get(f"/clips/{one}/") for one in (clip.pk, nothing)]
        assert [one.status_code for one in answers] == [404, 404]
    assert answers[0].content == answers[1].content
    before = LedgerBody.objects.count()
    client.get(f"/clips/{clip.pk}/")
    assert LedgerBody.objects.count() == before, "a refusal writes nothing while somebody waits for its answer"
    (told,) = written("access.refused")
    assert told["person"] == str(cast.charlie.pk)
    assert (told["count"], told["what"]) == (7, {"portal:clip": 7})
    assert told["asked"] == [str(clip.pk), str(nothing)]


def test_a_guesser_fills_no_ledger_and_hides_no_account() -> None:
    guessed_at = uuid4()

    def guess(minute: int, many: int) -> None:
        at_ns = 10**18 + minute * MINUTE_NS
        for number in range(many):
            tallies.note(tallies.FAILED, what="password", now_ns=at_ns, address=f"192.0.2.{number}")
        tallies.note(tallies.FAILED, what="password", now_ns=at_ns, person=guessed_at, address="192.0.2.1")

    for minute in range(4):
        guess(minute, 1000)
        tallies.write_due(now_ns=10**18 + minute * MINUTE_NS + tallies.WAITS_NS)
    entries = said("sign_in.failed")
    assert len(entries) <= tallies.BURST + 4
    assert [one["count"] for one in entries if one["person"] == str(guessed_at)] == [1, 1, 1, 1]
    assert sum(map(len, tallies._waiting.values())) <= tallies.MOST_WAITING + 1
    for hour in range(1, 20):
        tallies.write_due(now_ns=10**18 + hour * 3600 * 10**9)
    assert sum(one["count"] for one in said("sign_in.failed")) == 4004, "what found no room was counted on"


def test_what_could_not_be_written_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    tallies.note(tallies.REFUSED, what="portal:clip", now_ns=1, address="192.0.2.1")

    def full(**_: object) -> None:
        raise OSError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(tallies.ledger, "append", full)
        with pytest.raises(OSError, match="full"):
            tallies.write_all(now_ns=2)
    assert tallies.write_all(now_ns=3) == 1
