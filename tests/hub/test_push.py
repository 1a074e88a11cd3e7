"""Notices in the browser: what leaves the hub, to whom, what a push service's answers do, and what is refused."""

import json
import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from django.conf import settings
from django.test import Client, override_settings
from django.urls import reverse
from django.utils import timezone

from cast import Cast
from custodes.core.clock import NS_PER_S
from custodes.core.errors import BadInput
from custodes.hub import keyring
from custodes.hub.consent import telling
from custodes.hub.consent.telling import Watching
from custodes.hub.fleet import mailroom, notices, open_sessions, push_address, push_browsers, push_post
from custodes.hub.fleet.models import AccountNotice, Person
from custodes.hub.fleet.push_models import PushBrowser, PushWaiting
from custodes.hub.fleet.times import moment_of, wall_ns_of
from custodes.hub.push_settings import PushSettings
from push_service import Browser, PushService, push_service, text_of

pytestmark = pytest.mark.django_db
NOW = timezone.now()
NOW_NS = wall_ns_of(NOW)


@pytest.fixture(scope="module")
def listening(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PushService]:
    with push_service(tmp_path_factory.mktemp("push")) as service:
        yield service


@pytest.fixture
def service(listening: PushService, hub_dir: Path) -> Iterator[PushService]:
    listening.bodies.clear()
    listening.headers.clear()
    listening.status = 201
    told = PushSettings(
        services=("localhost",), allowed_networks=("127.0.0.0/8", "::1/128"), certificates=listening.certificates
    )
    with override_settings(HUB=settings.HUB.model_copy(update={"push": told})):
        yield listening


def turn_on(person: Person, service: PushService, browser: Browser, name: str = "one") -> PushBrowser:
    return push_browsers.keep(
        person,
        endpoint=f"{service.origin}/send/{name}",
        p256dh=text_of(browser.p256dh),
        auth=text_of(browser.auth),
        browser="Firefox",
        now=NOW,
    )


def test_a_notice_arrives_says_nothing_of_what_and_is_signed_by_this_hub(cast: Cast, service: PushService) -> None:
    browser = Browser()
    cast.dina.language = "fr"
    cast.dina.save()
    turn_on(cast.dina, service, browser)
    assert push_post.send_due(now_ns=NOW_NS) == 1
    view = Watching(uuid.uuid4(), uuid.uuid4(), "Alice", cast.alice.pk, "manager", "coaching", "Van 12", NOW_NS)
    telling.tell([cast.dina.pk, cast.alice.pk], view)
    with override_settings(EMAIL_BACKEND=telling.NOWHERE):
        assert telling.send_due(now_ns=NOW_NS) == 0, "this hub has no mail; the notice goes all the same"
    assert push_post.send_due(now_ns=NOW_NS) == 1
    told = browser.open(service.bodies[1])
    assert told == {
        "title": "Custodes",
        "body": "Il y a du nouveau pour vous. Ouvrez le hub pour le lire.",
        "path": reverse("portal:watched_me"),
    }
    assert service.who_sent(1, now=NOW) == push_browsers.server_key()
    assert (settings.HUB.keys_dir / keyring.PUSH_FILE).stat().st_mode & 0o777 == 0o600
    assert service.headers[1]["content-encoding"] == "aes128gcm"
    assert service.headers[1]["host"] == f"localhost:{service.port}"
    assert not PushWaiting.objects.exists()
    with pytest.raises(InvalidTag):
        Browser().open(service.bodies[1])


def test_what_the_mailroom_sends_a_person_goes_to_each_of_their_browsers(cast: Cast, service: PushService) -> None:
    one, other = Browser(), Browser()
    turn_on(cast.petra, service, one, "one")
    turn_on(cast.petra, service, other, "other")
    turn_on(cast.alice, service, Browser(), "alice")
    PushWaiting.objects.all().delete()
    mailroom.write(cast.petra, subject="An alarm", sentence="Alice watched Dina", path="/oversight/")
    notices.tell(cast.petra, AccountNotice.Kind.PASSWORD_CHANGED, now=NOW)
    assert push_post.send_due(now_ns=NOW_NS) == 4
    paths = [next(_opened(body, one, other))["path"] for body in service.bodies]
    assert sorted(paths) == ["/oversight/", "/oversight/", "/settings/", "/settings/"]
    assert b"Alice" not in b"".join(json.dumps(next(_opened(body, one, other))).encode() for body in service.bodies)


def _opened(body: bytes, *browsers: Browser) -> Iterator[dict[str, str]]:
    for browser in browsers:
        try:
            yield browser.open(body)
        except InvalidTag:  # another browser's
            continue


@pytest.mark.parametrize("status", [404, 410])
def test_a_browser_that_is_gone_is_forgotten(cast: Cast, service: PushService, status: int) -> None:
    turn_on(cast.dina, service, Browser())
    service.status = status
    assert push_post.send_due(now_ns=NOW_NS) == 0
    assert not PushBrowser.objects.exists()
    assert not PushWaiting.objects.exists()


def test_a_service_that_refuses_is_asked_later_each_time_and_given_up_in_a_week(
    cast: Cast, service: PushService
) -> None:
    row = turn_on(cast.dina, service, Browser())
    service.status = 503
    for _ in range(3):
        push_post.send_due(now_ns=NOW_NS)
    assert len(service.bodies) == 1, "not before its time"
    push_post.send_due(now_ns=NOW_NS + 31 * NS_PER_S)
    assert len(service.bodies) == 2
    row.refresh_from_db()
    assert (row.failures, row.last_failure, row.reached_at) == (2, "503", None)
    assert row.try_after_ns == NOW_NS + (31 + 60) * NS_PER_S
    service.status = 307
    push_browsers.try_again(cast.dina, row.pk, now=NOW + timedelta(minutes=1))
    push_post.send_due(now_ns=NOW_NS + 60 * NS_PER_S)
    assert len(service.bodies) == 3, "a redirect is not followed"
    late_ns = NOW_NS + push_post.GIVE_UP_AFTER_NS + NS_PER_S
    push_browsers.try_again(cast.dina, row.pk, now=moment_of(late_ns))
    push_post.send_due(now_ns=late_ns)
    assert not PushBrowser.objects.exists()


def test_a_service_that_cannot_be_reached_is_said_on_the_page(cast: Cast, service: PushService, client: Client) -> None:
    turn_on(cast.dina, service, Browser())
    untrusted = settings.HUB.push.model_copy(update={"certificates": None})
    with override_settings(HUB=settings.HUB.model_copy(update={"push": untrusted})):
        assert push_post.send_due(now_ns=NOW_NS) == 0
    assert service.bodies == [], "nothing is told to who shows no certificate that this hub trusts"
    client.force_login(cast.dina)
    page = client.get(reverse("portal:settings")).content.decode()
    assert "The hub does not reach localhost: no notices come to this browser." in page
    assert "not reached yet" in page


def test_a_name_that_leads_into_a_private_network_is_not_called(cast: Cast, service: PushService) -> None:
    row = turn_on(cast.dina, service, Browser())
    inside = settings.HUB.push.model_copy(update={"allowed_networks": ()})
    with override_settings(HUB=settings.HUB.model_copy(update={"push": inside})):
        push_post.send_due(now_ns=NOW_NS)
    row.refresh_from_db()
    assert (service.bodies, row.last_failure) == ([], push_post.REFUSED_ADDRESS)


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://localhost/x",
        "https://localhost.example.org/x",
        "https://169.254.169.254/latest",
        "https://user:secret@localhost/x",
        "https://localhost/x#y",
        "https://localhost\t/x",
        "https://localhost:99999/x",
        "https://example.org\\@localhost/x y",
        "https://[::1/x",
        "file:///etc/passwd",
        "https://xn--.localhost/x",
        "https://a..localhost/x",
        "https://-a.localhost/x",
        "https://localhost/" + "x" * 1024,
        "",
    ],
)
def test_an_address_that_is_no_push_service_of_the_settings_is_refused(service: PushService, endpoint: str) -> None:
    with pytest.raises(BadInput):
        push_address.take_apart(endpoint)


def test_a_subscription_is_input(cast: Cast, service: PushService, client: Client) -> None:
    client.force_login(cast.dina)
    browser = Browser()
    good = {
        "endpoint": f"{service.origin}/send/x",
        "p256dh": text_of(browser.p256dh),
        "auth": text_of(browser.auth),
    }
    wrong = [
        {"endpoint": "https://example.org/"},
        {"p256dh": ""},
        {"p256dh": text_of(b"\x04" + b"\0" * 64)},
        {"p256dh": "é" * 88},
        {"auth": text_of(b"short")},
        {"auth": "x" * 100_000},
    ]
    for change in wrong:
        answer = client.post(reverse("portal:push_on"), {**good, **change})
        assert answer.status_code == 400, change
        assert answer.json()["error"].endswith(".")
    assert client.post(reverse("portal:push_on"), good).status_code == 200
    for number in range(1, push_browsers.A_PERSON):
        turn_on(cast.dina, service, Browser(), str(number))
    full = client.post(reverse("portal:push_on"), {**good, "endpoint": f"{service.origin}/send/y"})
    assert full.status_code == 400
    assert client.post(reverse("portal:push_on"), good).status_code == 200, "the same browser again is the same row"
    assert PushBrowser.objects.count() == push_browsers.A_PERSON


def test_one_row_that_cannot_be_sent_holds_up_no_other(cast: Cast, service: PushService) -> None:
    turn_on(cast.dina, service, Browser())
    PushBrowser.objects.update(endpoint="https://xn--.localhost/as-an-older-version-took-it")
    PushWaiting.objects.all().delete()
    row = turn_on(cast.alice, service, Browser(), "2")
    push_post.knock(cast.dina, path="/", now_ns=NOW_NS)
    push_post.send_due(now_ns=NOW_NS)
    assert len(service.bodies) == 1
    assert not row.waiting.exists()


def test_sessions_that_are_ended_take_the_notices_of_browsers_along(cast: Cast, service: PushService) -> None:
    """Whoever held a stolen session may have turned them on in a browser of their own; the person is told when."""
    turn_on(cast.dina, service, Browser())
    assert AccountNotice.objects.get(person=cast.dina).kind == AccountNotice.Kind.PUSH_ADDED
    open_sessions.end_others(cast.dina, keep=None, now=NOW, by_command=True)
    assert not PushBrowser.objects.exists()


def test_a_browser_is_its_persons_alone_and_goes_over_to_who_sits_there(cast: Cast, service: PushService) -> None:
    browser = Browser()
    row = turn_on(cast.dina, service, browser)
    assert not push_browsers.remove(cast.alice, row.pk)
    assert not push_browsers.try_again(cast.alice, row.pk, now=NOW)
    with pytest.raises(BadInput):
        turn_on(cast.alice, service, Browser())  # knows the address, not the browser's secret
    taken = turn_on(cast.alice, service, browser)
    assert [one.person for one in PushBrowser.objects.all()] == [cast.alice]
    assert push_browsers.remove(cast.alice, taken.pk)
    turn_on(cast.dina, service, browser)
    Person.objects.filter(pk=cast.dina.pk).update(is_active=False)
    assert push_post.send_due(now_ns=NOW_NS) == 0
    assert (service.bodies, PushBrowser.objects.count()) == ([], 0), "an account that was shut is told nothing"


def test_a_hub_whose_operator_turned_it_off_says_so_and_sends_nothing(cast: Cast, client: Client) -> None:
    off = PushSettings(enabled=False)
    with override_settings(HUB=settings.HUB.model_copy(update={"push": off})):
        client.force_login(cast.dina)
        assert "whoever runs it has turned that off" in client.get(reverse("portal:settings")).content.decode()
        with pytest.raises(BadInput):
            push_browsers.keep(
                cast.dina, endpoint="https://fcm.googleapis.com/x", p256dh="", auth="", browser="", now=NOW
            )
        assert not (settings.HUB.keys_dir / keyring.PUSH_FILE).exists()
