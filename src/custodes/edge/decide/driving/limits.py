"""Speed limits by place, from a table in a file: stretches of road, each with its limit."""

import csv
import io
import tomllib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import atan2, cos, degrees, floor, hypot, radians
from pathlib import Path

from custodes.core.errors import BadInput
from custodes.core.types import Sample
from custodes.edge.decide.rule import RuleSettings

MPS_PER_KMH = 1 / 3.6
MPS_PER_MPH = 0.44704
METRES_PER_DEG = 111_320.0
CELL_DEG = 0.005
NEAR_M = 25.0
"""A road further away than this is another road; a receiver's error in town is 5 to 15 m."""

ASKEW_DEG = 40.0
"""A road that runs this far across the course is one that is crossed."""

MAX_STRETCHES = 500_000
_COLUMNS = ("lat1", "lon1", "lat2", "lon2")


@dataclass(frozen=True, slots=True)
class Stretch:
    """A straight piece of road with one limit, both ways."""

    lat1_deg: float
    lon1_deg: float
    lat2_deg: float
    lon2_deg: float
    limit_mps: float


class LimitTable:
    """Look limits up by place and course."""

    def __init__(self, stretches: Sequence[Stretch]) -> None:
        self.stretches = tuple(stretches)
        self._cells: Mapping[tuple[int, int], list[Stretch]] = _by_cell(self.stretches)

    def limit_mps(self, lat_deg: float, lon_deg: float, course_deg: float | None) -> float | None:
        """Return the limit of the nearest road that runs along the course; None where the table knows none."""
        best: tuple[float, float] | None = None
        for stretch in self._cells.get(_cell(lat_deg, lon_deg), ()):
            away_m, runs_deg = _beside(stretch, lat_deg, lon_deg)
            if away_m > NEAR_M:
                continue
            if course_deg is not None:
                askew = abs((course_deg - runs_deg + 90) % 180 - 90)
                if askew > ASKEW_DEG:
                    continue
            # Of two roads at the same place the faster one: in doubt for the driver.
            if best is None or (round(away_m), -stretch.limit_mps) < (round(best[0]), -best[1]):
                best = (away_m, stretch.limit_mps)
        return best[1] if best is not None else None


@lru_cache(maxsize=8)
def read_limits(path: Path) -> LimitTable:
    """Read a limit table: CSV with lat1, lon1, lat2, lon2 and limit_kmh or limit_mph; or TOML, each a `[[stretch]]`.

    Raises BadInput, in one line, that names the file and the row.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise BadInput(f"cannot read the limit table {path}: {error.strerror}. Check the rule's `table`.") from error
    except UnicodeDecodeError as error:
        raise BadInput(f"{path} is not text in UTF-8 (byte {error.start}). Export it as CSV in UTF-8.") from error
    rows = _toml(text, path) if path.suffix.lower() == ".toml" else _csv(text, path)
    stretches = [_stretch(row, f"{path}, {where}") for where, row in rows]
    if not stretches:
        raise BadInput(f"{path} has no stretch of road. Give lat1, lon1, lat2, lon2 and limit_kmh or limit_mph.")
    if len(stretches) > MAX_STRETCHES:
        raise BadInput(f"{path} has {len(stretches)} stretches; at most {MAX_STRETCHES} are taken. Cut it down.")
    return LimitTable(stretches)


def _csv(text: str, path: Path) -> list[tuple[str, Mapping[str, object]]]:
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=";" if text.partition("\n")[0].count(";") else ",")
    names = [name.strip().lower() for name in reader.fieldnames or []]
    missing = [name for name in _COLUMNS if name not in names]
    if missing or not {"limit_kmh", "limit_mph"} & set(names):
        raise BadInput(f"{path} needs the columns lat1, lon1, lat2, lon2 and limit_kmh or limit_mph.")
    reader.fieldnames = names
    return [(f"row {reader.line_num}", row) for row in reader]


def _toml(text: str, path: Path) -> list[tuple[str, Mapping[str, object]]]:
    try:
        tables = tomllib.loads(text).get("stretch", [])
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"{path} is no TOML: {error}.") from None
    return [(f"stretch {number}", row) for number, row in enumerate(tables, start=1)]


def _stretch(row: Mapping[str, object], where: str) -> Stretch:
    try:
        lat1, lon1, lat2, lon2 = (float(str(row[name]).replace(",", ".")) for name in _COLUMNS)
        kmh, mph = row.get("limit_kmh"), row.get("limit_mph")
        if (kmh in (None, "")) == (mph in (None, "")):
            raise BadInput(f"{where}: give one limit, limit_kmh or limit_mph.")
        limit = float(str(kmh)) * MPS_PER_KMH if kmh not in (None, "") else float(str(mph)) * MPS_PER_MPH
    except (KeyError, ValueError):
        raise BadInput(f"{where}: lat1, lon1, lat2, lon2 and the limit are plain numbers. Export it again.") from None
    if not (abs(lat1) <= 90 and abs(lat2) <= 90 and abs(lon1) <= 180 and abs(lon2) <= 180 and 0 < limit <= 120):
        raise BadInput(f"{where}: a place or the limit is out of range. Export it again.")
    return Stretch(lat1, lon1, lat2, lon2, limit)


def _cell(lat_deg: float, lon_deg: float) -> tuple[int, int]:
    return floor(lat_deg / CELL_DEG), floor(lon_deg / CELL_DEG)


def _by_cell(stretches: Sequence[Stretch]) -> Mapping[tuple[int, int], list[Stretch]]:
    """File each stretch under every cell of the box around it, one cell wider, so that a lookup opens one cell."""
    cells: dict[tuple[int, int], list[Stretch]] = defaultdict(list)
    for one in stretches:
        south, west = _cell(min(one.lat1_deg, one.lat2_deg), min(one.lon1_deg, one.lon2_deg))
        north, east = _cell(max(one.lat1_deg, one.lat2_deg), max(one.lon1_deg, one.lon2_deg))
        if (north - south + 3) * (east - west + 3) > 10_000:
            raise BadInput("a stretch of the limit table is longer than 50 km; cut it where the road bends.")
        for row in range(south - 1, north + 2):
            for column in range(west - 1, east + 2):
                cells[row, column].append(one)
    return cells


def _beside(one: Stretch, lat_deg: float, lon_deg: float) -> tuple[float, float]:
    """Return how far (m) a place is from a stretch, and the course (degrees) along it."""
    east_m = METRES_PER_DEG * cos(radians(lat_deg))
    x1, y1 = (one.lon1_deg - lon_deg) * east_m, (one.lat1_deg - lat_deg) * METRES_PER_DEG
    dx, dy = (one.lon2_deg - one.lon1_deg) * east_m, (one.lat2_deg - one.lat1_deg) * METRES_PER_DEG
    length2 = dx * dx + dy * dy
    share = 0.0 if length2 == 0 else min(1.0, max(0.0, -(x1 * dx + y1 * dy) / length2))
    return hypot(x1 + share * dx, y1 + share * dy), degrees(atan2(dx, dy)) % 360


class LimitKnown:
    """Whether any of a unit's rules knows the limit where a sample was taken."""

    def __init__(self, rules: Sequence[RuleSettings]) -> None:
        self._everywhere = any(rule.kind == "speed" for rule in rules)
        self._tables = [
            read_limits(Path(table)) for rule in rules if (table := getattr(rule, "table", None)) is not None
        ]

    def __call__(self, sample: Sample) -> bool:
        """Return whether the limit is known at the sample's place."""
        if self._everywhere:
            return True
        lat, lon = sample.lat_deg, sample.lon_deg
        if lat is None or lon is None:
            return False
        return any(table.limit_mps(lat, lon, sample.course_deg) is not None for table in self._tables)
