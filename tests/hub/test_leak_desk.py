"""The leak desk from the outside: a file is brought, traced in the limited child, and its page says what was found."""

import json
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

import textured_film
from cast import Cast
from custodes.hub.leak.models import Leak
from leak_scene import LeakScene, set_leak_scene, work_off

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return textured_film.film(tmp_path_factory.mktemp("leak") / "film.mp4")


@pytest.fixture
def scene(cast: Cast, film: Path) -> LeakScene:
    return set_leak_scene(cast, film)


def signed_in(person: object) -> Client:
    client = Client()
    client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")  # type: ignore[arg-type]
    return client


def send(client: Client, content: bytes, *, name: str = "found.mp4", clip: str = "") -> Leak:
    """Bring a file as the page's script does."""
    announced = client.post(reverse("portal:leak_announce"), {"name": name, "size": str(len(content)), "clip": clip})
    assert announced.status_code == 201, announced.content
    said = announced.json()
    step = said["piece_bytes"]
    for number, at in enumerate(range(0, len(content), step)):
        where = reverse("portal:leak_piece", args=[said["leak"], number])
        kept = client.post(where, content[at : at + step], content_type="application/octet-stream")
        assert kept.status_code == 204
    assert client.post(reverse("portal:leak_arrived", args=[said["leak"]])).status_code == 200
    return Leak.objects.get(pk=said["leak"])


def test_a_leak_without_a_hint_names_its_view_and_clears_the_other(scene: LeakScene) -> None:
    client = signed_in(scene.cast.petra)
    leak = work_off(send(client, scene.shown_to("bob")))
    assert leak.state == Leak.State.DONE, leak.told
    report = json.loads(leak.report_json)
    assert [one["view"] for one in report["named"]] == [str(scene.views["bob"].pk)]
    assert report["named"][0]["false_accusation"] < 1e-3
    assert report["clips_searched"] == 1
    page = client.get(reverse("portal:leak", args=[leak.pk])).content.decode()
    assert "One view is identified." in page
    assert str(scene.views["bob"].pk)[:8] in page
    assert "does not fit" in page  # Alice's own
    assert "never a person" in page
