"""CSV tables of OBD apps, whose columns say their unit in brackets: `Speed (OBD)(km/h)`, `Engine RPM(rpm)`."""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import isfinite

from custodes.core.errors import BadInput
from custodes.core.types import Sample, VehicleState
from custodes.edge.telemetry.bus_settings import DateOrder
from custodes.edge.telemetry.obd import MPS_PER_KMH
from custodes.edge.telemetry.obd_times import Times
from custodes.edge.telemetry.reading import Raw

MAX_COLUMNS = 500
SPREADSHEET = "It looks as if a spreadsheet rewrote it: export the file again and do not save it there."
MPS_PER_MPH = 0.44704

_SPEED_UNITS = {
    **dict.fromkeys(("km/h", "kmh", "kph", "kmph"), MPS_PER_KMH),
    **dict.fromkeys(("mph", "mi/h", "miles/hour"), MPS_PER_MPH),
    **dict.fromkeys(("m/s", "mps", "meters/second", "metres/second"), 1.0),
}
_LENGTH_UNITS = {"": 1.0, "m": 1.0, "ft": 0.3048}
_PLAIN = dict.fromkeys(("", "rpm", "°", "deg", "1/min", "r/min"), 1.0)
# Name without its unit -> (field, units that it may have). The first of two columns for one field counts.
_NAMES: dict[str, tuple[str, dict[str, float]]] = {
    **dict.fromkeys(
        ("speed (obd)", "obd speed", "vehicle speed", "speed (ecu)", "vehicle speed sensor"), ("bus_mps", _SPEED_UNITS)
    ),
    **dict.fromkeys(("gps speed", "speed (gps)"), ("gps_mps", _SPEED_UNITS)),
    **dict.fromkeys(("engine rpm", "engine speed", "engine revolutions"), ("rpm", _PLAIN)),
    **dict.fromkeys(("latitude", "lat"), ("lat", _PLAIN)),
    **dict.fromkeys(("longitude", "lon", "lng", "longtitude"), ("lon", _PLAIN)),
    **dict.fromkeys(("bearing", "heading"), ("course", _PLAIN)),
    "altitude": ("altitude", _LENGTH_UNITS),
}
_TIMES = ("device time", "time", "timestamp", "date time", "datetime", "seconds", "elapsed time", "gps time")
_OWN = frozenset({"bus_mps", "rpm"})
_NOTHING = frozenset({"", "-", "--", "null", "nan", "n/a", "∞"})
_UNIT = re.compile(r"\s*[(\[]([^()\[\]]*)[)\]]\s*$")
_LONG = ("pid", "value")
_RANGES = {
    "bus_mps": (0.0, 150.0),
    "gps_mps": (0.0, float("inf")),
    "rpm": (0.0, 20_000.0),
    "lat": (-90.0, 90.0),
    "lon": (-180.0, 180.0),
}


@dataclass(frozen=True, slots=True)
class _Column:
    index: int
    name: str
    field: str
    factor: float


@dataclass(frozen=True, slots=True)
class _Header:
    width: int
    time: _Column
    columns: tuple[_Column, ...]


def is_obd_table(first_line: str) -> bool:
    """Return whether a header is one of an OBD app's."""
    names = [_plain(cell) for cell in first_line.lstrip("\ufeff").split(_delimiter(first_line))]
    if set(_LONG) <= set(names):
        return True
    return any(name in _NAMES and _NAMES[name][0] in _OWN for name in names)


def read_obd_table(content: bytes, *, name: str, dates: DateOrder | None) -> Raw:
    """Return one sample per row of an app's table. Raises BadInput that names row and column of what is wrong.

    Comma, semicolon or tab; decimal commas unless commas separate; lines that begin with # are left out, and so is a
    header that comes again, as where an app went on. The vehicle's own speed counts before the phone's.
    """
    times = Times(name, dates)
    samples = list(_samples(_rows(content, name), name, times))
    if not samples:
        raise BadInput(f"{name} has no rows below its header. Export it again.")
    return Raw("an OBD app's CSV", times.settled(samples))


def _rows(content: bytes, name: str) -> Iterator[tuple[int, list[str], bool]]:
    """Yield row number, cells, and whether a decimal comma is possible."""
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    number = 0
    try:
        text = io.TextIOWrapper(io.BytesIO(content), encoding=encoding, newline="")
        first = next((line for line in text if line.strip() and not line.startswith("#")), "")
        delimiter = _delimiter(first)
        text.seek(0)
        for row in (rows := csv.reader(text, delimiter=delimiter, strict=True)):
            number = rows.line_num
            if any(cell.strip() for cell in row) and not row[0].lstrip().startswith("#"):
                yield number, [cell.strip() for cell in row], delimiter != ","
    except UnicodeDecodeError as error:
        raise BadInput(f"{name} is not text in UTF-8 (byte {error.start}). Export it as CSV in UTF-8.") from error
    except csv.Error as error:
        raise BadInput(f"{name}, row {number + 1}: not a CSV table ({error}). Export it again.") from error


def _samples(rows: Iterable[tuple[int, list[str], bool]], name: str, times: Times) -> Iterator[Sample]:
    header: _Header | None = None
    long: tuple[int, int, int, int] | None = None
    for number, row, comma in rows:
        if header is None and long is None:
            long = _long_header(row, name)
            header = None if long else _header(row, name)
            first = row
        elif row == first:
            continue
        elif long is not None:
            sample = _long_sample(row, long, name, number, comma=comma, times=times)
            if sample is not None:
                yield sample
        else:
            assert header is not None
            yield _sample(row, header, name, number, comma=comma, times=times)


def _header(row: list[str], name: str) -> _Header:
    if len(row) > MAX_COLUMNS:
        raise BadInput(f"{name} has {len(row)} columns; more than {MAX_COLUMNS} is no table of an OBD app.")
    columns: dict[str, _Column] = {}
    plain = [_plain(cell) for cell in row]
    for index, cell in enumerate(row):
        found = _NAMES.get(plain[index])
        if found is None:
            continue
        field, units = found
        unit = _unit(cell)
        if unit not in units:
            told = f"is in {unit!r}, which is not known" if unit else "does not say its unit"
            raise BadInput(f"{name}: column {cell!r} {told}. Name it like {plain[index]} ({next(iter(units)) or 'm'}).")
        columns.setdefault(field, _Column(index, cell, field, units[unit]))
    place = next((plain.index(one) for one in _TIMES if one in plain), None)
    if place is None:
        raise BadInput(f"{name} has no time column. Name one of {', '.join(_TIMES[:4])}.")
    return _Header(len(row), _Column(place, row[place], "time", 1.0), tuple(columns.values()))


def _sample(row: list[str], header: _Header, name: str, number: int, *, comma: bool, times: Times) -> Sample:
    where = f"{name}, row {number}"
    if len(row) > header.width and any(row[header.width :]):
        hint = "" if comma else " Decimal commas beside commas that separate cannot be told apart: export with points."
        raise BadInput(f"{where}: {len(row)} cells where the header has {header.width}.{hint or ' Export it again.'}")
    if len(row) < header.width and any(one.index >= len(row) for one in (header.time, *header.columns)):
        raise BadInput(f"{where}: {len(row)} cells where the header has {header.width}. Export it again.")
    told = {
        one.field: _number(row[one.index], where=f"{where}, column {one.name}", column=one, comma=comma)
        for one in header.columns
    }
    wall_ns = times.take(row[header.time.index], where=f"{where}, column {header.time.name}", comma=comma)
    return _made(wall_ns, told)


def _made(wall_ns: int, told: dict[str, float | None]) -> Sample:
    bus_mps, gps_mps, course = told.get("bus_mps"), told.get("gps_mps"), told.get("course")
    lat, lon = told.get("lat"), told.get("lon")
    placed = lat is not None and lon is not None and (lat, lon) != (0.0, 0.0)  # apps write 0, 0 before a fix
    return Sample(
        wall_ns,
        lat_deg=lat if placed else None,
        lon_deg=lon if placed else None,
        altitude_m=told.get("altitude"),
        speed_mps=bus_mps if bus_mps is not None else gps_mps,
        course_deg=course % 360 if course is not None else None,
        source="obd",
        vehicle=VehicleState(engine_rpm=told.get("rpm")) if told.get("rpm") is not None else None,
    )


def _long_header(row: list[str], name: str) -> tuple[int, int, int, int] | None:
    """Return where time, what, value and unit stand in a table of one value a row; None where it is none."""
    plain = [_plain(cell) for cell in row]
    if not set(_LONG) <= set(plain):
        return None
    time = next((plain.index(one) for one in _TIMES if one in plain), None)
    unit = next((plain.index(one) for one in ("units", "unit") if one in plain), None)
    if time is None or unit is None:
        raise BadInput(f"{name} has one value a row, but no column {'seconds' if time is None else 'units'}.")
    return time, plain.index("pid"), plain.index("value"), unit


def _long_sample(
    row: list[str], places: tuple[int, int, int, int], name: str, number: int, *, comma: bool, times: Times
) -> Sample | None:
    where = f"{name}, row {number}"
    if len(row) <= max(places):
        raise BadInput(f"{where}: {len(row)} cells where the header has more. Export it again.")
    time, what, value, unit = (row[place] for place in places)
    found = _NAMES.get(_plain(what))
    if found is None:
        return None
    field, units = found
    if unit.lower() not in units:
        raise BadInput(f"{where}, column units: {unit!r} is not known for {what!r}.")
    column = _Column(places[2], "value", field, units[unit.lower()])
    told = {field: _number(value, where=f"{where}, column value", column=column, comma=comma)}
    return _made(times.take(time, where=f"{where}, column time", comma=comma), told)


def _number(cell: str, *, where: str, column: _Column, comma: bool) -> float | None:
    if cell.lower() in _NOTHING:
        return None
    text = cell.replace(",", ".") if comma and cell.count(",") == 1 and "." not in cell else cell
    try:
        value = float(text)
    except ValueError:
        raise BadInput(f"{where}: {cell[:40]!r} is not a number. {SPREADSHEET}") from None
    value *= column.factor
    low, high = _RANGES.get(column.field, (float("-inf"), float("inf")))
    if not isfinite(value) or not low <= value <= high:
        raise BadInput(f"{where}: {cell[:40]!r} is out of range. {SPREADSHEET}")
    return value


def _delimiter(line: str) -> str:
    return max(",;\t", key=line.count)


def _unit(cell: str) -> str:
    """Return the last bracket of a column's name, where that is a unit: `km/h` of `Speed (OBD)(km/h)`."""
    found = _UNIT.search(cell.strip().strip('"'))
    unit = found.group(1).strip().lower() if found else ""
    return "" if unit in ("obd", "gps", "ecu") else unit


def _plain(cell: str) -> str:
    """Return a column's name without its unit, in small letters."""
    text = cell.strip().strip('"').strip()
    unit = _unit(text)
    return (_UNIT.sub("", text) if unit or text.endswith(("()", "[]")) else text).strip().lower()
