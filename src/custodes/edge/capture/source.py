"""Open whatever a lens's settings name."""

import threading
from collections.abc import Iterator
from random import Random
from typing import Protocol

from custodes.core.clock import Clock
from custodes.core.packets import StampedPacket, StreamFacts, StreamTemplate
from custodes.edge.capture.film import FilmSource
from custodes.edge.capture.live import LiveSource
from custodes.edge.capture.notices import NoticeSink, ignore
from custodes.edge.capture.settings import LensSource, kind_of


class Source(Protocol):
    """Packets of one stream. `facts` are those of the latest epoch."""

    facts: StreamFacts
    skipped_packets: int

    @property
    def templates(self) -> tuple[StreamTemplate, ...]:
        """Return the streams' templates, the picture's first."""
        ...

    def packets(self) -> Iterator[StampedPacket]:
        """Yield packets until the film ends or the source is told to stop."""
        ...

    def close(self) -> None:
        """Release the source; from any thread, and more than once."""
        ...


def open_source(
    settings: LensSource,
    *,
    clock: Clock,
    stop: threading.Event | None = None,
    random: Random | None = None,
    on_notice: NoticeSink = ignore,
    sub: bool = False,
    start_wall_ns: int | None = None,
) -> Source:
    """Open the lens's main stream, or with `sub` the smaller one where the settings name it.

    `stop` ends a blocking read within 0.2 s. `random` spreads the retries of many units that lost one network.
    `start_wall_ns` overrides the settings' `start_wall`, so that main and sub stream share one time line.
    Raises BadInput with one line where the source can never work, Temporary where a camera does not answer now.
    """
    address = settings.sub_source if sub and settings.sub_source else settings.source
    if kind_of(address) == "film":
        return FilmSource(settings, clock=clock, stop=stop, on_notice=on_notice, sub=sub, start_wall_ns=start_wall_ns)
    chance = random or Random(clock.mono_ns())  # noqa: S311 - spreads calls, hides nothing
    return LiveSource(settings, clock=clock, random=chance, stop=stop, on_notice=on_notice, sub=sub)
