"""Break every rule and every refusal of the gate, one at a time, and see that tests/access notices each.

A mutant is one changed file in a copy of the package. A Cedar rule is taken out, turned around, loses one of its
conditions, has one negated, or loses one of its actions. A refusal in Python loses its condition, or one of the
operands of it. Then the tests run against that copy until one fails. A mutant that no test notices is named, and the
command ends with 1.
"""

import argparse
import ast
import copy
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import cedarpy

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "src" / "custodes"
POLICIES = "hub/access/policies"
GUARDED = (
    "hub/access/gate.py",
    "hub/access/watching.py",
    "hub/access/decisions.py",
    "hub/access/places.py",
    "hub/dispatch/board.py",
    "hub/access/share_states.py",
    "hub/access/shared.py",
    "hub/access/sharing.py",
    "hub/access/oversight.py",
    "hub/access/snooping.py",
    "hub/access/alarm_answers.py",
    "hub/access/second_person.py",
    "hub/access/grants.py",
    "hub/access/receipts.py",
)
"""Modules in which a condition stands between somebody and footage."""
# This one holds the rules to themselves and knows nothing of what they ought to say.
TESTS = ("tests/access", "--deselect", "tests/access/test_rules_matter.py")
TIMEOUT_S = 600


@dataclass(frozen=True, slots=True)
class Mutant:
    """One changed file: its path in the package, its text, and what was done to it."""

    path: str
    text: str
    what: str


def policy_mutants(folder: Path) -> Iterator[Mutant]:
    """Yield every mutant of every rule in `folder`, with the other rules of its file as they are."""
    for file in sorted(folder.glob("*.cedar")):
        whole = json.loads(cedarpy.policies_to_json_str(file.read_text(encoding="utf-8")))
        rules = whole["staticPolicies"]
        for key, rule in rules.items():
            name = rule["annotations"]["id"]
            rest = {other: text for other, text in rules.items() if other != key}
            if rest:
                yield Mutant(f"{POLICIES}/{file.name}", cedar(rest), f"{name}: taken out")
            for what, changed in rule_mutants(rule):
                yield Mutant(f"{POLICIES}/{file.name}", cedar({**rules, key: changed}), f"{name}: {what}")


def rule_mutants(rule: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (what was done, the changed rule) for one rule in Cedar's JSON form."""
    turned = copy.deepcopy(rule)
    turned["effect"] = "permit" if rule["effect"] == "forbid" else "forbid"
    yield f"turned into {turned['effect']}", turned
    for number, condition in enumerate(rule["conditions"]):
        parts = conjuncts(condition["body"])
        for at, part in enumerate(parts):
            others = parts[:at] + parts[at + 1 :]
            # `has` only guards the attribute read beside it; without it the rule does not validate.
            if "has" not in part:
                changed = copy.deepcopy(rule)
                if others:
                    changed["conditions"][number]["body"] = joined(others)
                else:
                    del changed["conditions"][number]
                yield f"without {said(part)}", changed
            changed = copy.deepcopy(rule)
            changed["conditions"][number]["body"] = joined([*others, {"!": {"arg": part}}])
            if "has" not in part:
                yield f"with {said(part)} negated", changed
            for left_out in part.get("contains", {}).get("left", {}).get("Set", []):
                fewer = copy.deepcopy(part)
                fewer["contains"]["left"]["Set"].remove(left_out)
                changed = copy.deepcopy(rule)
                changed["conditions"][number]["body"] = joined([*others, fewer])
                yield f"with {said(fewer)} only", changed
    if rule["action"]["op"] == "in":
        for action in rule["action"].get("entities", []):
            changed = copy.deepcopy(rule)
            changed["action"]["entities"].remove(action)
            yield f"without action {action['id']}", changed


def conjuncts(body: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the parts that `&&` joins in a condition."""
    if "&&" not in body:
        return [body]
    return conjuncts(body["&&"]["left"]) + conjuncts(body["&&"]["right"])


def joined(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """Join parts by `&&` again, `has` first as Cedar's types demand."""
    ordered = sorted(parts, key=lambda part: "has" not in part)
    body = ordered[0]
    for part in ordered[1:]:
        body = {"&&": {"left": body, "right": part}}
    return body


def said(part: dict[str, Any]) -> str:
    """Return a condition as Cedar writes it."""
    rule = {
        "effect": "permit",
        "principal": {"op": "All"},
        "action": {"op": "All"},
        "resource": {"op": "All"},
        "conditions": [{"kind": "when", "body": part}],
    }
    text = " ".join(cedar({"one": rule}).split())
    return "{" + text.partition("{")[2].rpartition("}")[0].strip() + "}"


def cedar(rules: dict[str, Any]) -> str:
    """Return rules in Cedar's JSON form as a policy file."""
    book = {"templates": {}, "templateLinks": [], "staticPolicies": rules}
    return str(cedarpy.policies_from_json_str(json.dumps(book)))


def refusal_mutants(path: str) -> Iterator[Mutant]:
    """Yield a mutant for each condition that leads to a refusal in one module, and for each operand of one."""
    source = (PACKAGE / path).read_text(encoding="utf-8")
    for line, replaced, by in refusals(ast.parse(source)):
        tree = ast.parse(source)
        for node in ast.walk(tree):
            for field, value in ast.iter_fields(node):
                if isinstance(value, ast.expr) and ast.dump(value, include_attributes=True) == replaced:
                    setattr(node, field, ast.parse(by, mode="eval").body)
        yield Mutant(path, ast.unparse(ast.fix_missing_locations(tree)), f"line {line}: condition becomes {by}")


def refusals(tree: ast.Module) -> Iterator[tuple[int, str, str]]:
    """Yield (line, condition's dump, what takes its place) for each `if` that raises or gives nothing."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.If) or not refuses(node.body):
            continue
        whole = ast.dump(node.test, include_attributes=True)
        yield node.lineno, whole, "False"
        if isinstance(node.test, ast.BoolOp):
            operator = " or " if isinstance(node.test.op, ast.Or) else " and "
            for left_out in node.test.values:
                rest = [ast.unparse(value) for value in node.test.values if value is not left_out]
                yield node.lineno, whole, operator.join(f"({value})" for value in rest)


def refuses(body: list[ast.stmt]) -> bool:
    """Say whether a branch ends in a refusal: it raises, or returns an empty answer."""
    last = body[-1]
    if isinstance(last, ast.Raise):
        return True
    return isinstance(last, ast.Return) and isinstance(last.value, ast.List | ast.Tuple) and not last.value.elts


def caught_by(mutant: Mutant, copied: Path) -> str:
    """Run the tests against `copied` with the mutant in it; return the first line that failed, empty: none did."""
    target = copied / "custodes" / mutant.path
    honest = target.read_bytes()
    target.write_text(mutant.text, encoding="utf-8")
    try:
        command = [sys.executable, "-m", "pytest", *TESTS, "-x", "-q", "--no-header", "--no-cov"]
        command += ["-p", "no:cacheprovider", "--tb=line", "-o", f"pythonpath={copied} . tests"]
        environment = {**os.environ, "PYTHONPATH": str(copied), "PYTHONDONTWRITEBYTECODE": "1"}
        run = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
        )
    finally:
        target.write_bytes(honest)
    if run.returncode == 0:
        return ""
    lines = [line for line in run.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    told = run.stderr.strip().splitlines()[-1:] + run.stdout.strip().splitlines()[-1:]
    return (lines or told or ["it ended with an error"])[0]


def main() -> int:
    """Run every mutant; return 1 when one of them was not noticed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="run mutants whose name holds this text")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--list", action="store_true", help="name the mutants and stop")
    asked = parser.parse_args()
    mutants = [*policy_mutants(PACKAGE / POLICIES), *(m for path in GUARDED for m in refusal_mutants(path))]
    mutants = [mutant for mutant in mutants if asked.only in f"{mutant.path} {mutant.what}"]
    if asked.list:
        print("\n".join(f"{mutant.path} {mutant.what}" for mutant in mutants))
        return 0
    survivors, began_s = [], time.monotonic()
    with tempfile.TemporaryDirectory(prefix="custodes-mutants-") as scratch, ThreadPoolExecutor(asked.jobs) as pool:
        copies: SimpleQueue[Path] = SimpleQueue()
        for number in range(asked.jobs):
            copied = Path(scratch) / str(number)
            shutil.copytree(PACKAGE, copied / "custodes", ignore=shutil.ignore_patterns("__pycache__"))
            copies.put(copied)

        def run(mutant: Mutant) -> tuple[Mutant, str]:
            copied = copies.get()
            try:
                return mutant, caught_by(mutant, copied)
            finally:
                copies.put(copied)

        nothing = caught_by(Mutant(GUARDED[0], (PACKAGE / GUARDED[0]).read_text(encoding="utf-8"), "as it is"), copied)
        if nothing:
            print(f"custodes: tests/access fail without any mutant: {nothing}", file=sys.stderr)
            return 2
        for done, (mutant, failed) in enumerate(pool.map(run, mutants), 1):
            verdict = f"caught    {failed.removeprefix('FAILED ').partition(' - ')[0]}" if failed else "SURVIVED"
            print(f"{done:3}/{len(mutants)} {mutant.path} {mutant.what}: {verdict}", flush=True)
            if not failed:
                survivors.append(mutant)
    minutes = (time.monotonic() - began_s) / 60
    print(f"{len(mutants)} mutants, {len(mutants) - len(survivors)} caught, {len(survivors)} not, {minutes:.1f} min")
    return 1 if survivors else 0


if __name__ == "__main__":
    raise SystemExit(main())
