"""Turn pydantic's findings into lines that name the keys as a person wrote them."""

from collections.abc import Mapping, Sequence
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from custodes.core.registry import nearest
from custodes.core.said_plainly import fault_of
from custodes.edge.decide import KINDS
from custodes.edge.settings import UnitSettings

Location = Sequence[int | str]


def lines_of(error: ValidationError, tables: Mapping[str, Any], *, under: tuple[int | str, ...] = ()) -> list[str]:
    """Return everything that is wrong, a line each. `under` is where the error's model stands.

    Unknown keys come first. Where one is taken for the misspelling of another, that one is not called missing too.
    """
    found = error.errors()
    unknown = [(one["loc"][:-1], _line(one, tables, under)) for one in found if one["type"] == "extra_forbidden"]
    lines = [line for _table, line in unknown]
    for one in found:
        *table, key = one["loc"] or ("",)
        meant = any(tuple(table) == where and f"mean '{key}'" in line for where, line in unknown)
        if one["type"] != "extra_forbidden" and not (one["type"] == "missing" and meant):
            lines.append(_line(one, tables, under))
    return lines


def _line(found: Any, tables: Mapping[str, Any], under: tuple[int | str, ...]) -> str:
    location = (*under, *found["loc"])
    key = key_of(location, tables)
    kind = found["type"]
    if kind == "extra_forbidden":
        model = _model_at(location[:-1], tables)
        known = list(model.model_fields) if model is not None else []
        return f"unknown key {key}.{nearest(str(location[-1]), known) if known else ''}"
    if kind == "missing":
        return f"{key} is missing."
    message = fault_of(found)
    if kind == "value_error":
        return f"{key}: {message}." if key else f"{message}."
    value = found["input"]
    shown = "" if isinstance(value, Mapping | list | BaseModel) else f" = {str(value)[:60]!r}"
    return f"{key}{shown} {message}."


def key_of(location: Location, tables: Mapping[str, Any]) -> str:
    """Return `lens[road].zones` for ("lens", 0, "zones"): a lens by its name, another table by its number from 1."""
    key = ""
    here: Any = tables
    for part in location:
        if isinstance(part, int):
            here = here[part] if isinstance(here, Sequence) and not isinstance(here, str) and part < len(here) else None
            name = here.get("name") if isinstance(here, Mapping) and key == "lens" else None
            key += f"[{name}]" if isinstance(name, str) else f"[#{part + 1}]"
        else:
            here = here.get(part) if isinstance(here, Mapping) else None
            key += f".{part}" if key else part
    return key


def _model_at(location: Location, tables: Mapping[str, Any]) -> type[BaseModel] | None:
    """Return the model whose fields stand at `location`."""
    if len(location) == 2 and location[0] == "rule":
        rules = tables["rule"]
        kind = rules[location[1]].get("kind")
        return KINDS.get(kind).settings_model if isinstance(kind, str) and kind in KINDS else None
    model: type[BaseModel] | None = UnitSettings
    for part in location:
        if model is None:
            return None
        if isinstance(part, int):
            continue
        field = model.model_fields.get(part)
        model = _model_in(field.annotation) if field is not None else None
    return model


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in (list, Union, UnionType):
        return next((model for inner in get_args(annotation) if (model := _model_in(inner)) is not None), None)
    return None
