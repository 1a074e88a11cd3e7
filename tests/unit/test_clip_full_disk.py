"""A full disk ends a film early and loses nothing that was already whole; the recorder goes on."""

import errno
import os
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import av
import pytest

from custodes.core.clock import NS_PER_S, ManualClock
from custodes.core.types import Facing
from custodes.edge.capture import LensSource, StampedPacket, open_source
from custodes.edge.clip import ClipSettings, FinishedFilm, LensRecorder, sink
from filmcraft import Recipe, make_film

CLIP = UUID("11111111-2222-4333-8444-555555555555")
NEXT = UUID("99999999-2222-4333-8444-555555555555")


class Disk:
    """`os.write` and `os.fdatasync` with a limited number of bytes, as a full disk has."""

    def __init__(self, free_bytes: int, code: int = errno.ENOSPC) -> None:
        self.free_bytes = free_bytes
        self.code = code

    def write(self, descriptor: int, content: memoryview) -> int:
        if self.free_bytes <= 0:
            raise OSError(self.code, os.strerror(self.code))
        taken = content[: self.free_bytes]
        self.free_bytes -= len(taken)
        return os.write(descriptor, taken)


@pytest.fixture
def packets(tmp_path: Path) -> list[StampedPacket]:
    path = make_film(tmp_path / "a.mp4", Recipe(seconds=10))
    return list(open_source(LensSource(source=str(path)), clock=ManualClock()).packets())


def record(folder: Path, packets: list[StampedPacket], clip_id: UUID = CLIP) -> tuple[list[FinishedFilm], LensRecorder]:
    recorder = LensRecorder(
        lens="road", facing=Facing.ROAD, folder=folder, settings=ClipSettings(), clock=ManualClock()
    )
    done: list[FinishedFilm] = []
    for count, packet in enumerate(packets):
        done += recorder.append(packet)
        if count == 5:
            start = packets[0].wall_ns
            recorder.begin(clip_id, start_wall_ns=start, end_wall_ns=start + 9 * NS_PER_S)
    return done + recorder.finish_all(), recorder


@pytest.fixture
def fill(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Disk]:
    def with_free(free_bytes: int, code: int = errno.ENOSPC) -> Disk:
        disk = Disk(free_bytes, code)
        fake = type(
            "Os",
            (),
            {name: staticmethod(getattr(os, name)) for name in ("open", "fdatasync", "fsync", "ftruncate", "close")},
        )
        for name in ("O_RDWR", "O_CREAT", "O_EXCL", "O_CLOEXEC"):
            setattr(fake, name, getattr(os, name))
        fake.write = staticmethod(disk.write)  # type: ignore[attr-defined]
        monkeypatch.setattr(sink, "os", fake)
        return disk

    return with_free


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EFBIG])
@pytest.mark.parametrize("free_bytes", [0, 10, 700, 1500, 2500, 4000, 6001, 9000])
def test_what_was_whole_stays(
    tmp_path: Path, packets: list[StampedPacket], fill: Callable[..., Disk], free_bytes: int, code: int
) -> None:
    fill(free_bytes, code)
    done, recorder = record(tmp_path / "films", packets)
    lost = recorder.take_lost()
    assert len(done) + len(lost) == 1
    if lost:
        assert lost[0].clip_id == CLIP
        assert lost[0].disk_full
        assert os.strerror(code) in lost[0].reason
        assert list((tmp_path / "films").iterdir()) == []
        return
    [finished] = done
    assert "ends early" in finished.notes[0]
    assert os.strerror(code) in finished.notes[0]
    assert finished.film.frames % 10 == 0
    with av.open(finished.film.path) as container:
        assert sum(1 for _ in container.decode(video=0)) == finished.film.frames
    assert [path.name for path in (tmp_path / "films").iterdir()] == [f"{CLIP}.road.mp4"]


def test_both_outcomes_are_seen(tmp_path: Path, packets: list[StampedPacket], fill: Callable[..., Disk]) -> None:
    fill(700)
    assert record(tmp_path / "small", packets)[0] == []
    fill(6001)
    assert len(record(tmp_path / "larger", packets)[0]) == 1


def test_recorder_goes_on_once_there_is_room(
    tmp_path: Path, packets: list[StampedPacket], fill: Callable[..., Disk]
) -> None:
    disk = fill(3000)
    recorder = LensRecorder(
        lens="road", facing=Facing.ROAD, folder=tmp_path / "films", settings=ClipSettings(), clock=ManualClock()
    )
    done: list[FinishedFilm] = []
    start = packets[0].wall_ns
    for count, packet in enumerate(packets):
        if count == 5:
            recorder.begin(CLIP, start_wall_ns=start, end_wall_ns=start + 8 * NS_PER_S)
        if count == 90:
            disk.free_bytes = 1 << 30
            recorder.begin(NEXT, start_wall_ns=start, end_wall_ns=start + 9 * NS_PER_S)
        done += recorder.append(packet)
    done += recorder.finish_all()
    assert NEXT in {finished.clip_id for finished in done}
    assert next(f for f in done if f.clip_id == NEXT).notes == ()


def test_real_limit_of_the_system(tmp_path: Path) -> None:
    """The same with the kernel's own refusal, in a process of its own: its file size is limited."""
    import subprocess
    import sys

    film = make_film(tmp_path / "a.mp4", Recipe(seconds=10))
    script = f"""
import resource, signal, sys, uuid
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
from pathlib import Path
from custodes.core.clock import ManualClock
from custodes.core.types import Facing
from custodes.edge.capture import LensSource, open_source
from custodes.edge.clip import ClipSettings, LensRecorder
resource.setrlimit(resource.RLIMIT_FSIZE, (6000, 6000))
folder = Path({str(tmp_path / "films")!r})
recorder = LensRecorder(
    lens="road", facing=Facing.ROAD, folder=folder, settings=ClipSettings(), clock=ManualClock()
)
done = []
for count, packet in enumerate(open_source(LensSource(source={str(film)!r}), clock=ManualClock()).packets()):
    done += recorder.append(packet)
    if count == 0:
        recorder.begin(uuid.uuid4(), start_wall_ns=packet.wall_ns, end_wall_ns=packet.wall_ns + 9 * 10**9)
done += recorder.finish_all()
[film] = done
assert "ends early" in film.notes[0], film.notes
assert 0 < film.film.size_bytes <= 6000
print(film.film.frames)
"""
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 0, run.stderr
    assert int(run.stdout) % 10 == 0
    assert int(run.stdout) > 0
