"""An alert gets out by every way that is set, at once, and whoever raises it never waits and never sees an error."""

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from custodes.core.clock import NS_PER_S, ManualClock
from custodes.core.types import Alert, Severity
from custodes.edge.alert import Alerter, AlertSettings
from custodes.edge.alert.alerter import QUEUE_ROOM, SOUND_ROOM
from custodes.edge.alert.sound import NoSoundDevice

ONSET_NS = 1_767_268_800 * NS_PER_S


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine may take longer than a person would wait at Ctrl-C."""
    monkeypatch.setattr("custodes.edge.alert.alerter.CLOSE_WITHIN_S", 30.0)


def alert(number: int = 0, *, severity: Severity = Severity.WARNING) -> Alert:
    return Alert(f"event-{number}", "presence", severity, f"Person {number}, porch camera.", ONSET_NS)


class Loudspeaker:
    """A player that keeps what it was given."""

    def __init__(self) -> None:
        self.played: list[bytes] = []

    def play(self, wav: bytes, *, stop: threading.Event) -> None:
        self.played.append(wav)


class NoCard:
    """A machine without a sound card."""

    def __init__(self) -> None:
        self.asked = 0

    def play(self, wav: bytes, *, stop: threading.Event) -> None:
        self.asked += 1
        raise NoSoundDevice("this machine has none")


def rows_of(folder: Path) -> list[dict[str, Any]]:
    """Return the log's whole lines; the last may be in the middle of being written."""
    whole = (folder / "alerts.log").read_text().rpartition("\n")[0]
    return [json.loads(line) for line in whole.splitlines()]


def wait_for(condition: Callable[[], bool], *, within_s: float = 10.0) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.005)


def test_console_sound_and_log(tmp_path: Path) -> None:
    said: list[str] = []
    speaker = Loudspeaker()
    clock = ManualClock(wall=ONSET_NS + 40_000_000, mono=5_000_000_000)
    alerter = Alerter(AlertSettings(), say=said.append, state_dir=tmp_path, clock=clock, player=speaker)
    alerter.raise_alert(alert(7), decoded_mono_ns=4_988_000_000)
    alerter.close()
    assert len(said) == 1
    assert said[0] == "WARNING: Person 7, porch camera."
    assert len(speaker.played) == 1
    (row,) = rows_of(tmp_path)
    assert row == {
        "row": "alert",
        "raised": "2026-01-01T12:00:00.040+00:00",
        "onset": "2026-01-01T12:00:00.000+00:00",
        "latency_ms": 12.0,
        "event_id": "event-7",
        "kind": "presence",
        "severity": "warning",
        "text": "Person 7, porch camera.",
        "sound": "queued",
        "webhook": "off",
    }


def test_latency_counts_from_the_onset_when_the_frame_is_not_known(tmp_path: Path) -> None:
    alerter = Alerter(
        AlertSettings(sound=False),
        say=lambda line: None,
        state_dir=tmp_path,
        clock=ManualClock(wall=ONSET_NS + 40_000_000),
    )
    alerter.raise_alert(alert())
    alerter.close()
    assert rows_of(tmp_path)[0]["latency_ms"] == 40.0


def test_no_sound_device_is_said_once_and_the_alert_is_in_the_log(tmp_path: Path) -> None:
    said: list[str] = []
    card = NoCard()
    alerter = Alerter(AlertSettings(console=False), say=said.append, state_dir=tmp_path, player=card)
    for number in range(3):
        alerter.raise_alert(alert(number))
    alerter.close()
    assert said == ["no sound device (this machine has none); the alert is in the log"]
    assert card.asked == 1
    assert [row["row"] for row in rows_of(tmp_path)].count("alert") == 3


def test_silence_when_told(tmp_path: Path) -> None:
    said: list[str] = []
    speaker = Loudspeaker()
    settings = AlertSettings(console=False, sound=False)
    alerter = Alerter(settings, say=said.append, state_dir=tmp_path, player=speaker)
    alerter.raise_alert(alert())
    alerter.close()
    assert (said, speaker.played) == ([], [])
    assert rows_of(tmp_path)[0]["sound"] == "off"


def test_a_stuck_console_stops_nobody(tmp_path: Path) -> None:
    """A terminal that blocks: a thousand alerts are raised at once; those without room are counted and said."""
    go_on = threading.Event()
    said: list[str] = []

    def stuck(line: str) -> None:
        go_on.wait(30)
        said.append(line)

    alerter = Alerter(AlertSettings(sound=False), say=stuck, state_dir=tmp_path)
    before_s = time.monotonic()
    for number in range(1000):
        alerter.raise_alert(alert(number))
    assert time.monotonic() - before_s < 1.0
    go_on.set()
    alerter.close()
    shown = [line for line in said if "porch camera" in line]
    assert QUEUE_ROOM <= len(shown) <= QUEUE_ROOM + 1
    assert alerter.dropped == 1000 - len(shown)
    noted = [line for line in said if "did not get out" in line]
    assert sum(int(line.split()[0]) for line in noted) == alerter.dropped


def test_sounds_do_not_queue_up(tmp_path: Path) -> None:
    """Fifty alerts in a moment are not three minutes of beeping; the log says which were silent."""
    go_on = threading.Event()

    class Slow(Loudspeaker):
        def play(self, wav: bytes, *, stop: threading.Event) -> None:
            go_on.wait(30)
            super().play(wav, stop=stop)

    speaker = Slow()
    alerter = Alerter(AlertSettings(console=False), say=lambda line: None, state_dir=tmp_path, player=speaker)
    for number in range(50):
        alerter.raise_alert(alert(number))
    wait_for(lambda: (tmp_path / "alerts.log").exists() and len(rows_of(tmp_path)) == 50)
    go_on.set()
    alerter.close()
    assert len(speaker.played) <= SOUND_ROOM + 1
    skipped = sum(row["sound"] == "skipped" for row in rows_of(tmp_path))
    assert skipped == 50 - len(speaker.played)
    assert alerter.dropped == 0


def test_a_console_that_breaks_costs_neither_sound_nor_log(tmp_path: Path) -> None:
    def broken(line: str) -> None:
        raise BrokenPipeError("the terminal is gone")

    speaker = Loudspeaker()
    alerter = Alerter(AlertSettings(), say=broken, state_dir=tmp_path, player=speaker)
    alerter.raise_alert(alert(1))
    alerter.raise_alert(alert(2))
    alerter.close()
    assert [row["event_id"] for row in rows_of(tmp_path) if row["row"] == "alert"] == ["event-1", "event-2"]
    assert len(speaker.played) == 2
    assert any("the terminal is gone" in row["text"] for row in rows_of(tmp_path) if row["row"] == "note")


def test_a_log_that_cannot_be_written_is_said_once(tmp_path: Path) -> None:
    said: list[str] = []
    (tmp_path / "alerts.log").mkdir()
    alerter = Alerter(AlertSettings(sound=False), say=said.append, state_dir=tmp_path)
    alerter.raise_alert(alert(1))
    alerter.raise_alert(alert(2))
    alerter.close()
    assert sum("cannot write" in line for line in said) == 1
    assert sum("porch camera" in line for line in said) == 2


def test_after_close_an_alert_is_counted(tmp_path: Path) -> None:
    alerter = Alerter(AlertSettings(sound=False), say=lambda line: None, state_dir=tmp_path)
    alerter.close()
    alerter.raise_alert(alert())
    alerter.close()
    assert alerter.dropped == 1


def test_the_log_turns_over(tmp_path: Path) -> None:
    settings = AlertSettings(console=False, sound=False, log_bytes=1000, log_kept=2)
    alerter = Alerter(settings, say=lambda line: None, state_dir=tmp_path)
    for number in range(40):
        alerter.raise_alert(alert(number))
    alerter.close()
    files = sorted(path.name for path in tmp_path.iterdir())
    assert files == ["alerts.log", "alerts.log.1", "alerts.log.2"]
    assert all(path.stat().st_size <= 1000 for path in tmp_path.iterdir())
    newest = [json.loads(line)["event_id"] for line in (tmp_path / "alerts.log").read_text().splitlines()]
    assert newest[-1] == "event-39"
    older = [json.loads(line)["event_id"] for line in (tmp_path / "alerts.log.1").read_text().splitlines()]
    assert int(older[-1].split("-")[1]) + 1 == int(newest[0].split("-")[1])
