"""Speed above a limit: long enough to be a choice, measured and not guessed, in the limit's own unit."""

from random import Random

import pytest
from pydantic import ValidationError

from custodes.core.clock import NS_PER_S
from custodes.core.types import EventUpdate, Sample
from custodes.edge.decide import Decider, alert_for, id_source, parse_rule
from custodes.hub.clips.headline import MPS_PER
from custodes.hub.portal.shown import speed_words

MPH = 0.44704
KMH = 1 / 3.6
START_NS = 1_767_268_800 * NS_PER_S


class Drive:
    """A drive told in legs: a speed, held for some seconds, read once a second."""

    def __init__(self, unit_mps: float, **rule: object) -> None:
        self.decider = Decider([parse_rule({"kind": "speed", **rule})], new_id=id_source(Random(1)))
        self.unit_mps = unit_mps
        self.at_ns = START_NS
        self.updates: list[EventUpdate] = []

    def leg(self, seconds: float, speed: float | None, *, accuracy_m: float | None = 5.0) -> "Drive":
        for _ in range(round(seconds)):
            mps = speed * self.unit_mps if speed is not None else None
            self.updates += self.decider.on_sample(Sample(self.at_ns, speed_mps=mps, horizontal_accuracy_m=accuracy_m))
            self.at_ns += NS_PER_S
        return self

    def silence(self, seconds: float) -> "Drive":
        self.at_ns += round(seconds * NS_PER_S)
        return self

    def phases(self) -> list[str]:
        return [update.phase for update in self.updates]


def test_the_van_creeps_at_51_in_a_50() -> None:
    """By Mentor's margin it is nothing; a rule that says 0 % says so, and takes the consequences."""
    assert Drive(KMH, limit_kmh=50).leg(600, 51).phases() == []
    assert Drive(KMH, limit_kmh=50, over_percent=0).leg(600, 51).phases() == ["onset"]


@pytest.mark.parametrize(
    ("limit_mph", "threshold_mph"),
    [(20, 24), (30, 36), (39, 46.8), (40, 50), (70, 80)],
)
def test_mentors_margin(limit_mph: float, threshold_mph: float) -> None:
    """20 % in zones under 40 mph, 10 mph in faster ones, for 60 s."""
    assert Drive(MPH, limit_mph=limit_mph).leg(120, threshold_mph - 0.1).phases() == []
    drive = Drive(MPH, limit_mph=limit_mph).leg(60, threshold_mph + 0.1)
    assert drive.phases() == []
    assert drive.leg(1, threshold_mph + 0.1).phases() == ["onset"]


def test_mentors_margin_in_kmh_is_the_same_one() -> None:
    """50 km/h is a zone under 40 mph; 80 km/h is not."""
    assert parse_rule({"kind": "speed", "limit_kmh": 50}).label() == "above 60 km/h for 60 s (limit 50)"
    assert parse_rule({"kind": "speed", "limit_kmh": 80}).label() == "above 96.09 km/h for 60 s (limit 80)"


def test_overtaking_a_lorry() -> None:
    assert Drive(KMH, limit_kmh=80, over_by=5).leg(300, 80).leg(25, 98).leg(300, 80).phases() == []


def test_a_single_reading_below_starts_the_minute_anew() -> None:
    assert Drive(KMH, limit_kmh=50, over_by=0).leg(59, 60).leg(1, 50).leg(59, 60).phases() == []


def test_the_gps_wakes_up_in_a_tunnel() -> None:
    """After the silence a wild first speed is one reading, not a minute of speeding."""
    drive = Drive(KMH, limit_kmh=100, over_by=5, over_s=10)
    drive.leg(60, 98).silence(45).leg(1, 220, accuracy_m=300).leg(2, 180).leg(60, 98)
    assert drive.phases() == []


def test_what_nobody_measured_is_not_held_against_anybody() -> None:
    """Fast before the tunnel and fast after it does not say what happened in it."""
    drive = Drive(KMH, limit_kmh=100, over_by=0, over_s=60).leg(31, 120).silence(30).leg(31, 120)
    assert drive.phases() == []


def test_a_reading_without_a_speed_is_no_reading() -> None:
    assert Drive(KMH, limit_kmh=50, over_by=0, over_s=8).leg(5, 60).leg(4, None).leg(2, 60).phases() == ["onset"]
    assert Drive(KMH, limit_kmh=50, over_by=0, over_s=60).leg(120, None).phases() == []


def test_speed_about_the_threshold_is_one_event() -> None:
    drive = Drive(KMH, limit_kmh=50, over_by=0, over_s=10, back_below=3).leg(15, 55)
    for _ in range(20):
        drive.leg(3, 49).leg(3, 51)
    drive.leg(4, 40).leg(4, 51)
    assert drive.phases() == ["onset"]


def test_it_ends_when_clearly_below() -> None:
    drive = Drive(KMH, limit_kmh=50, over_by=0, over_s=10, end_after_s=5).leg(20, 60).leg(1, 63).leg(30, 40)
    assert drive.phases() == ["onset", "end"]
    onset, end = (update.event for update in drive.updates)
    assert onset.onset_wall_ns == START_NS + 10 * NS_PER_S
    assert end.end_wall_ns == START_NS + 20 * NS_PER_S
    assert (end.event_id, end.onset_wall_ns) == (onset.event_id, onset.onset_wall_ns)


def test_the_receiver_is_unplugged_while_speeding() -> None:
    drive = Drive(KMH, limit_kmh=50, over_by=0, over_s=10).leg(20, 60)
    assert drive.decider.on_tick(drive.at_ns + 5 * NS_PER_S) == ()
    (end,) = drive.decider.on_tick(drive.at_ns + 30 * NS_PER_S)
    assert end.phase == "end"
    assert end.event.end_wall_ns == drive.at_ns - NS_PER_S


def test_the_unit_stops_while_speeding() -> None:
    drive = Drive(KMH, limit_kmh=50, over_by=0, over_s=10).leg(20, 60)
    assert [update.phase for update in drive.decider.finish()] == ["end"]


def test_the_clock_is_set_back_while_speeding() -> None:
    drive = Drive(KMH, limit_kmh=50, over_by=0, over_s=10).leg(20, 60).silence(-3600).leg(5, 60)
    assert drive.phases() == ["onset", "end"]


def test_why_this_clip() -> None:
    drive = Drive(MPH, limit_mph=30, over_by=5, over_s=20).leg(10, 44).leg(15, 40).leg(30, 20)
    onset, end = (update.event for update in drive.updates)
    why = {one.name: one for one in onset.evidence}
    assert (why["speed"].value, why["speed"].threshold, why["speed"].unit) == (40.0, 35.0, "mph")
    assert why["peak speed"].value == 44.0
    assert (why["limit"].value, why["limit"].unit) == (30, "mph")
    assert (why["time above"].value, why["time above"].threshold, why["time above"].unit) == (20.0, 20, "s")
    assert alert_for(onset).text == "40 MPH (at most 44); limit 30, alerts from 35."
    assert {one.name: one for one in end.evidence}["time above"].value == 24.0


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({}, "give one limit"),
        ({"limit_kmh": 50, "limit_mph": 30}, "give one limit"),
        ({"limit_kmh": 50, "over_percent": 5, "over_by": 5}, "give one margin"),
        ({"limit_kmh": 0}, "greater than 0"),
    ],
)
def test_settings_that_cannot_be(wrong: dict[str, object], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        parse_rule({"kind": "speed", **wrong})


@pytest.mark.parametrize("half", [20.5, 40.5, 41.5, 42.5, 69.5])
@pytest.mark.parametrize(("unit", "rule"), [("mph", {"limit_mph": 10}), ("km/h", {"limit_kmh": 10})])
def test_the_terminal_and_the_page_say_a_half_alike(half: float, unit: str, rule: dict[str, object]) -> None:
    drive = Drive(MPH if unit == "mph" else KMH, over_s=10, **rule).leg(20, half)
    event = drive.updates[0].event
    peak = {one.name: one for one in event.evidence}["peak speed"]
    page = speed_words(float(peak.value) * MPS_PER[peak.unit], "kmh" if unit == "km/h" else "mph")
    assert page == f"{half + 0.5:.0f} {'MPH' if unit == 'mph' else unit}"
    assert alert_for(event).text.startswith(f"{page}; ")
