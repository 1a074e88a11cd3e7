"""Each attack on the ledger of a real hub is called by its name; those that leave no trace, against a kept head."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Perform every attack on a copy of one hub's folder; return what the verification said after each."""
    work = tmp_path_factory.mktemp("attacks")
    done = subprocess.run(
        [sys.executable, str(HERE / "ledger_attacks.py"), str(work)], capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()[-4000:]
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


@pytest.mark.parametrize(
    ("attack", "name", "seq"),
    [
        ("edited", "edited", 15),
        ("deleted", "deleted", 15),
        ("inserted", "inserted", 15),
        ("reordered", "reordered", 15),
        ("truncated", "truncated", 30),
        ("back_dated", "back-dated", 40),
        ("edited_with_care", "edited", 10),
        ("deleted_and_moved_up", "deleted", 15),
    ],
)
def test_an_attack_that_leaves_traces_is_named_with_its_place(
    said: dict[str, Any], attack: str, name: str, seq: int
) -> None:
    assert name in said[attack]["alone"]
    assert [name, seq] in said[attack]["places"]
    assert name.upper() in said[attack]["text"]


@pytest.mark.parametrize(
    ("attack", "name"), [("rolled_back", "rolled back"), ("forked", "forked"), ("re_keyed", "re-keyed")]
)
def test_an_attack_that_leaves_none_is_named_against_a_head_kept_elsewhere(
    said: dict[str, Any], attack: str, name: str
) -> None:
    assert said[attack]["alone"] == [], "the hub's own folder cannot tell"
    assert said[attack]["against"] == [name]


def test_a_careless_attack_is_not_called_by_a_wrong_name(said: dict[str, Any]) -> None:
    assert said["edited"]["alone"] == ["edited"]
    assert said["back_dated"]["alone"] == ["back-dated"]
    assert "inserted" not in said["deleted_and_moved_up"]["alone"]
    assert "reordered" not in said["inserted"]["alone"] + said["deleted_and_moved_up"]["alone"]


def test_a_clock_that_went_back_is_told_by_the_ledger_itself_and_is_no_attack(said: dict[str, Any]) -> None:
    assert said["clock_set_back"]["against"] == []
    assert said["clock_set_back"]["clock_set_back"] == 1
    assert "set back 1 times" in said["clock_set_back"]["text"]
