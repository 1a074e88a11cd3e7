"""`custodes demo --check`: the whole house, started as a newcomer starts it."""

import json
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

WITHIN_S = 420


def check(folder: Path, *more: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "custodes", "demo", "--check", "--dir", str(folder), "--port", "0", *more],
        capture_output=True,
        text=True,
        check=False,
        timeout=WITHIN_S,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


def test_a_van_and_a_home_bring_a_clip_that_is_watched_and_written_down(folder: Path) -> None:
    done = check(folder)
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    outcome = json.loads(line)
    assert set(outcome) == {"seconds_to_first_clip", "alerts", "clips", "views", "ledger_ok"}
    assert outcome["ledger_ok"] is True
    assert outcome["alerts"] >= 1
    assert outcome["clips"] >= 1
    assert outcome["views"] == 1
    for said in ("unit up", "detection", "alert", "clip cut", "uploaded", "ready", "goes on where this one was"):
        assert said in done.stderr, said
    assert "Traceback" not in done.stderr


def test_a_second_run_goes_on_where_the_first_was(folder: Path) -> None:
    before = sorted(path.name for path in (folder / "hub" / "vault").rglob("*") if path.is_file())
    done = check(folder)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["clips"] > 1
    assert set(before) <= {path.name for path in (folder / "hub" / "vault").rglob("*")}


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_told_to_stop_it_leaves_nothing_running(folder: Path, how: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "custodes", "demo", "--dir", str(folder), "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as demo:
        assert demo.stdout is not None
        address = next(line for line in demo.stdout if "/enter/" in line)
        port = int(re.search(r"127\.0\.0\.1:(\d+)/", address)[1])  # type: ignore[index]  # else the test fails here
        demo.send_signal(how)
        last = demo.stdout.read().splitlines()[-1]
        assert demo.wait(30) == 0
    assert last == "stopped; a second run goes on where this one was"
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_a_film_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    done = check(tmp_path, "--film", str(tmp_path / "none.mp4"))
    assert done.returncode == 2
    assert (
        done.stderr
        == f"custodes: cannot open {tmp_path}/none.mp4: there is no such film. Check the path after --film.\n"
    )
