"""Run attacks and write docs/tracing.md. `--whole` runs every attack on every film; what was run already is kept."""

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from functools import cache
from pathlib import Path

import cv2

from custodes.trace.mark_settings import MarkSettings
from tools.leaklab import beside, films, table, trial
from tools.leaklab.attacks import DIGITAL, Attack
from tools.leaklab.phone import FILMED
from tools.leaklab.reel import Coding

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "tracing.md"
SEED = 20261122
QUICK_FILMS = ("crowd", "road")
QUICK_ATTACKS = frozenset(
    {"CRF 28", "CRF 35", "480p, CRF 28", "240p, CRF 28", "crop 30 %, CRF 26", "screen recording, CRF 26",
     "phone standard, 2 Mbit/s", "phone hard, 1 Mbit/s", "two views averaged, CRF 26"}
)  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what was asked for; return 0 once the page is written."""
    parser = argparse.ArgumentParser(prog="python -m tools.leaklab", description=__doc__)
    parser.add_argument("--whole", action="store_true", help="every attack on every film (under an hour on two cores)")
    parser.add_argument("--seconds", type=float, default=12.0, help="how much of each film (s)")
    parser.add_argument("--film", action="append", help="this film alone; may be repeated")
    parser.add_argument("--attack", action="append", help="attacks whose name contains this; may be repeated")
    parser.add_argument(
        "--results", type=Path, default=ROOT / ".leaklab" / "results.jsonl", help="what was run already"
    )
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="films at a time, with --whole")
    parser.add_argument("--page", type=Path, default=PAGE, help="where the tables go")
    parser.add_argument("--rows-only", action="store_true", help="keep the results, and write no page")
    asked = parser.parse_args(arguments)
    cv2.setNumThreads(1)
    asked.results.parent.mkdir(parents=True, exist_ok=True)
    if asked.whole and asked.jobs > 1:
        _films_side_by_side(asked)
    known = _known(asked.results)
    with tempfile.TemporaryDirectory(prefix="leaklab-") as scratch:
        for scene, path in films.scenes():
            if scene.name not in (asked.film or ([scene.name] if asked.whole else QUICK_FILMS)):
                continue
            attacks = [attack for attack in (*DIGITAL, *FILMED) if _wanted(attack, scene, asked)]
            _film(scene, path, Path(scratch) / scene.name, attacks, asked, known)
            rows = list(_known(asked.results).values())
            if asked.rows_only:
                continue
            before = PAGE.read_text(encoding="utf-8")
            made = table.page(rows, seed=SEED) + beside.sections(asked.results.parent, before)
            asked.page.write_text(made.rstrip("\n") + "\n", encoding="utf-8")
    if not asked.rows_only:
        sys.stdout.write(f"wrote {asked.page}\n")
    return 0


def _films_side_by_side(asked: argparse.Namespace) -> None:
    """Run each film in a process of its own, so many at a time; what they find is kept. Raises OSError."""
    command = [sys.executable, "-m", "tools.leaklab", "--whole", "--rows-only", "--jobs", "1"]
    command += ["--seconds", str(asked.seconds), "--results", str(asked.results)]
    command += [word for part in asked.attack or () for word in ("--attack", part)]
    names = [scene.name for scene, _path in films.scenes() if scene.name in (asked.film or [scene.name])]
    with ThreadPoolExecutor(asked.jobs) as side_by_side:
        runs = [side_by_side.submit(subprocess.run, [*command, "--film", one], check=False) for one in names]
    failed = [name for name, run in zip(names, runs, strict=True) if run.result().returncode]
    if failed:
        raise OSError(f"the attacks on {', '.join(failed)} did not end well; what was run before that is kept.")


def _wanted(attack: Attack, scene: films.Scene, asked: argparse.Namespace) -> bool:
    if scene.attacks and attack.name not in scene.attacks:
        return False
    if asked.attack:
        return any(part in attack.name for part in asked.attack)
    return bool(asked.whole or attack.name in QUICK_ATTACKS)


def _film(
    scene: films.Scene,
    path: Path,
    folder: Path,
    attacks: list[Attack],
    asked: argparse.Namespace,
    known: dict[str, table.Row],
) -> None:
    todo = [attack for attack in attacks if _key(scene.name, attack.name, asked.seconds) not in known]
    innocent = _key(scene.name, "unmarked, CRF 28", asked.seconds)
    if not todo and innocent in known:
        return
    folder.mkdir(parents=True, exist_ok=True)
    clip = films.cut(path, folder / "clip.mp4", scene, asked.seconds)
    case = trial.prepare(scene.name, clip, folder, settings=MarkSettings())
    facts = {"what": scene.what} | table.case_facts(case)
    if innocent not in known:
        outcome = trial.trace(case, trial.unmarked(case, Coding(28)), "unmarked, CRF 28")
        _keep(asked.results, innocent, asdict(outcome) | {"case": facts})
    for attack in todo:
        start = time.monotonic()
        outcome = trial.run(case, attack, seed=SEED)
        _keep(asked.results, _key(scene.name, attack.name, asked.seconds), asdict(outcome))
        sys.stdout.write(
            f"{scene.name:6} {attack.name:42} z {outcome.mean_z:6.2f}  errors {outcome.errors}/{outcome.read}  "
            f"named {outcome.identified}  first {outcome.first}  {outcome.cost_s:.1f} CPU s, "
            f"{time.monotonic() - start:.0f} s  {outcome.how}\n"
        )
        sys.stdout.flush()


def _key(film: str, attack: str, seconds: float) -> str:
    """Name a trial by all that its outcome depends on, the tracer's own code included."""
    return f"{film}|{attack}|{seconds:g}|{SEED}|{_code()}"


@cache
def _code() -> str:
    """Return a digest of the code as it was when the run began."""
    code = hashlib.sha256()
    for folder in (ROOT / "src" / "custodes" / "trace", Path(__file__).parent):
        for path in sorted(folder.glob("*.py")):
            if path.name not in {
                "table.py",
                "hiding.py",
                "search.py",
                "peers.py",
                "peer_child.py",
                "beside.py",
                "own_copies.py",
                "glance.py",
                "__main__.py",
                "command.py",
                "book.py",
            }:
                code.update(path.read_bytes())
    return code.hexdigest()[:12]


def _known(path: Path) -> dict[str, table.Row]:
    """Return what was run with the code as it is now."""
    if not path.is_file():
        return {}
    current = _code()
    rows = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line)
    return {row["key"]: row for row in rows if row["key"].endswith(current)}


def _keep(path: Path, key: str, row: table.Row) -> None:
    with path.open("a", encoding="utf-8") as results:
        results.write(json.dumps({"key": key} | row) + "\n")


if __name__ == "__main__":
    raise SystemExit(main())
