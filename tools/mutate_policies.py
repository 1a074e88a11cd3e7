"""Break every rule and every refusal of the gate, one at a time, and see that a test notices each.

One process collects the tests and makes the database; each mutant (`mutants.py`) is a fork of it that takes the change
over and runs the tests that can notice, likeliest first, until one fails. Which can is found out once: each test is
watched for the guarded functions that it enters and the actions that it asks the policies about. What was found stays
in `build/mutants/`, so that a run that was stopped goes on where it was; a changed file starts anew what hangs on it.
A mutant that no test notices is named, and the command ends with 1.
"""

import argparse
import hashlib
import json
import os
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tools.mutant_forks import KEPT, Met, changed_by, in_fork, take_over, watch_functions
from tools.mutants import GUARDED, PACKAGE, POLICIES, ROOT, Mutant, all_mutants

TESTS = ("tests/access", "tests/hub/test_drives.py", "tests/hub/test_rows_erase_nothing.py")
TIMEOUT_S = 300
WHY = KEPT / "failed.txt"
"""What the last test that failed, in a fork, had to say."""


@dataclass(slots=True)
class Reach:
    """What each test can notice: functions of guarded files that it enters, actions and rules that it meets."""

    functions: dict[str, list[str]] = field(default_factory=dict)
    actions: dict[str, list[str]] = field(default_factory=dict)
    rules: dict[str, list[str]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)


class Runner:
    """A pytest plugin that takes the place of its loop."""

    def __init__(self, asked: argparse.Namespace) -> None:
        self.asked = asked
        self.failed = ""
        self.survivors: list[str] = []
        self._first: pytest.Item
        self._other: pytest.Item

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Remember the first test that failed."""
        if report.failed and not self.failed:
            self.failed = report.nodeid
            WHY.parent.mkdir(parents=True, exist_ok=True)
            WHY.write_text(f"{report.nodeid}\n{report.longreprtext}\n", encoding="utf-8")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run every mutant instead of every test."""
        items = {item.nodeid: item for item in session.items}
        first = session.items[0]
        # Of another folder: what is shared in the first one's is torn down, and only the session's stays.
        self._first, self._other = first, next(one for one in session.items if one.path.parent != first.path.parent)
        first.ihook.pytest_runtest_protocol(item=first, nextitem=self._other)  # makes the database
        if self.failed:
            raise pytest.UsageError(f"the tests fail without any mutant: {self.failed}")
        reach = self._reach(items)
        digest = _tests_digest()
        results = _results(digest)
        catches = Counter(results.values())
        mutants = [one for one in all_mutants() if self.asked.only in one.name]
        began_s, ran = time.monotonic(), 0
        for number, mutant in enumerate(mutants, 1):
            key = _digest(mutant.name, mutant.text)
            failed = results.get(key)
            if failed is None:
                if self.asked.minutes and time.monotonic() - began_s > 60 * self.asked.minutes:
                    print(f"stopped after {ran} new ones, before {number} of {len(mutants)}", flush=True)
                    break
                failed = self._caught_by(mutant, _candidates(mutant, reach, catches), items)
                ran += 1
                catches[failed] += 1
                _keep(key, mutant.name, failed, tests=digest)
            verdict = f"caught    {failed}" if failed else "SURVIVED"
            if not failed:
                self.survivors.append(mutant.name)
            print(f"{number:3}/{len(mutants)} {mutant.name}: {verdict}", flush=True)
        print(f"{len(self.survivors)} not noticed, {ran} run anew, {(time.monotonic() - began_s) / 60:.1f} min")
        return True

    def _reach(self, items: dict[str, pytest.Item]) -> Reach:
        """Return what each test meets; files of tests that are not known yet are run once, each in a fork."""
        reach = Reach()
        by_file: dict[Path, list[pytest.Item]] = {}
        for item in items.values():
            by_file.setdefault(item.path, []).append(item)
        for number, (path, tests) in enumerate(by_file.items(), 1):
            kept = KEPT / f"reach-{path.stem}-{_digest(path.read_text(encoding='utf-8'), _guarded_digest())}.json"
            if not kept.is_file():
                print(f"watching {number}/{len(by_file)} {path.name}", flush=True)
                answer = in_fork(partial(self._watched, tests), seconds=1800)
                if answer is None or answer.pop("failed"):
                    raise pytest.UsageError(f"the tests fail without any mutant: {WHY.read_text(encoding='utf-8')}")
                KEPT.mkdir(parents=True, exist_ok=True)
                kept.write_text(json.dumps(answer), encoding="utf-8")
            for name, found in json.loads(kept.read_text(encoding="utf-8")).items():
                getattr(reach, name).update(found)
        if not any(reach.functions.values()) or not any(reach.actions.values()):
            raise pytest.UsageError("no test was seen to meet a guarded function or the policies: watching is broken")
        return reach

    def _watched(self, tests: list[pytest.Item]) -> dict[str, Any]:
        reach, self.failed = Reach(), ""
        watch_functions()
        for item, following in self._one_by_one(tests):
            met = Met()
            began_s = time.process_time()
            with met:
                item.ihook.pytest_runtest_protocol(item=item, nextitem=following)
            reach.functions[item.nodeid] = sorted(met.functions)
            reach.actions[item.nodeid] = sorted(met.actions)
            reach.rules[item.nodeid] = sorted(met.rules)
            reach.seconds[item.nodeid] = time.process_time() - began_s
        return {**vars_of(reach), "failed": self.failed}

    def _one_by_one(self, tests: list[pytest.Item]) -> Iterator[tuple[pytest.Item, pytest.Item]]:
        """Yield each test with one that seems to follow: what a session shares, the database above all, then stays."""
        for number, item in enumerate(tests, 1):
            following = tests[number] if number < len(tests) else self._other
            yield item, self._first if following is item else following

    def _caught_by(self, mutant: Mutant, tests: list[str], items: dict[str, pytest.Item]) -> str:
        """Return the first test that fails of the mutant; empty: none does."""

        def run() -> dict[str, Any]:
            self.failed = ""
            take_over(mutant)
            chosen = [items[name] for name in tests if name in items]
            for item, following in self._one_by_one(chosen):
                item.ihook.pytest_runtest_protocol(item=item, nextitem=following)
                if self.failed:
                    break
            return {"failed": self.failed}

        answer = in_fork(run, seconds=TIMEOUT_S)
        return "it ended with an error" if answer is None else str(answer["failed"])


def _candidates(mutant: Mutant, reach: Reach, catches: Counter[str]) -> list[str]:
    """Return the tests that can notice a mutant, the likeliest and quickest first: `catches` are those of others."""
    if mutant.tree is not None:
        changed = set(changed_by(mutant))
        able = [test for test, entered in reach.functions.items() if changed & set(entered)]
        return sorted(able, key=lambda test: (-catches[test], reach.seconds[test]))
    able = [test for test, actions in reach.actions.items() if actions]
    return sorted(able, key=lambda test: (mutant.rule not in reach.rules[test], -catches[test], reach.seconds[test]))


def _results(tests: str) -> dict[str, str]:
    """Return what was found before: whatever was caught, and what survived these very tests."""
    file = KEPT / "results.jsonl"
    lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
    return {one["key"]: one["failed"] for one in map(json.loads, lines) if one["failed"] or one["tests"] == tests}


def _keep(key: str, name: str, failed: str, *, tests: str) -> None:
    with (KEPT / "results.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps({"key": key, "mutant": name, "failed": failed, "tests": tests}) + "\n")


def _tests_digest() -> str:
    return _digest(*(path.read_text(encoding="utf-8") for path in _test_files()))


def _test_files() -> Iterator[Path]:
    for name in TESTS:
        path = ROOT / name
        yield from sorted(path.glob("*.py")) if path.is_dir() else [path] if path.is_file() else []


def _guarded_digest() -> str:
    files = [PACKAGE / path for path in GUARDED] + sorted((PACKAGE / POLICIES).iterdir())
    return _digest(*(path.read_text(encoding="utf-8") for path in files))


def _digest(*texts: str) -> str:
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:16]


def vars_of(reach: Reach) -> dict[str, Any]:
    """Return what was met as JSON takes it."""
    return {name: getattr(reach, name) for name in Reach.__dataclass_fields__}


def main() -> int:
    """Run every mutant that was not run yet; return 1 when one of them was not noticed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="run mutants whose name holds this text")
    parser.add_argument("--minutes", type=float, default=0, help="stop after so many minutes; the next run goes on")
    parser.add_argument("--list", action="store_true", help="name the mutants and stop")
    asked = parser.parse_args()
    if asked.list:
        print("\n".join(mutant.name for mutant in all_mutants() if asked.only in mutant.name))
        return 0
    runner = Runner(asked)
    os.chdir(ROOT)
    ended = pytest.main([*TESTS, "-q", "--no-header", "-p", "no:cacheprovider", "-s", "--no-summary"], plugins=[runner])
    return 1 if runner.survivors else int(ended)


if __name__ == "__main__":
    raise SystemExit(main())
