"""The score: recomputed to the last digit, explained in sentences, fair where little is known."""

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from custodes.cli import app
from custodes.core.errors import BadInput
from custodes.core.wire_trip import WireTrip
from custodes.score.formula import COUNTED_KINDS, score_period, score_trip
from custodes.score.trip import Occasions, Standing, Trip, TripEvent
from custodes.score.tripfile import file_of, read_trip, trip_of
from custodes.score.words import headline, sentences

DAY_NS = 86_400 * 1_000_000_000
NOW_NS = 1_767_268_800 * 1_000_000_000


def event(kind: str, at_m: int, *, severe: bool = False, lasted_s: int = 2, number: int = 0) -> TripEvent:
    onset_ns = NOW_NS + at_m * 10**8
    return TripEvent(
        str(uuid5(NAMESPACE_URL, f"{kind}-{at_m}-{number}")), kind, onset_ns, onset_ns + lasted_s * 10**9, at_m, severe
    )


def trip(*events: TripEvent, km: int = 16, occasions: Occasions | None = None, limited_ms: int = 0) -> Trip:
    return Trip(
        trip_id="00000000-0000-4000-8000-00000000000a",
        start_wall_ns=NOW_NS,
        end_wall_ns=NOW_NS + 1800 * 10**9,
        distance_m=km * 1000 + 300,
        moving_ms=1_500_000,
        limited_ms=limited_ms,
        occasions=occasions or Occasions(brakings=12, accelerations=10, turns=20),
        events=events,
        watched=tuple(sorted(COUNTED_KINDS)),
    )


THREE_HARD = tuple(event("harsh_brake", at_m) for at_m in (2100, 2600, 9000))


def test_three_of_twelve_brakings_were_hard() -> None:
    score = score_trip(trip(*THREE_HARD))
    assert sentences(score)[:2] == [
        "three of twelve brakings were hard, −12",
        "14 of 16 kilometres were calm, +8.8",
    ]
    assert score.exact == 90 - 12 + Fraction(140, 16)
    assert score.value == Fraction("86.8"), "86.75 rounds half to even, once"


def test_a_calm_drive_earns_all_and_says_so() -> None:
    score = score_trip(trip(limited_ms=1_000_000))
    assert score.value == 100
    assert "none of 12 brakings" not in " ".join(sentences(score))
    assert "none of twelve brakings was hard, ±0" in sentences(score)
    assert "always within the limit where it was known (16 min 40 s), ±0" in sentences(score)


def test_what_falls_takes_its_points_with_it() -> None:
    whole = trip(*THREE_HARD)
    for standing in (Standing.DISMISSED, Standing.VOID):
        fallen = replace(whole, events=(replace(THREE_HARD[0], standing=standing), *THREE_HARD[1:]))
        assert score_trip(fallen) == score_trip(trip(*THREE_HARD[1:]))
    disputed = replace(whole, events=(replace(THREE_HARD[0], standing=Standing.DISPUTED), *THREE_HARD[1:]))
    assert score_trip(disputed) == score_trip(whole), "a dispute alone changes nothing"


def test_severe_counts_twice_and_one_of_one_is_no_pattern() -> None:
    few = Occasions(brakings=1)
    assert score_trip(trip(event("harsh_brake", 100), occasions=few)).shares[0].lost == 12, "as one of four"
    severe = score_trip(trip(*THREE_HARD[:2], event("harsh_brake", 9000, severe=True)))
    assert severe.shares[0].lost == 16
    assert sentences(severe)[0] == "three of twelve brakings were hard, one of them severe, −16"


def test_speeding_is_judged_by_the_time_whose_limit_is_known() -> None:
    minute = event("speeding", 5000, lasted_s=60)
    score = score_trip(trip(minute, limited_ms=600_000))
    assert score.shares[3].lost == 30 * Fraction(60, 600) * 4
    assert sentences(score)[0] == "1 min of 10 min with a known limit were above it, −12"


def test_a_kind_on_trial_counts_for_nothing() -> None:
    assert score_trip(trip(event("following_distance", 4000))) == score_trip(trip())


def test_nobody_is_judged_on_what_was_not_watched() -> None:
    blind = replace(trip(*THREE_HARD), watched=("speed",))
    score = score_trip(blind)
    assert not score.shares[0].judged
    assert score.shares[0].lost == 0


def test_too_short_to_score() -> None:
    short = score_trip(trip(km=3))
    assert short.value is None
    assert headline(short) == "Not scored: 3.3 km driven, 5 km are needed."
    week = [replace(trip(km=8), trip_id=str(day), start_wall_ns=NOW_NS - day * DAY_NS) for day in range(5)]
    assert score_period(week, until_wall_ns=NOW_NS).value is None
    assert score_period([*week, *week], until_wall_ns=NOW_NS).value == 100


def test_four_weeks_and_no_more() -> None:
    bad = replace(trip(*THREE_HARD, km=60), start_wall_ns=NOW_NS - 29 * DAY_NS)
    good = trip(km=60)
    assert score_period([bad, good], until_wall_ns=NOW_NS).value == 100
    assert score_period([bad, good], until_wall_ns=NOW_NS - 2 * DAY_NS).value != 100


def test_more_driving_narrows_the_band() -> None:
    one = score_period([trip(*THREE_HARD)], until_wall_ns=NOW_NS)
    ten = score_period([trip(*THREE_HARD)] * 10, until_wall_ns=NOW_NS)
    assert ten.half_band < one.half_band / 2
    assert ten.exact == one.exact


STANDINGS = st.sampled_from(list(Standing))
EVENTS = st.lists(
    st.builds(
        TripEvent,
        event_id=st.uuids().map(str),
        kind=st.sampled_from([*sorted(COUNTED_KINDS), "presence"]),
        onset_wall_ns=st.integers(NOW_NS, NOW_NS + 10**12),
        end_wall_ns=st.integers(NOW_NS, NOW_NS + 10**12),
        at_m=st.integers(0, 40_000),
        severe=st.booleans(),
        standing=STANDINGS,
    ),
    max_size=12,
)


@settings(max_examples=40)
@given(EVENTS, st.integers(0, 40))
def test_any_trip_has_a_score_and_taking_an_event_away_never_costs(events: list[TripEvent], km: int) -> None:
    whole = trip(*events, km=km)
    score = score_trip(whole)
    assert 0 <= score.exact <= 100
    assert sentences(score) == sentences(
        score_trip(trip_of(WireTrip.model_validate_json(file_of(whole).model_dump_json())))
    )
    for index in range(len(events)):
        fewer = replace(whole, events=tuple(events[:index] + events[index + 1 :]))
        assert score_trip(fewer).exact >= score.exact


def test_the_command_recomputes_it_from_the_file(tmp_path: Path) -> None:
    path = tmp_path / "monday.json"
    path.write_text(file_of(trip(*THREE_HARD)).model_dump_json())
    told = CliRunner().invoke(app, ["score", str(path), "--json"])
    assert told.exit_code == 0
    (one,) = json.loads(told.output)["trips"]
    assert (one["score"], one["score_exact"]) == (86.8, "347/4")
    assert one["parts"][0]["lost_exact"] == "12"
    lines = CliRunner().invoke(app, ["score", str(path)]).output
    assert "three of twelve brakings were hard, −12" in lines


def test_a_wrong_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "wrong.json"
    path.write_text('{"format": "custodes.trip/1", "trip_id": "a", "speed": 3}')
    with pytest.raises(BadInput, match=r"wrong.json: .*"):
        read_trip(path)
    with pytest.raises(BadInput, match="cannot read"):
        read_trip(tmp_path / "none.json")
