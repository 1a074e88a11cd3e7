"""Run every bench of this folder, print one table, and write docs/performance.md from a whole run."""

import argparse
import datetime
import importlib
import importlib.metadata
import json
import os
import pkgutil
import platform
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from types import ModuleType

from rich import box
from rich.console import Console
from rich.table import Table

from bench.rows import Row

FOLDER = Path(__file__).parent
PAGE = FOLDER.parent / "docs" / "performance.md"
NOT_A_BENCH = {"evaluate", "rows", "run"}
PACKAGES = ("av", "numpy", "opencv-python-headless", "openvino", "Django", "cryptography")


def is_bench(name: str) -> bool:
    """Say whether a module of this folder measures speed; `*_eval` are the judges of `make eval`."""
    return name not in NOT_A_BENCH and not name.endswith("_eval")


def benches(names: Sequence[str]) -> list[ModuleType]:
    """Import the benches called `names`, or all of them. Raises SystemExit with the known names."""
    found = sorted(module.name for module in pkgutil.iter_modules([str(FOLDER)]) if is_bench(module.name))
    unknown = sorted(set(names) - set(found))
    if unknown:
        raise SystemExit(f"custodes: no bench called {', '.join(unknown)}. Known: {', '.join(found)}.")
    modules = [importlib.import_module(f"bench.{name}") for name in names or found]
    return [module for module in modules if hasattr(module, "rows")]


def cells(row: Row) -> tuple[str, ...]:
    """Return a row as the table's texts: work, ours, reference, ratio, target, met, note."""
    reference = f"{row.reference_name} {row.reference:.3g}" if row.reference is not None else "–"
    ratio = f"{row.ratio:.2f} ×" if row.ratio is not None else "–"
    times = " ×" if row.ratio is not None else f" {row.unit}"
    target = f"{row.sense} {row.target:g}{times}" if row.target is not None else "–"
    met = {True: "yes", False: "no", None: ""}[row.met]
    return row.work, f"{row.ours:.3g} {row.unit}", reference, ratio, target, met, row.note


HEAD = ("work", "ours", "beside", "ratio", "target", "met", "note")


def page(rows: Iterable[Row], *, machine: str, when: str) -> str:
    """Return docs/performance.md for `rows`."""
    lines = [
        "# Performance",
        "",
        "Written by `make bench`; do not edit. Ours and the reference beside it took turns in one run, on one machine.",
        "Compare ratios: absolute numbers change with the machine.",
        "",
        f"Measured {when} on {machine}.",
    ]
    area = None
    for row in rows:
        if row.area != area:
            area = row.area
            lines += ["", f"## {area}", "", "| " + " | ".join(HEAD) + " |", "|" + "---|" * len(HEAD)]
        lines.append("| " + " | ".join(text.replace("|", "/") for text in cells(row)) + " |")
    return "\n".join(lines) + "\n"


def machine_facts() -> str:
    """Return one line on the processor, the system and the packages that the numbers depend on."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [line.split(":", 1)[1].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line]
        model = names[0] if names else model
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in PACKAGES)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{model}, {cores} cores, {platform.system()}, Python {platform.python_version()}; {versions}"


def show(rows: Sequence[Row], console: Console) -> None:
    """Print a table an area, and the notes under it."""
    for area in dict.fromkeys(row.area for row in rows):
        table = Table(*HEAD[:-1], title=area, title_justify="left", box=box.SIMPLE_HEAD)
        here = [row for row in rows if row.area == area]
        for row in here:
            table.add_row(*cells(row)[:-1], style="red" if row.met is False else None)
        console.print(table)
        for note in dict.fromkeys(f"{row.work}: {row.note}" for row in here if row.note):
            console.print(f"  {note}", style="dim", markup=False)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benches; return 0 when all ran, 1 when one failed. A missed target is shown, no failure."""
    parser = argparse.ArgumentParser(prog="python -m bench.run", description=__doc__)
    parser.add_argument("names", nargs="*", help="benches to run; all by default (only a whole run is written down)")
    parser.add_argument("--json", action="store_true", help="print JSON for machines")
    asked = parser.parse_args(arguments)
    console = Console(stderr=asked.json, width=None if sys.stdout.isatty() else 140)

    rows: list[Row] = []
    failures: list[str] = []
    for module in benches(asked.names):
        start_s = time.monotonic()
        try:
            with console.status(f"{module.__name__} …"):
                rows += module.rows()
        except Exception as error:  # noqa: BLE001  one broken bench must not hide the others' numbers
            failures.append(f"{module.__name__}: {type(error).__name__}: {error}")
        console.print(f"{module.__name__} took {time.monotonic() - start_s:.0f} s", style="dim")

    rows.sort(key=lambda row: row.area)
    if asked.json:
        sys.stdout.write(json.dumps([asdict(row) | {"ratio": row.ratio, "met": row.met} for row in rows]) + "\n")
    else:
        show(rows, console)
    for failure in failures:
        console.print(f"custodes: {failure}", style="red", markup=False)
    if not asked.names and not failures:
        when = datetime.datetime.now(tz=datetime.UTC).date().isoformat()
        PAGE.write_text(page(rows, machine=machine_facts(), when=when), encoding="utf-8")
        console.print(f"wrote {PAGE.relative_to(FOLDER.parent)}")
    return 1 if failures else 0


if __name__ == "__main__":
    raise SystemExit(main())
