"""Whatever call the power goes at, from sealing to receipt: one clip, one receipt, the same film, nothing left over.

The suite tries every third call; `CUSTODES_FAULTS=all` tries each (two minutes).
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
STRIDE = 1 if os.environ.get("CUSTODES_FAULTS") == "all" else 4
CALLS_ON_THE_WAY = 45


def run_matrix(work: Path, *arguments: str) -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, str(HERE / "crash_matrix.py"), str(work), *arguments], capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()[-4000:]
    answer: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    assert answer["failed"] == [], done.stderr.decode()[-4000:]
    return answer


@pytest.mark.parametrize("first", [1 if STRIDE == 1 else 3])
def test_killed_at_any_call_both_sides_go_on(tmp_path: Path, first: int):
    answer = run_matrix(tmp_path, "kill", str(STRIDE), str(first))
    assert answer["stopped"] >= CALLS_ON_THE_WAY // STRIDE - 1, "no fault was injected on most of the way"


def test_a_call_that_fails_once_is_survived(tmp_path: Path):
    answer = run_matrix(tmp_path, "eio", str(STRIDE * 2), "2", str(CALLS_ON_THE_WAY))
    assert answer["stopped"] >= CALLS_ON_THE_WAY // (STRIDE * 2)
