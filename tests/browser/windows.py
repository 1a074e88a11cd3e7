"""A running hub and a browser window on it, as the tests of this folder meet them."""

import json
import os
import subprocess
import sys
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

    def act(self, *words: str) -> dict[str, str]:
        """Let the stage do something to the running hub's data, and return what it says."""
        return set_stage(self.data_dir, *words)


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


def set_stage(folder: Path, *words: str) -> dict[str, str]:
    """Run the stage in a process of its own on a hub's folder, and return what it says."""
    environment = os.environ | {"PYTHONPATH": str(TESTS)}
    environment.pop("CUSTODES_HUB_DATA_DIR", None)
    done = subprocess.run(
        [sys.executable, str(TESTS / "stage_hand.py"), words[0], str(folder), *words[1:]],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
        timeout=180,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    said: dict[str, str] = json.loads(done.stdout.strip().splitlines()[-1])
    return said
