"""The last seconds of a lens's film in memory, as packets, in whole GOPs."""

from collections import deque
from collections.abc import Sequence
from itertools import chain, pairwise

from custodes.core.clock import NS_PER_S
from custodes.core.packets import StampedPacket

LEAD_NS = 3 * NS_PER_S
"""A film may begin this long before what was asked for, so that its first keyframe is in it."""
GAP_NS, GAP_PICTURES = NS_PER_S, 3
"""Pictures that lie further apart than both have others missing between them."""


class PacketRing:
    """Hold packets of one epoch, newest last, limited by time and bytes.

    Film can only be cut at keyframes, so whole GOPs leave together, and a GOP stays while any of its frames is
    within the span. The bytes limit is the stronger one; one GOP that exceeds it alone is dropped at its start
    until the next keyframe.
    """

    def __init__(self, *, span_ns: int, limit_bytes: int) -> None:
        self._span_ns = span_ns
        self._limit_bytes = limit_bytes
        self._gops: deque[list[StampedPacket]] = deque()
        self._gop_bytes: deque[int] = deque()
        self.size_bytes = 0

    def append(self, packet: StampedPacket) -> None:
        """Add one packet. Packets before the first keyframe are passed over: nothing can begin with them."""
        gops = self._gops
        if packet.is_keyframe:
            gops.append([packet])
            self._gop_bytes.append(packet.size_bytes)
            self.size_bytes += packet.size_bytes
            oldest_ns = packet.mono_ns - self._span_ns
            while len(gops) > 1 and gops[1][0].mono_ns <= oldest_ns:
                self._drop_oldest()
        elif gops:
            gops[-1].append(packet)
            self._gop_bytes[-1] += packet.size_bytes
            self.size_bytes += packet.size_bytes
        if self.size_bytes > self._limit_bytes:
            while gops and self.size_bytes > self._limit_bytes:
                self._drop_oldest()

    def clear(self) -> None:
        """Forget all film."""
        self._gops.clear()
        self._gop_bytes.clear()
        self.size_bytes = 0

    def since(self, start_mono_ns: int, *, latest_mono_ns: int, ended: bool = False) -> Sequence[StampedPacket] | None:
        """Return the packets with which a film of `start_mono_ns` begins; None: wait for the next packet.

        They begin with the last keyframe at or before the start, if that lies less than `LEAD_NS` before it; else with
        the first keyframe after it, up to `latest_mono_ns`. Only where none comes until then, or the source `ended`,
        is a longer GOP taken whole; and if pictures of it are missing, nothing: the film waits for a keyframe.
        """
        chosen = list(self._gops)
        newest_ns = self.newest_mono_ns
        if newest_ns is None or newest_ns < start_mono_ns:
            return None
        first = max((index for index, gop in enumerate(chosen) if gop[0].mono_ns <= start_mono_ns), default=0)
        if start_mono_ns - chosen[first][0].mono_ns > LEAD_NS:
            comes_in_time = first + 1 < len(chosen) and chosen[first + 1][0].mono_ns <= latest_mono_ns
            if comes_in_time or _has_gap(chosen[first], start_mono_ns):
                first += 1
            elif newest_ns < latest_mono_ns and not ended:
                return None
        return list(chain.from_iterable(chosen[first:]))

    @property
    def oldest_mono_ns(self) -> int | None:
        """Return the monotonic time of the oldest film, or None when empty."""
        return self._gops[0][0].mono_ns if self._gops else None

    @property
    def newest_mono_ns(self) -> int | None:
        """Return when the newest picture is shown (monotonic), or None when empty."""
        return max(one.mono_ns for one in self._gops[-1] if one.media == "video") if self._gops else None

    def _drop_oldest(self) -> None:
        self._gops.popleft()
        self.size_bytes -= self._gop_bytes.popleft()


def _has_gap(gop: Sequence[StampedPacket], start_mono_ns: int) -> bool:
    """Return whether pictures are missing between the GOP's keyframe and the start, or across the start."""
    fps = gop[0].template.fps
    least_ns = max(GAP_NS, round(GAP_PICTURES * NS_PER_S / fps) if fps > 0 else 0)
    shown = sorted(one.mono_ns for one in gop if one.media == "video")
    return any(before <= start_mono_ns and after - before > least_ns for before, after in pairwise(shown))
