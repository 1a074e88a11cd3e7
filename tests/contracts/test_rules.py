"""What every kind of rule keeps, by being registered. A new kind runs all of this without a change here."""

import copy
import dataclasses
import json
import math
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, Literal
from uuid import UUID

import pytest
from pydantic import Field, ValidationError

from custodes.core.clock import NS_PER_S
from custodes.core.errors import BadInput
from custodes.core.types import (
    DriverLook,
    DriverSight,
    Event,
    EventUpdate,
    Evidence,
    Lamp,
    ManualMark,
    ObjectClass,
    Observation,
    PhoneSeen,
    RoadLook,
    Sample,
    TrackedObject,
    VehicleState,
)
from custodes.core.wire import WireEvent, WireEvidence
from custodes.edge.decide import (
    KINDS,
    Decider,
    Input,
    LensInterrupted,
    NewId,
    Rule,
    RuleSettings,
    TelemetryInterrupted,
    Tick,
    alert_for,
    id_source,
    parse_rule,
)
from custodes.edge.settings import load

LIMITS = Path(tempfile.mkdtemp()) / "limits.csv"
LIMITS.write_text("lat1,lon1,lat2,lon2,limit_kmh\n48.8,2.3,48.82,2.3,20\n")

# The least that makes a kind decide something within the stories below; a kind that is not here runs on its defaults.
EAGER: dict[str, dict[str, Any]] = {
    "presence": {"dwell_s": 0.5, "min_track_age_s": 0, "end_after_s": 2, "cool_down_s": 5},
    "speed": {"limit_kmh": 30, "over_by": 0, "over_s": 3, "end_after_s": 2},
    "harsh_brake": {"peak_mps2": 1.0, "change": 1.0, "from_kmh": 0},
    "harsh_acceleration": {"peak_mps2": 1.0, "change": 1.0, "at_least_s": 0.5},
    "harsh_cornering": {"peak_mps2": 1.0, "change": 5.0, "from_kmh": 0},
    "phone_handling": {"from_kmh": 0, "at_least_s": 0.5},
    "speeding": {"table": LIMITS, "over_s": 3},
    "eyes_closed": {"stages_s": (0.4, 2.0), "from_kmh": 0},
    "drowsy": {"window_s": 10, "shares": (0.1, 0.4), "from_kmh": 0},
    "yawning": {"count": 1, "from_kmh": 0},
    "looking_away": {"stages_s": (0.4, 1.0, 3.0), "from_kmh": 0},
    "glancing": {"sums_s": (0.4, 1.0), "back_after_s": 10, "long_s": 30, "from_kmh": 0},
    "no_driver": {"after_s": 1, "from_kmh": 0},
    "lens_covered": {"after_s": 1, "from_kmh": 0},
    "forward_collision": {"stages_s": (40.0, 1.0), "from_kmh": 0},
    "phone_in_hand": {"stages_s": (0.4, 2.0), "from_kmh": 0},
    "unbelted": {"from_kmh": 0, "at_least_s": 1, "over_s": 1},
    "reversing": {"from_kmh": 0, "at_least_s": 1, "over_s": 1},
    "door_open": {"from_kmh": 0, "at_least_s": 1, "over_s": 1},
    "lane_departure": {"over_m": (-0.2, 0.2), "from_kmh": 0, "drift_mps": 2},
    "stop_sign": {"rolling_kmh": 1},
    "red_light": {"from_kmh": 0},
    "tailgating": {"gap_s": 5, "lasts_s": 1, "grave_s": 3, "fall_back_s": 0, "from_kmh": 0},
}
STORIES = range(8)
STRAIGHT_ON = RoadLook(554.0, (320.0, 240.0))


class ToySettings(RuleSettings):
    """A rule that a test made."""

    kind: Literal["toy"] = Field(default="toy", description="Something above the sea.")
    higher_than_m: float = Field(default=100.0, description="How high (m).")


@dataclass(frozen=True, slots=True)
class ToyState:
    event: Event | None = None


class Toy(Rule[ToySettings, ToyState]):
    """All that a new kind is: settings, a state, a step, a sentence."""

    settings_model = ToySettings

    def start(self) -> ToyState:
        return ToyState()

    def step(self, state: ToyState, seen: Input, *, new_id: NewId) -> tuple[ToyState, tuple[EventUpdate, ...]]:
        if not isinstance(seen, Sample) or seen.altitude_m is None:
            return state, ()
        high = seen.altitude_m > self.settings.higher_than_m
        if high and state.event is None:
            why = (Evidence("altitude", seen.altitude_m, self.settings.higher_than_m, "m"),)
            event = Event(new_id(), "toy", self.settings.label(), seen.wall_ns, self.settings.severity, evidence=why)
            return ToyState(event), (self.onset(event),)
        if not high and state.event is not None:
            return ToyState(), (self.end(dataclasses.replace(state.event, end_wall_ns=seen.wall_ns)),)
        return state, ()

    @staticmethod
    def sentence(event: Event) -> str:
        return f"{event.evidence[0].value:.0f} m high."


@pytest.fixture
def toy() -> Iterator[None]:
    """Register the toy kind for one test."""
    KINDS.register("toy")(Toy)
    yield
    del KINDS._parts["toy"]


def stories_of(kind: str) -> range:
    """Return which stories a kind is played: those on trial look at each picture closely, and so at fewer."""
    return range(3, 5) if kind in KINDS and KINDS.get(kind).trial else STORIES


def settings_of(kind: str) -> RuleSettings:
    return parse_rule({"kind": kind, **EAGER.get(kind, {})})


def driver_looks(random: Random) -> Iterator[DriverLook]:
    """Yield anything that a driver does, in stretches: mostly what they should."""
    while True:
        does = random.choice(["drives"] * 6 + ["sleeps", "yawns", "texts", "is gone", "covers", "wears glasses"])
        for _ in range(random.randrange(20, 75)):
            match does:
                case "is gone":
                    yield DriverLook(DriverSight.NOBODY)
                case "covers":
                    yield DriverLook(DriverSight.COVERED, doubt="the picture is of one shade")
                case _:
                    pitch_deg = -40.0 if does == "texts" else random.gauss(0, 2)
                    yield DriverLook(
                        DriverSight.SEEN,
                        faces=1,
                        eyes_open=None if does == "wears glasses" else 0.05 if does == "sleeps" else 0.33,
                        mouth_open=0.6 if does == "yawns" else 0.05,
                        head_yaw_deg=random.gauss(5, 2),
                        head_pitch_deg=pitch_deg,
                        doubt="dark glasses" if does == "wears glasses" else "",
                        phones=(PhoneSeen(0.7, 0.1, (0.6, 0.5)),) if does == "texts" else (),
                    )


def car_ahead(number: int) -> TrackedObject:
    """Return a car in our path that comes close and falls back again, once in twelve seconds."""
    wide_px = 120 - 1.6 * abs(number % 60 - 30)
    box = (320 - wide_px / 2, 240.0, 320 + wide_px / 2, 240 + 0.8 * wide_px)
    return TrackedObject(50 + number // 120, ObjectClass.CAR, 0.7, box, confirmed=number % 120 < 90)


def signals_ahead(number: int) -> Iterator[TrackedObject]:
    """Yield a stop sign and a light that come nearer, once in eight seconds, as we drive to them at 5 m/s or so."""
    ahead_m = 40.0 - number % 40 * 1.0
    if ahead_m > 8:
        for track_id, kind, high_m in ((90, ObjectClass.TRAFFIC_LIGHT, 0.95), (91, ObjectClass.STOP_SIGN, 0.75)):
            high = 554.0 * high_m / ahead_m
            yield TrackedObject(track_id, kind, 0.7, (400.0, 100.0, 400.0 + high, 100.0 + high), confirmed=True)


@cache
def story(seed: int) -> list[Input]:
    """Return a few minutes of anything: visits, drives, presses, silence, a clock that jumps."""
    random = Random(seed)
    at_ns = 1_767_268_800 * NS_PER_S
    told: list[Input] = []
    people: tuple[TrackedObject, ...] = ()
    speed_mps, course_deg = 5.0, 0.0
    looks = driver_looks(Random(1000 + seed))
    for number in range(600):
        at_ns += NS_PER_S // 5
        if random.random() < 0.02:
            people = tuple(
                TrackedObject(
                    random.randrange(20),
                    random.choice(list(ObjectClass)),
                    random.random(),
                    (10.0, 10.0, 60.0, 150.0),
                    confirmed=random.random() < 0.8,
                )
                for _ in range(random.randrange(4))
            )
        traffic = (car_ahead(number),)
        # Once in half a minute we drift over the line on our right, and over the one on our left.
        aside = 0.7 * math.sin(2 * math.pi * number / 150)
        lamps: dict[int, Lamp] = {90: "red"}
        road = dataclasses.replace(STRAIGHT_ON, markings=(-1.3 - aside, 1.3 - aside), lamps=lamps)
        things = (*people, *traffic, *signals_ahead(number))
        told.append(Observation("porch", at_ns, number, 640, 480, things, driver=next(looks), road=road))
        if number % 5 == 0:
            speed_mps = max(0.0, speed_mps + random.uniform(-3, 3.2))
            course_deg = (course_deg + random.choice([0, 0, 25, 25, -25])) % 360
            held = 1.2 if number % 200 > 150 else 0.0
            told.append(
                Sample(
                    at_ns,
                    lat_deg=48.81,
                    lon_deg=2.3,
                    speed_mps=speed_mps,
                    course_deg=course_deg if seed % 2 else None,
                    altitude_m=random.uniform(0, 200),
                    accel_mps2_xyz=(9.8 * math.sin(held), 0.1, 9.8 * math.cos(held)) if seed >= 4 else None,
                    vehicle=VehicleState(
                        belt_fastened=number % 100 >= 40, reverse_gear=number % 150 < 35, door_open=number % 120 < 30
                    ),
                )
            )
            told.append(Tick(at_ns))
        if random.random() < 0.01:
            told.append(ManualMark(at_ns, by="driver"))
        if random.random() < 0.005:
            at_ns += random.choice([30, 3600, -30, -3600]) * NS_PER_S
    return [*told, LensInterrupted(), TelemetryInterrupted()]


def play(decider: Decider, told: list[Input]) -> list[EventUpdate]:
    updates: list[EventUpdate] = []
    for seen in told:
        match seen:
            case Observation():
                updates += decider.on_observation(seen)
            case Sample():
                updates += decider.on_sample(seen)
            case ManualMark():
                updates += decider.on_mark(seen)
            case Tick():
                updates += decider.on_tick(seen.wall_ns)
    return [*updates, *decider.finish()]


@cache
def played(kind: str, seed: int) -> list[EventUpdate]:
    return played_anew(kind, seed)


def played_anew(kind: str, seed: int) -> list[EventUpdate]:
    return play(Decider([settings_of(kind)], new_id=id_source(Random(seed))), story(seed))


def every_update(kind: str) -> list[EventUpdate]:
    updates = [update for seed in stories_of(kind) for update in played(kind, seed)]
    assert updates, f"no story makes {kind!r} decide anything: give it eager settings in EAGER"
    return updates


@pytest.fixture(params=list(KINDS))
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_the_same_story_gives_the_same_events(kind: str) -> None:
    assert [played(kind, seed) for seed in stories_of(kind)] == [played_anew(kind, seed) for seed in stories_of(kind)]


def test_a_step_changes_nothing_in_place(kind: str) -> None:
    """The state that went in is the state that can be gone back to."""
    rule = KINDS.get(kind)(settings_of(kind))
    new_id = id_source(Random(0))
    state = rule.start()
    for seen in story(3)[:400]:
        before = copy.deepcopy(state)
        following, _ = rule.step(state, seen, new_id=new_id)
        assert state == before
        state = following


def test_states_are_frozen(kind: str) -> None:
    state = KINDS.get(kind)(settings_of(kind)).start()
    assert dataclasses.is_dataclass(state)
    with pytest.raises((dataclasses.FrozenInstanceError, TypeError, AttributeError)):
        setattr(state, dataclasses.fields(state)[0].name, None)


def test_each_event_has_an_id_of_its_own(kind: str) -> None:
    for seed in stories_of(kind):
        ids = [update.event.event_id for update in played(kind, seed) if update.phase == "onset"]
        assert len(ids) == len(set(ids))


def test_each_onset_ends_once_and_not_before_it_began(kind: str) -> None:
    for seed in stories_of(kind):
        open_events: dict[str, Event] = {}
        for update in played(kind, seed):
            event = update.event
            if update.phase == "onset":
                assert event.end_wall_ns is None
                open_events[event.event_id] = event
            elif update.phase == "stage":
                assert event.end_wall_ns is None
                assert event.onset_wall_ns == open_events[event.event_id].onset_wall_ns
                open_events[event.event_id] = event
            else:
                began = open_events.pop(event.event_id)
                assert event.end_wall_ns is not None
                assert event.end_wall_ns >= event.onset_wall_ns == began.onset_wall_ns
                assert (event.kind, event.rule, event.severity, event.lens) == (
                    began.kind,
                    began.rule,
                    began.severity,
                    began.lens,
                )
        assert open_events == {}, "finish() ends what is open"


def test_no_event_without_evidence(kind: str) -> None:
    for update in every_update(kind):
        assert update.event.kind == kind
        assert update.event.evidence, "why this clip?"
        assert all(one.name and one.value != "" for one in update.event.evidence)


def test_every_event_fits_the_manifest(kind: str) -> None:
    for update in every_update(kind):
        event = update.event
        wire = WireEvent(
            event_id=UUID(event.event_id),
            kind=event.kind,
            rule=event.rule,
            onset_wall_ns=event.onset_wall_ns,
            end_wall_ns=event.end_wall_ns,
            severity=event.severity,
            lens=event.lens,
            evidence=[WireEvidence(**dataclasses.asdict(one)) for one in event.evidence],
        )
        assert WireEvent.model_validate_json(wire.model_dump_json()) == wire, "what is written is read back the same"


def test_an_end_never_alerts_and_an_onset_does_as_told(kind: str) -> None:
    quiet = settings_of(kind).model_copy(update={"alert": False, "clip": False})
    updates = [update for seed in stories_of(kind) for update in play(Decider([quiet]), story(seed))]
    assert updates
    assert not any(update.raises_alert or update.cuts_clip for update in updates)
    assert all(update.raises_alert == (update.phase != "end") for update in every_update(kind))


def test_the_alert_is_a_sentence(kind: str) -> None:
    for update in every_update(kind):
        text = alert_for(update.event).text
        assert 5 < len(text) < 120
        assert text[0].isupper() or text[0].isdigit()
        assert text.endswith(".")


def test_every_setting_says_what_it_does(kind: str) -> None:
    model = KINDS.get(kind).settings_model
    schema = json.loads(json.dumps(model.model_json_schema()))
    assert schema["description"]
    for key, described in schema["properties"].items():
        assert len(described.get("description", "")) > 10, f"{kind}.{key} has no description"


def test_an_unknown_setting_is_refused(kind: str) -> None:
    with pytest.raises(ValidationError, match="Extra inputs"):
        parse_rule({"kind": kind, **EAGER.get(kind, {}), "frobnicate": 1})


def test_its_severity_is_its_settings_severity(kind: str) -> None:
    grave = settings_of(kind).model_copy(update={"severity": "critical"})
    updates = [update for seed in stories_of(kind) for update in play(Decider([grave]), story(seed))]
    assert {update.event.severity for update in updates} == {"critical"}


@pytest.mark.usefixtures("toy")
def test_a_kind_is_one_module(tmp_path: Path) -> None:
    """A class that registers itself is loaded from TOML, decides, alerts, and is named when it is misspelt."""
    (tmp_path / "road.mp4").touch()
    path = tmp_path / "unit.toml"
    text = (
        '[unit]\nname = "Van"\n[[lens]]\nname = "road"\nfacing = "road"\nsource = "road.mp4"\n'
        '[[rule]]\nkind = "toy"\nhigher_than_m = 50\n'
    )
    path.write_text(text)
    rules = load(path).rule
    assert rules == [ToySettings(higher_than_m=50)]
    (onset,) = Decider(rules).on_sample(Sample(NS_PER_S, altitude_m=60))
    assert alert_for(onset.event).text == "60 m high."
    path.write_text(text.replace("higher_than_m", "higher_then_m"))
    with pytest.raises(BadInput, match=r"rule\[#1\]\.higher_then_m\. Did you mean 'higher_than_m'\?"):
        load(path)
    path.write_text(text.replace('"toy"', '"toi"'))
    with pytest.raises(BadInput, match="Did you mean 'toy'"):
        load(path)


@pytest.mark.usefixtures("toy")
def test_the_toy_keeps_the_contract_too() -> None:
    for contract in (
        test_the_same_story_gives_the_same_events,
        test_a_step_changes_nothing_in_place,
        test_no_event_without_evidence,
        test_every_event_fits_the_manifest,
        test_every_setting_says_what_it_does,
        test_an_unknown_setting_is_refused,
    ):
        contract("toy")


def test_a_kind_can_be_registered_once() -> None:
    with pytest.raises(ValueError, match="two kind of rules are called 'mark'"):
        KINDS.register("mark")(Toy)


def test_a_module_dropped_into_the_folder_is_found() -> None:
    """Each module of `decide/kinds/` is imported by itself; there is no list to forget it in."""
    import custodes.edge.decide.kinds as folder

    modules = {path.stem for path in Path(folder.__path__[0]).glob("*.py")} - {"__init__"}
    assert modules == set(KINDS)
