"""The rules of the house that a program can check: sizes, names, layout, what may not stand in a tracked file."""

import ast
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MOST_LINES_OF_A_MODULE = 400
MOST_LINES_OF_A_FUNCTION = 70
# Path below src/ -> why it may be longer.
LONG_MODULES: dict[str, str] = {}
LONG_FUNCTIONS: dict[str, str] = {}
EMPTY_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "data", "info", "stuff"}
TEXT = {".py", ".md", ".toml", ".html", ".css", ".js", ".sh", ".lock", ".txt", ".cedar", ".po", ".json", ".svg", ""}
# Split, so that this file does not break its own rule.
PLACES = [
    "/wo" + "rk/",
    "/ro" + "ot/",
    "pypi" + ".org",
    "python" + "hosted.org",
    "registry.npm" + "js.org",
    "deb.debian" + ".org",
    "--index" + "-url",
    "--find" + "-links",
]


def tracked_files() -> list[Path]:
    """Return the files that are, or are about to be, in the repository."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    )
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def sources() -> list[Path]:
    return sorted(path for path in (ROOT / "src").rglob("*.py") if "migrations" not in path.parts)


def below_src(path: Path) -> str:
    return str(path.relative_to(ROOT / "src"))


def test_no_module_is_too_long() -> None:
    long = {below_src(path): len(path.read_text().splitlines()) for path in sources()}
    over = {name: lines for name, lines in long.items() if lines > MOST_LINES_OF_A_MODULE and name not in LONG_MODULES}
    assert over == {}, "split by noun, or give a reason in LONG_MODULES"
    assert [name for name in LONG_MODULES if long.get(name, 0) <= MOST_LINES_OF_A_MODULE] == [], "no longer needed"


def test_no_function_is_too_long() -> None:
    over = {}
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                name = f"{below_src(path)}:{node.name}"
                if lines > MOST_LINES_OF_A_FUNCTION and name not in LONG_FUNCTIONS:
                    over[name] = lines
    assert over == {}


def test_modules_are_named_after_what_they_are() -> None:
    named = [below_src(path) for path in sources() for part in (path.stem, path.parent.name) if part in EMPTY_NAMES]
    assert named == []


def test_nothing_is_left_for_later() -> None:
    unfinished = re.compile(
        r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "X" + "XX", "NotImplemented" + "Error"]) + r")\b"
    )
    found = [below_src(path) for path in sources() if unfinished.search(path.read_text())]
    assert found == []


@pytest.mark.parametrize("place", PLACES)
def test_no_tracked_file_names_this_machine_or_a_registry(place: str) -> None:
    found = [
        str(path.relative_to(ROOT))
        for path in tracked_files()
        if path.suffix in TEXT and place in path.read_text(encoding="utf-8", errors="replace")
    ]
    assert found == [], f"{place} must not stand in a tracked file"


def test_no_tracked_file_holds_the_marks_of_a_merge() -> None:
    marks = re.compile(r"^(?:<{7}|>{7}) ", re.MULTILINE)
    texts = (path for path in tracked_files() if path.suffix in TEXT)
    assert [str(path.relative_to(ROOT)) for path in texts if marks.search(path.read_text(errors="replace"))] == []


def test_pages_load_nothing_from_another_host() -> None:
    """Templates, style sheets and scripts of ours may name only the namespaces of the standards."""
    allowed = re.compile(r"^https?://(www\.w3\.org/|localhost|127\.0\.0\.1)")
    found = {}
    for path in (ROOT / "src").rglob("*"):
        if path.suffix in {".html", ".css", ".js", ".svg"} and "vendor" not in path.parts:
            hosts = re.findall(r"https?://[^\s\"'`)<>]+", path.read_text(encoding="utf-8"))
            if outside := [address for address in hosts if not allowed.match(address)]:
                found[below_src(path)] = outside
    assert found == {}


def test_no_page_pulls_a_script_or_style_by_an_address() -> None:
    """What a page loads is a static file of ours, also where the file itself came from somebody else."""
    loads = re.compile(
        r"<(?:script|link|img|iframe|video|source)\b[^>]*(?:src|href)=[\"'](?:https?:)?//", re.IGNORECASE
    )
    found = [below_src(path) for path in (ROOT / "src").rglob("*.html") if loads.search(path.read_text())]
    assert found == []


def test_the_lock_has_a_hash_for_each_package_and_no_address() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    assert re.findall(r"https?://|file:|^-", lock, re.MULTILINE) == []
    entries = re.split(r"^(?=[a-z0-9])", lock, flags=re.MULTILINE)[1:]
    assert len(entries) > 50
    assert [entry.split("==")[0] for entry in entries if "--hash=sha256:" not in entry] == []


def test_the_lock_covers_every_dependency_that_we_name() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    pinned = set(re.findall(r"^([a-z0-9._-]+)==", lock, re.MULTILINE))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = [*project["dependencies"], *(line for lines in project["optional-dependencies"].values() for line in lines)]
    names = {re.sub(r"[-_.]+", "-", re.split(r"[\[<>=!~ ;]", line, maxsplit=1)[0]).lower() for line in asked}
    assert names - pinned == set(), "run 'make lock'"
