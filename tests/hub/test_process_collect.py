"""What a finished workflow leaves is collected after a week, and not before."""

import inspect
import json
import subprocess
import sys
from pathlib import Path

from custodes.hub import housekeeping
from custodes.hub.process import runtime

SCENE = Path(__file__).with_name("collect_scene.py")


def test_ended_workflows_are_kept_a_week_and_then_forgotten(tmp_path: Path):
    done = subprocess.run([sys.executable, str(SCENE), str(tmp_path / "hub")], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()[-4000:]
    assert json.loads(done.stdout.splitlines()[-1]) == {"young": 0, "left": 1, "old": 1, "gone": 0}


def test_nothing_is_collected_while_processing_is_off():
    assert runtime.collect(now_ns=10**18) == 0
    assert "runtime.collect" in inspect.getsource(housekeeping.Housekeeper.sweep)
