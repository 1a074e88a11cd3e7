"""Print what telemetry makes of real receiver logs: parked ones stand still, drives keep their speed, GPMF agrees.

    python bench/telemetry_eval.py --data FOLDER [--json]

FOLDER is the shared set (or CUSTODES_DATA). Three parts:
1. 14 NMEA logs of gpsd: which moved after the parked filter, beside what the receiver claimed.
2. Drives: a highway minute of comma2k19 against the car's own wheel speed (CAN), and a GPX track made at 30 km/h.
3. GPMF of a drone film against the CSV that an independent tool made of it.
"""

import argparse
import csv
import json
import os
import sys
import tempfile
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from custodes.core.clock import NS_PER_S
from custodes.core.errors import BadInput
from custodes.core.types import Sample
from custodes.edge.decide import Decider, parse_rule
from custodes.edge.telemetry import read_telemetry
from custodes.edge.telemetry.geodesy import distance_m

MOVES = {
    "bundg_zeus_9.log": "a boat under way on the IJsselmeer",
    "haicom-305N.log": "carried on foot, by its own header",
}
"""The logs that are not of a parked receiver, and how we know."""


@dataclass
class Log:
    """One receiver log before and after the filter."""

    name: str
    samples: int
    claimed_max_mps: float
    held_max_mps: float
    claimed_spread_m: float
    held_spread_m: float
    moving: int
    speeding_events_above_5_kmh: int
    expected: str
    ok: bool
    skipped: str


@dataclass
class Drive:
    """How far speeds after the filter are from the truth (m/s)."""

    name: str
    samples: int
    zeroed: int
    median_error_mps: float
    largest_error_mps: float


@dataclass
class Gpmf:
    """The largest differences from the independent reading."""

    rows: int
    lat_deg: float
    lon_deg: float
    metres: float
    time_ms: float
    csv_has_speed: bool
    speed_mps: float | None
    speed_from_way_mps: float


def spread_m(samples: tuple[Sample, ...]) -> float:
    placed = [(one.lat_deg, one.lon_deg) for one in samples if one.lat_deg is not None and one.lon_deg is not None]
    return max((distance_m(*placed[0], *place) for place in placed), default=0.0)


def speeding(samples: tuple[Sample, ...]) -> int:
    decider = Decider([parse_rule({"kind": "speed", "limit_kmh": 5, "over_by": 0, "over_s": 0})])
    return sum(update.phase == "onset" for one in samples for update in decider.on_sample(one))


def receiver_logs(folder: Path) -> list[Log]:
    logs = []
    for path in sorted(folder.glob("*.log")):
        claimed = read_telemetry(path, parked_filter=False)
        held = read_telemetry(path)
        moving = sum(bool(one.speed_mps) for one in held.samples)
        expected = MOVES.get(path.name, "parked")
        still = moving == 0 and spread_m(held.samples) == 0 and speeding(held.samples) == 0
        logs.append(
            Log(
                name=path.name,
                samples=len(held.samples),
                claimed_max_mps=round(max(one.speed_mps or 0 for one in claimed.samples), 2),
                held_max_mps=round(max(one.speed_mps or 0 for one in held.samples), 2),
                claimed_spread_m=round(spread_m(claimed.samples), 1),
                held_spread_m=round(spread_m(held.samples), 1),
                moving=moving,
                speeding_events_above_5_kmh=speeding(held.samples),
                expected=expected,
                ok=still if expected == "parked" else moving > 0,
                skipped=held.tally.sentence().removeprefix("skipped: "),
            )
        )
    return logs


def highway_minute(folder: Path) -> Drive:
    """Compare the u-blox of a comma2k19 minute with the wheel speed at the same moments (same boot clock)."""
    (segment,) = folder.glob("Example_1/*/*/processed_log")
    fix_s, fixes = np.load(segment / "GNSS/live_gnss_ublox/t"), np.load(segment / "GNSS/live_gnss_ublox/value")
    wheel_s, wheel = np.load(segment / "CAN/speed/t"), np.load(segment / "CAN/speed/value")[:, 0]
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "minute.csv"
        rows = [
            f"{round(second * 1e9)},{fix[0]:.9f},{fix[1]:.9f},{fix[2]:.6f}"
            for second, fix in zip(fix_s, fixes, strict=True)
        ]
        path.write_text("\n".join(["time_unix_ns,lat,lon,speed_mps", *rows]))
        samples = read_telemetry(path).samples
    at_s = np.array([one.wall_ns / NS_PER_S for one in samples])
    inside = (at_s >= wheel_s[0]) & (at_s <= wheel_s[-1])
    speeds = np.array([one.speed_mps for one in samples])
    return _drive("comma2k19 minute, u-blox against CAN", speeds[inside], np.interp(at_s[inside], wheel_s, wheel))


def steady_track(folder: Path) -> Drive:
    samples = read_telemetry(folder / "mapillary_sf_30km_h.gpx").samples
    speeds = np.array([one.speed_mps for one in samples])
    return _drive("GPX made at 30 km/h", speeds, np.full(len(speeds), 30 / 3.6))


def _drive(name: str, speeds: np.ndarray, truth: np.ndarray) -> Drive:
    errors = np.abs(speeds - truth)
    return Drive(
        name, len(speeds), int((speeds == 0).sum()), round(float(np.median(errors)), 3), round(float(errors.max()), 3)
    )


def drone_film(folder: Path) -> Gpmf:
    """Match each row of the CSV with the sample nearest in time."""
    samples = read_telemetry(folder / "gpmf-parser_karma.mp4", parked_filter=False).samples
    with (folder / "gpmf-parser_karma.mp4.csv").open(newline="") as file:
        rows = [row for row in csv.reader(file) if row and row[0]]
    lat = lon = metres = time_ms = speed = 0.0
    has_speed = any(len(row) > 3 and row[3] for row in rows)
    for row in rows:
        at = datetime.strptime(row[0] + "0" * (26 - len(row[0])), "%Y:%m:%d %H:%M:%S.%f").replace(tzinfo=UTC)
        at_ns = int(at.timestamp() * 1e6) * 1000
        near = min(samples, key=lambda one: abs(one.wall_ns - at_ns))
        assert near.lat_deg is not None
        assert near.lon_deg is not None
        lat = max(lat, abs(near.lat_deg - float(row[1])))
        lon = max(lon, abs(near.lon_deg - float(row[2])))
        metres = max(metres, distance_m(near.lat_deg, near.lon_deg, float(row[1]), float(row[2])))
        time_ms = max(time_ms, abs(near.wall_ns - at_ns) / 1e6)
        if has_speed and row[3]:
            speed = max(speed, abs((near.speed_mps or 0) - float(row[3])))
    way = max(
        abs(
            distance_m(a.lat_deg or 0, a.lon_deg or 0, b.lat_deg or 0, b.lon_deg or 0)
            / ((b.wall_ns - a.wall_ns) / NS_PER_S)
            - float(np.mean([one.speed_mps for one in samples[number : number + 9]]))
        )
        for number, (a, b) in enumerate(zip(samples, samples[8:], strict=False))
    )
    return Gpmf(
        len(rows), lat, lon, round(metres, 4), round(time_ms, 3), has_speed, speed if has_speed else None, round(way, 3)
    )


@dataclass(frozen=True, slots=True)
class Measured:
    """All three parts."""

    logs: list[Log]
    drives: list[Drive]
    gpmf: Gpmf

    @property
    def good(self) -> bool:
        """Whether nothing parked moves and no drive is held still."""
        return all(log.ok for log in self.logs) and not any(drive.zeroed for drive in self.drives)


def measure(folder: Path) -> Measured:
    """Return what telemetry makes of the shared set. Raises OSError, ValueError or BadInput where a file is amiss."""
    return Measured(
        logs=receiver_logs(folder / "telematics/nmea_gpsd_BSD2"),
        drives=[highway_minute(folder / "telematics/comma2k19"), steady_track(folder / "telematics/gpx")],
        gpmf=drone_film(folder / "gps_video"),
    )


def drive_line(drive: Drive) -> str:
    """Return one drive as a sentence."""
    return (
        f"{drive.name}: {drive.samples} samples, {drive.zeroed} zeroed, median error {drive.median_error_mps} m/s, "
        f"largest {drive.largest_error_mps} m/s"
    )


def gpmf_line(gpmf: Gpmf) -> str:
    """Return the drone film as a sentence."""
    return (
        f"GPMF against the CSV, {gpmf.rows} rows: largest difference lat {gpmf.lat_deg:.1e}°, lon {gpmf.lon_deg:.1e}°, "
        f"{gpmf.metres} m, time {gpmf.time_ms} ms, "
        + (f"speed {gpmf.speed_mps} m/s" if gpmf.csv_has_speed else "speed: the CSV has none")
        + f"; speed against the way over 2 s {gpmf.speed_from_way_mps} m/s"
    )


def show(measured: Measured) -> None:
    """Print all three parts."""
    print(f"{'log':38}{'n':>5}{'claimed':>9}{'held':>7}{'spread':>8}{'held':>7}{'moving':>8}  expected")
    for log in measured.logs:
        print(
            f"{log.name:38}{log.samples:>5}{log.claimed_max_mps:>9.2f}{log.held_max_mps:>7.2f}{log.claimed_spread_m:>8.1f}"
            f"{log.held_spread_m:>7.1f}{log.moving:>8}  {'ok ' if log.ok else 'BAD'} {log.expected}"
            + (f"; skipped {log.skipped}" if log.skipped else "")
        )
    for drive in measured.drives:
        print(drive_line(drive))
    print(gpmf_line(measured.gpmf))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=os.environ.get("CUSTODES_DATA"), help="the shared set")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    arguments = parser.parse_args()
    if arguments.data is None or not Path(arguments.data).is_dir():
        print("telemetry_eval: give --data FOLDER, or set CUSTODES_DATA", file=sys.stderr)
        return 2
    try:
        measured = measure(Path(arguments.data))
    except (OSError, ValueError, BadInput) as error:
        print(f"telemetry_eval: {error}", file=sys.stderr)
        return 2
    if arguments.json:
        print(json.dumps(asdict(measured) | {"good": measured.good}))
    else:
        show(measured)
    return 0 if measured.good else 1


if __name__ == "__main__":
    raise SystemExit(main())
