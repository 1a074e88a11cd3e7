"""The real unit as a process: marked, asked for the past, killed in mid-clip, its camera dying twice."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from running_unit import RunningUnit, free_port, pictures_in, told, write

from filmcraft import Recipe, make_film
from rtsp_camera import Camera, eventually


@pytest.fixture
def units() -> Iterator[list[RunningUnit]]:
    running: list[RunningUnit] = []
    yield running
    for unit in running:
        if unit.process.poll() is None:
            unit.process.kill()


@pytest.fixture
def film(tmp_path: Path) -> Path:
    return make_film(tmp_path / "road.mp4", Recipe(seconds=6, fps=10, gop=5))


LOOPED = "realtime = true\nloop = true"


def test_a_mark_becomes_a_clip_with_its_note_and_the_unit_stops_cleanly(
    tmp_path: Path, film: Path, units: list[RunningUnit]
) -> None:
    unit = RunningUnit(write(tmp_path, source=str(film), playing=LOOPED))
    units.append(unit)
    unit.mark("a near miss")
    eventually(lambda: "kept" in unit.kinds())
    (manifest,) = unit.clips()
    assert manifest.event.kind == "mark"
    assert "a near miss" in {one.value for one in manifest.event.evidence}
    assert manifest.kept_end_wall_ns > manifest.event.onset_wall_ns > manifest.kept_start_wall_ns - 1
    assert pictures_in(unit.film_of(manifest)) == manifest.lenses[0].frames
    assert unit.stop() == 0
    assert unit.errors == ""
    assert unit.kinds()[-1] == "unit_down"


def test_the_past_comes_back_from_the_ring_on_disk(tmp_path: Path, film: Path, units: list[RunningUnit]) -> None:
    ring = '\n[ring]\nfolder = "ring"\nmax_gb = 0.01\n'
    unit = RunningUnit(write(tmp_path, source=str(film), playing=LOOPED, more=ring))
    units.append(unit)
    unit.mark()
    eventually(lambda: len(unit.clips()) == 1)
    seen = unit.clips()[0]
    start_s, end_s = seen.kept_start_wall_ns / 1e9, seen.kept_end_wall_ns / 1e9
    moments = [local_iso(start_s), local_iso(end_s)]
    asked = unit.custodes("recall", str(unit.toml), *moments)
    assert asked.returncode == 0, asked.stderr
    eventually(lambda: len(unit.clips()) == 2)
    recalled = unit.clips()[1]
    assert recalled.event.kind == "recall"
    lens = recalled.lenses[0]
    assert lens.first_frame_wall_ns <= round(start_s) * 10**9 + 10**9
    assert pictures_in(unit.film_of(recalled)) == lens.frames
    assert unit.stop() == 0


def local_iso(epoch_s: float) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(epoch_s, UTC).astimezone().replace(tzinfo=None).isoformat(timespec="seconds")


def test_killed_in_mid_clip_what_was_on_disk_becomes_the_clip(
    tmp_path: Path, film: Path, units: list[RunningUnit]
) -> None:
    toml = write(tmp_path, source=str(film), playing=LOOPED).read_text().replace("post_roll_s = 1", "post_roll_s = 25")
    (tmp_path / "unit.toml").write_text(toml)
    unit = RunningUnit(tmp_path / "unit.toml")
    units.append(unit)
    unit.mark("before the crash")
    partial = tmp_path / "state" / "films" / "road"
    eventually(lambda: any(path.stat().st_size > 8_000 for path in partial.glob("*.mp4")))
    unit.stop(signal.SIGKILL)
    again = RunningUnit(tmp_path / "unit.toml")
    units.append(again)
    eventually(lambda: len(again.clips()) == 1)
    (manifest,) = again.clips()
    assert manifest.event.kind == "mark"
    assert "before the crash" in {one.value for one in manifest.event.evidence}
    assert any("the unit stopped" in note for note in manifest.notes)
    assert pictures_in(again.film_of(manifest)) == manifest.lenses[0].frames > 5
    assert list(partial.glob("*.mp4")) == []
    assert again.stop() == 0


def test_a_camera_that_dies_twice_costs_no_clip_of_the_time_that_it_lived(
    tmp_path: Path, units: list[RunningUnit]
) -> None:
    served = tmp_path / "served"
    served.mkdir()
    make_film(served / "film.mp4", Recipe(seconds=120, fps=10, gop=5))
    camera = Camera(served, free_port()).up()
    try:
        quick = "backoff_first_s = 0.1\nbackoff_most_s = 0.5\nread_timeout_s = 2"
        unit = RunningUnit(write(tmp_path, source=camera.address, playing=quick))
        units.append(unit)
        for life in range(1, 4):
            count = len(unit.clips())
            unit.mark(f"life {life}")
            eventually(lambda count=count: len(unit.clips()) == count + 1, seen=lambda: unit.said)
            if life < 3:
                camera.down()
                eventually(lambda life=life: told(unit, "lost") >= life)
                camera.up()
                eventually(lambda life=life: told(unit, "back after") >= life)
        notes = [one.value for manifest in unit.clips() for one in manifest.event.evidence if one.name == "note"]
        assert notes == ["life 1", "life 2", "life 3"]
        assert all(pictures_in(unit.film_of(manifest)) > 5 for manifest in unit.clips())
        assert unit.stop() == 0
    finally:
        camera.down()


def test_two_units_in_one_folder_are_refused_in_one_line(tmp_path: Path, film: Path, units: list[RunningUnit]) -> None:
    first = RunningUnit(write(tmp_path, source=str(film), playing=LOOPED))
    units.append(first)
    second = first.custodes("run", str(first.toml))
    assert second.returncode == 2
    assert second.stderr.count("\n") == 1
    assert "another process runs the unit" in second.stderr
    assert first.stop() == 0


def test_a_mark_for_a_unit_that_does_not_run_is_refused(tmp_path: Path, film: Path) -> None:
    toml = write(tmp_path, source=str(film), playing=LOOPED)
    done = subprocess.run(
        [sys.executable, "-m", "custodes", "unit", "mark", str(toml)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "no unit runs" in done.stderr


def test_a_film_that_is_missing_is_one_line_and_exit_2(tmp_path: Path) -> None:
    toml = write(tmp_path, source="nowhere.mp4")
    done = subprocess.run(
        [sys.executable, "-m", "custodes", "unit", "run", str(toml)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "nowhere.mp4" in done.stderr
    assert "Traceback" not in done.stderr
