"""The real program: first start, setup by link, one hub a folder and a port, a clean stop."""

import http.client
import json
import os
import re
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time

UP_WITHIN_S = 60.0
PASSWORD = "correct horse battery staple"


@dataclass
class Hub:
    process: "subprocess.Popen[str]"
    port: int
    said: list[dict[str, str]]

    def link(self) -> str:
        return next(line["link"] for line in self.said if line["kind"] == "setup")

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(timeout=30)


def start(folder: Path, *arguments: str) -> Hub:
    process = subprocess.Popen(
        [sys.executable, "-m", "custodes", "hub", "serve", "--data", str(folder), "--json", *arguments],
        stdout=subprocess.PIPE,
        text=True,
        env={key: value for key, value in os.environ.items() if not key.startswith("CUSTODES_")},
    )
    said: list[dict[str, str]] = []
    deadline = time.monotonic() + UP_WITHIN_S
    assert process.stdout is not None
    while time.monotonic() < deadline:
        line = process.stdout.readline()
        if not line:
            raise AssertionError(f"the hub ended with {process.wait()}")
        said.append(json.loads(line))
        if said[-1]["kind"] == "up":
            port = re.search(r"127\.0\.0\.1:(\d+)", said[-1]["text"])
            assert port is not None
            return Hub(process, int(port.group(1)), said)
    raise AssertionError("the hub did not come up")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("serve") / "hub"


@pytest.fixture(scope="module")
def hub(folder: Path) -> Iterator[Hub]:
    running = start(folder, "--listen", "127.0.0.1:0")
    yield running
    if running.process.poll() is None:
        running.process.kill()
        running.process.wait()


class Browser:
    """Just enough of one: keeps cookies, posts forms with their token."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.cookies: dict[str, str] = {}

    def ask(self, method: str, path: str, form: dict[str, str] | None = None) -> tuple[int, dict[str, str], str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers = {"Cookie": "; ".join(f"{key}={value}" for key, value in self.cookies.items())}
        body = None
        if form is not None:
            body = urllib.parse.urlencode({**form, "csrfmiddlewaretoken": self.cookies["custodes_csrf"]})
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        text = response.read().decode()
        for header in response.headers.get_all("Set-Cookie") or []:
            name, _, value = header.split(";")[0].partition("=")
            self.cookies[name] = value
        connection.close()
        return response.status, {key.lower(): value for key, value in response.headers.items()}, text


def show_second_factor(browser: Browser) -> None:
    """Set up an authenticator app, as the page after the setup asks."""
    status, headers, page = browser.ask("GET", "/accounts/2fa/totp/activate/")
    if status == 302:  # the link that set the hub up was no proof of the password
        browser.ask("GET", headers["location"])
        browser.ask("POST", headers["location"], {"password": PASSWORD})
        _, _, page = browser.ask("GET", "/accounts/2fa/totp/activate/")
    secret = re.search(r"[A-Z2-7]{32}", page)
    assert secret is not None, page
    code = format_hotp_value(hotp_value(secret.group(), next(iter(yield_hotp_counters_from_time()))))
    assert browser.ask("POST", "/accounts/2fa/totp/activate/", {"code": code})[0] == 302


def test_the_first_start_makes_keys_for_its_user_alone(hub: Hub, folder: Path) -> None:
    keys = folder / "keys"
    assert {path.name for path in keys.iterdir()} == {
        *(
            "ledger.pem",
            "seal.pem",
            "root.key",
            "mark.key",
            "entry.key",
            "accounts.since",
            "entry.since",
            "accounts.sealed",
            "django_secret",
        )
    }
    assert {stat.S_IMODE(path.stat().st_mode) for path in keys.iterdir()} == {0o600}
    assert stat.S_IMODE(keys.stat().st_mode) == stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_health_says_ok_and_no_more(hub: Hub) -> None:
    status, headers, text = Browser(hub.port).ask("GET", "/healthz")
    assert (status, text) == (200, "ok\n")
    assert "default-src 'self'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["referrer-policy"] == "same-origin"
    assert headers["x-frame-options"] == "DENY"


def test_a_foreign_host_name_is_refused(hub: Hub) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", hub.port, timeout=30)
    connection.request("GET", "/healthz", headers={"Host": "evil.example"})
    assert connection.getresponse().status == 400


def test_a_second_hub_on_the_folder_is_refused_in_one_line(hub: Hub, folder: Path) -> None:
    second = subprocess.run(
        [sys.executable, "-m", "custodes", "hub", "serve", "--data", str(folder), "--listen", "127.0.0.1:0"],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert second.returncode == 2
    held = f"another hub (process {hub.process.pid}) runs on this folder. Stop it, or give another --data."
    assert second.stderr.splitlines() == [f"custodes: {folder}: {held}"]


def test_a_taken_port_is_refused_in_one_line(hub: Hub, tmp_path: Path) -> None:
    second = subprocess.run(
        [sys.executable, "-m", "custodes", "hub", "serve", "--data", str(tmp_path / "b"), "--listen",
         f"127.0.0.1:{hub.port}"],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert second.returncode == 2
    assert second.stderr.startswith(f"custodes: port {hub.port} on 127.0.0.1 is taken.")
    assert len(second.stderr.splitlines()) == 1


def test_setup_restart_and_stop(hub: Hub, folder: Path) -> None:
    """The link of the first start sets the hub up once; the next start prints none; what was kept is kept."""
    path = urllib.parse.urlsplit(hub.link()).path
    with sqlite3.connect(folder / "hub.sqlite3") as database:
        assert path.rsplit("/", maxsplit=1)[-1] not in "\n".join(database.iterdump())
    browser = Browser(hub.port)
    assert browser.ask("GET", path)[0] == 200
    form = {
        "organisation_kind": "company", "organisation_name": "Harbour Vans", "time_zone": "Europe/Paris",
        "display_name": "Alice", "email": "Alice@example.org", "password": "short",
    }  # fmt: skip
    assert browser.ask("POST", path, form)[0] == 400
    status, headers, _text = browser.ask("POST", path, {**form, "password": PASSWORD})
    assert (status, headers["location"]) == (302, "/accounts/2fa/")
    assert browser.ask("GET", "/")[0] == 302, "a manager sees nothing before the second factor"
    show_second_factor(browser)
    assert browser.ask("GET", "/")[0] == 200
    assert Browser(hub.port).ask("GET", path)[0] == 404
    feed = socket.create_connection(("127.0.0.1", hub.port))
    cookies = "; ".join(f"{key}={value}" for key, value in browser.cookies.items())
    feed.sendall(f"GET /inbox/feed/ HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookies}\r\n\r\n".encode())
    assert feed.recv(100).startswith(b"HTTP/1.1 200")
    assert hub.stop() == 0, "an open live feed must not hold up the stop"
    feed.close()

    again = start(folder, "--listen", f"127.0.0.1:{hub.port}")
    try:
        assert "setup" not in [line["kind"] for line in again.said]
        assert browser.ask("GET", "/settings/")[0] == 200, "the session outlives a restart"
        stranger = Browser(again.port)
        stranger.ask("GET", "/accounts/login/")
        signed_in = stranger.ask("POST", "/accounts/login/", {"login": "alice@example.org", "password": PASSWORD})
        assert signed_in[0] == 302
    finally:
        assert again.stop(signal.SIGINT) == 0
    report = subprocess.run(
        [sys.executable, "-m", "custodes", "audit", "verify", "--data", str(folder), "--json"],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert report.returncode == 0, report.stderr
    assert json.loads(report.stdout)["ok"] is True


@pytest.mark.parametrize(
    ("toml", "expected"),
    [
        ("lissten = 1", "unknown key 'lissten'. Did you mean 'listen'?"),
        ("[listen]\nprot = 1", "unknown key 'listen.prot'. Did you mean 'port'?"),
        ("[listen]\nport = 99999", "listen.port = "),
        ("[tls]\ncertificate = 'a.pem'", "give both 'certificate' and 'private_key', or neither"),
        ("not toml", "not valid TOML"),
    ],
)
def test_wrong_settings_are_one_line(tmp_path: Path, toml: str, expected: str) -> None:
    (tmp_path / "hub.toml").write_text(toml)
    refused = subprocess.run(
        [sys.executable, "-m", "custodes", "hub", "serve", "--data", str(tmp_path)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert refused.returncode == 2
    (line,) = refused.stderr.splitlines()
    assert line.startswith(f"custodes: {tmp_path / 'hub.toml'}: ")
    assert expected in line
    assert not (tmp_path / "keys").exists()


def test_verifying_nothing_is_one_line(tmp_path: Path) -> None:
    refused = subprocess.run(
        [sys.executable, "-m", "custodes", "audit", "verify", "--data", str(tmp_path)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (refused.returncode, len(refused.stderr.splitlines())) == (2, 1)
    assert "no hub lies here" in refused.stderr
