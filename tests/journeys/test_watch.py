"""`custodes watch`: events as they come, for people and for programs, and an honest end."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from custodes.core.errors import Permanent, Temporary
from custodes.edge.sinks import FolderSink
from custodes.edge.watch import watch_film
from custodes.edge.watch_request import WatchRequest
from filmcraft import Recipe, make_film

RULES = """
[unit]
name = "watch"

[[lens]]
name = "porch"
facing = "porch"
source = "film.mp4"
analyse = false

[[rule]]
kind = "speed"
limit_kmh = 50
over_percent = 0
over_s = 1

[telemetry]
source = "drive.csv"

[alert]
sound = false
"""


def watch(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "custodes", "watch", *arguments], capture_output=True, text=True, check=False, cwd=folder
    )


def drive() -> Iterator[str]:
    """Yield twelve seconds northwards at 36 km/h, from second 3 to second 7 at 72."""
    north_m = 0.0
    for second in range(12):
        speed_kmh = 72 if 3 <= second < 7 else 36
        yield f"2026-01-01T12:00:{second:02d}Z,{48.85 + north_m / 111_195:.7f},2.37,{speed_kmh}"
        north_m += speed_kmh / 3.6


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make_film(tmp_path / "film.mp4", Recipe(seconds=12, fps=10, gop=10))
    (tmp_path / "drive.csv").write_text("\n".join(["time,lat,lon,speed_kmh", *drive()]) + "\n")
    (tmp_path / "unit.toml").write_text(RULES)
    return tmp_path


def test_programs_get_facts_and_the_films_own_time(folder: Path) -> None:
    done = watch(folder, "film.mp4", "--settings", "unit.toml", "--out", "clips", "--json")
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    (event,) = [line for line in lines if line["kind"] == "event"]
    assert event["event_kind"] == "speed"
    assert event["severity"] == "warning"
    assert 3.5 < event["film_s"] < 5.5
    summary = lines[-1]
    assert summary["kind"] == "summary"
    assert (summary["events"], summary["clips"]) == (1, 1)
    assert summary["video_s"] == pytest.approx(11.9, abs=0.2)
    (manifest,) = (folder / "clips").glob("*/manifest.json")
    assert json.loads(manifest.read_bytes())["event"]["kind"] == "speed"
    assert len(json.loads(manifest.read_bytes())["samples"]) > 5


def test_without_a_folder_nothing_is_kept_and_that_is_said(folder: Path) -> None:
    done = watch(folder, "film.mp4", "--settings", "unit.toml")
    assert done.returncode == 0, done.stderr
    assert "no clips kept (give --out DIR)" in done.stdout
    assert "1 event, 1 alert" in done.stdout
    assert list(folder.glob("**/*.mp4")) == [folder / "film.mp4"]


@pytest.mark.parametrize("out", ["drive.csv", "drive.csv/in", "/proc/nowhere"])
def test_a_folder_that_takes_no_clip_is_told_before_the_first_picture(folder: Path, out: str) -> None:
    done = watch(folder, "film.mp4", "--settings", "unit.toml", "--out", out)
    assert done.returncode == 2
    assert done.stderr.startswith(f"custodes: cannot keep clips in {out}: ")
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""


def test_a_clip_that_could_not_be_kept_is_no_clip_of_the_summary(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object) -> str:
        raise Temporary("the disk is full.")

    monkeypatch.setattr(FolderSink, "put", refuse)
    monkeypatch.chdir(folder)
    request = WatchRequest("film.mp4", settings=Path("unit.toml"), out=Path("clips"))
    with pytest.raises(Permanent, match="1 of 1 clip could not be kept"):
        watch_film(request)
    told = capsys.readouterr()
    assert "0 clips in clips, 1 could not be kept" in told.out
    assert "is not kept: the disk is full." in " ".join(told.err.split())
    assert "next start" not in told.err


def test_a_film_that_ends_before_its_claimed_length_is_told_and_fails(folder: Path) -> None:
    whole = (folder / "film.mp4").read_bytes()
    moved_index = make_film(folder / "front.mp4", Recipe(seconds=12, fps=10, gop=10, container="mp4"))
    fast_start(moved_index)
    torn = folder / "torn.mp4"
    torn.write_bytes(moved_index.read_bytes()[: len(whole) // 2])
    done = watch(folder, "torn.mp4", "--settings", "unit.toml")
    assert done.returncode == 1
    assert "says that it is 12.0 s long" in done.stderr
    assert "Traceback" not in done.stderr


def fast_start(path: Path) -> None:
    """Put the index before the film, as cameras and servers do."""
    import av

    target = path.with_name("fast.mp4")
    with av.open(str(path)) as source, av.open(str(target), "w", options={"movflags": "faststart"}) as output:
        stream = output.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                output.mux(packet)
    target.replace(path)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("empty.mp4", b"", "empty"),
        ("text.mp4", b"this is no film at all, it is a letter\n" * 40, "text.mp4"),
        ("gone.mp4", None, "gone.mp4"),
    ],
)
def test_what_is_no_film_is_one_line(tmp_path: Path, name: str, content: bytes | None, words: str) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    done = watch(tmp_path, name)
    assert done.returncode == 2
    assert words in done.stderr
    assert done.stderr.startswith("custodes: ")
    assert done.stderr.count("\n") == 1
