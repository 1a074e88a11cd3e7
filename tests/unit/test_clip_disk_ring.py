"""Continuous film on disk: under its cap, oldest first, mended after a power cut, cut without decoding."""

import errno
import itertools
import os
from collections import deque
from pathlib import Path
from uuid import UUID

import av
import pytest

from custodes.core import mp4box
from custodes.core.clock import NS_PER_S, ManualClock
from custodes.core.errors import Permanent, Temporary
from custodes.core.types import Facing
from custodes.edge.capture import LensSource, StampedPacket, open_source
from custodes.edge.clip import sink
from custodes.edge.clip.disk_ring import DiskCut, DiskRing
from filmcraft import Recipe, make_film

CLIP = UUID("11111111-2222-4333-8444-555555555555")


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_film(tmp_path_factory.mktemp("film") / "a.mp4", Recipe(seconds=30, bframes=2, sound=True))


@pytest.fixture
def packets(film: Path) -> list[StampedPacket]:
    return list(open_source(LensSource(source=str(film)), clock=ManualClock()).packets())


def ring_in(folder: Path, limit_bytes: int = 1 << 30, *, keep_sound: bool = False) -> DiskRing:
    return DiskRing(
        lens="road", facing=Facing.ROAD, folder=folder, limit_bytes=limit_bytes, segment_s=5.0, keep_sound=keep_sound
    )


def filled(folder: Path, packets: list[StampedPacket], limit_bytes: int = 1 << 30) -> DiskRing:
    ring = ring_in(folder, limit_bytes)
    for packet in packets:
        ring.append(packet)
    return ring


def shown_s(cut: DiskCut, packets: list[StampedPacket]) -> list[float]:
    with av.open(cut.film.path) as container:
        return [
            round((cut.film.first_frame_wall_ns - packets[0].wall_ns) / NS_PER_S + float(f.pts * f.time_base), 2)
            for f in container.decode(video=0)
        ]


def cut(ring: DiskRing, packets: list[StampedPacket], start_s: float, end_s: float, folder: Path) -> DiskCut:
    zero_ns = packets[0].wall_ns
    return ring.cut_from_disk(
        CLIP,
        start_wall_ns=zero_ns + round(start_s * NS_PER_S),
        end_wall_ns=zero_ns + round(end_s * NS_PER_S),
        folder=folder,
    )


def test_segments_follow_each_other(tmp_path: Path, packets: list[StampedPacket]) -> None:
    ring = filled(tmp_path, packets)
    ring.close()
    assert len(ring.segments) == 6
    for before, after in itertools.pairwise(ring.segments):
        assert abs(after.zero_wall_ns - before.end_wall_ns) <= 0.31 * NS_PER_S
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) == ring.size_bytes


def test_oldest_go_first_and_the_cap_holds(tmp_path: Path, packets: list[StampedPacket]) -> None:
    whole = filled(tmp_path / "whole", packets)
    whole.close()
    limit = whole.size_bytes // 2
    ring = ring_in(tmp_path / "capped", limit)
    for packet in packets:
        ring.append(packet)
        if packet.is_keyframe:
            on_disk = sum(path.stat().st_size for path in (tmp_path / "capped").iterdir())
            assert on_disk <= limit + 3000
    ring.close()
    assert ring.segments[-1].end_wall_ns == whole.segments[-1].end_wall_ns
    assert len(ring.segments) < len(whole.segments)


@pytest.mark.parametrize(("start_s", "end_s"), [(2.5, 4.2), (3.5, 12.3), (0.0, 30.0), (14.9, 15.1), (24.0, 28.0)])
def test_cut_is_whole_and_right_across_segments(
    tmp_path: Path, packets: list[StampedPacket], start_s: float, end_s: float
) -> None:
    ring = filled(tmp_path / "ring", packets)
    made = cut(ring, packets, start_s, end_s, tmp_path / "cut")
    shown = shown_s(made, packets)
    assert shown[0] <= start_s < shown[0] + 1.21
    assert min(end_s, 28.9) <= shown[-1] + 0.11 <= end_s + 1.3
    assert all(b - a == pytest.approx(0.1, abs=0.011) for a, b in itertools.pairwise(shown))
    assert len(shown) == made.film.frames
    assert made.notes == ()
    assert mp4box.whole_length(Path(made.film.path)) == made.film.size_bytes


def test_cut_begins_within_its_range_where_the_keyframe_before_is_far(tmp_path: Path) -> None:
    film = make_film(tmp_path / "few.mp4", Recipe(seconds=30, gop=60))
    packets = list(open_source(LensSource(source=str(film)), clock=ManualClock()).packets())
    ring = DiskRing(lens="road", facing=Facing.ROAD, folder=tmp_path / "ring", limit_bytes=1 << 30)
    for packet in packets:
        ring.append(packet)
    made = cut(ring, packets, 11.0, 17.0, tmp_path / "cut")
    assert shown_s(made, packets)[0] == 12.0
    assert made.notes == ("film of road begins 1.0 s late: the disk holds none before",)
    assert shown_s(cut(ring, packets, 8.5, 11.0, tmp_path / "short"), packets)[0] == 6.0


def test_cut_keeps_the_sound_in_step(tmp_path: Path, packets: list[StampedPacket]) -> None:
    ring = ring_in(tmp_path / "ring", keep_sound=True)
    for packet in packets[5:]:
        ring.append(packet)
    made = cut(ring, packets, 8.0, 22.0, tmp_path / "cut")
    with av.open(made.film.path) as container:
        heard = [float(f.pts * f.time_base) for f in container.decode(audio=0)]
    assert heard[0] < 0.2
    assert all(b - a < 0.2 for a, b in itertools.pairwise(heard))
    assert heard[-1] == pytest.approx(made.film.duration_ns / NS_PER_S, abs=0.5)


def test_nothing_of_the_range_is_said(tmp_path: Path, packets: list[StampedPacket]) -> None:
    ring = filled(tmp_path / "ring", packets)
    with pytest.raises(Permanent, match="holds no film of road"):
        cut(ring, packets, 100.0, 110.0, tmp_path / "cut")
    assert cut(ring, packets, -20.0, 3.0, tmp_path / "cut").notes[0].startswith("film of road begins 19.8 s late")


def test_gap_is_said(tmp_path: Path, packets: list[StampedPacket]) -> None:
    for packet in packets:
        if packet.wall_ns >= packets[0].wall_ns + 15 * NS_PER_S:
            packet.epoch, packet.wall_ns = 1, packet.wall_ns + 60 * NS_PER_S
    ring = filled(tmp_path / "ring", packets)
    made = cut(ring, packets, 10.0, 80.0, tmp_path / "cut")
    assert made.notes == ("film of road has a gap of 60 s",)
    shown = shown_s(made, packets)
    assert max(b - a for a, b in itertools.pairwise(shown)) == pytest.approx(60.1, abs=0.2)


def test_torn_segment_is_mended_at_start(tmp_path: Path, packets: list[StampedPacket]) -> None:
    filled(tmp_path / "ring", packets)
    [torn] = (tmp_path / "ring").glob("*.partial.mp4")
    with torn.open("r+b") as file:
        file.truncate(torn.stat().st_size - 100)
    ring = ring_in(tmp_path / "ring")
    assert [one.outcome for one in ring.mended] == ["mended"]
    assert len(ring.segments) == 6
    assert not list((tmp_path / "ring").glob("*.partial.mp4"))
    assert shown_s(cut(ring, packets, 24.0, 27.0, tmp_path / "cut"), packets)[-1] > 26.5


def test_restart_knows_all_segments_by_name(tmp_path: Path, packets: list[StampedPacket]) -> None:
    before = filled(tmp_path, packets)
    before.close()
    after = ring_in(tmp_path)
    assert after.segments == before.segments
    assert after.mended == ()


class FullDisk:
    """`os` whose disk has `free_bytes` left, plus what is removed from `folder`."""

    def __init__(self, folder: Path, capacity_bytes: int) -> None:
        self.folder = folder
        self.capacity_bytes = capacity_bytes

    def __getattr__(self, name: str) -> object:
        return getattr(os, name)

    def write(self, descriptor: int, content: bytes) -> int:
        used = sum(path.stat().st_size for path in self.folder.iterdir())
        if used + len(content) > self.capacity_bytes:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return os.write(descriptor, content)


def test_full_disk_costs_the_oldest_first(
    tmp_path: Path, packets: list[StampedPacket], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = filled(tmp_path / "whole", packets)
    whole.close()
    folder = tmp_path / "ring"
    monkeypatch.setattr(sink, "os", FullDisk(folder, whole.size_bytes * 2 // 3))
    ring = filled(folder, packets)
    ring.close()
    assert ring.segments[0].zero_wall_ns > whole.segments[0].zero_wall_ns
    assert ring.segments[-1].end_wall_ns == whole.segments[-1].end_wall_ns


def test_full_disk_with_nothing_to_remove_is_temporary_and_passes(
    tmp_path: Path, packets: list[StampedPacket], monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = FullDisk(tmp_path, 500)
    monkeypatch.setattr(sink, "os", disk)
    ring = ring_in(tmp_path)
    with pytest.raises(Temporary, match="No space left on device"):
        deque(map(ring.append, packets), maxlen=0)
    disk.capacity_bytes = 1 << 30
    for packet in packets[100:]:
        ring.append(packet)
    ring.close()
    assert ring.segments
