"""Read recorded drives with human labels, in the two layouts in which such drives are published.

Events: a folder of one trip with phone sensors (`acelerometro_terra.csv`, `giroscopio_terra.csv`; or
`accelerometer.csv`, `gyroscope.csv`) and `groundTruth.csv`, which names manoeuvres with start and stop in seconds since
the trip began. The layout of the Driver Behavior Dataset (Ferreira et al. 2017, doi:10.1371/journal.pone.0174959).

Behaviour: a folder of one trip whose name says the driver and how the driver behaved
(`20151110175712-16km-D1-NORMAL1-SECONDARY`), with `RAW_GPS.txt` and `RAW_ACCELEROMETERS.txt`. The layout of
UAH-DriveSet (Romera, Bergasa and Arroyo 2016): times in seconds since the start, speeds in km/h, forces in g without
gravity, x up, y to the side, z along.
"""

import csv
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from math import isfinite
from pathlib import Path

from custodes.core.clock import NS_PER_S
from custodes.core.errors import BadInput
from custodes.core.types import Sample

STANDARD_GRAVITY_MPS2 = 9.80665
TRUTH = "groundTruth.csv"
BEHAVIOUR_GPS = "RAW_GPS.txt"
BEHAVIOUR_ACCEL = "RAW_ACCELEROMETERS.txt"
BEHAVIOUR_LIMITS = "PROC_OPENSTREETMAP_DATA.txt"
EARTH = "phone:earth"
"""The source of samples in the frame of the earth (files that end in `_terra`), so that deciders follow the axis."""
_ACCEL = ("acelerometro_terra.csv", "acelerometro.csv", "accelerometer.csv")
_GYRO = ("giroscopio_terra.csv", "giroscopio.csv", "gyroscope.csv")
_TRIP = re.compile(
    r"^(?P<start>\d{14})-(?P<way>[^-]+)-(?P<driver>[^-]+)-(?P<behaviour>[A-Za-z]+)\d*(-(?P<road>[^-]+))?$"
)


class Manoeuvre(StrEnum):
    """What a person said happened."""

    BRAKE = "harsh_brake"
    ACCELERATION = "harsh_acceleration"
    CORNERING = "harsh_cornering"
    LANE_CHANGE = "harsh_lane_change"
    CALM = "calm"


_SAID = {
    "freada_agressiva": Manoeuvre.BRAKE,
    "aceleracao_agressiva": Manoeuvre.ACCELERATION,
    "curva_direita_agressiva": Manoeuvre.CORNERING,
    "curva_esquerda_agressiva": Manoeuvre.CORNERING,
    "troca_faixa_direita_agressiva": Manoeuvre.LANE_CHANGE,
    "troca_faixa_esquerda_agressiva": Manoeuvre.LANE_CHANGE,
    "evento_nao_agressivo": Manoeuvre.CALM,
    "aggressive_braking": Manoeuvre.BRAKE,
    "aggressive_acceleration": Manoeuvre.ACCELERATION,
    "aggressive_right_turn": Manoeuvre.CORNERING,
    "aggressive_left_turn": Manoeuvre.CORNERING,
    "aggressive_right_lane_change": Manoeuvre.LANE_CHANGE,
    "aggressive_left_lane_change": Manoeuvre.LANE_CHANGE,
    "non_aggressive": Manoeuvre.CALM,
}


@dataclass(frozen=True, slots=True)
class Label:
    """One manoeuvre that a person saw, on the samples' time line."""

    manoeuvre: Manoeuvre
    start_wall_ns: int
    end_wall_ns: int


@dataclass(frozen=True, slots=True)
class LimitReading:
    """A speed limit that a map gave for one moment; None: the map did not know."""

    wall_ns: int
    limit_mps: float | None


@dataclass(frozen=True, slots=True)
class LabelledDrive:
    """One trip and what people said of it. `behaviour` is lower case; empty in the layout of events."""

    name: str
    samples: tuple[Sample, ...]
    labels: tuple[Label, ...] = ()
    driver: str = ""
    behaviour: str = ""
    road: str = ""
    limits: tuple[LimitReading, ...] = ()
    skipped: int = 0


def labelled_folders(root: Path) -> list[Path]:
    """Return every folder below `root` (itself included) that is a trip in one of the two layouts, sorted."""
    found = {path.parent for path in root.rglob(TRUTH)} | {path.parent for path in root.rglob(BEHAVIOUR_GPS)}
    return sorted(found)


def read_labelled(folder: Path) -> LabelledDrive:
    """Read one trip. Raises BadInput that names file and row where it is not in one of the two layouts."""
    if (folder / TRUTH).is_file():
        return _events(folder)
    if (folder / BEHAVIOUR_GPS).is_file():
        return _behaviour(folder)
    raise BadInput(f"{folder} is no labelled drive: it has neither {TRUTH} nor {BEHAVIOUR_GPS}.")


def _events(folder: Path) -> LabelledDrive:
    accel_path = _one_of(folder, _ACCEL)
    gyro_path = _one_of(folder, _GYRO)
    if accel_path is None:
        raise BadInput(f"{folder} has no {_ACCEL[0]}. Without the accelerometer there is nothing to judge.")
    accel = list(_vectors(accel_path))
    gyro = list(_vectors(gyro_path)) if gyro_path is not None else []
    if not accel:
        raise BadInput(f"{accel_path} has no rows. Copy it again.")
    first_ns, base_ns = _origin(folder, accel[0][0])
    source = EARTH if accel_path.stem.endswith("_terra") else "phone"
    samples: list[Sample] = []
    skipped, at_gyro, newest_ns = 0, 0, -1
    for uptime_ns, vector in accel:
        if uptime_ns <= newest_ns:
            skipped += 1
            continue
        newest_ns = uptime_ns
        while at_gyro + 1 < len(gyro) and gyro[at_gyro + 1][0] <= uptime_ns:
            at_gyro += 1
        turning = gyro[at_gyro][1] if gyro and abs(gyro[at_gyro][0] - uptime_ns) < NS_PER_S // 5 else None
        wall_ns = base_ns + uptime_ns - first_ns
        samples.append(Sample(wall_ns, accel_mps2_xyz=vector, gyro_radps_xyz=turning, source=source))
    return LabelledDrive(folder.name, tuple(samples), tuple(_labels(folder / TRUTH, base_ns)), skipped=skipped)


def _one_of(folder: Path, names: tuple[str, ...]) -> Path | None:
    return next((folder / name for name in names if (folder / name).is_file()), None)


def _origin(folder: Path, first_row_ns: int) -> tuple[int, int]:
    """Return the uptime at which the trip began, and the wall time of that moment."""
    first_ns, base_ns = first_row_ns, 0
    try:
        facts = json.loads((folder / "viagem.json").read_text(encoding="utf-8"))
        first_ns = int(facts["firstCollectionUptimeNanos"])
        base_ns = int(datetime.strptime(facts["start"], "%Y-%m-%d %H:%M:%S.%f%z").timestamp() * 1000) * 1_000_000
    except (OSError, ValueError, KeyError, TypeError):
        # The file is about the phone; without it the trip begins with its first row, on a day of its own.
        base_ns = int(datetime(2000, 1, 1, tzinfo=UTC).timestamp()) * NS_PER_S
    return first_ns, base_ns


def _vectors(path: Path) -> Iterator[tuple[int, tuple[float, float, float]]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.reader(file)
        header = [cell.strip().lower() for cell in next(rows, [])]
        try:
            at, x, y, z = (header.index(name) for name in ("uptimenanos", "x", "y", "z"))
        except ValueError:
            raise BadInput(f"{path} needs the columns uptimeNanos, x, y and z; it has {', '.join(header)}.") from None
        for row in rows:
            if not row:
                continue
            try:
                vector = (float(row[x]), float(row[y]), float(row[z]))
                uptime_ns = int(row[at])
            except (ValueError, IndexError):
                raise BadInput(f"{path}, row {rows.line_num}: not four numbers. Copy the file again.") from None
            if all(map(isfinite, vector)):
                yield uptime_ns, vector


def _labels(path: Path, base_ns: int) -> Iterator[Label]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.reader(file)
        next(rows, None)
        for row in rows:
            if not row:
                continue
            said = row[0].strip().lower()
            if said not in _SAID or len(row) < 3:
                raise BadInput(f"{path}, row {rows.line_num}: {said[:40]!r} is no label that is known.")
            try:
                start_s, end_s = float(row[1]), float(row[2])
            except ValueError:
                raise BadInput(f"{path}, row {rows.line_num}: start and end are seconds since the start.") from None
            yield Label(_SAID[said], base_ns + round(start_s * NS_PER_S), base_ns + round(end_s * NS_PER_S))


def _behaviour(folder: Path) -> LabelledDrive:
    named = _TRIP.match(folder.name)
    if named is None:
        raise BadInput(f"{folder.name} does not say who drove how; such a folder is called START-WAY-DRIVER-BEHAVIOUR.")
    try:
        start = datetime.strptime(named["start"], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        raise BadInput(f"{folder.name} does not begin with a time such as 20151110175712.") from None
    base_ns = int(start.timestamp()) * NS_PER_S
    samples = [_gps(row, base_ns) for row in _table(folder / BEHAVIOUR_GPS, 8)]
    if (folder / BEHAVIOUR_ACCEL).is_file():
        samples += [_force(row, base_ns) for row in _table(folder / BEHAVIOUR_ACCEL, 5)]
    ordered = sorted(samples, key=lambda sample: sample.wall_ns)
    limits: tuple[LimitReading, ...] = ()
    if (folder / BEHAVIOUR_LIMITS).is_file():
        limits = tuple(
            LimitReading(base_ns + round(row[0] * NS_PER_S), row[1] / 3.6 if row[1] > 0 else None)
            for row in _table(folder / BEHAVIOUR_LIMITS, 2)
        )
    return LabelledDrive(
        folder.name,
        tuple(ordered),
        driver=named["driver"],
        behaviour=named["behaviour"].lower(),
        road=(named["road"] or "").lower(),
        limits=limits,
    )


def _gps(row: list[float], base_ns: int) -> Sample:
    return Sample(
        base_ns + round(row[0] * NS_PER_S),
        lat_deg=row[2],
        lon_deg=row[3],
        altitude_m=row[4],
        speed_mps=max(0.0, row[1] / 3.6),
        course_deg=row[7] % 360 if row[7] >= 0 else None,
        horizontal_accuracy_m=row[6],
        source="phone",
    )


def _force(row: list[float], base_ns: int) -> Sample:
    """Gravity, which this layout has taken out, is put back upon x, so that one reading of forces serves all."""
    x, y, z = (value * STANDARD_GRAVITY_MPS2 for value in row[2:5])
    return Sample(base_ns + round(row[0] * NS_PER_S), accel_mps2_xyz=(x + STANDARD_GRAVITY_MPS2, y, z), source="phone")


def _table(path: Path, columns: int) -> Iterator[list[float]]:
    """Yield the rows of a table without a header, cut by spaces, as numbers."""
    with path.open(encoding="utf-8-sig") as file:
        for number, line in enumerate(file, start=1):
            cells = line.split()
            if not cells:
                continue
            try:
                row = [float(cell) for cell in cells[: max(columns, 8)]]
            except ValueError:
                raise BadInput(f"{path}, row {number}: not numbers cut by spaces. Copy the file again.") from None
            if len(row) < columns:
                raise BadInput(f"{path}, row {number}: {len(row)} numbers where {columns} are needed. Copy it again.")
            yield row
