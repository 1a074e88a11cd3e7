"""A telemetry file plays along with the unit's time line, wherever it is anchored, once or in a loop."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from custodes.core.clock import NS_PER_S, ManualClock
from custodes.core.errors import BadInput
from custodes.edge.telemetry import Playback, TelemetrySettings, open_playback

PAST = datetime(2020, 5, 1, 8, tzinfo=UTC)
PAST_NS = int(PAST.timestamp()) * NS_PER_S
NOW_NS = ManualClock().wall_ns()


def drive(tmp_path: Path, seconds: int = 10) -> Path:
    """Write a drive of the past: 20 m/s, one reading a second."""
    rows = [
        f"{(PAST + timedelta(seconds=second)).isoformat()},{48.8 + 20 * second / 111_195:.7f},2.3,20"
        for second in range(seconds)
    ]
    path = tmp_path / "drive.csv"
    path.write_text("\n".join(["time,lat,lon,speed_mps", *rows]))
    return path


def opened(path: Path, *, anchor: str = "film", loop: bool = False, film_start_wall_ns: int | None = None) -> Playback:
    settings = TelemetrySettings.model_validate({"source": str(path), "anchor": anchor, "loop": loop})
    return open_playback(settings, clock=ManualClock(), film_start_wall_ns=film_start_wall_ns)


def seconds(source: Playback, until_s: float, since_ns: int = NOW_NS) -> list[float]:
    samples = source.read_until(since_ns + round(until_s * NS_PER_S))
    return [(sample.wall_ns - since_ns) / NS_PER_S for sample in samples]


def test_a_drive_of_the_past_plays_along_with_the_film(tmp_path: Path) -> None:
    source = opened(drive(tmp_path), film_start_wall_ns=NOW_NS)
    assert seconds(source, 2.5) == [0, 1, 2]
    assert seconds(source, 2.9) == []
    assert seconds(source, 5) == [3, 4, 5]
    assert not source.exhausted
    assert seconds(source, 20) == [6, 7, 8, 9]
    assert source.exhausted
    assert seconds(source, 200) == []


def test_without_a_known_start_the_first_question_is_the_start(tmp_path: Path) -> None:
    source = opened(drive(tmp_path))
    assert seconds(source, 100) == [100]
    assert seconds(source, 102) == [101, 102]


def test_its_own_times(tmp_path: Path) -> None:
    source = opened(drive(tmp_path), anchor="own")
    assert seconds(source, 3, since_ns=PAST_NS) == [0, 1, 2, 3]
    assert seconds(opened(drive(tmp_path), anchor="own"), 1000, since_ns=NOW_NS) == [], "the film is years later"


def test_now(tmp_path: Path) -> None:
    assert seconds(opened(drive(tmp_path), anchor="now"), 2) == [0, 1, 2]


def test_a_loop_goes_on_in_time(tmp_path: Path) -> None:
    source = opened(drive(tmp_path, 3), loop=True, film_start_wall_ns=NOW_NS)
    told = [second for until in range(11) for second in seconds(source, until)]
    assert told == list(range(11)), "readings 0, 1, 2 of the next lap follow a second after the last"
    assert not source.exhausted


def test_a_loop_asked_in_one_go_is_the_same(tmp_path: Path) -> None:
    source = opened(drive(tmp_path, 3), loop=True, film_start_wall_ns=NOW_NS)
    assert seconds(source, 10) == list(range(11))
    samples = source.read_until(NOW_NS + 13 * NS_PER_S)
    assert len({sample.lat_deg for sample in samples}) == 3


def test_after_a_long_absence_the_last_minute(tmp_path: Path) -> None:
    source = opened(drive(tmp_path, 10), loop=True, film_start_wall_ns=NOW_NS)
    assert seconds(source, 1) == [0, 1]
    told = seconds(source, 86_400)
    assert len(told) == 60
    assert (told[0], told[-1]) == (86_341, 86_400)


def test_a_clock_that_is_set_back_repeats_nothing(tmp_path: Path) -> None:
    source = opened(drive(tmp_path), film_start_wall_ns=NOW_NS)
    assert seconds(source, 5) == [0, 1, 2, 3, 4, 5]
    assert seconds(source, 2) == []
    assert seconds(source, 6) == [6]


def test_the_parked_filter_stands_before_the_reader(tmp_path: Path) -> None:
    rows = [f"{(PAST + timedelta(seconds=second)).isoformat()},48.80000{second % 3},2.3,0.4" for second in range(30)]
    path = tmp_path / "parked.csv"
    path.write_text("\n".join(["time,lat,lon,speed_mps", *rows]))
    held = opened(path, film_start_wall_ns=NOW_NS).read_until(NOW_NS + 40 * NS_PER_S)
    assert {(sample.speed_mps, sample.lat_deg) for sample in held} == {(0.0, 48.8)}
    settings = TelemetrySettings(source=str(path), parked_filter=False)
    source = open_playback(settings, clock=ManualClock(), film_start_wall_ns=NOW_NS)
    assert {sample.speed_mps for sample in source.read_until(NOW_NS + 40 * NS_PER_S)} == {0.4}


def test_what_the_film_itself_carries_needs_a_film(tmp_path: Path) -> None:
    settings = TelemetrySettings(source="film")
    with pytest.raises(BadInput, match="the first lens is no film"):
        open_playback(settings, clock=ManualClock())
    source = open_playback(settings, clock=ManualClock(), film=drive(tmp_path))
    assert len(source.reading.samples) == 10
