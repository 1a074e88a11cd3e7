"""Throw out what cannot be: time running backwards, leaps across the map. Work out speed where none was stated."""

from dataclasses import replace

from custodes.core.clock import NS_PER_S
from custodes.core.types import Sample
from custodes.edge.telemetry.geodesy import course_deg, distance_m
from custodes.edge.telemetry.reading import Reason, Tally

MAX_SPEED_MPS = 120.0
"""Faster than any road vehicle or drone that carries a unit (432 km/h)."""

JUMP_SLACK_M = 30.0
"""Noise of a position: two fixes a tenth of a second apart may differ by this and not be a leap."""

NEW_PLACE_AFTER = 5
"""So many leaps in a row that agree with each other are the truth; what was before them was the error."""

BASE_NS = 600_000_000
"""A speed is worked out over at least this long: the noise of ten fixes a second is not speed. Longer cuts corners."""

GAP_NS = 10 * NS_PER_S
"""Over a longer silence no speed is worked out: nobody knows what happened in it."""


def in_order(samples: list[Sample], tally: Tally) -> list[Sample]:
    """Return `samples` without those at or before the one that precedes them; repeats of one moment are joined."""
    kept: list[Sample] = []
    for sample in samples:
        if kept and sample.wall_ns == kept[-1].wall_ns:
            kept[-1] = _joined(kept[-1], sample)
        elif kept and sample.wall_ns < kept[-1].wall_ns:
            tally.add(Reason.BACKWARDS)
        else:
            kept.append(sample)
    return kept


def plausible(samples: list[Sample], tally: Tally) -> list[Sample]:
    """Return `samples` without speeds and leaps above MAX_SPEED_MPS."""
    kept: list[Sample] = []
    strays: list[Sample] = []
    for sample in samples:
        if sample.speed_mps is not None and sample.speed_mps > MAX_SPEED_MPS:
            tally.add(Reason.TOO_FAST)
        elif not kept or not _leaps(_last_placed(kept), sample):
            tally.add(Reason.JUMP, len(strays))
            strays = []
            kept.append(sample)
        elif strays and _leaps(strays[-1], sample):
            tally.add(Reason.JUMP, len(strays))
            strays = [sample]
        else:
            strays.append(sample)
            if len(strays) >= NEW_PLACE_AFTER:
                kept, strays = _moved_over(kept, strays, tally), []
    tally.add(Reason.JUMP, len(strays))
    return kept


def _moved_over(kept: list[Sample], strays: list[Sample], tally: Tally) -> list[Sample]:
    """Return the samples when `strays` are the truth: a lone wrong beginning goes, a long past stays."""
    if len(kept) < NEW_PLACE_AFTER:
        tally.add(Reason.JUMP, len(kept))
        return strays
    return kept + strays


def _last_placed(kept: list[Sample]) -> Sample:
    return next((sample for sample in reversed(kept) if sample.lat_deg is not None), kept[-1])


def _leaps(before: Sample, after: Sample) -> bool:
    moved_m = _moved_m(before, after)
    if moved_m is None:
        return False
    return moved_m > MAX_SPEED_MPS * (after.wall_ns - before.wall_ns) / NS_PER_S + JUMP_SLACK_M


def with_speed(samples: list[Sample]) -> list[Sample]:
    """Return `samples` with speed and course worked out from the positions where the source stated none.

    The speed at a moment is the way since the newest fix at least BASE_NS older; the first ones, and those after a gap,
    take what follows.
    """
    placed = [sample for sample in samples if sample.lat_deg is not None]
    if not placed or any(sample.speed_mps is not None for sample in placed):
        return samples
    worked: dict[int, tuple[float, float]] = {}
    base = 0
    for index, sample in enumerate(placed):
        while base + 1 < index and sample.wall_ns - placed[base + 1].wall_ns >= BASE_NS:
            base += 1
        behind, ahead = placed[base], sample
        if not BASE_NS <= ahead.wall_ns - behind.wall_ns <= GAP_NS:
            ahead = next((later for later in placed[index:] if later.wall_ns - sample.wall_ns >= BASE_NS), ahead)
            behind = sample
        found = _speed(behind, ahead)
        if found is not None:
            worked[sample.wall_ns] = found
    return [
        replace(sample, speed_mps=worked[sample.wall_ns][0], course_deg=worked[sample.wall_ns][1])
        if sample.wall_ns in worked
        else sample
        for sample in samples
    ]


def _speed(behind: Sample, ahead: Sample) -> tuple[float, float] | None:
    elapsed_ns = ahead.wall_ns - behind.wall_ns
    moved_m = _moved_m(behind, ahead)
    if moved_m is None or not 0 < elapsed_ns <= GAP_NS:
        return None
    assert behind.lat_deg is not None
    assert behind.lon_deg is not None
    assert ahead.lat_deg is not None
    assert ahead.lon_deg is not None
    course = course_deg(behind.lat_deg, behind.lon_deg, ahead.lat_deg, ahead.lon_deg)
    return min(moved_m / (elapsed_ns / NS_PER_S), MAX_SPEED_MPS), course


def _moved_m(before: Sample, after: Sample) -> float | None:
    if before.lat_deg is None or before.lon_deg is None or after.lat_deg is None or after.lon_deg is None:
        return None
    return distance_m(before.lat_deg, before.lon_deg, after.lat_deg, after.lon_deg)


def _joined(first: Sample, second: Sample) -> Sample:
    """Return one sample from two of the same moment: what the first did not say, the second may."""
    return Sample(
        wall_ns=first.wall_ns,
        lat_deg=first.lat_deg if first.lat_deg is not None else second.lat_deg,
        lon_deg=first.lon_deg if first.lat_deg is not None else second.lon_deg,
        altitude_m=first.altitude_m if first.altitude_m is not None else second.altitude_m,
        speed_mps=first.speed_mps if first.speed_mps is not None else second.speed_mps,
        course_deg=first.course_deg if first.course_deg is not None else second.course_deg,
        accel_mps2_xyz=first.accel_mps2_xyz or second.accel_mps2_xyz,
        gyro_radps_xyz=first.gyro_radps_xyz or second.gyro_radps_xyz,
        horizontal_accuracy_m=first.horizontal_accuracy_m
        if first.horizontal_accuracy_m is not None
        else second.horizontal_accuracy_m,
        source=first.source,
        vehicle=first.vehicle if first.vehicle is not None else second.vehicle,
    )
