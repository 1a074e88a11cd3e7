"""The deletion proof: after an erasure no byte of a clip's canaries is in any file that the hub owns.

Canaries stand in frames, poster, position, note, key and envelope; and, as they lie sealed, in every blob, the wrapped
key and the list's line. Killed at every second step (`CUSTODES_FAULTS=all`: at each), and with older copies put back
in every way.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
SEALED = {"film.road", "a.film.road", "b.film.road", "cut.film.road", "manifest", "poster"}
LEAST_STEPS = 12
"""Fewer than this, and the killer has missed most of the eraser."""


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Play every scene once; return what was found in the files after each."""
    work = tmp_path_factory.mktemp("deletion")
    done = subprocess.run(
        [sys.executable, str(HERE / "deletion_scene.py"), str(work)], capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()[-4000:]
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def test_before_the_erasure_nothing_lies_in_the_clear_and_everything_lies_sealed(shown: dict[str, Any]) -> None:
    before = shown["before"]
    assert before["plain"] == []
    names = {found.split(" in ")[0] for found in before["sealed"]}
    assert names >= SEALED | {"wrapped key"}, "the scan finds what is there"


def test_killed_at_any_step_the_next_start_ends_the_erasure(shown: dict[str, Any]) -> None:
    scenes = shown["killed"]
    assert len(scenes) >= LEAST_STEPS, "no fault was injected on most of the way"
    assert [scene for scene in scenes if scene["plain"] or scene["sealed"]] == []


@pytest.mark.parametrize(
    "scene",
    [
        "erased",
        "backup brought up to date",
        "backup-keys brought up to date",
        "yesterday's database, today's blobs and keys",
        "today's database, yesterday's blobs and keys",
        "an older backup, put back by the command",
    ],
)
def test_nothing_comes_back(shown: dict[str, Any], scene: str) -> None:
    [found] = [one for one in shown["backups"] if one["scene"] == scene]
    assert (found["plain"], found["sealed"]) == ([], [])


def test_a_backup_of_the_data_alone_holds_no_key(shown: dict[str, Any]) -> None:
    [found] = [one for one in shown["backups"] if one["scene"] == "data alone"]
    assert found["plain"] == []
    names = {one.split(" in ")[0] for one in found["sealed"]}
    assert names >= SEALED
    assert "wrapped key" not in names
