"""What a page holds to read on from tells nothing of how much others' cameras see."""

import asyncio
import re
import uuid

import pytest
from django.test import Client

from cast import NOW_NS, Cast, make_clip
from custodes.core.clock import ManualClock
from custodes.hub.clips import live
from custodes.hub.clips.bookmarks import GOOD_FOR_S, Bookmarks
from custodes.hub.clips.models import Clip
from custodes.hub.portal import changes

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
ALICE, BOB = uuid.UUID(int=1), uuid.UUID(int=2)


def signed_in(person: object) -> Client:
    client = Client()
    client.force_login(person, backend=BACKEND)  # type: ignore[arg-type]
    return client


def bookmark_in(html: str) -> str:
    found = re.search(r'data-bookmark="([^"]+)"', html)
    assert found, html[:300]
    return found.group(1)


def test_a_bookmark_is_its_makers_alone_and_never_the_same() -> None:
    marks = Bookmarks(ALICE)
    kept = {marks.seal(7) for _ in range(20)}
    assert len(kept) == 20
    assert {len(text) for text in kept} == {len(marks.seal(2**40))}, "its length tells nothing either"
    assert {marks.open(text) for text in kept} == {7}
    assert {Bookmarks(BOB).open(text) for text in kept} == {None}


@pytest.mark.parametrize("made_up", ["", "7", "A" * 59, "é" * 59, "=" * 60, "A" * 10_000, "../..", "AAAA AAAA"])
def test_what_was_made_up_is_none(made_up: str) -> None:
    assert Bookmarks(ALICE).open(made_up) is None


def test_a_changed_letter_is_none() -> None:
    text = Bookmarks(ALICE).seal(7)
    for at in range(0, len(text) - 1, 7):
        assert Bookmarks(ALICE).open(text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :]) is None


def test_a_bookmark_ages() -> None:
    clock = ManualClock(NOW_NS)
    marks = Bookmarks(ALICE, clock=clock)
    text = marks.seal(7)
    clock.advance(GOOD_FOR_S)
    assert marks.open(text) == 7
    clock.advance(2)
    assert marks.open(text) is None


@pytest.mark.django_db
def test_no_page_shows_the_hubs_revision(cast: Cast) -> None:
    make_clip(cast.van_unit, revision=8_765_431)
    make_clip(cast.rival_unit, revision=8_765_432)
    client = signed_in(cast.bob)
    page = client.get("/inbox/").content.decode()
    changed = client.get(f"/inbox/changed/?since={bookmark_in(page)}").content.decode()
    for html in (page, changed):
        assert "876543" not in html
    assert client.get("/inbox/changed/?since=3").status_code == 410
    assert signed_in(cast.alice).get(f"/inbox/changed/?since={bookmark_in(page)}").status_code == 410


@pytest.mark.django_db
def test_how_much_others_film_shows_nowhere(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hundreds of changes elsewhere: the same answer as after none, and nothing of one's own is passed over."""
    monkeypatch.setattr(changes, "AT_ONCE", 3)
    for number in range(1, 9):
        make_clip(cast.rival_unit, revision=number)
    mine = make_clip(cast.van_unit, revision=9)
    found = changes.changes_since(cast.bob, 0)
    assert (found.clip_ids, found.revision, found.more) == ((mine.pk,), 9, False)
    for number in range(10, 13):
        make_clip(cast.van_unit, revision=number)
    assert changes.changes_since(cast.bob, 0).more
    assert changes.changes_since(cast.bob, 9).more is False
    assert changes.changes_since(cast.stranger, 0).clip_ids == ()


@pytest.mark.django_db(transaction=True)
def test_the_feed_tells_no_revision(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "LOOK_EVERY_S", 0.01)
    make_clip(cast.van_unit, revision=8_765_431)
    marks = Bookmarks(cast.bob.pk)

    async def collect() -> list[str]:
        feed = live.changes(Clip.objects.all, bookmarks=marks, last_event_id=marks.seal(3), lasts_s=0.1)
        return [event async for event in feed]

    events = asyncio.run(collect())
    assert any("event: change" in event for event in events)
    assert not [event for event in events if "876543" in event]
