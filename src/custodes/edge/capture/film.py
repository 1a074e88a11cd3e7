"""A film file as a source: as fast as possible or at the clock's pace, once or again and again."""

import threading
from collections.abc import Iterator
from typing import Any

import av
from av.container import InputContainer

from custodes.core.clock import NS_PER_S, Clock
from custodes.core.errors import BadInput, Permanent
from custodes.core.packets import StampedPacket, StreamFacts, StreamTemplate
from custodes.edge.capture.interleave import interleaved
from custodes.edge.capture.notices import NoticeSink, PacketsSkipped, ignore
from custodes.edge.capture.opening import open_film
from custodes.edge.capture.reading import Reading, Track, open_tracks, probe_rotation
from custodes.edge.capture.settings import LensSource, shown
from custodes.edge.capture.templates import same_parameters
from custodes.edge.capture.timeline import WallOffset

WAIT_SLICE_S = 0.1


class FilmSource:
    """Packets of one film file. Reads one packet ahead of nobody: the consumer sets the pace, or the clock does."""

    def __init__(
        self,
        settings: LensSource,
        *,
        clock: Clock,
        stop: threading.Event | None = None,
        on_notice: NoticeSink = ignore,
        sub: bool = False,
        start_wall_ns: int | None = None,
    ) -> None:
        """Open the film and decode its first picture.

        Raises BadInput with one line where it is no film that can be shown.
        """
        self._path = settings.sub_source if sub and settings.sub_source else settings.source
        self._settings = settings
        self._clock = clock
        self._stop = stop or threading.Event()
        self._closed = threading.Event()
        self._tell = on_notice
        self.skipped_packets = 0
        self._told_skipped = 0
        self._rotation_deg = probe_rotation(self._path)
        self._container: InputContainer | None = None
        self._tracks: dict[int, Track] = {}
        self._epoch = 0
        self.facts = self._open()
        start_ns = start_wall_ns if start_wall_ns is not None else settings.start_wall_ns
        self._wall = WallOffset(clock, start_wall_ns=start_ns, fixed=not settings.realtime)
        self._base_mono_ns = clock.mono_ns()
        self._base_pts: int | None = None
        self._zero_ns = 0

    @property
    def templates(self) -> tuple[StreamTemplate, ...]:
        """Return the streams' templates, the picture's first."""
        return tuple(track.template for track in self._tracks.values())

    def packets(self) -> Iterator[StampedPacket]:
        """Yield packets in the file's order until it ends, `stop` is set or the source is closed.

        In real time each packet waits for its decoding time. Damaged packets are passed over and counted.
        Raises Permanent where a looped file cannot be opened any more.
        """
        while True:
            read = 0
            for stamped in self._one_pass():
                read += 1
                yield stamped
            self._tell_skipped()
            if not self._settings.loop or read == 0 or self._over():
                return
            self._rewind()

    def close(self) -> None:
        """Release the file. May be called twice, and from another thread: reading then ends at the next packet."""
        self._closed.set()

    def _over(self) -> bool:
        return self._stop.is_set() or self._closed.is_set()

    def _open(self) -> StreamFacts:
        name = shown(self._path)
        container = open_film(self._path)
        try:
            tracks, facts = open_tracks(container, name, rotation_deg=self._rotation_deg)
        except BaseException:
            container.close()
            raise
        self._container = container
        old = self._tracks
        self._tracks = tracks
        if old:
            self._carry_over(list(old.values()))
        return facts

    def _carry_over(self, old: list[Track]) -> None:
        """Let the film's next pass follow the last one on the same time line; a changed film begins an epoch."""
        new = list(self._tracks.values())
        end_pts = old[0].line.end_pts or 0
        length_ns = old[0].template.ticks_to_ns(end_pts) - self._zero_ns
        if len(old) != len(new) or not all(
            same_parameters(a.template, b.template) for a, b in zip(old, new, strict=True)
        ):
            self._epoch += 1
            self._base_mono_ns += length_ns
            self._base_pts = None
            return
        first = self._base_pts or 0
        for index, (before, track) in enumerate(zip(old, new, strict=True)):
            track.template = before.template
            shift = end_pts - first if index == 0 else track.template.ns_to_ticks(length_ns)
            track.line.shift = shift
            track.line.last_dts = before.line.last_dts
            track.line.end_pts = before.line.end_pts

    def _rewind(self) -> None:
        try:
            self.facts = self._open()
        except BadInput as error:
            raise Permanent(str(error)) from error

    def _one_pass(self) -> Iterator[StampedPacket]:
        container = self._container
        if container is None:
            return
        reading = Reading(container, list(self._tracks))
        stamped = self._stamped(reading)
        try:
            for packet in interleaved(stamped) if len(self._tracks) > 1 else stamped:
                if self._over() or (self._settings.realtime and not self._wait_for(packet)):
                    return
                yield packet
        finally:
            self.skipped_packets += reading.faults
            reading.close()
            self._container = None
            container.close()

    def _stamped(self, reading: Reading) -> Iterator[StampedPacket]:
        for packet in reading:
            if self._over():
                return
            stamped = self._stamp(packet)
            if stamped is not None:
                yield stamped

    def _stamp(self, packet: "av.Packet[Any]") -> StampedPacket | None:
        track = self._tracks[packet.stream_index]
        if packet.is_corrupt:
            self.skipped_packets += 1
            return None
        template = track.template
        pts, dts = track.line.place(packet.pts, packet.dts, packet.duration)
        packet.pts, packet.dts = pts, dts
        packet.stream = template.stream
        is_video = template.media == "video"
        if self._base_pts is None:
            if not is_video:
                return None  # sound before the first picture has no place on the time line yet
            self._base_pts = pts
            self._zero_ns = template.ticks_to_ns(pts)
        since_ns = template.ticks_to_ns(pts) - self._zero_ns
        mono_ns = self._base_mono_ns + since_ns
        return StampedPacket.of(packet, template, wall_ns=mono_ns + self._wall.ns, mono_ns=mono_ns, epoch=self._epoch)

    def _wait_for(self, stamped: StampedPacket) -> bool:
        """Wait until the packet's decoding time; return False when told to stop."""
        lead_ns = stamped.template.ticks_to_ns(stamped.pts - stamped.dts)
        due_ns = stamped.mono_ns - lead_ns
        while not self._over():
            left_s = (due_ns - self._clock.mono_ns()) / NS_PER_S
            if left_s <= 0:
                break
            self._clock.sleep(min(left_s, WAIT_SLICE_S))
        else:
            return False
        jump = self._wall.check()
        if jump is not None:
            self._tell(jump)
            stamped.wall_ns = stamped.mono_ns + self._wall.ns
        return True

    def _tell_skipped(self) -> None:
        fresh = self.skipped_packets - self._told_skipped
        if fresh:
            self._told_skipped = self.skipped_packets
            self._tell(PacketsSkipped(count=fresh, reason=f"{shown(self._path)} is damaged"))
