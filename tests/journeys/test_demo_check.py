"""`custodes demo --check`: the whole house, started as a newcomer starts it."""

import json
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from custodes.demo.run import free_port

WITHIN_S = 420
LAST = "stopped; a second run goes on where this one was"


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


def test_a_second_run_goes_on_where_the_first_was_until_ctrl_c(folder: Path) -> None:
    vault, units = (folder / "hub" / "vault"), sorted(folder.glob("*/state/enrolment.json"))
    kept = {path.name for path in vault.rglob("*") if path.is_file()}
    joined_as = [json.loads(path.read_bytes())["answer"]["unit_id"] for path in units]
    assert len(joined_as) == 2
    assert stop(folder, free_port(), signal.SIGINT, at="/enter/") == LAST
    assert kept
    assert kept <= {path.name for path in vault.rglob("*")}
    assert [json.loads(path.read_bytes())["answer"]["unit_id"] for path in units] == joined_as


def test_told_to_stop_while_it_starts_it_leaves_nothing_running(folder: Path) -> None:
    assert stop(folder, free_port(), signal.SIGTERM, at="starting the hub") == LAST


def stop(folder: Path, port: int, how: signal.Signals, *, at: str) -> str:
    """Start the demo, end it at the line that holds `at`, see that nothing listens; return its last line."""
    with subprocess.Popen(
        [sys.executable, "-m", "custodes", "demo", "--dir", str(folder), "--port", str(port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as demo:
        assert demo.stdout is not None
        assert any(at in line for line in demo.stdout)
        demo.send_signal(how)
        last = demo.stdout.read().splitlines()[-1]
        assert demo.wait(30) == 0
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0
    return last


def test_a_film_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    done = check(tmp_path, "--film", str(tmp_path / "none.mp4"))
    assert done.returncode == 2
    assert (
        done.stderr
        == f"custodes: cannot open {tmp_path}/none.mp4: there is no such film. Check the path after --film.\n"
    )
