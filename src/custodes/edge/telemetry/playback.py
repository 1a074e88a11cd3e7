"""Play a telemetry file along with the unit's time line."""

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from custodes.core.clock import NS_PER_S, Clock
from custodes.core.errors import BadInput
from custodes.core.types import Sample
from custodes.edge.telemetry.bus import Bus
from custodes.edge.telemetry.formats import read_telemetry
from custodes.edge.telemetry.merging import Merger, merged_reading
from custodes.edge.telemetry.reading import Reading
from custodes.edge.telemetry.receiver import Receiver, is_receiver
from custodes.edge.telemetry.settings import FILM, Anchor, TelemetrySettings

CATCH_UP_NS = 60 * NS_PER_S
"""A reader who was away longer is given the last minute, not the whole past."""

DATED_NS = 10 * 365 * 86_400 * NS_PER_S
"""A recording that begins before 1980 counts from zero: it tells no date."""

SEAM_NS = NS_PER_S
"""The pause between the last reading and the first when a file loops."""


class TelemetrySource(Protocol):
    """Where samples come from, on the unit's time line. One thread reads it."""

    def read_until(self, wall_ns: int) -> list[Sample]:
        """Return the samples since the last call up to `wall_ns`, oldest first. Never waits."""
        ...


class Playback:
    """A telemetry file that plays along. One thread reads it."""

    def __init__(self, reading: Reading, *, start_wall_ns: int | None, loop: bool) -> None:
        """Lay `reading.origin_wall_ns` on `start_wall_ns`; None: on the first moment that is asked for."""
        self.reading = reading
        self._times = [sample.wall_ns - reading.origin_wall_ns for sample in reading.samples]
        self._start_ns = start_wall_ns
        self._loop = loop
        self._lap_ns = max(self._times[-1] - min(0, self._times[0]), 0) + SEAM_NS
        self._read_ns: int | None = None

    def read_until(self, wall_ns: int) -> list[Sample]:
        """Return the samples since the last call up to `wall_ns`, oldest first, timed on the unit's time line.

        The first call, and one after a long silence, reach back at most CATCH_UP_NS. A `wall_ns` that goes back
        gives nothing until it has passed where it was.
        """
        if self._start_ns is None:
            self._start_ns = wall_ns
        if self._read_ns is not None and wall_ns <= self._read_ns:
            return []
        earliest_ns = wall_ns - CATCH_UP_NS
        after_ns = earliest_ns if self._read_ns is None else max(self._read_ns, earliest_ns)
        self._read_ns = wall_ns
        return self._between(after_ns - self._start_ns, wall_ns - self._start_ns)

    @property
    def exhausted(self) -> bool:
        """Return whether the last sample has been read and none will follow."""
        if self._loop or self._start_ns is None or self._read_ns is None:
            return False
        return self._read_ns - self._start_ns >= self._times[-1]

    def _between(self, after_ns: int, until_ns: int) -> list[Sample]:
        """Return the samples in (after_ns, until_ns], both counted from the start of the first lap."""
        if not self._loop:
            return self._lap(after_ns, until_ns, 0)
        first, last = max(0, after_ns // self._lap_ns), until_ns // self._lap_ns
        return [
            sample
            for lap in range(first, last + 1)
            for sample in self._lap(after_ns - lap * self._lap_ns, until_ns - lap * self._lap_ns, lap * self._lap_ns)
        ]

    def _lap(self, after_ns: int, until_ns: int, shift_ns: int) -> list[Sample]:
        assert self._start_ns is not None
        first, last = bisect_right(self._times, after_ns), bisect_right(self._times, until_ns)
        start_ns = self._start_ns + shift_ns
        return [
            replace(sample, wall_ns=start_ns + at_ns)
            for sample, at_ns in zip(self.reading.samples[first:last], self._times[first:last], strict=True)
        ]


class Together:
    """A receiver and a bus, joined as they speak. One thread reads it."""

    def __init__(self, receiver: TelemetrySource, bus: TelemetrySource) -> None:
        self._receiver = receiver
        self._bus = bus
        self._merger = Merger()

    @property
    def absent(self) -> bool:
        """Whether the receiver itself cannot be reached."""
        return isinstance(self._receiver, Receiver) and self._receiver.absent

    def read_until(self, wall_ns: int) -> list[Sample]:
        """Return what both have said since the last call, joined, oldest first."""
        return self._merger.joined(self._receiver.read_until(wall_ns), self._bus.read_until(wall_ns))


def open_telemetry(
    settings: TelemetrySettings,
    *,
    clock: Clock,
    film: Path | None = None,
    film_start_wall_ns: int | None = None,
    on_notice: Callable[[str], None] = lambda text: None,
) -> TelemetrySource:
    """Read a whole file and lay it on the unit's time line; or open a receiver or a bus, which need not be there yet.

    `film` is the first lens's film, used when `settings.source` is `film`. `film_start_wall_ns` is the wall time of
    its first moment; None: the first moment that `read_until` asks for. `on_notice` is told, in a line, when a
    receiver or a bus goes away and comes back. Raises BadInput for a file that cannot be used.
    """
    live = settings.bus is not None and settings.bus.log is None
    received: TelemetrySource
    if is_receiver(settings.source):
        received = Receiver(
            settings.source,
            clock=clock,
            baud=settings.baud,
            parked_filter=settings.parked_filter,
            on_notice=on_notice,
        )
        if settings.bus is None:
            return received
    elif settings.source or not live:
        received = open_playback(settings, clock=clock, film=film, film_start_wall_ns=film_start_wall_ns)
        if not live:
            return received
    assert settings.bus is not None
    if live:
        bus: TelemetrySource = Bus(settings.bus, clock=clock, on_notice=on_notice)
        return Together(received, bus) if settings.source else bus
    alone = settings.model_copy(update={"source": ""})
    return Together(received, open_playback(alone, clock=clock, film=film, film_start_wall_ns=film_start_wall_ns))


def open_playback(
    settings: TelemetrySettings, *, clock: Clock, film: Path | None = None, film_start_wall_ns: int | None = None
) -> Playback:
    """Read a whole recording and lay it on the unit's time line, as `open_telemetry` does. Raises BadInput."""
    reading = read_recordings(settings, film=film)
    if settings.anchor is Anchor.OWN and reading.origin_wall_ns < DATED_NS:
        raise BadInput("telemetry.anchor is 'own', but the recording tells no date. Use 'film' or 'now'.")
    starts = {
        Anchor.FILM: film_start_wall_ns,
        Anchor.OWN: reading.origin_wall_ns,
        Anchor.NOW: clock.wall_ns(),
    }
    return Playback(reading, start_wall_ns=starts[settings.anchor], loop=settings.loop)


def read_recordings(settings: TelemetrySettings, *, film: Path | None = None) -> Reading:
    """Return all that the recordings in the settings tell: the source's, the bus's, or both joined. Raises BadInput."""
    log = settings.bus.log if settings.bus is not None else None
    told = read_telemetry(log, bus=settings.bus) if log is not None else None
    if not settings.source:
        assert told is not None
        return told
    if settings.source == FILM and film is None:
        raise BadInput("telemetry.source is 'film', but the first lens is no film. Give a telemetry file.")
    path = film if settings.source == FILM and film is not None else Path(settings.source)
    reading = read_telemetry(path, parked_filter=settings.parked_filter, bus=settings.bus)
    return reading if told is None else merged_reading(reading, told)
