"""Put picture and sound in the order of their decoding times: files keep them up to a second apart."""

from collections import deque
from collections.abc import Iterator

from custodes.core.packets import StampedPacket

MOST_APART_NS = 2_000_000_000  # further behind, the sound has holes or has ended: the picture does not wait for it


def interleaved(packets: Iterator[StampedPacket]) -> Iterator[StampedPacket]:
    """Yield all `packets`, each stream in its own order, the two streams merged by decoding time."""
    picture: deque[StampedPacket] = deque()
    sound: deque[StampedPacket] = deque()
    for packet in packets:
        (picture if packet.media == "video" else sound).append(packet)
        while picture and sound:
            yield _earlier(picture, sound).popleft()
        for waiting in (picture, sound):
            while waiting and _decoding_ns(waiting[-1]) - _decoding_ns(waiting[0]) > MOST_APART_NS:
                yield waiting.popleft()
    while picture and sound:
        yield _earlier(picture, sound).popleft()
    yield from picture or sound


def _earlier(picture: deque[StampedPacket], sound: deque[StampedPacket]) -> deque[StampedPacket]:
    return picture if _decoding_ns(picture[0]) <= _decoding_ns(sound[0]) else sound


def _decoding_ns(packet: StampedPacket) -> int:
    return packet.mono_ns - packet.template.ticks_to_ns(packet.pts - packet.dts)
