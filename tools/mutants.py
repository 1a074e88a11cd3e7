"""The mutants of the rules and of the gate: one changed file each.

A Cedar rule is taken out, turned around, loses one of its conditions, has one negated, or loses one of its actions. A
refusal in Python loses its condition, or one of the operands of it; a query loses one of the words that narrow it.
"""

import ast
import copy
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
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
    "hub/access/drives.py",
    "hub/dispatch/board.py",
    "hub/access/share_states.py",
    "hub/access/shared.py",
    "hub/access/sharing.py",
    "hub/access/oversight.py",
    "hub/access/snooping.py",
    "hub/access/alarms.py",
    "hub/access/alarm_answers.py",
    "hub/access/second_person.py",
    "hub/access/grants.py",
    "hub/access/granted.py",
    "hub/access/receipts.py",
    "hub/clips/standing.py",
    "hub/audit/trusted.py",
)
"""Modules in which a condition stands between somebody and footage, or between footage and its end."""
NARROWED = frozenset({"hub/access/granted.py", "hub/access/alarms.py", "hub/access/oversight.py"})
"""Modules that decide by what a query leaves out."""


EQUAL = {
    ("hub/access/gate.py", "condition becomes (not decision.allowed)"): "the policies allow nobody without an account",
    (
        "hub/access/gate.py",
        "condition becomes (not clip.parts.filter(kind=ClipPart.Kind.POSTER).exists())",
    ): "whoever has no account does not find the clip",
    ("hub/access/gate.py", "condition becomes (view is None)"): "no view is of somebody without an account",
    (
        "hub/access/gate.py",
        "condition becomes (not viewings.is_open(view, by=actor.pk, now=now))",
    ): "a view is open to who opened it alone",
    (
        "hub/access/drives.py",
        "condition becomes (event is None)",
    ): "whose drive it is is asked again where the objection is written",
    ("hub/dispatch/board.py", "condition becomes False"): "a query for no vans finds nothing",
    (
        "hub/access/oversight.py",
        "query without pk__in=[one.ledger_seq for one in views]",
    ): "bodies are looked up by their number: more are read than wanted",
    (
        "hub/access/alarms.py",
        "query without pk__in={one.body['clip'] for one in entries}",
    ): "clips are looked up by their id: more are read than wanted",
    ("hub/access/alarms.py", "query without site=None"): "what names no site is left out below",
    ("hub/access/alarms.py", "query without organisation=organisation"): "no clip of ours is at another's site",
    ("hub/access/alarms.py", "query without site__organisation=organisation"): "no clip of ours is at another's site",
}
"""Mutants that are the same program, by path and what was done, and why: they are not run."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One changed file: its path in the package, its text, and what was done to it.

    `tree`: of a Python module, with the lines of the honest one, so that a running function can take the change over.
    """

    path: str
    text: str
    what: str
    tree: ast.Module | None = None

    @property
    def name(self) -> str:
        """Say in one line which mutant this is."""
        return f"{self.path} {self.what}"

    @property
    def rule(self) -> str:
        """Return the id of the rule that was changed; empty for Python."""
        return "" if self.tree is not None else self.what.partition(":")[0]


def all_mutants() -> list[Mutant]:
    """Return every mutant, rules first."""
    found = list(policy_mutants(PACKAGE / POLICIES))
    for path in GUARDED:
        found += refusal_mutants(path)
        if path in NARROWED:
            found += query_mutants(path)
    return [one for one in found if (one.path, one.what.partition(": ")[2]) not in EQUAL]


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
                    new = ast.parse(by, mode="eval").body
                    for inside in ast.walk(new):
                        ast.copy_location(inside, value)
                    setattr(node, field, new)
        yield Mutant(path, ast.unparse(tree), f"line {line}: condition becomes {by}", tree)


def query_mutants(path: str) -> Iterator[Mutant]:
    """Yield a mutant for each word that a `filter` or an `exclude` of one module could lack."""
    source = (PACKAGE / path).read_text(encoding="utf-8")
    honest = _queries(ast.parse(source))
    for at, query in enumerate(honest):
        for number, word in enumerate(query.keywords):
            tree = ast.parse(source)
            del _queries(tree)[at].keywords[number]
            left_out = f"{word.arg}={ast.unparse(word.value)}"
            yield Mutant(path, ast.unparse(tree), f"line {query.lineno}: query without {left_out}", tree)


def _queries(tree: ast.Module) -> list[ast.Call]:
    """Return the calls of `filter` and `exclude` by words, in their order in the tree."""
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"filter", "exclude"}
        and all(word.arg for word in node.keywords)
    ]


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
    """Say whether a branch ends in a refusal: it raises, or returns no, or an empty answer."""
    last = body[-1]
    if isinstance(last, ast.Raise):
        return True
    if isinstance(last, ast.Return) and isinstance(last.value, ast.Constant) and last.value.value is False:
        return True
    return isinstance(last, ast.Return) and isinstance(last.value, ast.List | ast.Tuple) and not last.value.elts
