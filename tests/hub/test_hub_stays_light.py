"""The process that serves pages loads no library for pictures or paper: children and rare pages do, when they must."""

import os
import subprocess
import sys
from pathlib import Path

HEAVY = {"av", "cv2", "numpy", "PIL", "qrcode", "reportlab", "onnxruntime"}
LOAD = """
import sys
from custodes.hub import boot, serve
boot.django_on(__import__("pathlib").Path(sys.argv[1]))
from django.urls import get_resolver
def walk(at):
    for one in at.url_patterns:
        if hasattr(one, "url_patterns"):
            walk(one)
walk(get_resolver())
from custodes.hub.process import export_workflow, leak_workflow, masking_workflow, workflow
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""


def test_no_picture_library_is_loaded_before_somebody_needs_it(tmp_path: Path) -> None:
    (tmp_path / "light").mkdir(mode=0o700)
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("CUSTODES", "DJANGO"))}
    loaded = subprocess.run(
        [sys.executable, "-c", LOAD, str(tmp_path / "light")],
        capture_output=True, text=True, check=True, env=environment,
    )  # fmt: skip
    names = set(loaded.stdout.split())
    assert "django" in names
    assert names & HEAVY == set()
