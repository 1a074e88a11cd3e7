"""When lenses see nothing on purpose: parked, and personal time."""

from pathlib import Path

import pytest

from custodes.core.clock import NS_PER_S, ManualClock
from custodes.core.types import Sample
from custodes.edge.lamp import Lamp
from custodes.edge.shutter import PERSONAL_FILE, Shutter


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def shutter(tmp_path: Path, clock: ManualClock) -> Shutter:
    return opened(tmp_path, clock)


def opened(folder: Path, clock: ManualClock) -> Shutter:
    return Shutter(shut_when_parked={"driver"}, parked_after_s=120, state_dir=folder, clock=clock)


def drive(shutter: Shutter, *stretches: tuple[float, float | None], start_s: float = 0) -> None:
    """Report once a second: (for how many seconds, at how many m/s)."""
    at_s = start_s
    for seconds, speed_mps in stretches:
        for _ in range(round(seconds)):
            shutter.on_sample(Sample(wall_ns=round(at_s * NS_PER_S), speed_mps=speed_mps))
            at_s += 1


def test_nothing_is_known_before_a_receiver_speaks(shutter: Shutter) -> None:
    assert shutter.why_shut("driver") == ""


def test_a_van_at_a_red_light_is_not_parked(shutter: Shutter) -> None:
    drive(shutter, (60, 12.0), (110, 0.0), (5, 4.0))
    assert shutter.why_shut("driver") == ""


def test_a_van_at_the_kerb_shuts_its_inward_lens_until_it_drives(shutter: Shutter) -> None:
    drive(shutter, (60, 12.0), (125, 0.1))
    assert (shutter.why_shut("driver"), shutter.why_shut("road")) == ("parked", "")
    drive(shutter, (30, 1.0), start_s=200)  # somebody pushes it, or the receiver wanders
    assert shutter.why_shut("driver") == "parked"
    drive(shutter, (1, 2.0), start_s=240)
    assert shutter.why_shut("driver") == ""


def test_creeping_in_a_queue_is_no_parking(shutter: Shutter) -> None:
    drive(shutter, *[(60, 0.0), (5, 1.0)] * 5)
    assert shutter.why_shut("driver") == ""


def test_a_receiver_that_falls_silent_changes_nothing(shutter: Shutter) -> None:
    drive(shutter, (125, 0.0), (600, None))
    assert shutter.why_shut("driver") == "parked"


def test_time_that_runs_backwards_begins_the_wait_anew(shutter: Shutter) -> None:
    drive(shutter, (100, 0.0), start_s=1000)
    drive(shutter, (100, 0.0), start_s=0)
    assert shutter.why_shut("driver") == ""


def test_personal_time_shuts_every_lens_and_ends_by_itself(shutter: Shutter, clock: ManualClock) -> None:
    shutter.take_personal_time(clock.wall_ns() + 60 * NS_PER_S)
    assert {shutter.why_shut(lens) for lens in ("driver", "road")} == {"personal time"}
    clock.advance(60 * NS_PER_S)
    assert shutter.why_shut("road") == ""


def test_personal_time_outlives_a_restart(shutter: Shutter, tmp_path: Path, clock: ManualClock) -> None:
    shutter.take_personal_time(clock.wall_ns() + 60 * NS_PER_S)
    assert opened(tmp_path, clock).personal
    shutter.take_personal_time(0)
    assert not opened(tmp_path, clock).personal


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"until_wall_ns": "x"}'])
def test_a_torn_file_is_no_personal_time(tmp_path: Path, clock: ManualClock, content: bytes) -> None:
    (tmp_path / PERSONAL_FILE).write_bytes(content)
    assert not opened(tmp_path, clock).personal


def test_a_lamp_shows_one_and_nought_and_says_once_that_it_cannot(tmp_path: Path) -> None:
    said: list[str] = []
    lamp = Lamp(tmp_path / "led", said.append)
    lamp.show(lit=True)
    assert (tmp_path / "led").read_text() == "1\n"
    lamp.show(lit=False)
    assert (tmp_path / "led").read_text() == "0\n"
    broken = Lamp(tmp_path / "no" / "led", said.append)
    broken.show(lit=True)
    broken.show(lit=True)
    (line,) = said
    assert line.startswith(f"privacy.lamp: {tmp_path}/no/led cannot be written: ")
