"""From GPMF payloads to samples: positions of cameras (GPS5, GPS9) and drones (GLPI), with acceleration and turn."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from math import hypot
from statistics import fmean, median

import av

from custodes.core.clock import NS_PER_S
from custodes.core.errors import BadInput, Corrupt
from custodes.core.types import Sample
from custodes.edge.telemetry.gpmf import Item, items, moment, streams
from custodes.edge.telemetry.gpx import UERE_M, wall_ns_of
from custodes.edge.telemetry.reading import Raw, Reason, Tally

PAYLOAD_NS = 1_001_000_000
"""How long a payload lasts when neither the film nor the next payload tells (GoPro writes about one a second)."""

MAX_DOP = 20.0
"""Above this dilution of precision a position is no evidence; GoPro calls anything above 5 poor."""

_GPS9_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_DEFAULT_ORIENTATION = "ZXY"  # of cameras that state none: up, right, forward

Vector = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Payload:
    """One block of GPMF. `film_ns` is when it begins in the film; None in a bare file."""

    content: bytes
    film_ns: int | None = None
    duration_ns: int | None = None


@dataclass(frozen=True, slots=True)
class _Fixes:
    """The positions of one payload, evenly spread over it from `start_wall_ns`, or each with its own time."""

    samples: list[Sample]
    timed: bool
    film_ns: int | None
    duration_ns: int | None


def film_payloads(path: str, *, name: str) -> list[Payload]:
    """Return the payloads of a film's telemetry track. Raises BadInput when the film has none or is no film."""
    try:
        with av.open(path) as container:
            for stream in container.streams:
                if stream.type == "data" and (found := _payloads_of(container, stream.index)):
                    return found
                container.seek(0)
    except av.FFmpegError as error:
        raise BadInput(f"{name} is not a whole film ({error.strerror}). Copy it again.") from error
    raise BadInput(f"{name} carries no telemetry (no GPMF track). Give a GPX, NMEA or CSV file beside it.")


def _payloads_of(container: "av.container.InputContainer", index: int) -> list[Payload]:
    found: list[Payload] = []
    for packet in container.demux(container.streams[index]):
        if not packet.size:
            continue
        content = bytes(packet)
        if not content.startswith(b"DEVC"):
            break
        if packet.pts is None or packet.time_base is None:
            continue
        begins_ns = int(packet.pts * packet.time_base * NS_PER_S)
        lasts_ns = int(packet.duration * packet.time_base * NS_PER_S) if packet.duration else None
        found.append(Payload(content, begins_ns, lasts_ns))
    return found


def bare_payloads(content: bytes, tally: Tally) -> list[Payload]:
    """Return the payloads of a bare GPMF file; a torn last one is counted."""
    found: list[Payload] = []
    try:
        for item in items(content):
            if item.key == "DEVC":
                found.append(Payload(item.value))  # noqa: PERF401 - what came before a tear is kept
    except Corrupt:
        tally.add(Reason.CUT_SHORT)
    return found


def read_gpmf(payloads: list[Payload], *, tally: Tally) -> Raw:
    """Return one sample per position, with the mean acceleration and turn around it."""
    blocks: list[_Fixes] = []
    for payload in payloads:
        try:
            block = _fixes(payload, tally)
        except Corrupt:
            tally.add(Reason.CUT_SHORT)
            continue
        if block is not None:
            blocks.append(block)
    samples: list[Sample] = []
    starts: list[int] = []
    for number, block in enumerate(blocks):
        following = blocks[number + 1] if number + 1 < len(blocks) else None
        placed = _spread(block, following)
        samples.extend(placed)
        if block.film_ns is not None and placed:
            starts.append(placed[0].wall_ns - block.film_ns)
    return Raw("GPMF", samples, int(median(starts)) if starts else None)


def _fixes(payload: Payload, tally: Tally) -> _Fixes | None:
    by_key: dict[str, dict[str, Item]] = {}
    for stream in streams(payload.content):
        for key in ("GPS9", "GPS5", "GLPI", "ACCL", "GYRO", "SYST"):
            if key in stream and stream[key].repeat:
                by_key.setdefault(key, stream)
    if "GPS9" in by_key:
        samples, timed = _from_gps9(by_key["GPS9"], tally), True
    elif "GPS5" in by_key:
        samples, timed = _from_gps5(by_key["GPS5"], tally), False
    elif "GLPI" in by_key and "SYST" in by_key:
        samples, timed = _from_drone(by_key["GLPI"], by_key["SYST"]), True
    else:
        return None
    if not samples:
        return None
    samples = _with_motion(samples, by_key.get("ACCL"), by_key.get("GYRO"))
    return _Fixes(samples, timed, payload.film_ns, payload.duration_ns)


def _from_gps5(stream: dict[str, Item], tally: Tally) -> list[Sample]:
    """GPS5: lat, lon, altitude (WGS 84), ground speed, 3D speed. GPSU is the first one's time; GPSP is 100 x DOP."""
    rows = _scaled(stream, "GPS5")
    start = moment(stream["GPSU"]) if "GPSU" in stream else None
    fix = stream["GPSF"].rows()[0][0] if "GPSF" in stream else 3
    dop = stream["GPSP"].rows()[0][0] / 100 if "GPSP" in stream else None
    if start is None:
        tally.add(Reason.NO_DATE, len(rows))
        return []
    if not _good(fix, dop, len(rows), tally):
        return []
    wall_ns = wall_ns_of(start)
    return [_sample(wall_ns, row, dop, "gpmf") for row in rows]


def _from_gps9(stream: dict[str, Item], tally: Tally) -> list[Sample]:
    """GPS9: as GPS5, then days since 2000, seconds of the day, DOP and fix, for each position."""
    samples = []
    for row in _scaled(stream, "GPS9"):
        if _good(row[8], row[7], 1, tally):
            at = _GPS9_EPOCH + timedelta(days=row[5], seconds=row[6])
            samples.append(_sample(wall_ns_of(at), row, row[7], "gpmf"))
    return samples


def _from_drone(stream: dict[str, Item], clock: dict[str, Item]) -> list[Sample]:
    """GLPI: boot time, lat, lon, altitude, height, speed north, east, down. SYST pairs boot time with UTC."""
    boot_s, unix_s = _scaled(clock, "SYST")[0][:2]
    samples = []
    for row in _scaled(stream, "GLPI"):
        position = (row[1], row[2], row[3], hypot(row[5], row[6]))
        samples.append(_sample(round((unix_s + row[0] - boot_s) * NS_PER_S), position, None, "gpmf"))
    return samples


def _good(fix: float, dop: float | None, count: int, tally: Tally) -> bool:
    if fix < 2:
        tally.add(Reason.NO_FIX, count)
    elif dop is not None and dop > MAX_DOP:
        tally.add(Reason.POOR_FIX, count)
    else:
        return True
    return False


def _sample(wall_ns: int, row: tuple[float, ...], dop: float | None, source: str) -> Sample:
    if not (-90 <= row[0] <= 90 and -180 <= row[1] <= 180):
        raise Corrupt(f"GPMF gives a position that is not on earth ({row[0]}, {row[1]})")
    return Sample(
        wall_ns=wall_ns,
        lat_deg=row[0],
        lon_deg=row[1],
        altitude_m=row[2],
        speed_mps=abs(row[3]),
        horizontal_accuracy_m=dop * UERE_M if dop is not None else None,
        source=source,
    )


def _scaled(stream: dict[str, Item], key: str) -> list[tuple[float, ...]]:
    """Return the rows under `key`, divided by SCAL: one divisor for all, or one per field."""
    rows = stream[key].rows(layout=stream["TYPE"].text() if "TYPE" in stream else "")
    scale = [row[0] for row in stream["SCAL"].rows()] if "SCAL" in stream else [1.0]
    if not rows:
        return []
    if len(scale) == 1:
        scale *= len(rows[0])
    if len(scale) < len(rows[0]) or not all(scale):
        raise Corrupt(f"GPMF {key}: SCAL does not fit")
    return [tuple(value / divisor for value, divisor in zip(row, scale, strict=False)) for row in rows]


def _with_motion(samples: list[Sample], accel: dict[str, Item] | None, gyro: dict[str, Item] | None) -> list[Sample]:
    """Return `samples` with the mean of the readings in each one's share of the payload (m/s², rad/s)."""
    accels = _vectors(accel, "ACCL") if accel is not None else []
    gyros = _vectors(gyro, "GYRO") if gyro is not None else []
    return [
        replace(
            sample,
            accel_mps2_xyz=_mean(accels, index, len(samples)),
            gyro_radps_xyz=_mean(gyros, index, len(samples)),
        )
        for index, sample in enumerate(samples)
    ]


def _vectors(stream: dict[str, Item], key: str) -> list[Vector]:
    """Return vectors in the camera's frame: x right, y forward, z up, as far as ORIN tells."""
    letters = stream["ORIN"].text() if "ORIN" in stream else _DEFAULT_ORIENTATION
    if sorted(letters.upper()) != ["X", "Y", "Z"]:
        raise Corrupt(f"GPMF {key}: ORIN {letters!r} names no axes")
    turned = []
    for row in _scaled(stream, key):
        axes = {
            letter.upper(): (value if letter.isupper() else -value) for letter, value in zip(letters, row, strict=True)
        }
        turned.append((axes["X"], axes["Y"], axes["Z"]))
    return turned


def _mean(vectors: list[Vector], index: int, shares: int) -> Vector | None:
    first, last = index * len(vectors) // shares, (index + 1) * len(vectors) // shares
    share = vectors[first : max(last, first + 1)]
    if not share:
        return None
    return fmean(v[0] for v in share), fmean(v[1] for v in share), fmean(v[2] for v in share)


def _spread(block: _Fixes, following: _Fixes | None) -> list[Sample]:
    """Return the block's samples with their times: GPS5 states only the first one's."""
    if block.timed:
        return block.samples
    first_ns = block.samples[0].wall_ns
    lasts_ns = block.duration_ns or PAYLOAD_NS
    if following is not None and not following.timed:
        gap_ns = following.samples[0].wall_ns - first_ns
        if 0 < gap_ns <= 2 * lasts_ns:
            lasts_ns = gap_ns
    count = len(block.samples)
    return [replace(one, wall_ns=first_ns + lasts_ns * number // count) for number, one in enumerate(block.samples)]
