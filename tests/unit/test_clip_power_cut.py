"""A power cut costs at most one GOP of the film being written: whatever is left of it becomes a whole film."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from uuid import UUID

import av
import pytest

from custodes.core import mp4box
from custodes.core.clock import NS_PER_S, ManualClock
from custodes.core.types import Facing
from custodes.edge.capture import LensSource, open_source
from custodes.edge.clip import ClipSettings, LensRecorder, repair_folder
from custodes.edge.clip.film import PARTIAL
from filmcraft import Recipe, make_film

CLIP = UUID("11111111-2222-4333-8444-555555555555")
NAME = f"{CLIP}.road"


@pytest.fixture(scope="module")
def open_film(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Return the bytes of a film of eight GOPs that was never closed."""
    folder = tmp_path_factory.mktemp("open")
    path = make_film(folder / "a.mp4", Recipe(seconds=8, bframes=2))
    recorder = LensRecorder(
        lens="road", facing=Facing.ROAD, folder=folder / "films", settings=ClipSettings(), clock=ManualClock()
    )
    for count, packet in enumerate(open_source(LensSource(source=str(path)), clock=ManualClock()).packets()):
        recorder.append(packet)
        if count == 0:
            recorder.begin(CLIP, start_wall_ns=packet.wall_ns, end_wall_ns=packet.wall_ns + 60 * NS_PER_S)
    return (folder / "films" / f"{NAME}{PARTIAL}").read_bytes()


def test_at_most_the_last_gop_is_not_on_disk(open_film: bytes, tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(open_film)
    layout = mp4box.layout(path)
    assert layout.whole_bytes == layout.size_bytes
    assert sum(run.samples for fragment in layout.fragments for run in fragment.runs) >= 70


def test_cut_at_every_byte_of_a_fragment_and_everywhere_coarsely(open_film: bytes, tmp_path: Path) -> None:
    path = tmp_path / "whole.mp4"
    path.write_bytes(open_film)
    fragments = mp4box.layout(path).fragments
    ends = [fragment.end for fragment in fragments]
    dense = range(fragments[1].start - 3, fragments[1].end + 3)
    for length in sorted({*range(0, len(open_film), 331), *dense}):
        folder = tmp_path / "films"
        folder.mkdir(exist_ok=True)
        (folder / f"{NAME}{PARTIAL}").write_bytes(open_film[:length])
        [repaired] = repair_folder(folder)
        whole_gops = sum(end <= length for end in ends)
        assert (repaired.clip_id, repaired.lens) == (CLIP, "road")
        if whole_gops == 0:
            assert repaired.outcome == "hopeless"
            assert repaired.reason
            assert list(folder.iterdir()) == []
            continue
        assert repaired.outcome == "mended"
        assert repaired.film is not None
        assert repaired.film.frames == 10 * whole_gops
        assert repaired.film.size_bytes == ends[whole_gops - 1]
        repaired.path.unlink()


def test_mended_film_plays_to_its_end(open_film: bytes, tmp_path: Path) -> None:
    (tmp_path / f"{NAME}{PARTIAL}").write_bytes(open_film[: len(open_film) * 3 // 4])
    [repaired] = repair_folder(tmp_path)
    assert repaired.film is not None
    assert repaired.path == tmp_path / f"{NAME}.mp4"
    with av.open(repaired.film.path) as container:
        shown = [float(frame.pts * frame.time_base) for frame in container.decode(video=0)]
    assert len(shown) == repaired.film.frames > 30
    assert shown[-1] < repaired.film.duration_ns / NS_PER_S
    assert "cut short" in repaired.notes[-1]


def test_repair_again_changes_nothing(open_film: bytes, tmp_path: Path) -> None:
    (tmp_path / f"{NAME}{PARTIAL}").write_bytes(open_film[:-10])
    [first] = repair_folder(tmp_path)
    [second] = repair_folder(tmp_path)
    assert second.outcome == "whole"
    assert second.film == first.film


HOPELESS = {"empty": b"", "zeros": b"\0" * 5000, "ones": b"\xff" * 5000, "text": b"ftypisom" * 9}


@pytest.mark.parametrize("content", HOPELESS.values(), ids=HOPELESS)
def test_hopeless_film_is_reported_and_removed(tmp_path: Path, content: bytes) -> None:
    (tmp_path / f"{NAME}{PARTIAL}").write_bytes(content)
    (tmp_path / "letter.mp4").write_bytes(content)
    reports = repair_folder(tmp_path)
    assert [r.outcome for r in reports] == ["hopeless", "hopeless"]
    assert [(r.clip_id, r.lens) for r in reports] == [(CLIP, "road"), (None, None)]
    assert all(r.reason for r in reports)
    assert list(tmp_path.iterdir()) == []


def test_zeros_after_a_crash_of_the_file_system_are_cut_off(open_film: bytes, tmp_path: Path) -> None:
    (tmp_path / f"{NAME}{PARTIAL}").write_bytes(open_film + bytes(4096))
    [repaired] = repair_folder(tmp_path)
    assert repaired.film is not None
    assert repaired.film.size_bytes == len(open_film)
    assert repaired.lost_bytes == 4096


def test_no_folder_yet_is_no_fault(tmp_path: Path) -> None:
    assert repair_folder(tmp_path / "none") == []


_RECORD = """
import sys, uuid
from pathlib import Path
from custodes.core.clock import SystemClock
from custodes.core.types import Facing
from custodes.edge.capture import LensSource, open_source
from custodes.edge.clip import ClipSettings, LensRecorder
folder = Path(sys.argv[2])
recorder = LensRecorder(
    lens="road", facing=Facing.ROAD, folder=folder, settings=ClipSettings(), clock=SystemClock()
)
begun = False
for packet in open_source(LensSource(source=sys.argv[1], realtime=True, loop=True), clock=SystemClock()).packets():
    recorder.append(packet)
    if not begun:
        recorder.begin(uuid.UUID(sys.argv[3]), start_wall_ns=packet.wall_ns, end_wall_ns=packet.wall_ns + 600 * 10**9)
        begun = True
"""


def test_killed_recorder_loses_less_than_a_gop(tmp_path: Path) -> None:
    film = make_film(tmp_path / "a.mp4", Recipe(seconds=4, fps=30, gop=6))
    folder = tmp_path / "films"
    child = subprocess.Popen([sys.executable, "-c", _RECORD, str(film), str(folder), str(CLIP)])
    try:
        partial = folder / f"{NAME}{PARTIAL}"
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and not (partial.exists() and partial.stat().st_size > 6000):
            time.sleep(0.02)
        os.kill(child.pid, signal.SIGKILL)
    finally:
        child.kill()
        child.wait()
    [repaired] = repair_folder(folder)
    assert repaired.outcome == "mended"
    assert repaired.film is not None
    assert repaired.film.frames >= 6
    assert repaired.film.frames % 6 == 0
