"""What the code never does with what comes from outside: run it, join it into SQL, write it into a page as markup."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "custodes"
RUNS_TEXT = {"eval", "exec", "compile", "__import__"}
BY_A_SHELL = {"os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput", "commands.getoutput"}
MAKES_OBJECTS_OF_BYTES = {"pickle", "marshal", "shelve", "dill", "jsonpickle", "yaml"}
IS_SQL = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE|PRAGMA|WITH|ATTACH|DROP|ALTER|CREATE)\b")
# Names of tables and columns cannot be parameters. These are of our own models, or read from the database's own list.
NAMES = re.compile(r"_[A-Z]+|\w+\._meta\.db_table|table|column|name|columns|places|lock")
MARKUP = re.compile(r"\.(?:innerHTML|outerHTML)\s*[+]?=|insertAdjacentHTML|document\.write|createContextualFragment")
# The row of a van, made by the hub's own template, which escapes: `test_dispatch` shows a name with markup as text.
TAKES_MARKUP = {"board.js": 1}


@cache
def modules() -> list[tuple[str, ast.Module]]:
    paths = sorted(SOURCE.rglob("*.py"))
    return [(path.relative_to(SOURCE).as_posix(), ast.parse(path.read_text(encoding="utf-8"))) for path in paths]


@cache
def calls() -> list[tuple[str, ast.Call, str]]:
    """Return module, call, and the name that is called, with its dots."""
    return [
        (name, node, ast.unparse(node.func))
        for name, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
    ]


def test_no_text_is_run_as_code() -> None:
    assert [f"{name}:{call.lineno}" for name, call, called in calls() if called in RUNS_TEXT] == []


def test_no_shell_is_asked() -> None:
    asked = [
        f"{name}:{call.lineno}"
        for name, call, called in calls()
        if called in BY_A_SHELL
        or any(one.arg == "shell" and getattr(one.value, "value", True) is not False for one in call.keywords)
    ]
    assert asked == []


def test_bytes_become_objects_by_no_parser_that_runs_them() -> None:
    taken = [
        f"{name}:{node.lineno}"
        for name, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for module in ([node.module] if isinstance(node, ast.ImportFrom) else [one.name for one in node.names])
        if module and module.split(".")[0] in MAKES_OBJECTS_OF_BYTES
    ]
    assert taken == []


def test_what_is_asked_of_a_database_holds_parameters_and_no_words_of_others() -> None:
    joined = [
        (name, node.lineno, ast.unparse(piece.value))
        for name, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr) and node.values
        if isinstance(node.values[0], ast.Constant) and IS_SQL.match(str(node.values[0].value))
        for piece in node.values
        if isinstance(piece, ast.FormattedValue)
    ]
    assert len(joined) > 10  # the search finds them
    assert [one for one in joined if not NAMES.fullmatch(one[2])] == []
    assert [f"{name}:{call.lineno}" for name, call, called in calls() if called.endswith((".extra", "RawSQL"))] == []


def test_pages_get_words_and_no_markup() -> None:
    found: dict[str, int] = {}
    for path in SOURCE.glob("hub/*/static/**/*.js"):
        if "vendor" not in path.parts and (times := len(MARKUP.findall(path.read_text(encoding="utf-8")))):
            found[path.name] = times
    assert found == TAKES_MARKUP


def test_no_template_turns_escaping_off_or_holds_a_script_of_its_own() -> None:
    open_ones = []
    for path in SOURCE.rglob("templates/**/*.*"):
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".html":
            text = text.replace("field.help_text|safe", "")  # of our own forms and Django's, never what somebody wrote
            if re.search(r"\|\s*safe\b|autoescape off|safeseq|<script(?![^>]*\bsrc=)(?![^>]*application/json)", text):
                open_ones.append(path.name)
            if re.search(r"\son(?:click|load|error|change|submit|input)\s*=", text):
                open_ones.append(path.name)
    assert open_ones == []


# format_html_join escapes what it joins.
IN_PLACE = {
    "mark_safe": "hub/portal/views/sites.py",
    "format_html_join": "hub/fleet/zone_select.py",
    "SafeString": None,
}


@pytest.mark.parametrize("marked", IN_PLACE)
def test_text_is_called_safe_in_one_place(marked: str) -> None:
    places = {name for name, _call, called in calls() if called.split(".")[-1] == marked}
    assert places <= {IN_PLACE[marked]}


def test_secrets_come_from_the_system_and_hashes_are_long() -> None:
    """No short or broken hash, no cipher written here, and no chance but the system's where something is guarded."""
    weak = [f"{name}:{call.lineno}" for name, call, called in calls() if called in {"hashlib.md5", "hashlib.sha1"}]
    guessed = [
        f"{name}:{call.lineno}"
        for name, call, called in calls()
        if name.startswith(("hub/", "core/", "edge/ship/"))
        and called.startswith("random.")
        and called != "random.Random"
    ]
    foreign = [
        f"{name}:{node.lineno}"
        for name, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        if node.module and node.module.split(".")[0] in {"Crypto", "Cryptodome", "nacl", "rsa", "ecdsa", "pyaes"}
    ]
    assert (weak, guessed, foreign) == ([], [], [])


def test_a_form_names_the_fields_that_it_takes() -> None:
    """What else is sent along is not looked at: no form takes whatever its model has."""
    forms = [
        (name, node)
        for name, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and any(ast.unparse(base).endswith("ModelForm") for base in node.bases)
    ]
    named = [
        (name, form.name, ast.unparse(line.value))
        for name, form in forms
        for meta in form.body
        if isinstance(meta, ast.ClassDef) and meta.name == "Meta"
        for line in meta.body
        if isinstance(line, ast.Assign) and ast.unparse(line.targets[0]) == "fields"
    ]
    assert len(named) == len(forms) > 0
    guarded = re.compile(r"__all__|is_staff|is_superuser|password|role|organisation|is_active|permissions")
    assert [one for one in named if guarded.search(one[2])] == []
