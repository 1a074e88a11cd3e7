"""`custodes unit move`: the hub is asked at its new address first; where it does not answer, all stays as it was."""

import subprocess
import sys
from functools import partial
from pathlib import Path

import httpx
import pytest

from custodes.core.errors import BadInput
from custodes.edge import joining
from custodes.edge.ship.enrolment import load_enrolment
from custodes.edge.ship.hub_client import HubClient
from ship_scene import HUB_URL, Scene

NEW_URL = "http://new-hub.test"


@pytest.fixture
def toml(scene: Scene) -> Path:
    path = scene.folder / "unit.toml"
    path.write_text(
        '[unit]\nname = "Van 12"\n[[lens]]\nname = "road"\nfacing = "road"\nsource = "rtsp://127.0.0.1/1"\n'
    )
    return path


def answering(scene: Scene, monkeypatch: pytest.MonkeyPatch, wire: httpx.BaseTransport) -> None:
    """Let `wire` carry what the unit asks wherever it moves to."""
    monkeypatch.setattr(joining, "HubClient", partial(HubClient, transport=wire))


def saying(status: int, content: bytes) -> httpx.BaseTransport:
    return httpx.MockTransport(lambda _request: httpx.Response(status, content=content))


def test_a_unit_moves_to_where_its_hub_answers(scene: Scene, toml: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answering(scene, monkeypatch, scene.wire)
    assert NEW_URL in joining.move_unit(NEW_URL, toml)
    assert load_enrolment(scene.state_dir).url == NEW_URL


@pytest.mark.parametrize(
    ("status", "content"),
    [
        (200, b"<html>welcome</html>"),
        (404, b"<html>not here</html>"),
        (401, b"sign in"),
        (302, b""),
        (503, b"busy"),
        (404, b'{"error": "not_found", "message": "not a clip"}'),
    ],
)
def test_a_unit_stays_where_something_else_answers(
    scene: Scene, toml: Path, monkeypatch: pytest.MonkeyPatch, status: int, content: bytes
) -> None:
    answering(scene, monkeypatch, saying(status, content))
    with pytest.raises(BadInput, match=r"nothing was changed: .*new-hub\.test") as refused:
        joining.move_unit(NEW_URL, toml)
    assert "\n" not in str(refused.value)
    assert load_enrolment(scene.state_dir).url == HUB_URL


def test_a_unit_that_the_hub_no_longer_admits_stays(scene: Scene, toml: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scene.unit.delete()
    answering(scene, monkeypatch, scene.wire)
    with pytest.raises(BadInput, match="the hub refuses this unit"):
        joining.move_unit(NEW_URL, toml)
    assert load_enrolment(scene.state_dir).url == HUB_URL


def test_nobody_answers_is_one_line_and_may_be_overruled(scene: Scene, toml: Path) -> None:
    command = [sys.executable, "-m", "custodes", "unit", "move", "http://127.0.0.1:9", str(toml)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("custodes: nothing was changed: ")
    assert "no answer from http://127.0.0.1:9" in done.stderr
    assert done.stderr.count("\n") == 1
    assert load_enrolment(scene.state_dir).url == HUB_URL
    subprocess.run([*command, "--untried"], check=True)
    assert load_enrolment(scene.state_dir).url == "http://127.0.0.1:9"
