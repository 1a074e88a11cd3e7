"""A running hub and a browser window on it, as the tests of this folder meet them."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Page

TESTS = Path(__file__).parent.parent


@dataclass(frozen=True, slots=True)
class RunningHub:
    """A hub that answers, and what its stage holds."""

    address: str
    data_dir: Path
    on_stage: dict[str, str]
    hand: "subprocess.Popen[str]"

    def act(self, *words: str) -> dict[str, str]:
        """Let the stage do something to the running hub's data, and return what it says."""
        return ask(self.hand, *words)


@dataclass(slots=True)
class Watched:
    """A page, and everything that went wrong on it."""

    page: Page
    hub: RunningHub
    wrong: list[str] = field(default_factory=list)
    expected_statuses: set[int] = field(default_factory=set)

    def go(self, path: str) -> None:
        """Open an address of the hub and wait for it to settle."""
        self.page.goto(self.hub.address + path)
        self.page.wait_for_load_state("load")


@contextmanager
def stage_hand(folder: Path) -> Iterator["subprocess.Popen[str]"]:
    """Keep a process that sets the stage of a hub's folder."""
    environment = os.environ | {"PYTHONPATH": str(TESTS)}
    environment.pop("CUSTODES_HUB_DATA_DIR", None)
    with subprocess.Popen(
        [sys.executable, str(TESTS / "stage_hand.py"), str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    ) as hand:
        yield hand
        hand.kill()


def ask(hand: "subprocess.Popen[str]", *words: str) -> dict[str, str]:
    """Let the stage's process do one act, and return what it says; its own words on an error go to the test's."""
    assert hand.stdin is not None
    assert hand.stdout is not None
    hand.stdin.write(" ".join(words) + "\n")
    hand.stdin.flush()
    answer = hand.stdout.readline()
    assert answer, f"the stage ended with {hand.wait(timeout=10)} at {words}"
    said: dict[str, str] = json.loads(answer)
    return said
