"""The docs say what is there: commands, verbs, settings, kinds of event, files, decisions."""

import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from custodes.cli import app
from custodes.edge.decide import KINDS

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import licences  # noqa: E402  tools/ is no package: its programs are run, not imported, except here
import reference  # noqa: E402

README = (ROOT / "README.md").read_text()
MAKEFILE = (ROOT / "Makefile").read_text()
VERBS = set(re.findall(r"^([a-z-]+):.*## ", MAKEFILE, re.MULTILINE))
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")])
COMMANDS: dict[str, Any] = dict(reference.walk("custodes", typer.main.get_command(app)))


def written_commands(page: Path) -> Iterator[str]:
    """Yield the lines of a page's shell blocks that call one of our programs."""
    for block in re.findall(r"```(?:sh|console)\n(.*?)```", page.read_text(), re.DOTALL):
        for line in block.replace("\\\n", " ").splitlines():
            command = line.removeprefix("$ ").strip()
            if command.startswith(("custodes ", "make ", ".venv/bin/custodes ")):
                yield command.removeprefix(".venv/bin/")


def fault_of(command: str) -> str:
    """Say what is wrong with a `custodes …` or `make …` line; empty when nothing is."""
    words = shlex.split(command, comments=True)
    if words[0] == "make":
        unknown = [word for word in words[1:] if "=" not in word and word not in VERBS]
        return f"no such verb: {unknown}" if unknown else ""
    path = words[0]
    rest = words[1:]
    while rest and path not in COMMANDS and not rest[0].startswith("-"):
        path = f"{path} {rest.pop(0)}"
    if path not in COMMANDS:
        return "" if words[1:] in (["--help"], ["--version"]) else f"no such command: {path}"
    options = {name for parameter in COMMANDS[path].params for name in parameter.opts} | {"--help", "-h"}
    unknown = [word for word in rest if word.startswith("-") and word.split("=")[0] not in options]
    return f"{path} has no {unknown}" if unknown else ""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_each_command_in_a_page_exists(page: Path) -> None:
    assert {command: fault for command in written_commands(page) if (fault := fault_of(command))} == {}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_each_link_in_a_page_leads_to_a_file(page: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text())
    broken = [link for link in links if "://" not in link and not (page.parent / link).exists()]
    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_each_file_that_a_page_names_exists(page: Path) -> None:
    """A path in backticks that begins with one of our folders is a promise."""
    homes = (ROOT, ROOT / "src" / "custodes")
    named = re.findall(r"`((?:core|vision|edge|hub|demo|bench|tools|tests|docs|src)/[\w./-]+)`", page.read_text())
    assert sorted({path for path in named if not any((home / path).exists() for home in homes)}) == []


@pytest.mark.parametrize("name", reference.PAGES)
def test_the_reference_is_what_the_code_says(name: str) -> None:
    assert (reference.FOLDER / name).read_text() == reference.PAGES[name](), "run 'make docs'"


def test_each_key_of_the_settings_is_explained() -> None:
    silent = {
        name: [line for line in (reference.FOLDER / name).read_text().splitlines() if line.endswith("|  |")]
        for name in ("unit-settings.md", "hub-settings.md", "events.md")
    }
    assert {name: lines for name, lines in silent.items() if lines} == {}


def test_each_command_helps_with_an_example() -> None:
    assert [path for path, command in COMMANDS.items() if not (command.help and command.epilog)] == []


def test_each_example_of_a_command_works() -> None:
    assert {path: fault for path, command in COMMANDS.items() if (fault := fault_of(command.epilog[9:]))} == {}


def test_the_readme_names_each_verb_of_make() -> None:
    assert [verb for verb in sorted(VERBS) if f"`make {verb}`" not in README and f"make {verb}\n" not in README] == []


def test_the_readme_names_each_command() -> None:
    assert [path for path in COMMANDS if path not in README] == []


def test_each_kind_of_event_has_a_section() -> None:
    page = (reference.FOLDER / "events.md").read_text()
    assert [kind for kind in KINDS if f"\n## `{kind}`\n" not in page] == []


def test_each_decision_is_in_the_index_and_says_why() -> None:
    folder = ROOT / "docs" / "adr"
    index = (folder / "README.md").read_text()
    records = sorted(folder.glob("[0-9]*.md"))
    assert [path.name[:4] for path in records] == [f"{number:04}" for number in range(1, len(records) + 1)]
    for record in records:
        assert f"]({record.name})" in index
        text = record.read_text()
        assert [head for head in ("Context", "Decision", "Consequences") if f"## {head}" not in text] == [], record.name


def test_no_dependency_is_under_the_gpl() -> None:
    """The GPL and AGPL are not for what we import; LGPL as an unmodified dependency is. ADR 0011."""
    strong = [row for row in licences.rows() if re.search(r"(?<!L)\bA?GPL|(?<!Lesser )General Public", row[1])]
    assert strong == []


def test_the_page_of_licences_is_what_is_installed() -> None:
    assert licences.PAGE.read_text() == licences.page(), "run 'make docs'"
    assert [row[0] for row in licences.rows() if row[1] == "not stated" or not row[2]] == []


def test_each_page_that_the_code_names_exists() -> None:
    named = {
        page
        for path in (ROOT / "src").rglob("*.py")
        for page in re.findall(r"docs/[\w/-]+\.md", path.read_text(encoding="utf-8"))
    }
    assert sorted(page for page in named if not (ROOT / page).is_file()) == []
