"""A unit says once what is wrong with it, tells it in each heartbeat until it is over, and says that it is over."""

import pytest

from custodes.core.clock import NS_PER_S, ManualClock
from custodes.core.types import Facing, Sample, TroubleKind
from custodes.core.wire import Heartbeat, LensHealth, WireTrouble
from custodes.edge.health import LensSeen, UnitWatch


class Van:
    """A van whose one lens, receiver and clock a test may spoil."""

    def __init__(self, *, receiver: bool = True) -> None:
        self.clock = ManualClock()
        self.said: list[str] = []
        self.watch = UnitWatch(clock=self.clock, say=self.said.append, receiver=receiver)
        self.pictures, self.fixes, self.absent, self.personal = True, True, False, False
        self.state, self.trouble, self.live = "recording", None, True
        self.last_ns = 0

    def drive(self, seconds: int) -> set[TroubleKind]:
        for _ in range(seconds):
            self.clock.advance(1)
            self.last_ns = self.clock.wall_ns() if self.pictures else self.last_ns
            if self.fixes:
                self.watch.on_sample(Sample(self.clock.wall_ns(), lat_deg=48.0, lon_deg=2.0))
            health = LensHealth(
                lens="road", facing=Facing.ROAD, state=self.state, last_frame_wall_ns=self.last_ns or None
            )
            self.watch.look(
                [LensSeen(health, self.trouble, live=self.live)],
                receiver_absent=self.absent,
                place_wanted=not self.personal,
            )
        return {one.kind for one in self.watch.troubles}


def test_van_that_is_well_says_nothing() -> None:
    van = Van()
    assert van.drive(300) == set()
    assert van.said == []


def test_cable_that_came_off_is_told_within_a_minute_and_once() -> None:
    van = Van()
    van.drive(10)
    van.pictures, van.state = False, "connecting"
    assert van.drive(50) == {TroubleKind.NO_PICTURE}
    van.drive(600)
    assert van.said == ["road: no picture. Check its cable and its power."]
    van.pictures, van.state = True, "recording"
    assert van.drive(2) == set()
    assert van.said[1:] == ["road: well again (no picture is over)"]


def test_camera_that_never_came_is_told_too() -> None:
    van = Van()
    van.pictures, van.state = False, "connecting"
    assert van.drive(50) == {TroubleKind.NO_PICTURE}


@pytest.mark.parametrize("state", ["off", "ended"])
def test_lens_that_is_off_on_purpose_is_no_trouble(state: str) -> None:
    van = Van()
    van.pictures, van.state, van.trouble = False, state, TroubleKind.COVERED
    assert van.drive(300) == set()


def test_short_tunnel_is_no_trouble_and_a_long_one_is() -> None:
    van = Van()
    van.fixes = False
    assert van.drive(40) == set()
    assert van.drive(15) == {TroubleKind.NO_FIX}
    van.absent = True
    assert van.drive(1) == {TroubleKind.NO_RECEIVER}
    van.fixes = True
    assert van.drive(1) == set()


def test_personal_time_asks_for_no_place_and_gives_a_minute_afterwards() -> None:
    van = Van()
    van.fixes, van.personal = False, True
    assert van.drive(600) == set()
    van.personal = False
    assert van.drive(40) == set()


def test_unit_without_a_receiver_misses_none() -> None:
    van = Van(receiver=False)
    van.fixes = False
    assert van.drive(300) == set()


def test_clock_that_runs_ahead_is_told_until_it_was_set() -> None:
    van = Van()
    van.watch.on_hub_time(3 * NS_PER_S)
    assert van.drive(1) == {TroubleKind.CLOCK}
    assert "off by 3.0 s" in van.said[0]
    van.watch.on_hub_time(NS_PER_S + NS_PER_S // 2)  # still wrong enough not to flicker
    assert van.drive(1) == {TroubleKind.CLOCK}
    van.watch.on_hub_time(0)
    assert van.drive(1) == set()


@pytest.mark.parametrize(
    "troubles",
    [
        [{"kind": "covered", "since_wall_ns": 1}],
        [{"kind": "clock", "lens": "road", "since_wall_ns": 1}],
        [{"kind": "haunted", "lens": "road", "since_wall_ns": 1}],
        [{"kind": "dark", "lens": "../etc", "since_wall_ns": 1}],
        [{"kind": "dark", "lens": "road", "since_wall_ns": 1}] * 2,
        [{"kind": "dark", "lens": f"l{number}", "since_wall_ns": 1} for number in range(20)],
    ],
)
def test_heartbeat_takes_no_trouble_that_cannot_be(troubles: list[dict[str, object]]) -> None:
    with pytest.raises(ValueError, match="trouble"):
        Heartbeat.model_validate({"sent_wall_ns": 1, "software": "t", "troubles": troubles})
    assert WireTrouble(kind=TroubleKind.DARK, lens="road", since_wall_ns=1)
