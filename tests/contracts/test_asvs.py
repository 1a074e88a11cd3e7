"""docs/asvs.md promises a test for a requirement: the test is there, and the table is whole."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "asvs.md"
ROW = re.compile(r"^\| (\d+\.\d+\.\d+) \| ([12]) \| (.+) \|$")
NAMED = re.compile(r"`(test_\w+)::(test_\w+)`")
AT_LEVEL = {1: 70, 2: 183}
"""How many requirements version 5.0.0 has at each level."""


def rows() -> list[tuple[str, int, str]]:
    lines = (ROW.match(line) for line in PAGE.read_text().splitlines())
    return [(match[1], int(match[2]), match[3]) for match in lines if match]


def named_tests() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for path in (ROOT / "tests").rglob("test_*.py"):
        kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
        names = {node.name for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, kinds)}
        found.setdefault(path.stem, set()).update(names)
    return found


def test_each_test_that_the_table_names_exists() -> None:
    there = named_tests()
    named = [(number, *pair) for number, _level, cell in rows() for pair in NAMED.findall(cell)]
    assert len(named) > 100
    assert [one for one in named if one[2] not in there.get(one[1], set())] == []


def test_each_row_says_where_it_stands() -> None:
    unclear = [
        number
        for number, _level, cell in rows()
        if not NAMED.search(cell) and not re.match(r"(not applicable|open): \S", cell)
    ]
    assert unclear == []


def test_the_table_is_whole_and_in_order() -> None:
    numbers = [tuple(int(part) for part in number.split(".")) for number, _level, _cell in rows()]
    assert numbers == sorted(set(numbers))
    assert {level: sum(one[1] == level for one in rows()) for level in AT_LEVEL} == AT_LEVEL


def test_the_sums_are_those_of_the_table() -> None:
    cells = [cell for _number, _level, cell in rows()]
    tested = sum(bool(NAMED.search(cell)) and not cell.startswith("open") for cell in cells)
    apart = sum(cell.startswith("not applicable") for cell in cells)
    said = f"{tested} have a test, {apart} do not apply, {len(cells) - tested - apart} are open."
    assert said in PAGE.read_text()


@pytest.mark.parametrize(
    "promise",
    [
        *("## Ways in", "after 60 minutes without a page", "after 24 hours", "Any number of sessions"),
        "A provider's session and ours",
    ],
)
def test_the_ways_in_are_described(promise: str) -> None:
    assert promise in (ROOT / "docs" / "design" / "accounts.md").read_text()


def test_how_soon_a_fault_is_mended_is_said() -> None:
    page = (ROOT / "SECURITY.md").read_text()
    for grade, days in (("critical", 3), ("high", 14), ("medium", 30), ("low", 90)):
        assert re.search(rf"^\| {grade} \| .+ \| {days} days \|$", page, re.MULTILINE)
