"""NMEA 0183 logs: RMC, GGA, VTG, GLL and ZDA, joined by their time of day."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from pynmeagps import NMEAReader
from pynmeagps.exceptions import NMEAMessageError, NMEAParseError, NMEAStreamError, NMEATypeError

from custodes.core.errors import BadInput
from custodes.core.types import Sample
from custodes.edge.telemetry.gpx import UERE_M, wall_ns_of
from custodes.edge.telemetry.reading import Raw, Reason, Tally

SENTENCE = re.compile(rb"\$[A-Z]{2}(?:RMC|GGA|VTG|GLL|ZDA),[^*\r\n$!]*(?:\*[0-9A-Fa-f]{2})?")
MPS_PER_KNOT = 1852 / 3600
_FIELDS = {
    "RMC": ("time", "status", "lat", "lon", "spd", "cog", "date"),
    "GGA": ("time", "lat", "lon", "quality", "HDOP", "alt"),
    "GLL": ("time", "status", "lat", "lon"),
    "ZDA": ("time", "day", "month", "year"),
    "VTG": (),
}
_HALF_DAY = timedelta(hours=12)
_ERRORS = (NMEAParseError, NMEAMessageError, NMEATypeError, NMEAStreamError, ValueError, KeyError, IndexError)


@dataclass(slots=True)
class Epoch:
    """What the sentences of one moment said."""

    at: time
    day: date | None = None
    fix: bool | None = None
    lat_deg: float | None = None
    lon_deg: float | None = None
    altitude_m: float | None = None
    speed_mps: float | None = None
    course_deg: float | None = None
    hdop: float | None = None


def read_nmea(content: bytes, *, name: str, tally: Tally) -> Raw:
    """Return one sample per moment with a fix; count what is damaged, without a fix or without a date.

    Raises BadInput when no sentence at all is sound.
    """
    epochs: list[Epoch] = []
    sound = 0
    for match in SENTENCE.finditer(content):
        sentence = parse_sentence(match.group(), tally)
        if sentence is None:
            continue
        sound += 1
        if not take_sentence(sentence, epochs) and sentence.msgID in ("RMC", "GGA"):
            tally.add(Reason.NO_FIX)
    if not sound:
        raise BadInput(f"{name} has no sound NMEA sentence ({tally.sentence()}). Record it again.")
    return Raw("NMEA", _dated(epochs, tally))


def parse_sentence(raw: bytes, tally: Tally) -> Any | None:
    """Return the parsed sentence (`SENTENCE` matched it), or None when it is damaged, which is counted."""
    body, star, stated = raw[1:].partition(b"*")
    if not star:
        tally.add(Reason.MALFORMED)
        return None
    actual = 0
    for byte in body:
        actual ^= byte
    if actual != int(stated, 16):
        tally.add(Reason.BAD_CHECKSUM)
        return None
    try:
        sentence = NMEAReader.parse(raw + b"\r\n")
    except _ERRORS:
        sentence = None
    # A sentence may have a right checksum and too few fields, or a latitude of 95 degrees.
    if sentence is None or not all(hasattr(sentence, field) for field in _FIELDS[sentence.msgID]) or _astray(sentence):
        tally.add(Reason.MALFORMED)
        return None
    return sentence


def _astray(sentence: Any) -> bool:
    """Return whether a sentence states a place that is not on earth."""
    lat_deg, lon_deg = _number(getattr(sentence, "lat", None)), _number(getattr(sentence, "lon", None))
    return abs(lat_deg or 0) > 90 or abs(lon_deg or 0) > 180


def take_sentence(sentence: Any, epochs: list[Epoch]) -> bool:
    """Add what a sentence says to the moment it belongs to; VTG has no time and belongs to the newest.

    Return False when it states no time: a receiver that has not found one yet.
    """
    if sentence.msgID == "VTG":
        if epochs and epochs[-1].speed_mps is None:
            knots = _number(getattr(sentence, "sogn", None))
            epochs[-1].speed_mps = knots * MPS_PER_KNOT if knots is not None else None
            epochs[-1].course_deg = _number(getattr(sentence, "cogt", None))
        return True
    at = sentence.time
    if not isinstance(at, time):
        return False
    if not epochs or epochs[-1].at != at:
        epochs.append(Epoch(at))
    epoch = epochs[-1]
    if sentence.msgID == "ZDA":
        epoch.day = _day(sentence)
        return True
    epoch.lat_deg = _number(sentence.lat) if _number(sentence.lat) is not None else epoch.lat_deg
    epoch.lon_deg = _number(sentence.lon) if _number(sentence.lon) is not None else epoch.lon_deg
    if sentence.msgID == "RMC":
        _take_rmc(sentence, epoch)
    elif sentence.msgID == "GGA":
        has_fix = sentence.quality not in (0, "", None)
        epoch.fix = has_fix if epoch.fix is None else epoch.fix and has_fix
        epoch.altitude_m = _number(sentence.alt)
        epoch.hdop = _number(sentence.HDOP)
    elif epoch.fix is None:
        epoch.fix = sentence.status == "A"
    return True


def _take_rmc(sentence: Any, epoch: Epoch) -> None:
    has_fix = sentence.status == "A"
    epoch.fix = has_fix if epoch.fix is None else epoch.fix and has_fix
    epoch.day = sentence.date if isinstance(sentence.date, date) else epoch.day
    knots = _number(sentence.spd)
    epoch.speed_mps = knots * MPS_PER_KNOT if knots is not None else epoch.speed_mps
    epoch.course_deg = _number(sentence.cog)


def _day(sentence: Any) -> date | None:
    try:
        return date(int(sentence.year), int(sentence.month), int(sentence.day))
    except (TypeError, ValueError):
        return None


def _dated(epochs: list[Epoch], tally: Tally) -> list[Sample]:
    """Return samples with full times: the date comes from RMC or ZDA and rolls over at midnight."""
    samples: list[Sample] = []
    day: date | None = None
    before: time | None = None
    for epoch in epochs:
        if epoch.day is not None:
            day = epoch.day
        elif day is not None and before is not None and _since_midnight(before) - _since_midnight(epoch.at) > _HALF_DAY:
            day += timedelta(days=1)
        before = epoch.at
        if not epoch.fix or epoch.lat_deg is None or epoch.lon_deg is None:
            tally.add(Reason.NO_FIX)
        elif day is None:
            tally.add(Reason.NO_DATE)
        else:
            samples.append(sample_of(epoch, wall_ns_of(datetime.combine(day, epoch.at.replace(tzinfo=None), UTC))))
    return samples


def _since_midnight(at: time) -> timedelta:
    return timedelta(hours=at.hour, minutes=at.minute, seconds=at.second, microseconds=at.microsecond)


def sample_of(epoch: Epoch, wall_ns: int) -> Sample:
    """Return what the sentences of one moment said, as a sample at `wall_ns`."""
    return Sample(
        wall_ns=wall_ns,
        lat_deg=epoch.lat_deg,
        lon_deg=epoch.lon_deg,
        altitude_m=epoch.altitude_m,
        speed_mps=epoch.speed_mps if epoch.speed_mps is None or epoch.speed_mps >= 0 else None,
        course_deg=epoch.course_deg % 360 if epoch.course_deg is not None else None,
        horizontal_accuracy_m=epoch.hdop * UERE_M if epoch.hdop is not None else None,
        source="nmea",
    )


def _number(value: object) -> float | None:
    """Return the number; NMEA leaves a field empty when it does not know."""
    return float(value) if isinstance(value, int | float) else None
