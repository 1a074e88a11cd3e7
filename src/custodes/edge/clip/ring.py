"""The last seconds of a lens's film in memory, as packets, in whole GOPs."""

from collections import deque
from collections.abc import Iterator
from itertools import chain

from custodes.core.packets import StampedPacket


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

    def since(self, start_mono_ns: int) -> Iterator[StampedPacket]:
        """Yield the packets from the last keyframe at or before `start_mono_ns`, or from the oldest one there is."""
        chosen = list(self._gops)
        first = 0
        for index, gop in enumerate(chosen):
            if gop[0].mono_ns <= start_mono_ns:
                first = index
        return chain.from_iterable(chosen[first:])

    @property
    def oldest_mono_ns(self) -> int | None:
        """Return the monotonic time of the oldest film, or None when empty."""
        return self._gops[0][0].mono_ns if self._gops else None

    def _drop_oldest(self) -> None:
        self._gops.popleft()
        self.size_bytes -= self._gop_bytes.popleft()
