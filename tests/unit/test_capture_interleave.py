"""Sound and picture leave a film in the order in which they are decoded, and neither waits for ever for the other."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from custodes.core.clock import NS_PER_S, ManualClock
from custodes.edge.capture import LensSource, StampedPacket, open_source
from custodes.edge.capture.interleave import MOST_APART_NS, interleaved
from filmcraft import Recipe, make_film


@pytest.fixture
def packets(tmp_path: Path) -> list[StampedPacket]:
    film = make_film(tmp_path / "a.mp4", Recipe(seconds=8, bframes=2, sound=True))
    return list(open_source(LensSource(source=str(film)), clock=ManualClock()).packets())


def decoding_ns(packet: StampedPacket) -> int:
    return packet.mono_ns - packet.template.ticks_to_ns(packet.pts - packet.dts)


def test_a_film_comes_out_in_order(packets: list[StampedPacket]) -> None:
    times = [decoding_ns(packet) for packet in packets]
    assert times == sorted(times)
    assert {packet.media for packet in packets} == {"video", "audio"}


def test_streams_a_second_apart_are_merged_and_nothing_is_lost(packets: list[StampedPacket]) -> None:
    picture = [p for p in packets if p.media == "video"]
    sound = [p for p in packets if p.media == "audio"]
    apart: list[StampedPacket] = []
    for second in range(9):
        for stream in (picture, sound):
            apart += [p for p in stream if second <= (decoding_ns(p) - decoding_ns(picture[0])) / NS_PER_S < second + 1]
    merged = list(interleaved(iter(apart)))
    assert {id(p) for p in merged} == {id(p) for p in apart}
    times = [decoding_ns(p) for p in merged]
    assert times == sorted(times)
    assert [p for p in merged if p.media == "video"] == [p for p in apart if p.media == "video"]


@pytest.mark.parametrize("media", ["video", "audio"])
def test_a_stream_that_ended_holds_nothing_up(packets: list[StampedPacket], media: str) -> None:
    alone = [p for p in packets if p.media == media]
    read: list[StampedPacket] = []

    def watched() -> Iterator[StampedPacket]:
        for packet in alone:
            read.append(packet)
            yield packet

    given = 0
    for packet in interleaved(watched()):
        given += 1
        assert decoding_ns(read[-1]) - decoding_ns(packet) <= MOST_APART_NS + NS_PER_S
    assert given == len(alone)
