"""What is installed by others is what stands in the tree: pages, styles, policies, translations."""

import zipfile
from pathlib import Path

from hatchling.builders.wheel import WheelBuilder

ROOT = Path(__file__).parents[2]
CARRIED = {".py", ".html", ".css", ".js", ".svg", ".cedar", ".cedarschema", ".mo", ".txt", ".typed", ".png", ".toml"}


def test_the_wheel_carries_every_file_that_the_program_reads(tmp_path: Path) -> None:
    wheel = next(iter(WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"])))
    packed = set(zipfile.ZipFile(wheel).namelist())
    source = ROOT / "src"
    wanted = {
        path.relative_to(source).as_posix()
        for path in (source / "custodes").rglob("*")
        if path.suffix in CARRIED and "__pycache__" not in path.parts
    }
    assert len(wanted) > 100
    assert wanted - packed == set()
    assert [name for name in packed if not name.startswith(("custodes/", "custodes-"))] == []
