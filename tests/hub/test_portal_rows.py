"""Rows of clips: what was seen, by which lens, how fast, when and in which zone; many alike become one line."""

from datetime import timedelta

import pytest

from cast import NOW, Cast, make_clip
from custodes.core import seal
from custodes.core.types import Facing
from custodes.hub.access import gate
from custodes.hub.clips import headline
from custodes.hub.clips.headline import Headline
from custodes.hub.clips.models import Clip
from custodes.hub.portal.rows import Namer, bundled
from custodes.hub.vault import keys
from signed_in import signed_in

pytestmark = pytest.mark.django_db
MPH = 0.44704


def told(clip: Clip, **facts: object) -> Clip:
    """Give a clip a headline, as process does."""
    keys.put(clip.pk, seal.new_content_key())
    headline.keep(clip, Headline(**facts))  # type: ignore[arg-type]
    return clip


@pytest.mark.parametrize(
    ("facts", "title", "under"),
    [
        ({"seen": "person", "lens": "road", "facing": Facing.ROAD}, "Person, road camera", "Van 12"),
        ({"seen": "dog", "lens": "left", "facing": Facing.ROAD}, "Dog, road (left) camera", "Van 12"),
        ({"seen": "cat", "lens": "road", "facing": Facing.ROAD, "speed_mps": 23 * MPH}, "Cat, road camera", "23 MPH"),
        ({"speed_mps": 41.6 * MPH, "limit_mps": 30 * MPH}, "42 MPH where the limit is 30", "Van 12"),
        ({"note": "a near miss"}, "Seen on camera: “a near miss”", "Van 12"),
        ({}, "Seen on camera", "Van 12"),
    ],
)
def test_a_row_says_what_where_and_how_fast(cast: Cast, facts: dict[str, object], title: str, under: str) -> None:
    told(make_clip(cast.van_unit), **facts)
    html = signed_in(cast.bob).get("/inbox/").content.decode()
    assert f"<strong>{title}</strong>" in html
    assert under in html.split(f"<strong>{title}</strong>")[1].split("</span></span>")[0]


def test_speed_is_in_the_readers_unit(cast: Cast) -> None:
    told(make_clip(cast.van_unit, kind="speed"), speed_mps=20.0, limit_mps=50 / 3.6)
    cast.bob.speed_unit = "kmh"
    cast.bob.save()
    assert "72 km/h where the limit is 50" in signed_in(cast.bob).get("/inbox/").content.decode()


@pytest.mark.parametrize("page", ["/inbox/", "/"])
def test_times_carry_their_zone(cast: Cast, page: str) -> None:
    make_clip(cast.van_unit)
    html = signed_in(cast.bob).get(page).content.decode()
    assert '13:00:00 <span class="zone">CET</span>' in html, "the van's company is in Paris"


def test_many_alike_in_an_hour_become_one_line(cast: Cast) -> None:
    alike = [make_clip(cast.van_unit, onset=NOW + timedelta(minutes=n)) for n in range(5)]
    other = make_clip(cast.van_unit, kind="speed", onset=NOW + timedelta(minutes=2, seconds=1))
    later = make_clip(cast.van_unit, onset=NOW + timedelta(minutes=61))
    html = signed_in(cast.bob).get("/inbox/").content.decode()
    assert "4 more like this" in html
    assert "13:00 – 13:03" in html
    folded = [part.split('"')[1] for part in html.split("<li ") if "data-folded hidden" in part.split(">")[0]]
    assert len(folded) == 4
    order = [part.split('"')[0] for part in html.split('data-clip="')[1:]]
    assert order == [str(one.pk) for one in (later, *reversed(alike), other)]


def test_what_is_grave_stands_by_itself(cast: Cast) -> None:
    for n in range(5):
        make_clip(cast.van_unit, severity="critical", onset=NOW + timedelta(minutes=n))
    assert "more like this" not in signed_in(cast.bob).get("/inbox/").content.decode()


@pytest.mark.parametrize("seen", [("person", "person", "car"), ("person", "person", "")])
def test_different_things_are_not_alike(cast: Cast, seen: tuple[str, ...]) -> None:
    clips = [told(make_clip(cast.van_unit), seen=one, lens="road") for one in seen]
    rows = Namer(cast.bob).rows(gate.sight(cast.bob), Clip.objects.filter(pk__in=[one.pk for one in clips]))
    assert [one.others for one in bundled(rows)] == [(), (), ()]


def test_today_shows_eight_lines_of_a_flood(cast: Cast) -> None:
    for n in range(30):
        make_clip(cast.van_unit, onset=NOW + timedelta(seconds=n))
    html = signed_in(cast.bob).get("/").content.decode()
    assert html.count('data-clip="') == 1
    assert f'href="/inbox/?site={cast.van.pk}&amp;kind=presence"' in html
    assert "29 more like this" in html
