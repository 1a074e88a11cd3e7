"""The decoder does as little as the moment needs, and loses nothing when it wakes."""

import itertools
from pathlib import Path

import numpy as np
import pytest

from custodes.core.clock import NS_PER_S, ManualClock
from custodes.edge.capture import DecodedPicture, DecodeMode, Decoder, LensSource, StampedPacket, open_source
from filmcraft import Recipe, make_film


def packets_of(path: Path, recipe: Recipe) -> list[StampedPacket]:
    return list(open_source(LensSource(source=str(make_film(path, recipe))), clock=ManualClock()).packets())


def seconds(pictures: list[DecodedPicture], packets: list[StampedPacket]) -> list[float]:
    return [round((p.mono_ns - packets[0].mono_ns) / NS_PER_S, 3) for p in pictures]


def run(decoder: Decoder, packets: list[StampedPacket]) -> list[DecodedPicture]:
    return [picture for packet in packets for picture in decoder.decode(packet)]


@pytest.mark.parametrize("bframes", [0, 2])
def test_idle_gives_each_keyframe_at_once_and_decodes_nothing_else(tmp_path: Path, bframes: int) -> None:
    packets = packets_of(tmp_path / "a.mp4", Recipe(seconds=6, bframes=bframes))
    decoder = Decoder()
    for packet in packets:
        pictures = decoder.decode(packet)
        assert len(pictures) == packet.is_keyframe
        assert all(p.is_keyframe and p.mono_ns == packet.mono_ns for p in pictures)
    assert decoder.decoded_frames == 6
    assert decoder.flush() == []


@pytest.mark.parametrize("bframes", [0, 2])
@pytest.mark.parametrize("at", [0, 3, 9, 25, 37])
def test_wake_gives_what_was_missed_and_then_everything(tmp_path: Path, bframes: int, at: int) -> None:
    packets = packets_of(tmp_path / "a.mp4", Recipe(seconds=6, bframes=bframes))
    decoder = Decoder()
    idle = run(decoder, packets[: at + 1])
    woken = decoder.wake()
    assert decoder.mode is DecodeMode.ALL
    rest = run(decoder, packets[at + 1 :]) + decoder.flush()
    shown = seconds(idle + woken + rest, packets)
    keyframe_s = at // 10 * 1.0
    assert shown == [
        *(float(s) for s in range(at // 10)),
        *(round(keyframe_s + 0.1 * i, 3) for i in range(60 - at // 10 * 10)),
    ]
    assert len(woken) >= at % 10 - bframes


def test_setting_the_mode_wakes_and_rests_with_nothing_lost(tmp_path: Path) -> None:
    packets = packets_of(tmp_path / "a.mp4", Recipe(seconds=6, bframes=2))
    decoder = Decoder()
    shown: list[DecodedPicture] = []
    for count, packet in enumerate(packets):
        decoder.mode = "all" if 14 <= count < 35 else "keyframes"
        shown += decoder.decode(packet)
    times = seconds(shown, packets)
    assert times[:2] == [0.0, 1.0]
    awake = [t for t in times if 1.0 <= t <= 3.2]  # later, frames between reordered ones had not come yet
    assert awake == [round(1.0 + 0.1 * i, 3) for i in range(23)]
    assert times[-2:] == [4.0, 5.0]


def test_rest_gives_what_was_still_in_the_decoder(tmp_path: Path) -> None:
    packets = packets_of(tmp_path / "a.mp4", Recipe(seconds=3, bframes=2))
    decoder = Decoder(mode=DecodeMode.ALL)
    shown = run(decoder, packets[:18])
    shown += decoder.rest()
    assert len(shown) == 18
    assert seconds(run(decoder, packets[18:]), packets) == [2.0]


def test_wake_and_rest_are_idempotent(tmp_path: Path) -> None:
    packets = packets_of(tmp_path / "a.mp4", Recipe(seconds=2))
    decoder = Decoder()
    assert decoder.rest() == []
    run(decoder, packets[:5])
    assert len(decoder.wake()) == 4
    assert decoder.wake() == []


def test_film_with_rare_keyframes_is_not_left_unseen(tmp_path: Path) -> None:
    packets = packets_of(tmp_path / "a.mp4", Recipe(seconds=20, gop=400))
    assert sum(p.is_keyframe for p in packets) == 1
    times = seconds(run(Decoder(max_gap_s=2.0), packets), packets)
    assert times[0] == 0.0
    assert all(1.9 <= b - a <= 2.2 for a, b in itertools.pairwise(times))
    assert times[-1] > 17


def test_waking_from_rare_keyframes_misses_nothing_from_then_on(tmp_path: Path) -> None:
    packets = packets_of(tmp_path / "a.mp4", Recipe(seconds=20, gop=400))
    decoder = Decoder(max_gap_s=2.0)
    run(decoder, packets[:95])
    woken = decoder.wake()
    shown = seconds(woken + run(decoder, packets[95:]) + decoder.flush(), packets)
    assert shown[-105:] == [round(9.5 + 0.1 * i, 3) for i in range(105)]


def test_film_of_keyframes_alone_is_thinned_while_idle(tmp_path: Path) -> None:
    packets = packets_of(tmp_path / "a.avi", Recipe(seconds=6, fps=25, codec="mjpeg"))
    assert all(p.is_keyframe for p in packets)
    decoder = Decoder(min_gap_s=0.3)
    times = seconds(run(decoder, packets), packets)
    assert all(b - a >= 0.3 for a, b in itertools.pairwise(times))
    assert 15 <= len(times) <= 20
    assert decoder.decoded_frames == len(times)


def test_packets_before_the_first_keyframe_are_passed_over(tmp_path: Path) -> None:
    packets = packets_of(tmp_path / "a.mp4", Recipe(seconds=3))
    for mode in DecodeMode:
        shown = run(Decoder(mode=mode), packets[4:])
        assert seconds(shown, packets)[0] == 1.0


def test_new_epoch_begins_anew(tmp_path: Path) -> None:
    first = packets_of(tmp_path / "a.mp4", Recipe(seconds=2))
    second = packets_of(tmp_path / "b.mp4", Recipe(seconds=2, width=128, height=96))
    for packet in second:
        packet.epoch = 1
        packet.mono_ns -= 3600 * NS_PER_S  # a clock of its own
    decoder = Decoder(mode=DecodeMode.ALL)
    shown = run(decoder, first + second) + decoder.flush()
    assert [p.width_px for p in shown] == [96] * 20 + [128] * 20


def test_sound_is_ignored(tmp_path: Path) -> None:
    packets = packets_of(tmp_path / "a.mp4", Recipe(seconds=3, sound=True))
    assert any(p.media == "audio" for p in packets)
    assert len(run(Decoder(), packets)) == 3


def test_a_gop_too_long_to_hold_is_given_up_and_wake_waits_for_a_keyframe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("custodes.edge.capture.decoder.HELD_PACKETS", 12)
    packets = packets_of(tmp_path / "a.mp4", Recipe(seconds=6, gop=30))
    decoder = Decoder(max_gap_s=60)
    run(decoder, packets[:20])
    assert decoder.wake() == []
    assert seconds(run(decoder, packets[20:]), packets)[0] == 3.0


def test_rgb_is_converted_once(tmp_path: Path) -> None:
    [picture] = run(Decoder(), packets_of(tmp_path / "a.mp4", Recipe(seconds=1)))
    assert picture.rgb() is picture.rgb()
    assert picture.luma() is picture.luma()
    assert picture.rgb().dtype == np.uint8
    assert picture.rgb().shape == (64, 96, 3)
