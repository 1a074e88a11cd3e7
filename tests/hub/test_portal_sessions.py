"""Where one is signed in: told in words, ended one by one or all at once, and nobody else's."""

import pytest
from django.test import Client

from cast import Cast
from custodes.hub.fleet.models import OpenSession
from custodes.hub.portal.sessions import device_words

pytestmark = pytest.mark.django_db
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
CHROME = (
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile "
    "Safari/537.36"
)
SAFARI = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 "
    "Mobile/15E148 Safari/604.1"
)
EDGE = CHROME.replace("Linux; Android 14; Pixel 8", "Windows NT 10.0; Win64; x64") + " Edg/126.0"


def signed_in(person: object, agent: str = FIREFOX, address: str = "192.0.2.7") -> Client:
    client = Client(headers={"User-Agent": agent}, REMOTE_ADDR=address)
    client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")  # type: ignore[arg-type]
    client.get("/settings/")
    return client


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (FIREFOX, "Firefox on Linux"),
        (CHROME, "Chrome on Android"),
        (SAFARI, "Safari on iPhone"),
        (EDGE, "Edge on Windows"),
        ("curl/8.5", "curl/8.5"),
        ("", "an unnamed program"),
    ],
)
def test_a_browser_in_words(agent: str, words: str) -> None:
    assert device_words(agent) == words


def test_every_place_is_listed_with_its_address(cast: Cast) -> None:
    here = signed_in(cast.alice)
    signed_in(cast.alice, SAFARI, "198.51.100.4")
    signed_in(cast.bob, EDGE, "203.0.113.9")
    html = here.get("/settings/").content.decode().split('id="sessions-title"')[1]
    assert html.index("Firefox on Linux") < html.index("this browser") < html.index("Safari on iPhone")
    assert "198.51.100.4" in html
    assert "203.0.113.9" not in html
    assert "Edge on Windows" not in html


def test_one_is_ended_and_the_others_stay(cast: Cast) -> None:
    here, phone, other = signed_in(cast.alice), signed_in(cast.alice, SAFARI), signed_in(cast.alice, CHROME)
    lost = OpenSession.objects.get(browser=SAFARI)
    assert here.post(f"/settings/sessions/{lost.pk}/end/").status_code == 302
    assert [client.get("/settings/").status_code for client in (here, phone, other)] == [200, 302, 200]
    assert "Safari on iPhone" not in here.get("/settings/").content.decode()


def test_nobody_ends_another_persons(cast: Cast) -> None:
    alice, bob = signed_in(cast.alice), signed_in(cast.bob)
    of_bob = OpenSession.objects.get(person=cast.bob)
    assert alice.post(f"/settings/sessions/{of_bob.pk}/end/").status_code == 404
    assert bob.get("/settings/").status_code == 200


def test_all_others_are_ended_at_once(cast: Cast) -> None:
    here, phone, bob = signed_in(cast.alice), signed_in(cast.alice, SAFARI), signed_in(cast.bob)
    here.post("/settings/sessions/end/")
    assert [client.get("/settings/").status_code for client in (here, phone, bob)] == [200, 302, 200]
    assert OpenSession.objects.filter(person=cast.alice).count() == 1
