"""Speeding by place: the road's own limit from a table, Mentor's margin, and nothing where nothing is known."""

from pathlib import Path

import pytest

from custodes.core.clock import NS_PER_S
from custodes.core.errors import BadInput
from custodes.core.types import Sample
from custodes.edge.decide import Decider, alert_for, parse_rule
from custodes.edge.decide.driving.limits import read_limits

START_NS = 1_767_268_800 * NS_PER_S
TABLE = "lat1,lon1,lat2,lon2,limit_kmh,limit_mph\n48.0,2.0,48.1,2.0,50,\n48.05,1.9,48.05,2.1,,70\n"
"""A street of 50 km/h northwards, crossed by a road of 70 mph."""


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "limits.csv"
    path.write_text(TABLE)
    return path


def drive(table: Path | None, kmh: float, seconds: int, *, lat_deg: float = 48.0, course_deg: float = 0.0) -> Decider:
    rule = {"kind": "speeding", **({"table": table} if table else {})}
    decider = Decider([parse_rule(rule)])
    decider.told = []  # type: ignore[attr-defined]
    for second in range(seconds):
        sample = Sample(
            START_NS + second * NS_PER_S,
            lat_deg=lat_deg + second * kmh / 3.6 / 111_320,
            lon_deg=2.00005,
            speed_mps=kmh / 3.6,
            course_deg=course_deg,
        )
        decider.told += decider.on_sample(sample)  # type: ignore[attr-defined]
    decider.told += decider.finish()  # type: ignore[attr-defined]
    return decider


def test_sixty_seconds_above_the_margin_are_speeding(table: Path) -> None:
    assert drive(table, 59, 120).told == []  # type: ignore[attr-defined]
    assert drive(table, 61, 55).told == []  # type: ignore[attr-defined]
    told = drive(table, 61, 90).told  # type: ignore[attr-defined]
    assert [update.phase for update in told] == ["onset", "end"]
    assert alert_for(told[0].event).text == "61 km/h; the limit here is 50."


def test_the_road_that_is_crossed_does_not_count(table: Path) -> None:
    """At the crossing the fast road is nearer than anything; the course says which road it is."""
    limits = read_limits(table)
    assert limits.limit_mps(48.05, 2.0, 0.0) == pytest.approx(50 / 3.6)
    assert limits.limit_mps(48.05, 2.0, 88.0) == pytest.approx(70 * 0.44704)
    assert limits.limit_mps(48.05, 2.0, 268.0) == pytest.approx(70 * 0.44704), "both ways"


def test_beside_the_road_nothing_is_known(table: Path) -> None:
    assert read_limits(table).limit_mps(48.02, 2.01, 0.0) is None
    assert drive(None, 130, 120).told == [], "no table, no limit"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("lat1,lon1,lat2\n", "needs the columns"),
        ("lat1,lon1,lat2,lon2,limit_kmh,limit_mph\n48,2,48.1,2,50,30\n", "row 2: give one limit"),
        ("lat1,lon1,lat2,lon2,limit_kmh\n48,2,48.1,2,fifty\n", "row 2"),
        ("lat1,lon1,lat2,lon2,limit_kmh\n48,2,48.1,2,5000\n", "out of range"),
        ("lat1,lon1,lat2,lon2,limit_kmh\n", "no stretch"),
    ],
)
def test_a_wrong_table_is_named(tmp_path: Path, content: str, says: str) -> None:
    path = tmp_path / "wrong.csv"
    path.write_text(content)
    with pytest.raises(BadInput, match=says):
        read_limits(path)


def test_a_missing_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"cannot read the limit table .*nowhere.csv"):
        read_limits(tmp_path / "nowhere.csv")


def test_toml_says_the_same(tmp_path: Path) -> None:
    path = tmp_path / "limits.toml"
    path.write_text("[[stretch]]\nlat1 = 48.0\nlon1 = 2.0\nlat2 = 48.1\nlon2 = 2.0\nlimit_kmh = 30\n")
    assert read_limits(path).limit_mps(48.05, 2.0, None) == pytest.approx(30 / 3.6)
