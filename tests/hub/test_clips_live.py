"""The live feed tells each page of the changes that its person may see, once, and resumes where it was cut."""

import asyncio
import json
import uuid

import pytest
from django.test import TransactionTestCase

from cast import Cast, make_clip
from custodes.hub.clips import live
from custodes.hub.clips.bookmarks import Bookmarks
from custodes.hub.clips.models import Clip
from custodes.hub.clips.revisions import latest_revision, next_revision


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(live, "LOOK_EVERY_S", 0.01)
    monkeypatch.setattr(live, "PING_EVERY_S", 0.05)


MINE = Bookmarks(uuid.UUID(int=1))


def told(visible, *, since: int | None = None, lasts_s: float = 0.15, stands=lambda: True) -> list[str]:
    last = "" if since is None else MINE.seal(since)

    async def collect() -> list[str]:
        feed = live.changes(visible, bookmarks=MINE, last_event_id=last, lasts_s=lasts_s, stands=stands)
        return [event async for event in feed]

    return asyncio.run(collect())


def clips_in(events: list[str]) -> list[str]:
    return [json.loads(event.split("data: ")[1])["clip"] for event in events if "data: " in event]


@pytest.mark.django_db(transaction=True)
def test_a_page_is_told_what_changed_since_it_was_cut_and_only_what_it_may_see(cast: Cast):
    mine = [make_clip(cast.van_unit, revision=number) for number in (1, 3, 5)]
    make_clip(cast.rival_unit, revision=4)
    events = told(lambda: Clip.objects.filter(site=cast.van), since=1)
    assert clips_in(events) == [str(mine[1].pk), str(mine[2].pk)]
    assert events[0].startswith("retry: ")
    assert any(event.startswith(":") for event in events), "a comment keeps the line open"


@pytest.mark.django_db(transaction=True)
def test_a_new_page_is_told_nothing_old(cast: Cast):
    make_clip(cast.van_unit, revision=7)
    events = told(Clip.objects.all)
    assert clips_in(events) == []
    assert MINE.open(events[0].split("id: ")[1].strip()) == 7


@pytest.mark.django_db(transaction=True)
def test_a_right_that_is_withdrawn_counts_at_once(cast: Cast):
    make_clip(cast.van_unit, revision=2)
    assert clips_in(told(Clip.objects.none, since=1)) == []
    assert len(told(Clip.objects.all, since=1, lasts_s=60, stands=lambda: False)) == 1, "a session that has ended, too"
    assert len(told(Clip.objects.all, since=2, lasts_s=60, stands=lambda: False)) == 1, "also where nothing changes"


@pytest.mark.django_db(transaction=True)
def test_more_changes_than_fit_at_once_all_come(cast: Cast, monkeypatch):
    monkeypatch.setattr(live, "AT_ONCE", 2)
    made = [make_clip(cast.van_unit, revision=number) for number in range(1, 8)]
    events = told(Clip.objects.all, since=0, lasts_s=1.0)
    assert clips_in(events) == [str(clip.pk) for clip in made]


@pytest.mark.django_db
def test_a_revision_is_taken_inside_a_transaction_only(cast: Cast):
    make_clip(cast.van_unit, revision=9)
    assert (next_revision(), latest_revision()) == (10, 9)


class OutsideOfATransaction(TransactionTestCase):
    def test_it_is_refused(self) -> None:
        with pytest.raises(RuntimeError, match="inside a transaction"):
            next_revision()
