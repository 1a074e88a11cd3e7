"""Write docs/reference from the code: commands, settings, kinds of event, the unit API. `--check` only compares.

The pages are made from what the programs themselves read, so they cannot name an option that is not there.
"""

import ast
import inspect
import json
import os
import sys
import tempfile
import textwrap
import types
import typing
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

# The hub's settings are read from a folder; the pages must not depend on whose.
os.environ["CUSTODES_HUB_DATA_DIR"] = tempfile.gettempdir()
os.environ["COLUMNS"] = "100"

import typer
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

FOLDER = Path(__file__).parent.parent / "docs" / "reference"
WRITTEN = "Written by `make docs` from the code; do not edit."


def commands_page() -> str:
    """Return the page of every command: what it does, its arguments, its options, an example."""
    from custodes.cli import app

    lines = ["# Commands", "", WRITTEN, "", "`custodes COMMAND --help` says the same in the terminal."]
    for path, command in walk("custodes", typer.main.get_command(app)):
        lines += ["", f"## `{path}`", "", textwrap.dedent(command.help or "").strip()]
        rows = [row for row in map(parameter_row, command.params) if row]
        if rows:
            lines += ["", "| argument or option | what |", "|---|---|", *rows]
        if command.epilog:
            lines += ["", "```sh", command.epilog.removeprefix("Example: "), "```"]
    return "\n".join(lines) + "\n"


def walk(path: str, command: Any) -> Iterator[tuple[str, Any]]:
    """Yield every command below `command` that does something, with the words that call it."""
    for name, child in sorted(getattr(command, "commands", {}).items()):
        yield from walk(f"{path} {name}", child)
    if not hasattr(command, "commands"):
        yield path, command


def parameter_row(parameter: Any) -> str:
    """Return one row of a command's table, or nothing for `--help`."""
    if parameter.name == "help":
        return ""
    says = (getattr(parameter, "help", None) or "").replace("|", "\\|")
    if parameter.param_type_name == "argument":
        name = (parameter.metavar or parameter.name.upper()).replace("|", "\\|")
        return f"| `{name}` | {says}{' Optional.' if not parameter.required else ''} |"
    names = ", ".join(f"`{name}`" for name in parameter.opts)
    default = parameter.default
    if default is None or default is False or callable(default) or str(default) in {"", "Sentinel.UNSET"}:
        shown = ""
    else:
        shown = f" Default: `{default}`."
    variable = f" Environment: `{parameter.envvar}`." if parameter.envvar else ""
    return f"| {names} | {says}{shown}{variable} |"


def settings_rows(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """Yield a row for each key of `model`, those of its tables included."""
    said = attribute_docstrings(model)
    for name, field in model.model_fields.items():
        inner = inner_model(field.annotation)
        if inner is not None:
            yield from settings_rows(inner, f"{prefix}{name}.")
            continue
        says = " ".join((field.description or said.get(name, "")).split()).replace("|", "\\|")
        value = type_text(field.annotation) + limits_text(field)
        yield f"| `{prefix}{name}` | {value} | {default_text(field)} | {says} |"


def inner_model(annotation: Any) -> type[BaseModel] | None:
    """Return the settings model that a key holds as a table, alone, optional or in a list."""
    for candidate in (annotation, *typing.get_args(annotation)):
        if isinstance(candidate, type) and issubclass(candidate, BaseModel):
            return candidate
        for inner in typing.get_args(candidate):
            if isinstance(inner, type) and issubclass(inner, BaseModel):
                return inner
    return None


WORDS = {str: "text", int: "whole number", float: "number", bool: "true or false", Path: "path", datetime: "time"}
BOUNDS = {"ge": "from {}", "gt": "above {}", "le": "to {}", "lt": "below {}"}


def limits_text(field: FieldInfo) -> str:
    """Return a key's least and greatest value, as in ', from 0 to 100'."""
    found = [
        words.format(format(getattr(part, name), ","))
        for name, words in BOUNDS.items()
        for part in field.metadata
        if isinstance(getattr(part, name, None), int | float)
    ]
    return f", {' '.join(found)}" if found else ""


def type_text(annotation: Any) -> str:
    """Return a type in plain words for a table cell."""
    arguments = typing.get_args(annotation)
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        return type_text(arguments[0])
    if origin is typing.Literal:
        return " or ".join(f"`{value}`" for value in arguments)
    if origin in {typing.Union, types.UnionType}:
        return " or ".join(type_text(part) for part in arguments if part is not types.NoneType)
    if origin in {dict, tuple, list}:
        return many_text(origin, [type_text(part) for part in arguments if part is not Ellipsis], annotation)
    if annotation in WORDS:
        return WORDS[annotation]
    members = getattr(annotation, "__members__", {})
    return " or ".join(f"`{member.value}`" for member in members.values()) or getattr(annotation, "__name__", "text")


def many_text(origin: Any, parts: list[str], annotation: Any) -> str:
    """Return the words for a table, a list or a tuple of `parts`."""
    if origin is dict:
        return f"table of {parts[1]}"
    listed = origin is list or Ellipsis in typing.get_args(annotation)
    return f"list of {parts[0]}" if listed and parts else f"({', '.join(parts)})"


def default_text(field: FieldInfo) -> str:
    """Return a key's default as TOML writes it."""
    if field.is_required():
        return "required"
    default: object = field.default_factory() if field.default_factory is not None else field.default  # type: ignore[call-arg]
    if default is None or default is PydanticUndefined or default in ((), [], ""):
        return "none"
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    if isinstance(default, tuple | list):
        return f"`{[getattr(part, 'value', part) for part in default]}`"
    return f"`{getattr(default, 'value', default)}`"


def attribute_docstrings(model: type[BaseModel]) -> dict[str, str]:
    """Return the text under each attribute of `model` and of its bases, where there is one."""
    said: dict[str, str] = {}
    for parent in reversed(model.__mro__):
        if not (issubclass(parent, BaseModel) and parent is not BaseModel):
            continue
        body = ast.parse(textwrap.dedent(inspect.getsource(parent))).body[0]
        assert isinstance(body, ast.ClassDef)
        for before, after in zip(body.body, body.body[1:], strict=False):
            match before, after:
                case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                    said[name] = text
    return said


HEAD = ("| key | value | default | what |", "|---|---|---|---|")


def unit_page() -> str:
    """Return the page of unit.toml."""
    from custodes.edge.settings import UnitSettings

    return "\n".join(
        [
            "# Settings of the unit",
            "",
            WRITTEN,
            "",
            "`unit.toml`; `custodes unit example` prints one to start from. An unknown key refuses to start. Each",
            "`[[lens]]` and each `[[rule]]` is a table that may be repeated; the keys of a rule depend on its kind:",
            "see [events](events.md). A required key is so where its table is there.",
            "`CUSTODES_UNIT__CLIP__PRE_ROLL_S=5` sets `clip.pre_roll_s` from the environment.",
            "",
            *HEAD,
            *settings_rows(UnitSettings),
            "",
        ]
    )


def hub_page() -> str:
    """Return the page of hub.toml."""
    from custodes.hub.config import HubSettings

    rows = [row for row in settings_rows(HubSettings) if "| `data_dir` |" not in row]
    return "\n".join(
        [
            "# Settings of the hub",
            "",
            WRITTEN,
            "",
            "`hub.toml` in the hub's data folder. `--data` or `CUSTODES_HUB_DATA_DIR` names the folder. An unknown key",
            "refuses to start. `CUSTODES_HUB__LISTEN__PORT=8801` sets `listen.port` and wins over the file.",
            "",
            *HEAD,
            *rows,
            "",
        ]
    )


def events_page() -> str:
    """Return the page of every kind of rule with its settings."""
    from custodes.edge.decide import KINDS

    lines = ["# Events", "", WRITTEN, "", "An event is what a `[[rule]]` of `unit.toml` decides."]
    for kind in KINDS:
        model = KINDS.get(kind).settings_model
        says = inspect.cleandoc(model.__doc__ or "")
        if KINDS.get(kind).trial:
            says += "\n\nOn trial: its events are shown and count for no score."
        lines += ["", f"## `{kind}`", "", says, "", *HEAD, *settings_rows(model)]
    return "\n".join(lines) + "\n"


def unit_api_json() -> str:
    """Return the unit API for machines."""
    import custodes
    from custodes.hub.ingest.description import openapi

    return json.dumps(openapi(version=custodes.__version__), indent=1, ensure_ascii=False) + "\n"


def unit_api_page() -> str:
    """Return the unit API for people."""
    import custodes
    from custodes.hub.ingest.description import page

    return page(version=custodes.__version__)


PAGES = {
    "commands.md": commands_page,
    "unit-settings.md": unit_page,
    "hub-settings.md": hub_page,
    "events.md": events_page,
    "unit-api.json": unit_api_json,
    "unit-api.md": unit_api_page,
}


def main(arguments: list[str]) -> int:
    """Write the pages, or with `--check` name those that differ from the code. Return 1 if any did."""
    checking = arguments == ["--check"]
    stale = []
    for name, make in PAGES.items():
        path, text = FOLDER / name, make()
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(name)
        if not checking:
            FOLDER.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    verb = "differs from the code; run 'make docs'" if checking else "written"
    for name in stale:
        print(f"docs/reference/{name}: {verb}")
    return 1 if checking and stale else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
