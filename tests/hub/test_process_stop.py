"""A hub that is stopped while it looks at a film says nothing of it, concludes nothing, and is gone at once."""

import json
import subprocess
import sys
from pathlib import Path

SCENE = Path(__file__).with_name("stop_scene.py")


def test_a_step_under_way_is_cut_without_a_word(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(SCENE), str(tmp_path / "hub")], capture_output=True, text=True, check=False, timeout=120
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout.splitlines()[-1]) == {"stopped_within_5_s": True, "concluded": []}
