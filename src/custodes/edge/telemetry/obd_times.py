"""Times as OBD apps and spreadsheets write them. A date that could be two is refused, unless other rows settle it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from custodes.core.clock import NS_PER_S
from custodes.core.errors import BadInput
from custodes.core.types import Sample
from custodes.edge.telemetry.bus_settings import DateOrder
from custodes.edge.telemetry.gpx import wall_ns_of
from custodes.edge.telemetry.reading import counted_ns, is_a_time

_NAMED = ("%d-%b-%Y %H:%M:%S.%f", "%d-%b-%Y %H:%M:%S", "%d %b %Y %H:%M:%S.%f", "%d %b %Y %H:%M:%S")
_GPS = re.compile(r"[A-Z][a-z]{2} ([A-Z][a-z]{2}) (\d{1,2}) (\d\d:\d\d:\d\d) (?:GMT|UTC)([+-]\d\d:\d\d)? (\d{4})")
_TURNED = re.compile(r"(\d{1,2})([/.])(\d{1,2})\2(\d{4}),? (\d{1,2}:\d\d:\d\d(?:[.,]\d+)?)( [AP]M)?", re.IGNORECASE)
_NO_SECONDS = re.compile(r".*\d{4} \d{1,2}:\d\d( [AP]M)?|\d{1,2}:\d\d[.,]\d+", re.IGNORECASE)
_SECONDS = re.compile(r"\d{1,13}(?:\.\d{1,9})?")


@dataclass(frozen=True, slots=True)
class _Turned:
    """A date with numbers alone: both readings of it; `month_first` is None where that cannot be."""

    day_first: int | None
    month_first: int | None


class Times:
    """Read one column of times. What rows of two readings mean is settled by the whole file."""

    def __init__(self, name: str, order: DateOrder | None) -> None:
        self._name = name
        self._order = order
        self._asked: list[tuple[_Turned, str]] = []
        self._only: DateOrder | None = None

    def take(self, cell: str, *, where: str, comma: bool) -> int:
        """Return a moment (ns), or the place of one that `settled` resolves, counted down from -1."""
        turned = _TURNED.fullmatch(cell)
        if turned is None:
            plain_ns = _plain_ns(cell, where=where, comma=comma)
            if not is_a_time(plain_ns):
                raise BadInput(f"{where}: {cell[:40]!r} lies before 1970 or after 2106. Set the clock of the phone.")
            return plain_ns
        both = _both(turned, where=where, cell=cell)
        only = DateOrder.MONTH_FIRST if both.day_first is None else DateOrder.DAY_FIRST
        if both.day_first is None or both.month_first is None:
            if only is not (self._order or self._only or only):
                raise BadInput(f"{where}: {cell[:40]!r} has day and month in another order than other rows.")
            self._only = only
        self._asked.append((both, where))
        return -len(self._asked)

    def settled(self, samples: Sequence[Sample]) -> list[Sample]:
        """Return samples with each date read in the one order that fits all. Raises BadInput where two do."""
        if not self._asked:
            return list(samples)
        order = self._order or self._only
        if order is None and all(both.day_first == both.month_first for both, _ in self._asked):
            order = DateOrder.DAY_FIRST
        if order is None:
            raise BadInput(
                f"{self._asked[0][1]}: day or month first? No row shows it. Say telemetry.bus.dates, or export with "
                "ISO times such as 2026-01-31T14:32:07Z."
            )
        day_first = order is DateOrder.DAY_FIRST
        return [
            replace(sample, wall_ns=_chosen(self._asked[-sample.wall_ns - 1][0], day_first=day_first))
            if sample.wall_ns < 0
            else sample
            for sample in samples
        ]


def _chosen(both: _Turned, *, day_first: bool) -> int:
    chosen = both.day_first if day_first else both.month_first
    assert chosen is not None
    return chosen


def _both(turned: re.Match[str], *, where: str, cell: str) -> _Turned:
    one, dot, two, year, time, half = turned.groups()
    clock = time.replace(",", ".") + (half or "")
    tail = f"%Y %I:%M:%S{'.%f' if '.' in clock else ''} %p" if half else f"%Y %H:%M:%S{'.%f' if '.' in clock else ''}"

    def read(day: str, month: str) -> int | None:
        try:
            read = datetime.strptime(f"{day}/{month}/{year} {clock}", f"%d/%m/{tail}").replace(tzinfo=UTC)
        except ValueError:
            return None
        return wall_ns_of(read) if is_a_time(wall_ns_of(read)) else None

    both = _Turned(read(one, two), None if dot == "." else read(two, one))
    if both.day_first is None and both.month_first is None:
        raise BadInput(f"{where}: {cell[:40]!r} is no time that there is.")
    return both


def _plain_ns(cell: str, *, where: str, comma: bool) -> int:
    text = cell.replace(",", ".") if comma and cell.count(",") == 1 else cell
    if _SECONDS.fullmatch(text):
        in_ms = float(text) > 100_000_000_000  # later than 1973 as ms, before 5138 as s
        return counted_ns(text, 1_000_000 if in_ms else NS_PER_S)
    try:
        return wall_ns_of(datetime.fromisoformat(text))
    except ValueError:
        pass
    gps = _GPS.fullmatch(text)
    try:
        if gps is not None:
            month, day, clock, offset, year = gps.groups()
            zoned = f"{day} {month} {year} {clock} {offset or '+00:00'}"
            return wall_ns_of(datetime.strptime(zoned, "%d %b %Y %H:%M:%S %z"))
    except ValueError:
        pass
    for form in _NAMED:
        try:
            return wall_ns_of(datetime.strptime(text, form).replace(tzinfo=UTC))
        except ValueError:
            continue
    lost = " A spreadsheet dropped its seconds: export the file again and do not save it there."
    hint = lost if _NO_SECONDS.fullmatch(text) else " Export it with ISO times such as 2026-01-31T14:32:07Z."
    raise BadInput(f"{where}: {cell[:40]!r} is no time that is known.{hint}")
