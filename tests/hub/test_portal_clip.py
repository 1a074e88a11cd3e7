"""The clip page: one view for one watching, no view for a look-ahead, and what each state of a clip says."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import stage
from cast import Cast, make_clip, say
from custodes.hub.access.models import View
from custodes.hub.audit.models import LedgerLeaf
from custodes.hub.clips.models import Clip, Reading
from signed_in import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Draw one short film for all tests of this file."""
    path = tmp_path_factory.mktemp("film") / "lens0.mp4"
    stage.draw(path, seconds=1)
    return path


@pytest.fixture
def ready(cast: Cast, film: Path) -> Clip:
    """Store one ready clip of the van, with Dina at the wheel."""
    onset_ns = int(datetime.now(UTC).timestamp()) * stage.NS
    lens = stage.DrawnLens("road", "road", film, onset_ns - stage.NS // 2, stage.FPS)
    clip = stage.store_clip(
        cast.van_unit,
        [lens],
        onset_ns=onset_ns,
        subject=cast.dina,
        samples=stage.drive(onset_ns),
        evidence=stage.SPEED_EVIDENCE,
    )
    assert isinstance(clip, Clip)
    return clip


def test_opening_the_page_opens_one_view_for_the_purpose(cast: Cast, ready: Clip) -> None:
    client = signed_in(cast.bob)
    html = client.get(f"/clips/{ready.pk}/").content.decode()
    view = View.objects.get()
    assert (view.person, view.purpose, view.role) == (cast.bob, "incident", "dispatcher")
    assert f"/views/{view.pk}/film/film.road" in html
    assert "Limit 31 MPH, alerts from 34 MPH (10 % over), reached 38 MPH." in html
    assert "The rule itself counts in km/h: its limit is 50." in html
    assert html.split('class="evidence"')[1].split("</table>")[0].count("km/h") == 0, "one unit of speed on a page"
    assert "ssd-openimages@3f2a91c" in html
    assert "This viewing is recorded, its purpose too: <strong>incident</strong>" in html
    assert Reading.objects.filter(clip=ready, person=cast.bob).exists()


def test_who_may_watch_is_said_with_the_rule(cast: Cast, ready: Clip) -> None:
    html = signed_in(cast.bob).get(f"/clips/{ready.pk}/").content.decode()
    told = html.split('id="audience-title"')[1].split("</section>")[0]
    assert "The driver on shift when it happened may watch their own clip." in told
    assert "driver-watches-own-shift" in told
    assert "Dina" in told
    assert "Alice" in told
    assert "Charlie" not in told
    cast.alice.is_active = False
    cast.alice.save()
    html = signed_in(cast.bob).get(f"/clips/{ready.pk}/").content.decode()
    assert "Alice" not in html.split('id="audience-title"')[1].split("</section>")[0], "asked anew each time"


def test_reload_goes_on_with_the_same_view(cast: Cast, ready: Clip) -> None:
    client = signed_in(cast.bob)
    client.get(f"/clips/{ready.pk}/")
    client.get(f"/clips/{ready.pk}/")
    assert View.objects.count() == 1
    View.objects.update(opened_at=datetime.now(UTC) - timedelta(minutes=3))
    client.get(f"/clips/{ready.pk}/")
    assert View.objects.count() == 2
    signed_in(cast.alice).get(f"/clips/{ready.pk}/")
    assert View.objects.count() == 3


def test_look_ahead_of_a_browser_opens_nothing(cast: Cast, ready: Clip) -> None:
    answer = signed_in(cast.bob).get(f"/clips/{ready.pk}/", headers={"Sec-Purpose": "prefetch;prerender"})
    assert answer.status_code == 503
    assert View.objects.count() == 0
    assert not LedgerLeaf.objects.filter(kind="view.opened").exists()


def test_only_who_has_several_purposes_is_asked(cast: Cast, ready: Clip) -> None:
    say(cast.dina, cast.company, "coaching")
    asked = 'name="purpose"'
    alice, bob = signed_in(cast.alice), signed_in(cast.bob)
    assert asked in alice.get(f"/clips/{ready.pk}/").content.decode()
    assert asked not in bob.get(f"/clips/{ready.pk}/").content.decode()
    alice.get(f"/clips/{ready.pk}/?purpose=coaching")
    bob.get(f"/clips/{ready.pk}/?purpose=coaching")
    assert sorted(View.objects.values_list("person__display_name", "purpose")) == [
        ("Alice", "coaching"),
        ("Alice", "incident"),
        ("Bob", "incident"),
    ]


def test_driver_watches_her_own(cast: Cast, ready: Clip) -> None:
    html = signed_in(cast.dina).get(f"/clips/{ready.pk}/").content.decode()
    assert View.objects.get().purpose == "own"
    assert "Delete this clip" not in html


@pytest.mark.parametrize("who", ["charlie", "oscar", "hanna", "sam", "eve", "stranger", "root"])
def test_who_may_not_gets_what_is_not_there(cast: Cast, ready: Clip, who: str) -> None:
    client = signed_in(getattr(cast, who))
    missing = client.get("/clips/00000000-0000-4000-8000-000000000000/")
    for path in ("", "state/"):
        answer = client.get(f"/clips/{ready.pk}/{path}")
        assert answer.status_code == 404
        assert answer.content == missing.content
    for path in ("triage/", "delete/", "restore/"):
        assert client.post(f"/clips/{ready.pk}/{path}", {"triage": "done"}).status_code == 404
    ready.refresh_from_db()
    assert (ready.state, ready.triage, View.objects.count()) == ("ready", "new", 0)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (Clip.State.RECEIVING, "The film is arriving"),
        (Clip.State.PROCESSING, "The film is being checked"),
        (Clip.State.QUARANTINED, "This clip is in quarantine"),
    ],
)
def test_clip_that_cannot_be_watched_says_why(cast: Cast, state: str, words: str) -> None:
    clip = make_clip(cast.van_unit, state=state, quarantine_reason="film.road: no picture")
    html = signed_in(cast.bob).get(f"/clips/{clip.pk}/").content.decode()
    assert words in html
    assert View.objects.count() == 0
    assert ("every 2s" in html) == (state != Clip.State.QUARANTINED)


def test_waiting_page_reloads_once_the_clip_is_ready(cast: Cast, ready: Clip) -> None:
    answer = signed_in(cast.bob).get(f"/clips/{ready.pk}/state/")
    assert answer["HX-Refresh"] == "true"


def test_delete_and_restore(cast: Cast, ready: Clip) -> None:
    alice, bob = signed_in(cast.alice), signed_in(cast.bob)
    assert bob.post(f"/clips/{ready.pk}/delete/").status_code == 404
    page = alice.post(f"/clips/{ready.pk}/delete/", follow=True).content.decode()
    assert "Restore the clip" in page
    assert "data-countdown" in page
    assert bob.get(f"/clips/{ready.pk}/").status_code == 404
    alice.post(f"/clips/{ready.pk}/restore/")
    ready.refresh_from_db()
    assert ready.state == "ready"
    assert bob.get(f"/clips/{ready.pk}/").status_code == 200


def test_triage_and_assignee(cast: Cast, ready: Clip) -> None:
    client = signed_in(cast.bob)
    client.post(f"/clips/{ready.pk}/triage/", {"triage": "open"})
    client.post(f"/clips/{ready.pk}/triage/", {"assignee": str(cast.alice.pk)})
    ready.refresh_from_db()
    assert (ready.triage, ready.assignee) == ("open", cast.alice)
    client.post(f"/clips/{ready.pk}/triage/", {"assignee": str(cast.charlie.pk)})
    ready.refresh_from_db()
    assert ready.assignee == cast.alice, "somebody who may not sort it cannot hold it"
    for asked in ({}, {"assignee": str(cast.bob.pk)}):
        assert signed_in(cast.dina).post(f"/clips/{ready.pk}/triage/", asked).status_code == 404
    client.post(f"/clips/{ready.pk}/triage/", {"assignee": ""})
    ready.refresh_from_db()
    assert ready.assignee is None


def test_who_watched_is_listed_with_a_proof(cast: Cast, ready: Clip) -> None:
    say(cast.dina, cast.company, "coaching")
    signed_in(cast.alice).get(f"/clips/{ready.pk}/?purpose=coaching")
    view = View.objects.get()
    html = signed_in(cast.dina).get(f"/clips/{ready.pk}/").content.decode()
    assert "Alice" in html
    assert "coaching" in html
    assert html.split('id="watched-title"')[1].count("alice@example.org") == 1, "a name can be anybody's choice"
    assert f"/views/{view.pk}/proof.json" in html
