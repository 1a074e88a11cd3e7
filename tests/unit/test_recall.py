"""`custodes unit recall`: asked of a unit that runs, for film that its ring on disk holds; else refused at once."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from custodes.core.clock import NS_PER_S, ManualClock
from custodes.core.errors import BadInput
from custodes.core.packets import StampedPacket
from custodes.core.types import Facing
from custodes.edge.capture import LensSource, open_source
from custodes.edge.clip.disk_ring import DiskRing, kept_in
from custodes.edge.requests import Recall, read_requests, recall
from custodes.edge.state_lock import StateLock
from filmcraft import Recipe, make_film

UNIT = """
[unit]
name = "Porch"
[[lens]]
name = "road"
source = "rtsp://127.0.0.1/1"
facing = "road"
[ring]
folder = "kept"
max_gb = 1
"""


@pytest.fixture(scope="module")
def packets(tmp_path_factory: pytest.TempPathFactory) -> list[StampedPacket]:
    film = make_film(tmp_path_factory.mktemp("film") / "a.mp4", Recipe(seconds=12))
    return list(open_source(LensSource(source=str(film)), clock=ManualClock()).packets())


@pytest.fixture
def toml(tmp_path: Path) -> Path:
    path = tmp_path / "unit.toml"
    path.write_text(UNIT)
    return path


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Path]:
    with StateLock(tmp_path / "state"):
        yield tmp_path / "state"


@pytest.fixture
def ring(tmp_path: Path, packets: list[StampedPacket]) -> DiskRing:
    ring = DiskRing(lens="road", facing=Facing.ROAD, folder=tmp_path / "kept/road", limit_bytes=1 << 30, segment_s=5.0)
    for packet in packets:
        ring.append(packet)
    return ring


def moment(packets: list[StampedPacket], after_s: float) -> datetime:
    return datetime.fromtimestamp(packets[0].wall_ns / NS_PER_S, UTC) + timedelta(seconds=after_s)


def typed(wall_ns: int) -> str:
    return datetime.fromtimestamp(wall_ns // NS_PER_S, UTC).astimezone().strftime("%Y-%m-%dT%H:%M:%S")


def test_film_that_the_ring_holds_is_asked_for(
    toml: Path, running: Path, ring: DiskRing, packets: list[StampedPacket]
) -> None:
    assert "asked" in recall(toml, moment(packets, -60), moment(packets, 1), note="the parcel")
    (asked,) = read_requests(running, lambda _: None)
    assert isinstance(asked, Recall)
    assert asked.note == "the parcel"


def test_the_segment_that_is_being_written_counts(
    toml: Path, running: Path, ring: DiskRing, packets: list[StampedPacket]
) -> None:
    last = ring.segments[-1].end_wall_ns
    assert kept_in(toml.parent / "kept/road")[-1].zero_wall_ns >= last
    assert "asked" in recall(toml, moment(packets, 10.3), moment(packets, 10.6), note="")


@pytest.mark.parametrize("after_s", [-4000.0, -20.0, 13.0, 4000.0])
def test_a_time_that_the_ring_does_not_hold_is_refused_with_what_it_keeps(
    toml: Path, running: Path, ring: DiskRing, packets: list[StampedPacket], after_s: float
) -> None:
    with pytest.raises(BadInput) as refused:
        recall(toml, moment(packets, after_s), moment(packets, after_s + 10), note="")
    begins = typed(packets[0].wall_ns)
    ends = typed(kept_in(toml.parent / "kept/road")[-1].end_wall_ns)
    assert f"it keeps {begins} to {ends}" in str(refused.value)
    assert "\n" not in str(refused.value)
    assert not read_requests(running, lambda _: None)


def test_a_time_between_two_stretches_is_refused_with_the_gap(
    toml: Path, running: Path, ring: DiskRing, packets: list[StampedPacket]
) -> None:
    ring.close()
    first, middle, third = ring.segments
    middle.path.unlink()
    gap = [typed(first.end_wall_ns), typed(third.zero_wall_ns)]
    with pytest.raises(BadInput, match=f"but nothing from {gap[0]} to {gap[1]}"):
        recall(toml, moment(packets, 6), moment(packets, 8), note="")


def test_an_empty_ring_says_so(toml: Path, running: Path) -> None:
    with pytest.raises(BadInput, match="holds no film yet"):
        recall(toml, datetime.now(UTC) - timedelta(seconds=60), datetime.now(UTC), note="")


def test_nothing_is_asked_of_a_unit_that_does_not_run(toml: Path, ring: DiskRing) -> None:
    command = ["unit", "recall", str(toml), "2026-11-22T14:32:00", "2026-11-22T14:32:30"]
    done = subprocess.run([sys.executable, "-m", "custodes", *command], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "no unit runs in" in done.stderr
    assert done.stderr.count("\n") == 1
