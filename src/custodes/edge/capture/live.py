"""A camera as a source: RTSP over TCP or USB, called anew for as long as it takes.

A thread of its own reads the camera, because a read inside FFmpeg cannot be interrupted from outside: the lens's
thread waits on a queue instead, and leaves it at once when told to stop.
"""

import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any, TypeAlias

import av
from av.container import InputContainer

from custodes.core.clock import Clock
from custodes.core.errors import BadInput, Temporary
from custodes.core.packets import StampedPacket, StreamFacts, StreamTemplate
from custodes.edge.capture.backoff import Backoff
from custodes.edge.capture.notices import NoticeSink, PacketsSkipped, SourceBack, SourceLost, ignore
from custodes.edge.capture.opening import open_rtsp, open_usb
from custodes.edge.capture.reading import Reading, Track, open_tracks
from custodes.edge.capture.settings import LensSource, device_path, kind_of, shown
from custodes.edge.capture.timeline import LiveAnchor, WallOffset

QUEUE_PACKETS = 2000
POLL_S = 0.1
LEAP_NS = 5_000_000_000  # a packet so far ahead of the clock comes from a camera that set its own clock anew


@dataclass(frozen=True, slots=True)
class _Opened:
    """The camera answered."""

    tracks: dict[int, Track]
    facts: StreamFacts


@dataclass(frozen=True, slots=True)
class _Arrived:
    """One packet, and when it came."""

    packet: "av.Packet[Any]"
    index: int
    mono_ns: int


@dataclass(frozen=True, slots=True)
class _Failed:
    """The camera refused or fell silent. `first`: it never answered at all."""

    error: BadInput | Temporary
    first: bool
    attempt: int
    wait_s: float


_Report: TypeAlias = _Opened | _Arrived | _Failed


class LiveSource:
    """Packets of one camera, for ever: when it is lost it is called again, and a new epoch begins."""

    def __init__(
        self,
        settings: LensSource,
        *,
        clock: Clock,
        random: Random,
        stop: threading.Event | None = None,
        on_notice: NoticeSink = ignore,
        sub: bool = False,
    ) -> None:
        """Open the camera and wait for its description.

        Raises BadInput where it can never work, Temporary where it does not answer (or `stop` was set).
        """
        self._address = settings.sub_source if sub and settings.sub_source else settings.source
        self._clock = clock
        self._stop = stop or threading.Event()
        self._closed = threading.Event()
        self._tell = on_notice
        self.skipped_packets = 0
        self._epoch = 0
        self._anchor = LiveAnchor()
        self._wall = WallOffset(clock, start_wall_ns=None, fixed=False)
        self._lost_since_ns: int | None = None
        self._last_mono_ns = clock.mono_ns()
        self._reports: queue.Queue[_Report] = queue.Queue(maxsize=QUEUE_PACKETS)
        backoff = Backoff(first_s=settings.backoff_first_s, most_s=settings.backoff_most_s, random=random)
        caller = _Caller(
            opener=_opener(self._address, settings), name=shown(self._address), clock=clock, backoff=backoff,
            reports=self._reports, over=self._over,
        )  # fmt: skip
        self._thread = threading.Thread(target=caller.run, name=f"camera {shown(self._address)}", daemon=True)
        self._thread.start()
        first = self._next_report()
        if isinstance(first, _Opened):
            self._tracks, self.facts = first.tracks, first.facts
            return
        self.close()
        if isinstance(first, _Failed):
            raise first.error
        raise Temporary(f"cannot open {shown(self._address)}: told to stop before it answered.")

    @property
    def templates(self) -> tuple[StreamTemplate, ...]:
        """Return the streams' templates of the latest epoch, the picture's first."""
        return tuple(track.template for track in self._tracks.values())

    def packets(self) -> Iterator[StampedPacket]:
        """Yield packets as they arrive until `stop` is set or the source is closed."""
        while True:
            report = self._next_report()
            if report is None:
                return
            if isinstance(report, _Arrived):
                stamped = self._stamp(report)
                if stamped is not None:
                    yield stamped
            elif isinstance(report, _Opened):
                self._begin_epoch(report)
            else:
                self._lost(report)

    def close(self) -> None:
        """Hang up. Returns at once; the connection itself ends within the read time-out."""
        self._closed.set()

    def _over(self) -> bool:
        return self._stop.is_set() or self._closed.is_set()

    def _next_report(self) -> _Report | None:
        while not self._over():
            try:
                return self._reports.get(timeout=POLL_S)
            except queue.Empty:
                continue
        return None

    def _begin_epoch(self, opened: _Opened) -> None:
        self._tracks, self.facts = opened.tracks, opened.facts
        self._epoch += 1
        self._anchor = LiveAnchor()

    def _lost(self, failed: _Failed) -> None:
        if self._lost_since_ns is None:
            self._lost_since_ns = self._last_mono_ns
        self._tell(SourceLost(str(failed.error), failed.attempt, failed.wait_s, self._clock.wall_ns()))

    def _stamp(self, arrived: _Arrived) -> StampedPacket | None:
        packet, track = arrived.packet, self._tracks.get(arrived.index)
        if track is None:
            return None
        if packet.is_corrupt:
            self.skipped_packets += 1
            self._tell(PacketsSkipped(count=1, reason=f"{shown(self._address)} sent a damaged packet"))
            return None
        template, is_video = track.template, track.template.media == "video"
        pts, dts = track.line.place(packet.pts, packet.dts, packet.duration)
        packet.pts, packet.dts = pts, dts
        if is_video:
            self._watch_clocks(template.ticks_to_ns(dts), arrived.mono_ns)
        elif not self._anchor.is_set:
            return None
        mono_ns = template.ticks_to_ns(pts) + self._anchor.offset_ns
        self._last_mono_ns = arrived.mono_ns
        if self._lost_since_ns is not None:
            gap_ns, self._lost_since_ns = arrived.mono_ns - self._lost_since_ns, None
            self._tell(SourceBack(self._epoch, gap_ns, mono_ns + self._wall.ns))
        return StampedPacket.of(packet, template, wall_ns=mono_ns + self._wall.ns, mono_ns=mono_ns, epoch=self._epoch)

    def _watch_clocks(self, dts_ns: int, arrival_mono_ns: int) -> None:
        """Follow the camera's clock, and the unit's wall clock where it jumps."""
        if self._anchor.is_set and dts_ns + self._anchor.offset_ns - arrival_mono_ns > LEAP_NS:
            self._epoch += 1
            self._anchor = LiveAnchor()
        self._anchor.follow(dts_ns, arrival_mono_ns)
        jump = self._wall.check()
        if jump is not None:
            self._tell(jump)


class _Caller:
    """The thread's work: call the camera, read it, call again. All of FFmpeg's container stays in this thread."""

    def __init__(
        self,
        *,
        opener: Callable[[], InputContainer],
        name: str,
        clock: Clock,
        backoff: Backoff,
        reports: "queue.Queue[_Report]",
        over: Callable[[], bool],
    ) -> None:
        self._opener = opener
        self._name = name
        self._clock = clock
        self._backoff = backoff
        self._reports = reports
        self._over = over
        self._ever_open = False

    def run(self) -> None:
        """Call until told to stop, or until the very first call fails."""
        while not self._over():
            try:
                self._call()
                error: BadInput | Temporary = Temporary(f"{self._name} ended its stream")
            except (BadInput, Temporary) as refused:
                error = refused
            except av.FFmpegError as broken:
                error = Temporary(f"{self._name} fell silent: {(broken.strerror or 'no answer').lower()}")
            wait_s = self._backoff.next_s()
            if not self._put(_Failed(error, not self._ever_open, self._backoff.attempt, wait_s)) or not self._ever_open:
                return
            self._wait(wait_s)

    def _call(self) -> None:
        container = self._opener()
        reading: Reading | None = None
        try:
            tracks, facts = open_tracks(container, self._name)
            if not facts.width_px:
                raise Temporary(f"{self._name} sends no picture")
            reading = Reading(container, list(tracks), patient=False)
            if not self._put(_Opened(tracks, facts)):
                return
            self._ever_open = True
            for packet in reading:
                index = packet.stream_index
                packet.stream = tracks[index].template.stream  # the camera's own stream is freed when it hangs up
                if not self._put(_Arrived(packet, index, self._clock.mono_ns())):
                    return
                self._backoff.reset()
        finally:
            if reading is not None:
                reading.close()
            container.close()

    def _put(self, report: _Report) -> bool:
        """Hand over; a slow reader makes the camera wait. Returns False when told to stop."""
        while not self._over():
            try:
                self._reports.put(report, timeout=POLL_S)
            except queue.Full:
                continue
            return True
        return False

    def _wait(self, seconds: float) -> None:
        until_ns = self._clock.mono_ns() + round(seconds * 1e9)
        while not self._over() and self._clock.mono_ns() < until_ns:
            self._clock.sleep(min(POLL_S, seconds))


def _opener(address: str, settings: LensSource) -> Callable[[], InputContainer]:
    if kind_of(address) == "rtsp":
        return lambda: open_rtsp(
            address, open_timeout_s=settings.open_timeout_s, read_timeout_s=settings.read_timeout_s
        )
    return lambda: open_usb(device_path(address), read_timeout_s=settings.read_timeout_s)
