"""The webhook, against a real HTTP server on this machine."""

import hashlib
import hmac
import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from custodes.core.clock import NS_PER_S, ManualClock
from custodes.core.errors import BadInput
from custodes.core.types import Alert, Severity
from custodes.edge.alert import Alerter, AlertSettings, WebhookSettings

ONSET_NS = 1_767_268_800 * NS_PER_S
SECRET = b"0123456789abcdef0123456789abcdef"


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine may take longer than a person would wait at Ctrl-C."""
    monkeypatch.setattr("custodes.edge.alert.alerter.CLOSE_WITHIN_S", 30.0)


@dataclass
class Request:
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """A server that answers as told: one status per request, then 204."""

    statuses: list[int] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    hold: threading.Event | None = None
    url: str = ""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    facts = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            facts.requests.append(Request(self.path, dict(self.headers), body))
            if facts.hold is not None:
                facts.hold.wait(20)
            status = facts.statuses.pop(0) if facts.statuses else 204
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", f"{facts.url}/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None: ...  # noqa: A002

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    facts.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield facts
    if facts.hold is not None:
        facts.hold.set()
    server.shutdown()
    server.server_close()


def alert(number: int = 0) -> Alert:
    return Alert(f"event-{number}", "speed", Severity.CRITICAL, "64 km/h where 50 is allowed.", ONSET_NS)


def settings(url: str, **hook: Any) -> AlertSettings:
    hook = {"back_off_s": 0.01, "timeout_s": 5, **hook}
    return AlertSettings(console=False, sound=False, webhook=WebhookSettings(url=url, **hook))


def rows_of(folder: Path) -> list[dict[str, Any]]:
    rows = [json.loads(line) for line in (folder / "alerts.log").read_text().splitlines()]
    return [row for row in rows if row["row"] == "webhook"]


def test_an_alert_arrives_signed(receiver: Receiver, tmp_path: Path) -> None:
    secret_file = tmp_path / "secret"
    secret_file.write_bytes(SECRET + b"\n")
    alerter = Alerter(
        settings(f"{receiver.url}/hook?unit=van", secret_file=secret_file),
        say=lambda line: None,
        state_dir=tmp_path,
        clock=ManualClock(wall=ONSET_NS + 5 * NS_PER_S),
    )
    alerter.raise_alert(alert(3))
    alerter.close()
    (request,) = receiver.requests
    assert request.path == "/hook?unit=van"
    assert request.headers["Content-Type"] == "application/json"
    assert json.loads(request.body) == {
        "format": "custodes.alert/1",
        "event_id": "event-3",
        "kind": "speed",
        "severity": "critical",
        "text": "64 km/h where 50 is allowed.",
        "onset_wall_ns": ONSET_NS,
    }
    timestamp = request.headers["X-Custodes-Timestamp"]
    assert timestamp == str(ONSET_NS // NS_PER_S + 5)
    expected = hmac.new(SECRET, timestamp.encode() + b"." + request.body, hashlib.sha256).hexdigest()
    assert request.headers["X-Custodes-Signature"] == f"sha256={expected}"
    (row,) = rows_of(tmp_path)
    assert (row["delivered"], row["attempts"], row["detail"]) == (True, 1, "204")


def test_without_a_secret_there_is_no_signature(receiver: Receiver, tmp_path: Path) -> None:
    alerter = Alerter(settings(receiver.url), say=lambda line: None, state_dir=tmp_path)
    alerter.raise_alert(alert())
    alerter.close()
    assert "X-Custodes-Signature" not in receiver.requests[0].headers


def test_a_busy_server_is_tried_again(receiver: Receiver, tmp_path: Path) -> None:
    receiver.statuses = [503, 429, 200]
    alerter = Alerter(settings(receiver.url), say=lambda line: None, state_dir=tmp_path)
    alerter.raise_alert(alert())
    alerter.close()
    assert len(receiver.requests) == 3
    assert len({request.body for request in receiver.requests}) == 1, "the receiver can tell a repeat by event_id"
    assert (rows_of(tmp_path)[0]["delivered"], rows_of(tmp_path)[0]["attempts"]) == (True, 3)


def test_it_gives_up_and_says_so(receiver: Receiver, tmp_path: Path) -> None:
    said: list[str] = []
    receiver.statuses = [500, 500, 500, 500]
    alerter = Alerter(settings(receiver.url, attempts=3), say=said.append, state_dir=tmp_path)
    alerter.raise_alert(alert())
    alerter.close()
    assert len(receiver.requests) == 3
    assert rows_of(tmp_path)[0]["delivered"] is False
    assert said == ["the webhook did not take an alert (500); it is in the log"]


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_refused(receiver: Receiver, tmp_path: Path, status: int) -> None:
    receiver.statuses = [status]
    alerter = Alerter(settings(receiver.url), say=lambda line: None, state_dir=tmp_path)
    alerter.raise_alert(alert())
    alerter.close()
    assert [request.path for request in receiver.requests] == ["/"]
    assert rows_of(tmp_path)[0]["detail"] == f"{status}: a redirect, refused"


def test_a_refusal_is_not_repeated(receiver: Receiver, tmp_path: Path) -> None:
    receiver.statuses = [403]
    alerter = Alerter(settings(receiver.url), say=lambda line: None, state_dir=tmp_path)
    alerter.raise_alert(alert())
    alerter.close()
    assert len(receiver.requests) == 1


def test_nobody_listens(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        alerter = Alerter(settings(url, attempts=2), say=lambda line: None, state_dir=tmp_path)
        alerter.raise_alert(alert())
        alerter.close()
    (row,) = rows_of(tmp_path)
    assert (row["delivered"], row["attempts"]) == (False, 2)
    assert row["detail"].startswith("ConnectError")


def test_a_server_that_never_answers_holds_up_neither_the_caller_nor_the_log(
    receiver: Receiver, tmp_path: Path
) -> None:
    receiver.hold = threading.Event()
    said: list[str] = []
    alerter = Alerter(settings(receiver.url, queue=2, timeout_s=30), say=said.append, state_dir=tmp_path)
    for number in range(20):
        alerter.raise_alert(alert(number))
    alerter._tells.close(within_s=5)
    log = [json.loads(line) for line in (tmp_path / "alerts.log").read_text().splitlines()]
    assert len(log) == 20
    dropped = sum(row["webhook"] == "dropped" for row in log)
    assert dropped in (17, 18)  # one in flight, two waiting
    assert alerter.dropped == dropped
    assert sum(int(line.split()[0]) for line in said if "did not get out" in line) == dropped
    receiver.hold.set()
    alerter.close()
    assert len(receiver.requests) == 20 - dropped


def test_a_slow_answer_times_out(receiver: Receiver, tmp_path: Path) -> None:
    receiver.hold = threading.Event()
    alerter = Alerter(settings(receiver.url, timeout_s=0.1, attempts=2), say=lambda line: None, state_dir=tmp_path)
    alerter.raise_alert(alert())
    alerter.close()
    (row,) = rows_of(tmp_path)
    assert (row["delivered"], row["attempts"]) == (False, 2)
    assert row["detail"].startswith("ReadTimeout")


def test_closing_ends_a_long_back_off(receiver: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("custodes.edge.alert.alerter.CLOSE_WITHIN_S", 0.2)
    receiver.statuses = [500] * 9
    alerter = Alerter(settings(receiver.url, back_off_s=60), say=lambda line: None, state_dir=tmp_path)
    alerter.raise_alert(alert())
    alerter.close()
    (row,) = rows_of(tmp_path)
    assert (row["delivered"], row["detail"]) == (False, "500; stopped")


@pytest.mark.parametrize(
    "url", ["ftp://example.org/x", "file:///etc/passwd", "hook", "http://", "https://user:pass@example.org/"]
)
def test_only_a_plain_web_address(url: str) -> None:
    with pytest.raises(ValidationError, match="address"):
        WebhookSettings(url=url)


def test_a_secret_that_is_missing_or_short(tmp_path: Path) -> None:
    missing = settings("http://127.0.0.1:9", secret_file=tmp_path / "none")
    with pytest.raises(BadInput, match=r"cannot read .*none: No such file"):
        Alerter(missing, say=lambda line: None)
    (tmp_path / "short").write_text("hunter2")
    with pytest.raises(BadInput, match="holds 7 bytes"):
        Alerter(settings("http://127.0.0.1:9", secret_file=tmp_path / "short"), say=lambda line: None)
