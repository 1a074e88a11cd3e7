"""The contracts on imports can fail: each is broken on purpose in a copy of the code, and says so."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
# Contract -> (module, a line that it forbids there).
BREAKS = {
    "Imports run one way, and the unit and the hub meet only in core": ("edge/report.py", "import custodes.hub.config"),
    "The stages of the unit do not know each other, nor who wires them": (
        "edge/decide/rule.py",
        "import custodes.edge.clip",
    ),
    "The hub's apps import downwards only": ("hub/fleet/people.py", "import custodes.hub.portal.words"),
    "Five apps may open the vault": ("hub/portal/words.py", "import custodes.hub.vault.store"),
    "No web framework in the unit, the models or the shared values": ("core/fs.py", "import django"),
}


def test_each_contract_is_broken_by_the_import_that_it_forbids(tmp_path: Path) -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert {contract["name"] for contract in settings["tool"]["importlinter"]["contracts"]} == set(BREAKS)
    ignore = shutil.ignore_patterns("__pycache__", "static", "locale", "templates")
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=ignore)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for module, line in BREAKS.values():
        path = tmp_path / "src" / "custodes" / module
        path.write_text(f"{path.read_text()}\n{line}\n")
    done = subprocess.run(
        [str(Path(sys.executable).parent / "lint-imports"), "--no-logo", "--no-cache"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(tmp_path / "src")},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 1
    broken = set(re.findall(r"^(.+) BROKEN$", done.stdout, re.MULTILINE))
    assert broken == set(BREAKS), done.stdout
