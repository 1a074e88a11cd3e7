"""A session ends by silence, by age and by hand, on the server; pages that ask by themselves keep nobody signed in."""

from datetime import datetime, timedelta

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from cast import Cast
from custodes.hub.audit.models import LedgerLeaf
from custodes.hub.fleet import open_sessions
from custodes.hub.fleet.models import OpenSession
from custodes.hub.fleet.times import wall_ns_of

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
IDLE, WHOLE = timedelta(minutes=60), timedelta(hours=24)


class Watch:
    """The server's time, moved by hand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = timezone.now()
        monkeypatch.setattr("custodes.hub.fleet.session_rules.timezone.now", lambda: self.now)

    def pass_by(self, span: timedelta) -> None:
        self.now += span


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    return Watch(monkeypatch)


@pytest.fixture
def dina(cast: Cast, watch: Watch) -> Client:
    client = Client()
    client.force_login(cast.dina, backend=BACKEND)
    return client


def is_in(client: Client) -> bool:
    return client.get(reverse("portal:verifier")).status_code == 200  # asks for a sign-in, and costs little to make


def test_silence_ends_it(dina: Client, watch: Watch) -> None:
    watch.pass_by(IDLE - timedelta(minutes=2))
    assert is_in(dina)
    watch.pass_by(IDLE - timedelta(minutes=2))
    assert is_in(dina), "a page is a sign of life"
    watch.pass_by(IDLE + timedelta(seconds=1))
    answer = dina.get("/settings/")
    assert answer.headers["Location"].startswith("/accounts/login/")
    assert "Your session has ended" in dina.get(answer.headers["Location"]).content.decode()


@pytest.mark.parametrize("path", ["/inbox/feed/", "/inbox/changed/", "/session/", "/healthz", "/jsi18n/"])
def test_what_a_page_asks_by_itself_is_no_sign_of_life(dina: Client, watch: Watch, path: str) -> None:
    for _ in range(7):
        watch.pass_by(IDLE / 6)
        dina.get(path)
    assert not is_in(dina)


@pytest.mark.parametrize("browser", ["", "Firefox"])
def test_a_sign_of_life_is_written_once_a_while_and_when_browser_or_address_change(
    dina: Client, watch: Watch, browser: str
) -> None:
    def written(agent: str, address: str) -> bool:
        before = OpenSession.objects.values().get()
        with CaptureQueriesContext(connection) as asked:
            dina.get("/settings/", headers={"user-agent": agent}, REMOTE_ADDR=address)
        updated = any('UPDATE "fleet_opensession"' in one["sql"] for one in asked.captured_queries)
        assert updated or OpenSession.objects.values().get() == before
        return updated

    written(browser, "192.0.2.1")
    assert [written(browser, "192.0.2.1") for _ in range(3)] == [False] * 3
    assert [written("Other", "192.0.2.1"), written("Other", "192.0.2.2"), written("Other", "192.0.2.2")] == [
        True,
        True,
        False,
    ]
    watch.pass_by(open_sessions.SEEN_EVERY)
    assert written("Other", "192.0.2.2")


def test_age_ends_it_whatever_is_done(dina: Client, watch: Watch) -> None:
    for _ in range(int(WHOLE / (IDLE / 2)) - 1):
        watch.pass_by(IDLE / 2)
        assert is_in(dina)
    watch.pass_by(IDLE / 2 + timedelta(seconds=1))
    assert not is_in(dina)


def test_a_cookie_that_was_kept_is_worth_nothing_afterwards(dina: Client, watch: Watch) -> None:
    kept = dina.cookies["custodes_session"].value
    watch.pass_by(IDLE + timedelta(seconds=1))
    assert not is_in(dina)
    thief = Client()
    thief.cookies["custodes_session"] = kept
    assert not is_in(thief)


def test_signing_out_ends_it_for_a_copied_cookie(dina: Client) -> None:
    thief = Client()
    thief.cookies["custodes_session"] = dina.cookies["custodes_session"].value
    dina.post("/accounts/logout/")
    assert not is_in(thief)
    assert not OpenSession.objects.exists(), "what is still open by it asks here"


def test_it_is_told_before_it_happens(dina: Client, watch: Watch) -> None:
    assert dina.get("/session/").json() == {"idle_s": 3600, "whole_s": 86400}
    watch.pass_by(timedelta(minutes=50))
    assert dina.get("/session/").json()["idle_s"] == 600
    page = dina.get("/settings/").content.decode()
    assert 'data-idle-s="3600"' in page
    assert "You will be signed out soon" in page
    watch.pass_by(timedelta(minutes=50))
    assert dina.post("/session/").json()["idle_s"] == 3600
    assert Client().get("/session/").json() == {"idle_s": 0, "whole_s": 0}


def test_the_settings_hold(dina: Client, watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    short = django_settings.HUB.sign_in.model_copy(update={"idle_minutes": 5})
    monkeypatch.setattr(django_settings, "HUB", django_settings.HUB.model_copy(update={"sign_in": short}))
    watch.pass_by(timedelta(minutes=5, seconds=1))
    assert not is_in(dina)


def test_a_session_of_somebody_else_cannot_be_named(cast: Cast, dina: Client) -> None:
    other = OpenSession.objects.create(person=cast.bob, began_at=timezone.now(), seen_at=timezone.now())
    session = dina.session
    session[open_sessions.KEY] = other.pk
    session.save()
    assert not is_in(dina)


def test_ending_by_hand_is_in_the_ledger(cast: Cast, dina: Client) -> None:
    phone = Client()
    phone.force_login(cast.dina, backend=BACKEND)
    dina.post("/settings/sessions/end/")
    assert (is_in(dina), is_in(phone)) == (True, False)
    assert "sessions.ended" in LedgerLeaf.objects.values_list("kind", flat=True)


def test_rows_do_not_pile_up(cast: Cast, dina: Client) -> None:
    now: datetime = timezone.now()
    assert open_sessions.forget_ended(now_ns=wall_ns_of(now + WHOLE / 2)) == 0
    assert open_sessions.forget_ended(now_ns=wall_ns_of(now + WHOLE + timedelta(minutes=1))) == 1
