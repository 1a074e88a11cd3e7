"""Read unit.toml and the environment, and say all that is wrong with them, a line each."""

import os
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

from pydantic import ValidationError
from pydantic_settings import EnvSettingsSource, SettingsError

from custodes.core.errors import BadInput
from custodes.core.registry import nearest
from custodes.edge.capture.settings import kind_of
from custodes.edge.decide import parse_rule
from custodes.edge.settings import ENV_DELIMITER, ENV_PREFIX, UnitSettings
from custodes.edge.settings_wrong import key_of, lines_of
from custodes.edge.telemetry import FILM, is_receiver

Table = dict[str, Any]


def read(path: Path, *, sources: bool = True, lenses: bool = True) -> UnitSettings:
    """Return the settings in `path` with the environment over them. Raises BadInput: one line, or one for each fault.

    Without `sources`, films and telemetry need not be there: joining a hub or pressing the button needs none. Without
    `lenses`, the lenses' own films need not: who watches a film has named it.
    """
    tables = _toml(path)
    _overlay(tables, _environment())
    _resolve(tables, path.absolute().parent)
    wrong = _parse_rules(tables)
    try:
        settings = UnitSettings.model_validate(tables)
    except ValidationError as error:
        raise _mend(path, [*lines_of(error, tables), *wrong]) from error
    if sources:
        wrong += _missing_files(settings, path, lenses=lenses)
    if wrong:
        raise _mend(path, wrong)
    return settings


def _mend(path: Path, wrong: list[str]) -> BadInput:
    """Return the refusal: whoever mends a file wants to know all of it at once."""
    if len(wrong) == 1:
        return BadInput(f"{path}: {wrong[0]}")
    return BadInput("\n".join([f"{path}: {len(wrong)} things to mend:", *(f"  {line}" for line in wrong)]))


def _toml(path: Path) -> Table:
    if path.is_dir():
        raise BadInput(f"{path} is a folder. Give a settings file; 'custodes unit example' prints one.")
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise BadInput(f"there is no {path}. 'custodes unit example > {path.name}' makes one to start from.") from error
    except OSError as error:
        raise BadInput(f"cannot read {path}: {error.strerror}. Check its rights.") from error
    except UnicodeDecodeError as error:
        raise BadInput(f"{path} is not text in UTF-8 (byte {error.start}). Save it as UTF-8.") from error
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"{path} is not TOML: {error}. Compare with 'custodes unit example'.") from error


def _environment() -> Table:
    known = set(UnitSettings.model_fields)
    for name in os.environ:
        if name.upper().startswith(ENV_PREFIX):
            table = name[len(ENV_PREFIX) :].split(ENV_DELIMITER)[0].lower()
            if table not in known:
                raise BadInput(f"environment: unknown setting {name}.{nearest(table, list(known))}")
    try:
        return EnvSettingsSource(UnitSettings)()
    except SettingsError as error:
        raise BadInput(f"environment: {error}. Lists and tables are given as JSON.") from error


def _overlay(below: Table, above: Mapping[str, Any]) -> None:
    for key, value in above.items():
        if isinstance(value, Mapping) and isinstance(below.get(key), dict):
            _overlay(below[key], value)
        else:
            below[key] = value


def _resolve(tables: Table, folder: Path) -> None:
    """Make relative paths absolute: a settings file means the same wherever the program is started."""

    def absolute(value: Any) -> Any:
        return str(folder / Path(value).expanduser()) if isinstance(value, str) and value else value

    def film(value: Any) -> Any:
        return absolute(value) if isinstance(value, str) and "://" not in value and kind_of(value) == "film" else value

    def heard(value: Any) -> Any:
        return value if value == FILM else absolute(value)

    unit = tables.get("unit")
    if isinstance(unit, dict):
        unit.setdefault("state_dir", "state")
    places: list[tuple[Any, str, Callable[[Any], Any]]] = [(unit, "state_dir", absolute)]
    lenses = tables.get("lens")
    for lens in lenses if isinstance(lenses, list) else []:
        places += [(lens, "source", film), (lens, "sub_source", film)]
    telemetry = tables.get("telemetry")
    places += [(telemetry, "source", heard), (tables.get("ring"), "folder", absolute)]
    places.append((telemetry.get("bus") if isinstance(telemetry, dict) else None, "log", absolute))
    places.append((tables.get("privacy"), "lamp", absolute))
    alert = tables.get("alert")
    if isinstance(alert, dict):
        places.append((alert.get("webhook"), "secret_file", absolute))
    for table, key, change in places:
        if isinstance(table, dict) and key in table:
            table[key] = change(table[key])


def _parse_rules(tables: Table) -> list[str]:
    """Replace each rule's table by its kind's settings, so that an error names the rule's own key.

    Returns what is wrong. Then the tables are left without rules: none is complained of twice, nor by a wrong number.
    """
    rules = tables.get("rule")
    if not isinstance(rules, list):
        return []
    wrong: list[str] = []
    read: list[Any] = []
    for index, table in enumerate(rules):
        try:
            read.append(parse_rule(cast(Table, table)) if isinstance(table, dict) else table)
        except ValidationError as error:
            wrong += lines_of(error, tables, under=("rule", index))
        except BadInput as error:
            wrong.append(f"{key_of(('rule', index, 'kind'), tables)}: {error}")
    tables["rule"] = [] if wrong else read
    return wrong


def _is_no_file(source: str) -> bool:
    """Return whether a telemetry source is none, the film, or a receiver: one that is unplugged is waited for."""
    return source in ("", FILM) or is_receiver(source)


def _missing_files(settings: UnitSettings, path: Path, *, lenses: bool) -> list[str]:
    wanted = [
        (f"lens[{lens.name}].{key}", source)
        for lens in (settings.lens if lenses else ())
        for key, source in (("source", lens.source), ("sub_source", lens.sub_source))
        if source is not None and kind_of(source) == "film"
    ]
    if settings.telemetry is not None and not _is_no_file(settings.telemetry.source):
        wanted.append(("telemetry.source", settings.telemetry.source))
    if settings.telemetry is not None and settings.telemetry.bus is not None and settings.telemetry.bus.log is not None:
        wanted.append(("telemetry.bus.log", str(settings.telemetry.bus.log)))
    if settings.alert.webhook is not None and settings.alert.webhook.secret_file is not None:
        wanted.append(("alert.webhook.secret_file", str(settings.alert.webhook.secret_file)))
    wrong = []
    for key, name in wanted:
        if not Path(name).exists():
            wrong.append(f"{key}: there is no {name}. Paths are relative to the folder of {path.name}.")
        elif Path(name).is_dir():
            wrong.append(f"{key}: {name} is a folder. Give a file.")
    return wrong
