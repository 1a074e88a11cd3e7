"""The inbox: what a filter lets through, page by page, what changed, and acts on several clips with the way back."""

from datetime import timedelta

import pytest
from django.test import Client

from cast import NOW, Cast, make_clip
from custodes.hub.clips.bookmarks import Bookmarks
from custodes.hub.clips.models import Clip, Reading
from custodes.hub.portal.models import SavedFilter
from signed_in import signed_in

pytestmark = pytest.mark.django_db


def ids_in(html: bytes) -> list[str]:
    return [part.split('"')[0] for part in html.decode().split('data-clip="')[1:]]


def test_stranger_is_sent_to_the_door(cast: Cast) -> None:
    answer = Client().get("/inbox/")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/")


def test_list_holds_own_clips_newest_first(cast: Cast) -> None:
    old = make_clip(cast.van_unit, onset=NOW - timedelta(hours=2))
    new = make_clip(cast.van_unit, onset=NOW)
    make_clip(cast.rival_unit)
    make_clip(cast.home_unit, lenses=("porch",))
    assert ids_in(signed_in(cast.bob).get("/inbox/").content) == [str(new.pk), str(old.pk)]
    assert ids_in(signed_in(cast.oscar).get("/inbox/").content) == []
    assert ids_in(signed_in(cast.eve).get("/inbox/").content) == []


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", {"new", "open"}),
        ("state=new", {"new"}),
        ("state=done", {"done"}),
        ("state=all", {"new", "open", "done"}),
        ("state=nonsense", {"new", "open"}),
        ("state=deleted", {"deleted"}),
        ("state=all&kind=speed", {"open"}),
        ("state=all&severity=critical", {"done"}),
        ("state=all&since=2026-01-01", {"new", "open"}),
        ("state=all&until=2025-12-31", {"done"}),
        ("state=all&since=never", {"new", "open", "done"}),
        ("state=all&unread=1", {"open", "done"}),
        ("state=all&mine=1", {"open"}),
        ("state=all&site=not-an-id", {"new", "open", "done"}),
    ],
)
def test_filter(cast: Cast, query: str, expected: set[str]) -> None:
    clips = {
        "new": make_clip(cast.van_unit),
        "open": make_clip(cast.other_van_unit, kind="speed", triage=Clip.Triage.OPEN, assignee=cast.alice),
        "done": make_clip(cast.van_unit, onset=NOW - timedelta(days=1), severity="critical", triage=Clip.Triage.DONE),
        "deleted": make_clip(cast.van_unit, state=Clip.State.DELETED, deleted_at=NOW, erase_after=NOW),
    }
    Reading.objects.create(clip=clips["new"], person=cast.alice)
    names = {str(clip.pk): name for name, clip in clips.items()}
    answer = signed_in(cast.alice).get(f"/inbox/?{query}")
    assert {names[one] for one in ids_in(answer.content)} == expected


def test_filter_by_site(cast: Cast) -> None:
    make_clip(cast.van_unit)
    other = make_clip(cast.other_van_unit)
    answer = signed_in(cast.alice).get(f"/inbox/?site={cast.other_van.pk}")
    assert ids_in(answer.content) == [str(other.pk)]


def test_pages_follow_each_other_without_gap_or_repeat(cast: Cast) -> None:
    made = [make_clip(cast.van_unit, onset=NOW - timedelta(seconds=n // 2)) for n in range(95)]
    client = signed_in(cast.bob)
    address, seen = "/inbox/", []
    while address:
        html = client.get(address).content
        seen += ids_in(html)
        _before, found, after = html.decode().partition('class="next-page" hx-get="')
        address = after.split('"')[0].replace("&amp;", "&") if found else ""
    assert len(seen) == len(made)
    assert set(seen) == {str(clip.pk) for clip in made}


def test_changed_tells_rows_and_what_left(cast: Cast) -> None:
    stays = make_clip(cast.van_unit, revision=5)
    leaves = make_clip(cast.van_unit, revision=6, triage=Clip.Triage.DONE)
    older = make_clip(cast.van_unit, revision=2)
    foreign = make_clip(cast.rival_unit, revision=7)
    html = signed_in(cast.bob).get(f"/inbox/changed/?since={Bookmarks(cast.bob.pk).seal(3)}").content
    assert ids_in(html) == [str(stays.pk)]
    assert f'data-gone="{leaves.pk}"' in html.decode()
    assert str(older.pk) not in html.decode()
    assert str(foreign.pk) not in html.decode()
    assert Bookmarks(cast.bob.pk).open(html.decode().partition('data-bookmark="')[2].partition('"')[0]) == 7


def test_bulk_act_and_its_way_back(cast: Cast) -> None:
    first, second = make_clip(cast.van_unit), make_clip(cast.van_unit, triage=Clip.Triage.OPEN)
    client = signed_in(cast.bob)
    chosen = {"act": "done", "clip": [str(first.pk), str(second.pk)]}
    answer = client.post("/inbox/bulk/", chosen, headers={"HX-Request": "true"})
    assert set(Clip.objects.values_list("triage", flat=True)) == {"done"}
    assert answer["HX-Trigger"] == "inbox-changed"
    back = {"act": "back", "clip": chosen["clip"], f"value-{first.pk}": "new", f"value-{second.pk}": "open"}
    for name, value in back.items():
        for one in value if isinstance(value, list) else [value]:
            assert f'name="{name}" value="{one}"' in answer.content.decode()
    client.post("/inbox/bulk/", back)
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.triage, second.triage) == ("new", "open")


def test_bulk_act_on_a_foreign_clip_does_nothing(cast: Cast) -> None:
    foreign = make_clip(cast.rival_unit)
    answer = signed_in(cast.bob).post(
        "/inbox/bulk/", {"act": "done", "clip": [str(foreign.pk)]}, headers={"HX-Request": "true"}
    )
    foreign.refresh_from_db()
    assert foreign.triage == "new"
    assert "0 clips changed" in answer.content.decode()


def test_driver_may_not_sort(cast: Cast) -> None:
    clip = make_clip(cast.van_unit, subject=cast.dina)
    answer = signed_in(cast.dina).post(
        "/inbox/bulk/", {"act": "done", "clip": [str(clip.pk)]}, headers={"HX-Request": "true"}
    )
    clip.refresh_from_db()
    assert clip.triage == "new"
    assert "1 was left as it was" in answer.content.decode()


def test_saved_filters_are_ones_own(cast: Cast) -> None:
    alice, bob = signed_in(cast.alice), signed_in(cast.bob)
    alice.post("/inbox/filters/", {"name": "Grave", "query": "severity=critical&evil=<script>"})
    kept = SavedFilter.objects.get()
    assert kept.query == "severity=critical"
    assert "Grave" in alice.get("/inbox/").content.decode()
    assert "Grave" not in bob.get("/inbox/").content.decode()
    bob.post(f"/inbox/filters/{kept.pk}/forget/")
    assert SavedFilter.objects.count() == 1
    alice.post(f"/inbox/filters/{kept.pk}/forget/")
    assert SavedFilter.objects.count() == 0


def test_name_of_the_driver_is_for_who_plans_and_for_herself(cast: Cast) -> None:
    make_clip(cast.van_unit, subject=cast.dina)
    assert "Van 12 · Dina" in signed_in(cast.bob).get("/inbox/").content.decode()
    assert "Van 12 · you" in signed_in(cast.dina).get("/inbox/").content.decode()


@pytest.mark.parametrize("whom", ["charlie", "x", ""])
def test_clips_are_given_to_colleagues_only(cast: Cast, whom: str) -> None:
    """Whoever is named else stays unnamed in the answer, and the holder stays."""
    clip = make_clip(cast.van_unit, assignee=cast.alice)
    value = str(cast.charlie.pk) if whom == "charlie" else whom
    form = {"act": "give", "clip": [str(clip.pk)], f"value-{clip.pk}": value}
    answer = signed_in(cast.bob).post("/inbox/bulk/", form, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert "Nobody of that name may look after this clip." in answer.content.decode()
    assert "Charlie" not in answer.content.decode()
    clip.refresh_from_db()
    assert clip.assignee == cast.alice


def test_taking_a_clip_is_undone(cast: Cast) -> None:
    clip = make_clip(cast.van_unit)
    client = signed_in(cast.bob)
    client.post("/inbox/bulk/", {"act": "take", "clip": [str(clip.pk)]})
    clip.refresh_from_db()
    assert clip.assignee == cast.bob
    client.post("/inbox/bulk/", {"act": "give", "clip": [str(clip.pk)], f"value-{clip.pk}": "nobody"})
    clip.refresh_from_db()
    assert clip.assignee is None
