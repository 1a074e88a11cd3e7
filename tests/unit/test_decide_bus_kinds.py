"""Belt, reverse gear and doors: told on the move, on trial, shown with a trip, never counted."""

from collections.abc import Iterable

import pytest

from custodes.core.clock import NS_PER_S
from custodes.core.types import EventUpdate, Sample, VehicleState
from custodes.edge.decide import KINDS, Decider, parse_rule
from custodes.edge.decide.inputs import Tick
from custodes.edge.settings import UnitSettings
from custodes.edge.trips import SHOWN_KINDS, TripKeeper, trips_of
from custodes.score.formula import COUNTED_KINDS, score_trip
from custodes.score.trip import Standing

T0_NS = 1_780_000_000 * NS_PER_S
OPEN, SHUT = VehicleState(belt_fastened=False), VehicleState(belt_fastened=True)


def at(second: float, vehicle: VehicleState | None, kmh: float | None = 36.0) -> Sample:
    speed_mps = None if kmh is None else kmh / 3.6
    return Sample(T0_NS + round(second * NS_PER_S), speed_mps=speed_mps, vehicle=vehicle)


def told(kind: str, samples: Iterable[Sample]) -> list[EventUpdate]:
    decider = Decider([parse_rule({"kind": kind})])
    said = [update for sample in samples for update in decider.on_sample(sample)]
    return [*said, *decider.finish()]


def test_driving_with_the_belt_open_is_told_after_five_seconds_and_ends_when_it_is_fastened() -> None:
    onset, end = told(
        "unbelted", [at(s, SHUT if s < 4 or s >= 20 else OPEN, kmh=40.0 if s == 12 else 30.0) for s in range(30)]
    )
    assert (onset.phase, end.phase) == ("onset", "end")
    assert onset.raises_alert
    assert not onset.cuts_clip, "warned, not filmed, unless somebody sets it so"
    assert (onset.event.onset_wall_ns - T0_NS) // NS_PER_S == 4
    assert (end.event.end_wall_ns or 0) - T0_NS == 19 * NS_PER_S
    facts = {fact.name: fact.value for fact in end.event.evidence}
    assert facts["peak speed"] == 40
    assert facts["lasted"] == 15.0
    assert facts["on trial"] == "counts for no score"


@pytest.mark.parametrize(
    "samples",
    [
        [at(s, OPEN, kmh=8.0) for s in range(60)],  # at walking pace in the yard
        [at(s, None) for s in range(60)],  # the bus does not say
        [at(s, VehicleState()) for s in range(60)],
        [at(s, OPEN, kmh=None) for s in range(60)],  # nobody knows whether it moves
        [at(s, OPEN if s % 5 else SHUT) for s in range(60)],  # four seconds at a time
        [at(s * 10, OPEN) for s in range(60)],  # a silence is held against nobody
    ],
)
def test_nobody_is_told_of_what_is_not_known_to_be_so(samples: list[Sample]) -> None:
    assert told("unbelted", samples) == []


def test_a_bus_that_falls_silent_ends_it_where_it_was_last_said() -> None:
    decider = Decider([parse_rule({"kind": "reversing"})])
    for second in range(6):
        decider.on_sample(at(second, VehicleState(reverse_gear=True), kmh=5.0))
    (end,) = decider.on_tick(Tick(T0_NS + 20 * NS_PER_S).wall_ns)
    assert end.event.end_wall_ns == T0_NS + 5 * NS_PER_S


def test_each_has_a_kind_of_its_own_on_trial_and_no_score_counts_it() -> None:
    assert frozenset({"unbelted", "reversing", "door_open"}) == SHOWN_KINDS
    assert all(KINDS.get(kind).trial for kind in SHOWN_KINDS)
    assert not SHOWN_KINDS & COUNTED_KINDS


def test_a_trip_shows_them_on_trial_and_its_score_is_the_same_without() -> None:
    rules = [parse_rule({"kind": kind}) for kind in ("harsh_brake", "unbelted", "door_open")]
    open_all = VehicleState(belt_fastened=False, door_open=True)
    (trip,) = trips_of([at(s, open_all if s < 300 else SHUT, kmh=60.0) for s in range(900)], rules)
    assert {(event.kind, event.standing) for event in trip.events} == {
        ("door_open", Standing.TRIAL),
        ("unbelted", Standing.TRIAL),
    }
    (calm,) = trips_of([at(s, SHUT, kmh=60.0) for s in range(900)], rules[:1])
    assert score_trip(trip).value == score_trip(calm).value is not None
    assert TripKeeper(rules).finish() is None


def test_a_rule_without_a_signal_that_tells_it_is_refused() -> None:
    lens = {"name": "road", "facing": "road", "source": "x.mp4", "analyse": False}
    signal = {"says": "belt_fastened", "id": 0x3B0, "byte": 1, "mask": 1}
    tables = {"unit": {"name": "Van"}, "lens": [lens], "rule": [{"kind": "unbelted"}]}
    bus = {"channel": "can0", "signal": [signal]}
    UnitSettings.model_validate({**tables, "telemetry": {"bus": bus}})
    with pytest.raises(ValueError, match=r"unbelted needs a \[\[telemetry.bus.signal\]\] that says belt_open or"):
        UnitSettings.model_validate({**tables, "telemetry": {"bus": {**bus, "signal": []}}})
