"""CSV tables with named columns whose names carry the unit."""

import csv
import io
import re
from dataclasses import dataclass
from datetime import datetime
from math import isfinite, radians

from custodes.core.clock import NS_PER_S
from custodes.core.errors import BadInput
from custodes.core.registry import nearest
from custodes.core.types import Sample
from custodes.edge.telemetry.gpx import wall_ns_of
from custodes.edge.telemetry.nmea import MPS_PER_KNOT
from custodes.edge.telemetry.reading import Raw, counted_ns, is_a_time

MAX_COLUMNS = 200
MAX_TIME_DIGITS = 40
STANDARD_GRAVITY_MPS2 = 9.80665

# Column name -> (field, factor to the field's unit).
COLUMNS: dict[str, tuple[str, float]] = {
    "lat": ("lat_deg", 1.0),
    "lat_deg": ("lat_deg", 1.0),
    "latitude": ("lat_deg", 1.0),
    "lon": ("lon_deg", 1.0),
    "lng": ("lon_deg", 1.0),
    "lon_deg": ("lon_deg", 1.0),
    "longitude": ("lon_deg", 1.0),
    "altitude_m": ("altitude_m", 1.0),
    "ele_m": ("altitude_m", 1.0),
    "speed_mps": ("speed_mps", 1.0),
    "speed_kmh": ("speed_mps", 1 / 3.6),
    "speed_mph": ("speed_mps", 0.44704),
    "speed_knots": ("speed_mps", MPS_PER_KNOT),
    "course_deg": ("course_deg", 1.0),
    "heading_deg": ("course_deg", 1.0),
    "accuracy_m": ("accuracy_m", 1.0),
    **{f"accel_{axis}_mps2": (f"accel_{axis}", 1.0) for axis in "xyz"},
    **{f"accel_{axis}_g": (f"accel_{axis}", STANDARD_GRAVITY_MPS2) for axis in "xyz"},
    **{f"gyro_{axis}_radps": (f"gyro_{axis}", 1.0) for axis in "xyz"},
    **{f"gyro_{axis}_dps": (f"gyro_{axis}", radians(1.0)) for axis in "xyz"},
}
TIME_COLUMNS = {"time": 0, "timestamp": 0, "time_unix_s": NS_PER_S, "time_unix_ms": 1_000_000, "time_unix_ns": 1}
_RANGES = {"lat_deg": (-90.0, 90.0), "lon_deg": (-180.0, 180.0), "speed_mps": (0.0, float("inf"))}
_NO_UNIT = {"speed": "speed_kmh, speed_mph or speed_mps", "altitude": "altitude_m", "heading": "heading_deg"}
_SPREADSHEET = "It looks as if a spreadsheet rewrote it: export the file again and do not save it there."
_MANGLED_TIME = re.compile(
    r"^(\d{1,2}[/.]\d{1,2}[/.]\d{2,4}.*|\d+[.,]\d+E\+\d+|\d{2}:\d{2}[.,]\d|#+|\d{5}[.,]\d+)$", re.IGNORECASE
)
_MANGLED_NUMBER = re.compile(
    r"^(-?\d{1,3}([.,]\d{3}){2,}|#+.*|\d{1,2}[-./][A-Za-z]{3,4}.*|[A-Za-z]{3,4}[-./ ]\d{1,4})$"
)


@dataclass(frozen=True, slots=True)
class _Header:
    """Which column means what, by index."""

    time: int
    time_name: str
    fields: tuple[tuple[int, str, str, float], ...]
    width: int


def read_table(content: bytes, *, name: str) -> Raw:
    """Return one sample per row. Raises BadInput that names row and column of the first cell that is wrong.

    The first row names the columns; `COLUMNS` and `TIME_COLUMNS` are what is known, others are left alone. `time` is
    ISO 8601, UTC when it names no zone. Cells may be empty but for the time.
    """
    text = _text(content, name)
    delimiter = _delimiter(text.partition("\n")[0])
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    samples: list[Sample] = []
    header: _Header | None = None
    try:
        for row in rows:
            if not any(cell.strip() for cell in row):
                continue
            if header is None:
                header = _header(row, name)
            else:
                samples.append(_sample(row, header, where=f"{name}, row {rows.line_num}", comma=delimiter != ","))
    except csv.Error as error:
        raise BadInput(f"{name}, row {rows.line_num}: not a CSV table ({error}). Export it again.") from error
    if header is None or not samples:
        raise BadInput(f"{name} has no rows below its header. Export it again.")
    return Raw("CSV", samples)


def _text(content: bytes, name: str) -> str:
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise BadInput(f"{name} is not text in UTF-8 (byte {error.start}). Export it as CSV in UTF-8.") from error


def _delimiter(first_line: str) -> str:
    return max(",;\t", key=first_line.count)


def _header(row: list[str], name: str) -> _Header:
    if len(row) > MAX_COLUMNS:
        raise BadInput(f"{name} has {len(row)} columns; more than {MAX_COLUMNS} is no telemetry table.")
    names = [cell.strip().lower().replace(" ", "_") for cell in row]
    time = next((index for index, column in enumerate(names) if column in TIME_COLUMNS), None)
    if time is None:
        raise BadInput(
            f"{name} has no time column. Name one {', '.join(TIME_COLUMNS)}; "
            f"then lat, lon and speed_kmh, speed_mph or speed_mps."
        )
    fields: list[tuple[int, str, str, float]] = []
    taken: dict[str, str] = {}
    for index, column in enumerate(names):
        if column in _NO_UNIT:
            raise BadInput(f"{name}: column {column!r} does not say its unit. Name it {_NO_UNIT[column]}.")
        if column not in COLUMNS:
            continue
        field, factor = COLUMNS[column]
        if field in taken:
            raise BadInput(f"{name}: columns {taken[field]!r} and {column!r} say the same thing. Keep one.")
        taken[field] = column
        fields.append((index, column, field, factor))
    if ("lat_deg" in taken) != ("lon_deg" in taken) or not {"lat_deg", "speed_mps"} & taken.keys():
        wanted = "lat and lon, or a speed"
        raise BadInput(f"{name} needs {wanted}; it has {', '.join(names)}.{nearest('speed_mps', list(COLUMNS))}")
    return _Header(time, names[time], tuple(fields), len(row))


def _sample(row: list[str], header: _Header, *, where: str, comma: bool) -> Sample:
    if len(row) < header.width and any(index >= len(row) for index in (header.time, *(f[0] for f in header.fields))):
        raise BadInput(f"{where}: {len(row)} cells where the header has {header.width}. Export it again.")
    values = {
        field: _number(row[index], where=f"{where}, column {column}", factor=factor, field=field, comma=comma)
        for index, column, field, factor in header.fields
    }
    course = values.get("course_deg")
    return Sample(
        wall_ns=_time(row[header.time], header.time_name, where=f"{where}, column {header.time_name}", comma=comma),
        lat_deg=values.get("lat_deg"),
        lon_deg=values.get("lon_deg"),
        altitude_m=values.get("altitude_m"),
        speed_mps=values.get("speed_mps"),
        course_deg=course % 360 if course is not None else None,
        accel_mps2_xyz=_vector(values, "accel"),
        gyro_radps_xyz=_vector(values, "gyro"),
        horizontal_accuracy_m=values.get("accuracy_m"),
        source="csv",
    )


def _number(cell: str, *, where: str, factor: float, field: str, comma: bool) -> float | None:
    text = cell.strip()
    if not text:
        return None
    if comma and text.count(",") == 1:
        text = text.replace(",", ".")
    try:
        value = float(text)
    except ValueError:
        hint = f" {_SPREADSHEET}" if _MANGLED_NUMBER.match(text) else " Give a plain number."
        raise BadInput(f"{where}: {cell.strip()[:40]!r} is not a number.{hint}") from None
    low, high = _RANGES.get(field, (float("-inf"), float("inf")))
    if not isfinite(value) or not low <= value <= high:
        hint = f" {_SPREADSHEET}" if field in ("lat_deg", "lon_deg") and isfinite(value) else ""
        raise BadInput(f"{where}: {cell.strip()[:40]!r} is out of range.{hint}")
    return value * factor


def _time(cell: str, column: str, *, where: str, comma: bool) -> int:
    text = cell.strip()
    wrong = BadInput(
        f"{where}: {text[:40]!r} is not "
        + ("an ISO 8601 time such as 2026-01-31T14:32:07.5Z." if not TIME_COLUMNS[column] else "a number of this unit.")
        + (f" {_SPREADSHEET}" if _MANGLED_TIME.match(text) else "")
    )
    unit_ns = TIME_COLUMNS[column]
    if not unit_ns:
        try:
            wall_ns = wall_ns_of(datetime.fromisoformat(text))
        except ValueError:
            raise wrong from None
        if not is_a_time(wall_ns):
            raise wrong
        return wall_ns
    if comma and text.count(",") == 1:
        text = text.replace(",", ".")
    if "e" in text.lower():
        raise wrong
    whole, _, part = text.partition(".")
    if len(text) > MAX_TIME_DIGITS or not whole.isdecimal() or (part and not part.isdecimal()):
        raise wrong
    wall_ns = counted_ns(text, unit_ns)
    if not is_a_time(wall_ns):
        raise wrong
    return wall_ns


def _vector(values: dict[str, float | None], prefix: str) -> tuple[float, float, float] | None:
    x, y, z = (values.get(f"{prefix}_{axis}") for axis in "xyz")
    return (x, y, z) if x is not None and y is not None and z is not None else None
