"""Sharing over HTTP: the form, the link, the one browser, the lock after guesses, and letters without pictures."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.core import mail
from django.test import Client

import stage
from cast import Cast
from custodes.hub.access import sharing
from custodes.hub.access.models import Release, Share, View
from custodes.hub.clips.models import Clip
from custodes.hub.fleet import mailroom
from custodes.hub.fleet.models import Person
from signed_in import signed_in

pytestmark = pytest.mark.django_db
FORM = {
    "name": "Oscar", "email": "oscar@example.org", "purpose": "incident", "reason": "claim 4711", "days": "7",
    "views": "2", "begin_s": "", "end_s": "", "language": "en",
    "hide": "no", "bare_reason": "the claim is about who stood there",
}  # fmt: skip


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("film") / "lens0.mp4"
    stage.draw(path, seconds=2)
    return path


@pytest.fixture
def ready(cast: Cast, film: Path) -> Clip:
    onset_ns = int(datetime.now(UTC).timestamp()) * stage.NS
    lens = stage.DrawnLens("road", "road", film, onset_ns - stage.NS // 2, 2 * stage.FPS)
    clip = stage.store_clip(cast.van_unit, [lens], onset_ns=onset_ns, subject=cast.dina)
    assert isinstance(clip, Clip)
    return clip


def release_by(person: object) -> None:
    """Let whoever is on film say yes to every share that waits for them."""
    client = signed_in(person)
    for release in Release.objects.filter(person=person, state="asked"):
        assert client.post(f"/me/releases/{release.pk}/", {"given": "yes"}).status_code == 302


def token_from(html: str) -> str:
    found = re.search(r"/shared/#([\w-]{43})", html)
    assert found
    return found.group(1)


def test_from_the_form_to_the_film(cast: Cast, ready: Clip) -> None:
    page = signed_in(cast.alice).get(f"/clips/{ready.pk}/").content.decode()
    assert f"/clips/{ready.pk}/shares/" in page
    assert "must release it for anybody, colleagues too" in page, "the hub of these tests sends no mail"
    said = signed_in(cast.alice).post(f"/clips/{ready.pk}/shares/", FORM).content.decode()
    assert "It opens once everybody who is on film has released it" in said
    token = token_from(said)
    assert Client().post("/shared/", {"token": token}).status_code == 404
    release_by(cast.dina)
    browser = Client()
    assert token not in browser.get("/shared/").content.decode()
    answer = browser.post("/shared/", {"token": token})
    assert answer.headers["Location"] == "/shared/"
    cookie = answer.cookies["custodes_share"]
    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == ("/shared/", True, "Lax")
    told = browser.get("/shared/").content.decode()
    for words in ("Oscar", "Alice", "Harbour Vans", "claim 4711", "2 of 2"):
        assert words in told
    watch = browser.post("/shared/watch/")
    view = View.objects.get(person=None)
    assert watch.headers["Location"] == f"/shared/views/{view.pk}/"
    shown = browser.get(watch.headers["Location"]).content.decode()
    assert "oscar@example.org" in shown, "marked in sight"
    film = browser.get(f"/shared/views/{view.pk}/film/film.road")
    assert (film.status_code, film.headers["Content-Disposition"]) == (200, "inline")
    assert film.headers["Cache-Control"] == "private, no-store"
    assert b"".join(film.streaming_content)
    assert browser.get(f"/shared/views/{view.pk}/manifest.json").json()["lenses"]
    assert browser.post(f"/shared/views/{view.pk}/progress", {"watched_ms": "700"}).status_code == 204
    for path in (
        "/",
        "/inbox/",
        f"/clips/{ready.pk}/",
        f"/clips/{ready.pk}/poster",
        f"/views/{view.pk}/film/film.road",
    ):
        assert browser.get(path).status_code in {302, 404}, path
    listed = signed_in(cast.alice).get(f"/clips/{ready.pk}/").content.decode()
    assert "1 of 2 viewings used" in listed
    assert Client().post("/shared/", {"token": token}).status_code == 404, "another browser comes too late"


def test_dead_links_answer_alike_and_guessing_is_locked(cast: Cast, ready: Clip) -> None:
    share = sharing.make(actor=cast.alice, clip_id=ready.pk, wish=wish_of(FORM))
    sharing.revoke(actor=cast.alice, share_id=share.share.pk)
    browser = Client()
    answers = [browser.post("/shared/", {"token": token}) for token in (share.token, "A" * 43, "", "x" * 900)]
    assert {one.status_code for one in answers} == {404}
    assert len({re.sub(rb'data-csrf="\w+"', b"", one.content) for one in answers}) == 1
    for _guess in range(4):
        last = browser.post("/shared/", {"token": "A" * 43})
    assert last.status_code == 429
    assert browser.post("/shared/", {"token": share.token}).status_code == 429


def test_the_token_goes_with_the_forms_own(cast: Cast, ready: Clip) -> None:
    token = sharing.make(actor=cast.alice, clip_id=ready.pk, wish=wish_of(FORM)).token
    assert Client(enforce_csrf_checks=True).post("/shared/", {"token": token}).status_code == 403
    assert Share.objects.get().token_used_at is None


def test_outside_waits_for_whoever_is_on_film(cast: Cast, ready: Clip) -> None:
    alice, dina = signed_in(cast.alice), signed_in(cast.dina)
    said = alice.post(f"/clips/{ready.pk}/shares/", FORM | {"email": "ines@insurer.example"}).content.decode()
    assert "It opens once everybody who is on film has released it" in said
    asked = dina.get("/me/watched/").content.decode()
    assert "May others see you?" in asked
    release = Release.objects.get()
    path = f"/me/releases/{release.pk}/"
    assert alice.post(path, {"given": "yes"}).status_code == 404
    assert dina.post(path, {"given": "yes"}).status_code == 302
    browser = Client()
    assert browser.post("/shared/", {"token": token_from(said)}).status_code == 302
    dina.post(path, {"given": "no"})
    assert browser.post("/shared/watch/").status_code == 404


@pytest.mark.parametrize(
    ("begin_s", "end_s", "said"),
    [("0.2", "1.9", "C’est trop court"), ("1.5", "0.5", "La fin se trouve avant le début")],
)
def test_a_range_that_cannot_be_shared_is_told_in_the_readers_language(
    cast: Cast, ready: Clip, begin_s: str, end_s: str, said: str
) -> None:
    Person.objects.filter(pk=cast.alice.pk).update(language="fr")
    cast.alice.refresh_from_db()
    form = FORM | {"begin_s": begin_s, "end_s": end_s}
    answer = signed_in(cast.alice).post(f"/clips/{ready.pk}/shares/", form)
    assert answer.status_code == 400
    assert said in answer.content.decode()


def test_what_is_wrong_is_said_beside_what_was_written(cast: Cast, ready: Clip) -> None:
    answer = signed_in(cast.alice).post(f"/clips/{ready.pk}/shares/", FORM | {"days": "99", "begin_s": "soon"})
    assert answer.status_code == 400
    assert "claim 4711" in answer.content.decode()


def test_revoking_and_a_new_link(cast: Cast, ready: Clip) -> None:
    alice = signed_in(cast.alice)
    first = sharing.make(actor=cast.alice, clip_id=ready.pk, wish=wish_of(FORM))
    release_by(cast.dina)
    renewed = token_from(alice.post(f"/shares/{first.share.pk}/renew/").content.decode())
    assert Client().post("/shared/", {"token": first.token}).status_code == 404
    assert Client().post("/shared/", {"token": renewed}).status_code == 302
    assert alice.post(f"/shares/{first.share.pk}/revoke/").status_code == 302
    assert alice.post(f"/shares/{first.share.pk}/renew/").status_code == 302
    assert "revoked" in alice.get(f"/clips/{ready.pk}/shares/").content.decode()


@pytest.mark.django_db(transaction=True)
def test_letters_hold_no_picture_and_the_link_goes_to_its_person_alone(
    cast: Cast, ready: Clip, settings: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.conf import settings as live

    hub = live.HUB.model_copy(update={"mail": live.HUB.mail.model_copy(update={"host": "mail.example"})})
    monkeypatch.setattr(live, "HUB", hub)
    said = signed_in(cast.alice).post(f"/clips/{ready.pk}/shares/", FORM | {"email": "ines@insurer.example"})
    assert "#" not in re.findall(r'value="([^"]*shared/[^"]*)"', said.content.decode()), "by mail alone"
    mailroom.drain()
    assert [one.to for one in mail.outbox] == [["dina@example.org"]]
    release = Release.objects.get()
    sharing.answer(person=cast.dina, release_id=release.pk, given=True)
    mailroom.drain()
    assert [one.to for one in mail.outbox][1:] == [["ines@insurer.example"]]
    for given in (False, True, False, True):
        sharing.answer(person=cast.dina, release_id=release.pk, given=given)
    mailroom.drain()
    assert len(mail.outbox) == 2, "one letter an hour, however often the release is toggled"
    token = token_from(mail.outbox[1].body)
    assert Client().post("/shared/", {"token": token}).status_code == 302
    for letter in mail.outbox:
        assert letter.attachments == []
        assert not letter.alternatives if hasattr(letter, "alternatives") else True
        assert "poster" not in letter.body
        assert "<img" not in letter.body


def wish_of(form: dict[str, str]) -> sharing.Wish:
    return sharing.Wish(
        name=form["name"], email=form["email"], purpose=form["purpose"], reason=form["reason"], days=7, views=2,
        hide=False, bare_reason=form["bare_reason"],
    )  # fmt: skip
