"""A receiver, on a real terminal line: read as it talks, never waited for, called again when it was unplugged."""

import os
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from custodes.core.clock import NS_PER_S, ManualClock
from custodes.core.types import Sample
from custodes.edge.settings import load
from custodes.edge.telemetry import Reason, Receiver, TelemetrySettings, open_telemetry

DEGREE_M = 111_195.08


def sentence(body: str) -> bytes:
    checksum = 0
    for letter in body.encode():
        checksum ^= letter
    return f"${body}*{checksum:02X}\r\n".encode()


def moment(second: int, *, speed_mps: float, north_m: float) -> bytes:
    """Return what a receiver says in one second: GGA, VTG and RMC."""
    minutes = 51.1872 + north_m / DEGREE_M * 60
    at, place, knots = (
        f"12{second // 60:02d}{second % 60:02d}.00",
        f"48{minutes:08.5f},N,00222.14840,E",
        speed_mps * 3600 / 1852,
    )
    return (
        sentence(f"GPGGA,{at},{place},1,07,1.0,56.1,M,37.0,M,,")
        + sentence(f"GPVTG,0.0,T,,M,{knots:.3f},N,{knots * 1.852:.3f},K,A")
        + sentence(f"GPRMC,{at},A,{place},{knots:.3f},0.0,010126,,,A")
    )


class Line:
    """A device of the kernel's, with a wire to it: what is written to the wire is heard on the device."""

    def __init__(self, link: Path) -> None:
        self.wire, self._device = os.openpty()
        link.unlink(missing_ok=True)
        link.symlink_to(os.ttyname(self._device))

    def say(self, spoken: bytes) -> None:
        os.write(self.wire, spoken)

    def unplug(self) -> None:
        for descriptor in (self.wire, self._device):
            os.close(descriptor)


@pytest.fixture
def device(tmp_path: Path) -> Path:
    return tmp_path / "ttyACM0"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def notices() -> list[str]:
    return []


@pytest.fixture
def receiver(device: Path, clock: ManualClock, notices: list[str]) -> Iterator[Receiver]:
    opened = Receiver(str(device), clock=clock, baud=9600, parked_filter=True, on_notice=notices.append)
    yield opened
    opened.close()


def heard(receiver: Receiver, clock: ManualClock, *, within_s: float = 5.0) -> list[Sample]:
    """Ask until a moment is told: bytes take a moment from the wire to the device."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if samples := receiver.read_until(clock.wall_ns()):
            return samples
        clock.advance(0.1)
        time.sleep(0.002)
    raise AssertionError("nothing was heard")


def test_a_drive_as_it_happens(device: Path, receiver: Receiver, clock: ManualClock) -> None:
    line = Line(device)
    samples: list[Sample] = receiver.read_until(clock.wall_ns())
    for second in range(20):
        line.say(moment(second, speed_mps=10, north_m=10 * second))
        samples += heard(receiver, clock)
        clock.advance(0.5)
    assert len(samples) == 20
    assert [sample.speed_mps for sample in samples[3:]] == pytest.approx([10] * 17, abs=0.01)
    assert {sample.speed_mps for sample in samples[:1]} == {0.0}, "the first moment proves nothing yet"
    assert all(later.wall_ns > sooner.wall_ns for sooner, later in pairwise(samples))
    assert clock.wall_ns() - samples[-1].wall_ns < 2 * NS_PER_S, "timed by the unit's clock"
    assert samples[5].altitude_m == 56.1
    line.unplug()


def test_a_parked_one_stands_still(device: Path, receiver: Receiver, clock: ManualClock) -> None:
    line = Line(device)
    receiver.read_until(clock.wall_ns())
    samples = []
    for second in range(30):
        line.say(moment(second, speed_mps=0.3 * (second % 3), north_m=1.5 * (second % 4)))
        samples += heard(receiver, clock)
        clock.advance(0.7)
    assert {(sample.speed_mps, sample.lat_deg) for sample in samples} == {(0.0, samples[0].lat_deg)}
    line.unplug()


def test_a_sentence_in_two_pieces(device: Path, receiver: Receiver, clock: ManualClock) -> None:
    line = Line(device)
    receiver.read_until(clock.wall_ns())
    spoken = moment(0, speed_mps=0, north_m=0)
    line.say(spoken[:100])
    time.sleep(0.02)
    receiver.read_until(clock.wall_ns())
    line.say(spoken[100:])
    (sample,) = heard(receiver, clock)
    assert sample.speed_mps == 0
    assert receiver.tally.total == 0
    line.unplug()


def test_noise_on_the_line_is_counted(device: Path, receiver: Receiver, clock: ManualClock) -> None:
    line = Line(device)
    receiver.read_until(clock.wall_ns())
    line.say(b"\xff\x00junk\r\n" + moment(0, speed_mps=0, north_m=0).replace(b"GPVTG,0.0", b"GPVTG,9.0"))
    assert len(heard(receiver, clock)) == 1
    assert receiver.tally[Reason.BAD_CHECKSUM] == 1
    line.unplug()


def test_unplugged_and_plugged_in_again(
    device: Path, receiver: Receiver, clock: ManualClock, notices: list[str]
) -> None:
    assert receiver.read_until(clock.wall_ns()) == []
    assert notices == [
        f"no position from the receiver {device}: No such file or directory. It is called again until it is back."
    ]
    line = Line(device)
    assert receiver.read_until(clock.wall_ns()) == [], "not called again before its time"
    clock.advance(3)
    receiver.read_until(clock.wall_ns())
    line.say(moment(0, speed_mps=0, north_m=0))
    assert len(heard(receiver, clock)) == 1
    assert notices[1] == f"the receiver {device} is back"
    line.unplug()
    deadline = time.monotonic() + 5
    while len(notices) < 3 and time.monotonic() < deadline:
        receiver.read_until(clock.wall_ns())
    assert notices[2].startswith(f"no position from the receiver {device}: ")
    again = Line(device)
    clock.advance(3)
    receiver.read_until(clock.wall_ns())
    again.say(moment(9, speed_mps=0, north_m=0))
    assert len(heard(receiver, clock)) == 1
    again.unplug()


def test_a_device_in_the_settings_need_not_be_there_yet(tmp_path: Path, clock: ManualClock) -> None:
    (tmp_path / "road.mp4").touch()
    path = tmp_path / "unit.toml"
    path.write_text(
        '[unit]\nname = "Van"\n[[lens]]\nname = "road"\nfacing = "road"\nsource = "road.mp4"\n'
        '[telemetry]\nsource = "/dev/ttyACM77"\nbaud = 38400\n'
    )
    settings = load(path).telemetry
    assert settings == TelemetrySettings(source="/dev/ttyACM77", baud=38400)
    notices: list[str] = []
    source = open_telemetry(settings, clock=clock, on_notice=notices.append)
    assert source.read_until(clock.wall_ns()) == []
    assert len(notices) == 1
