"""The vehicle's bus: asked, listened to, recorded, and joined with a receiver."""

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import can
import pytest

from custodes.core.clock import NS_PER_S
from custodes.core.errors import BadInput
from custodes.core.types import Sample, VehicleState
from custodes.edge.telemetry import BusSettings, Reason, TelemetrySettings, open_telemetry, read_telemetry
from custodes.edge.telemetry.bus import Bus
from custodes.edge.telemetry.bus_log import MAX_CONTAINER_BYTES
from custodes.edge.telemetry.merging import Merger
from custodes.edge.telemetry.obd import answer_of, question

T0_S = 1_780_000_000
BELT = {"says": "belt_open", "id": 0x3B0, "byte": 1, "mask": 0x10}
REVERSE = {"says": "reverse", "id": 0x1F1, "byte": 0, "mask": 0x0F, "value": 0x07}


class StillClock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now_ns = T0_S * NS_PER_S

    def wall_ns(self) -> int:
        return self.now_ns

    def mono_ns(self) -> int:
        return self.now_ns


def speed_frame(kmh: int, *, at_s: float = 0.0, by: int = 0x7E8) -> can.Message:
    return can.Message(
        timestamp=T0_S + at_s, arbitration_id=by, is_extended_id=False, data=[3, 0x41, 0x0D, kmh, 0, 0, 0, 0]
    )


def frame(at_s: float, arbitration_id: int, *content: int) -> can.Message:
    return can.Message(timestamp=T0_S + at_s, arbitration_id=arbitration_id, is_extended_id=False, data=content)


def a_drive() -> list[can.Message]:
    """Two seconds, then reverse; the belt is open from the first second on."""
    told = []
    for tenth in range(40):
        told.append(speed_frame(30 + tenth, at_s=tenth / 10))
        told.append(frame(tenth / 10 + 0.01, 0x3B0, 0x00, 0x10 if tenth >= 10 else 0x00))
        told.append(frame(tenth / 10 + 0.02, 0x1F1, 0xA7 if tenth >= 20 else 0xA4))
        told.append(frame(tenth / 10 + 0.03, 0x123, 1, 2, 3))
    return told


def bus(**more: object) -> BusSettings:
    return BusSettings.model_validate({"channel": "v", "interface": "virtual", "signal": [BELT, REVERSE], **more})


@pytest.mark.parametrize("name", ["drive.log", "drive.asc", "drive.blf", "drive.csv", "drive.trc"])
def test_a_recorded_bus_is_told_apart_by_content_and_says_speed_belt_and_gear(tmp_path: Path, name: str) -> None:
    with can.Logger(str(tmp_path / name)) as logger:
        for message in a_drive():
            logger.on_message_received(message)
    unnamed = (tmp_path / name).rename(tmp_path / "recording")

    reading = read_telemetry(unnamed, bus=bus())

    assert reading.samples[0].speed_mps == pytest.approx(30 / 3.6)
    assert reading.samples[-1].speed_mps == pytest.approx(69 / 3.6)
    belts = [one.vehicle.belt_fastened for one in reading.samples if one.vehicle is not None]
    gears = [one.vehicle.reverse_gear for one in reading.samples if one.vehicle is not None]
    assert belts[0] is None
    assert [belts.index(True), belts.index(False)] == [1, 12]
    assert gears.index(False) < gears.index(True)
    assert len(reading.samples) < len(a_drive()) / 2
    assert (reading.samples[-1].wall_ns - reading.samples[0].wall_ns) / NS_PER_S == pytest.approx(3.9, abs=0.05)


def test_rpm_is_a_quarter_of_two_bytes_and_refusals_and_strangers_say_nothing() -> None:
    rpm = answer_of(0x7E8, bytes([4, 0x41, 0x0C, 0x1A, 0xF8, 0, 0, 0]), extended=False)
    assert rpm is not None
    assert rpm.value == 1726
    assert answer_of(0x18DAF110, bytes([3, 0x41, 0x0D, 36, 0, 0, 0, 0]), extended=True) is not None
    for id_, content in [
        (0x7E8, bytes([3, 0x7F, 1, 0x12, 0, 0, 0, 0])),  # refused
        (0x7E8, bytes([3, 0x41, 0x05, 90, 0, 0, 0, 0])),  # the coolant
        (0x7E8, bytes([6, 0x41, 0x0D])),  # cut short
        (0x7DF, question(0x0D)),  # type: ignore[arg-type]  # the question itself
    ]:
        assert answer_of(id_, content, extended=False) is None


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("(1780000001.0) can0 7E8#03410D1G00", "line 3, column 3"),
        ("(1780000001,0) can0 7E8#03410D1E00", "line 3, column 1"),
        ("1780000001.0 7E8", "line 3"),
    ],
)
def test_a_damaged_line_is_named(tmp_path: Path, line: str, said: str) -> None:
    good = "(1780000000.0) can0 7E8#03410D1E00000000\n(1780000000.5) can0 7E8#03410D1F00000000\n"
    path = tmp_path / "drive.log"
    path.write_text(f"{good}{line}\n{good}")
    with pytest.raises(BadInput, match=said) as refused:
        read_telemetry(path)
    assert str(path) in str(refused.value)
    path.write_text(good + line)  # the power was cut in the midst of the last line
    reading = read_telemetry(path)
    assert len(reading.samples) == 2
    assert reading.tally[Reason.CUT_SHORT] == 1


def test_a_recording_in_which_nobody_asked_says_so(tmp_path: Path) -> None:
    path = tmp_path / "drive.log"
    path.write_text("(1780000000.0) can0 123#0102\n")
    with pytest.raises(BadInput, match="holds no answer of OBD-II"):
        read_telemetry(path)


def test_time_that_runs_backwards_on_a_bus_is_left_out_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "drive.log"
    path.write_text("".join(f"({T0_S + at}.0) can0 7E8#03410D1E00000000\n" for at in (0, 1, 2, 1, 3)))
    reading = read_telemetry(path)
    assert [one.wall_ns // NS_PER_S - T0_S for one in reading.samples] == [0, 1, 2, 3]
    assert reading.tally[Reason.BACKWARDS] == 1


@pytest.fixture
def vehicle() -> Iterator[can.BusABC]:
    """The other end of a virtual bus."""
    with can.Bus(channel="v", interface="virtual") as other:
        yield other


def test_a_live_bus_is_asked_by_turns_and_its_answers_are_samples(vehicle: can.BusABC) -> None:
    clock, notices = StillClock(), list[str]()
    source = Bus(bus(), clock=clock, on_notice=notices.append)
    told: list[Sample] = []
    asked: list[int] = []
    for _ in range(8):
        told += source.read_until(clock.wall_ns())
        while (question_ := vehicle.recv(timeout=0)) is not None:
            assert question_.arbitration_id == 0x7DF
            pid = question_.data[2]
            asked.append(pid)
            answer = [3, 0x41, pid, 72] if pid == 0x0D else [4, 0x41, pid, 0x1A, 0xF8]
            vehicle.send(can.Message(arbitration_id=0x7E8, is_extended_id=False, data=answer + [0] * (8 - len(answer))))
            vehicle.send(can.Message(arbitration_id=0x7E9, is_extended_id=False, data=[3, 0x41, 0x0D, 9, 0, 0, 0, 0]))
            vehicle.send(can.Message(arbitration_id=0x3B0, is_extended_id=False, data=[0, 0x10]))
        clock.now_ns += 200_000_000
    assert asked == [0x0D, 0x0D, 0x0D, 0x0C] * 2
    assert {one.speed_mps for one in told} == {20.0}
    assert told[-1].vehicle == VehicleState(engine_rpm=1726, belt_fastened=False)
    assert notices == []

    clock.now_ns += 11 * NS_PER_S
    assert source.read_until(clock.wall_ns())  # what still waited
    clock.now_ns += 11 * NS_PER_S
    assert source.read_until(clock.wall_ns()) == []
    assert len(notices) == 1
    assert "answers nothing" in notices[0]
    source.close()


def test_a_bus_that_only_listens_sends_nothing(vehicle: can.BusABC) -> None:
    source = Bus(bus(ask=False), clock=StillClock())
    source.read_until(T0_S * NS_PER_S)
    assert vehicle.recv(timeout=0) is None
    source.close()


def test_a_bus_that_is_not_there_is_waited_for_and_said_once() -> None:
    clock, notices = StillClock(), list[str]()
    source = open_telemetry(
        TelemetrySettings(bus=BusSettings(channel="nocan77")), clock=clock, on_notice=notices.append
    )
    for _ in range(3):
        assert source.read_until(clock.wall_ns()) == []
        clock.now_ns += 3 * NS_PER_S
    assert len(notices) == 1
    assert "nocan77 cannot be read" in notices[0]


def at(second: float, **said: object) -> Sample:
    return Sample(T0_S * NS_PER_S + round(second * NS_PER_S), **said)  # type: ignore[arg-type]


def test_a_fresh_speed_of_the_bus_counts_before_the_receivers_and_a_stale_one_does_not() -> None:
    belt = VehicleState(belt_fastened=True)
    fixes = [at(second, lat_deg=48.0, lon_deg=2.0, speed_mps=9.0) for second in range(8)]
    told = [at(second + 0.5, speed_mps=10.0, vehicle=belt) for second in range(4)]

    joined = Merger().joined(fixes, told)

    assert [one.speed_mps for one in joined] == [9.0, *[10.0] * 5, 9.0, 9.0]
    assert [one.vehicle for one in joined] == [None, *[belt] * 6, None]
    assert all(one.lat_deg == 48.0 for one in joined)


def test_in_a_tunnel_the_bus_speaks_alone_once_a_second() -> None:
    told = [at(tenth / 10, speed_mps=20.0) for tenth in range(100)]
    joined = Merger().joined([at(0, lat_deg=48.0, lon_deg=2.0, speed_mps=19.0)], told)
    assert len(joined) == 10
    assert all(one.lat_deg is None and one.speed_mps == 20.0 for one in joined[1:])


def test_two_recordings_of_other_days_are_laid_on_one_beginning(tmp_path: Path) -> None:
    gps, log = tmp_path / "drive.csv", tmp_path / "bus.log"
    gps.write_text(
        "time,lat,lon,speed_kmh\n" + "".join(f"2025-01-31T14:32:{s:02}Z,48.{s:03},2.3,36\n" for s in range(9))
    )
    log.write_text("".join(f"({T0_S + s}.5) can0 7E8#03410D4800000000\n" for s in range(9)))
    clock = StillClock()
    settings = TelemetrySettings(source=str(gps), parked_filter=False, bus=BusSettings(log=log))
    told = open_telemetry(settings, clock=clock, film_start_wall_ns=clock.now_ns)
    samples = told.read_until(clock.now_ns + 8 * NS_PER_S)
    assert [round((one.speed_mps or 0) * 3.6) for one in samples] == [72] * 9
    assert {one.wall_ns // NS_PER_S - T0_S for one in samples} == set(range(9))


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({}, "give a channel, or a log"),
        ({"channel": "can0", "log": "x.asc"}, "not both"),
        ({"channel": "can0", "interface": "sockecan"}, "'sockecan' is none .* Did you mean 'socketcan'"),
        ({"channel": "can0", "signal": [{**BELT, "id": 0x1F1F}]}, "extended = true"),
        ({"channel": "can0", "signal": [{**BELT, "value": 0x01}]}, "could never be so"),
        ({"channel": "can0", "signal": [{**BELT, "says": "seatbelt"}]}, "belt_open"),
    ],
)
def test_settings_that_cannot_be_are_refused(table: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        BusSettings.model_validate(table)


@pytest.mark.parametrize("time", ["9" * 400, "99999999999999"])
def test_a_time_that_is_none_is_named(tmp_path: Path, time: str) -> None:
    path = tmp_path / "drive.log"
    path.write_text(f"(1780000000.0) can0 7E8#03410D1E00000000\n({time}.0) can0 7E8#03410D1E00000000\n")
    with pytest.raises(BadInput, match="line 2"):
        read_telemetry(path)


def test_a_container_of_a_recording_may_be_cut_off_anywhere(tmp_path: Path) -> None:
    whole, path = tmp_path / "whole.blf", tmp_path / "cut.blf"
    with can.io.BLFWriter(str(whole), max_container_size=600) as writer:
        for tenth in range(40):
            writer.on_message_received(speed_frame(30, at_s=tenth / 10))
    second = whole.read_bytes().index(b"LOBJ", 300)
    for kept_bytes in range(second, second + 40):
        path.write_bytes(whole.read_bytes()[:kept_bytes])
        assert 1 <= len(read_telemetry(path).samples) < 40


def test_a_container_that_unfolds_to_more_than_any_logger_writes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "drive.blf"
    with can.Logger(str(path)) as logger:
        logger.on_message_received(speed_frame(30))
    bomb = zlib.compress(bytes(MAX_CONTAINER_BYTES + 1))
    container = struct.pack("<4sHHII", b"LOBJ", 16, 1, 32 + len(bomb), 10) + struct.pack("<H6xI4x", 2, 128) + bomb
    path.write_bytes(path.read_bytes() + container)
    with pytest.raises(BadInput, match="unfolds to more than 32 MiB"):
        read_telemetry(path)


def test_what_the_reader_of_a_format_skips_is_counted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with can.Logger(str(tmp_path / "drive.trc")) as logger:
        for message in a_drive():
            logger.on_message_received(message)
    path = tmp_path / "drive.trc"
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:-1], lines[-1][:30], lines[-1], ""]))
    assert read_telemetry(path, bus=bus()).tally[Reason.MALFORMED] == 1
    assert caplog.records == []
