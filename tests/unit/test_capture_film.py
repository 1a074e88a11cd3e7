"""Any film is read with whole, growing times: whatever its codec, container, rate or shape."""

import itertools
import shutil
import threading
from pathlib import Path

import numpy as np
import pytest

from custodes.core.clock import NS_PER_S, ManualClock, SystemClock
from custodes.core.errors import Permanent
from custodes.edge.capture import (
    ClockJump,
    DecodedPicture,
    DecodeMode,
    Decoder,
    LensSource,
    Notice,
    PacketsSkipped,
    StampedPacket,
    open_source,
)
from filmcraft import Recipe, make_film, picture

FORMATS = {
    "mp4 h264": ("a.mp4", Recipe()),
    "mp4 h264 reordered": ("a.mp4", Recipe(bframes=2)),
    "mp4 hevc": ("a.mp4", Recipe(codec="libx265")),
    "mp4 mpeg4 with sound": ("a.mp4", Recipe(codec="mpeg4", sound=True)),
    "mov h264": ("a.mov", Recipe(bframes=2, sound=True)),
    "avi h264": ("a.avi", Recipe()),
    "avi h264 reordered": ("a.avi", Recipe(bframes=2)),
    "avi msmpeg4": ("a.avi", Recipe(codec="msmpeg4v3")),
    "avi msmpeg4v2": ("a.avi", Recipe(codec="msmpeg4v2")),
    "avi mjpeg": ("a.avi", Recipe(codec="mjpeg")),
    "ts h264": ("a.ts", Recipe(bframes=2, sound=True)),
    "ts mpeg2": ("a.ts", Recipe(codec="mpeg2video", fps=25)),
    "mkv h264": ("a.mkv", Recipe()),
    "portrait": ("a.mp4", Recipe(width=64, height=112)),
    "odd size": ("a.avi", Recipe(codec="mpeg4", width=97, height=63)),
    "uneven rate": ("a.mp4", Recipe(uneven=True)),
    "raw stream": ("a.h264", Recipe(container="h264")),
}


def read(source: Path, **changes: object) -> list[StampedPacket]:
    settings = LensSource.model_validate({"source": str(source), "start_wall": "2026-03-01T08:00:00Z"} | changes)
    opened = open_source(settings, clock=ManualClock())
    try:
        return list(opened.packets())
    finally:
        opened.close()


def decode_all(packets: list[StampedPacket]) -> list[DecodedPicture]:
    decoder = Decoder(mode=DecodeMode.ALL)
    pictures = [shown for packet in packets for shown in decoder.decode(packet)]
    return pictures + decoder.flush()


def assert_whole_times(packets: list[StampedPacket]) -> None:
    for media in ("video", "audio"):
        stream = [p for p in packets if p.media == media]
        assert all(a.dts < b.dts for a, b in itertools.pairwise(stream))
        assert all(p.pts >= p.dts for p in stream)
        assert len({p.wall_ns - p.mono_ns for p in stream}) <= 1


@pytest.mark.parametrize("name", FORMATS)
def test_every_frame_arrives_once_with_growing_times(tmp_path: Path, name: str) -> None:
    filename, recipe = FORMATS[name]
    packets = read(make_film(tmp_path / filename, recipe))
    assert_whole_times(packets)
    frames = round(recipe.seconds * recipe.fps)
    video = [p for p in packets if p.media == "video"]
    assert len(video) == frames
    assert video[0].is_keyframe
    assert video[0].wall_ns == 1_772_352_000 * NS_PER_S
    pictures = decode_all(packets)
    assert frames - 1 <= len(pictures) <= frames  # an encoder's own last frame may stay in MPEG-2's decoder
    assert all(a.wall_ns < b.wall_ns for a, b in itertools.pairwise(pictures))
    if not recipe.uneven and recipe.container is None:
        spans = {b.mono_ns - a.mono_ns for a, b in itertools.pairwise(pictures)}
        assert max(spans) - min(spans) < 0.03 * NS_PER_S
    assert (pictures[0].width_px, pictures[0].height_px) == (recipe.width, recipe.height)


def test_uneven_times_are_kept(tmp_path: Path) -> None:
    recipe = Recipe(uneven=True)
    pictures = decode_all(read(make_film(tmp_path / "a.mp4", recipe)))
    first_ns = pictures[0].mono_ns
    expected_ms = [round(1000 * i / recipe.fps) + (37 if i % 3 else 0) for i in range(40)]
    assert [round((p.mono_ns - first_ns) / 1e6) for p in pictures] == expected_ms


def test_facts_say_what_is_shown(tmp_path: Path) -> None:
    path = make_film(tmp_path / "a.mov", Recipe(sound=True))
    facts = open_source(LensSource(source=str(path)), clock=ManualClock()).facts
    assert (facts.codec, facts.width_px, facts.height_px, facts.has_sound) == ("h264", 96, 64, True)
    assert facts.fps == pytest.approx(10, rel=0.05)
    assert facts.duration_s == pytest.approx(4.0, abs=0.2)


@pytest.mark.parametrize("rotation_deg", [90, 180, 270])
def test_turned_film_stands_upright(tmp_path: Path, rotation_deg: int) -> None:
    path = make_film(tmp_path / "a.mp4", Recipe(rotation_deg=rotation_deg, seconds=1))
    source = open_source(LensSource(source=str(path)), clock=ManualClock())
    shown = decode_all(list(source.packets()))[0]
    upright = np.rot90(picture(0, 96, 64), rotation_deg // 90)  # the recipe turns counter-clockwise, as PyAV states it
    assert (shown.height_px, shown.width_px) == upright.shape[:2] == (source.facts.height_px, source.facts.width_px)
    assert shown.rgb().shape == upright.shape
    assert shown.luma().shape == upright.shape[:2]
    assert np.abs(shown.rgb().astype(int) - upright.astype(int)).mean() < 12
    grey = upright.astype(float) @ [0.299, 0.587, 0.114]
    assert np.corrcoef(shown.luma().ravel(), grey.ravel())[0, 1] > 0.97


def test_luma_is_a_view_that_outlives_the_decoder(tmp_path: Path) -> None:
    pictures = decode_all(read(make_film(tmp_path / "a.mp4")))
    luma = pictures[5].luma()
    assert luma.shape == (64, 96)
    assert not luma.flags.owndata
    assert not luma.flags.writeable
    kept = luma.copy()
    del pictures
    decode_all(read(make_film(tmp_path / "b.mp4", Recipe(width=128, height=96))))
    assert np.array_equal(luma, kept)


@pytest.mark.parametrize("name", ["mp4 h264 reordered", "ts h264", "avi msmpeg4", "mov h264", "avi h264 reordered"])
def test_looped_film_goes_on_without_a_seam(tmp_path: Path, name: str) -> None:
    filename, recipe = FORMATS[name]
    path = make_film(tmp_path / filename, recipe)
    source = open_source(LensSource(source=str(path), loop=True), clock=ManualClock())
    packets = list(itertools.islice(source.packets(), 330))
    source.close()
    assert_whole_times(packets)
    assert {p.epoch for p in packets} == {0}
    assert len({id(p.template) for p in packets if p.media == "video"}) == 1
    pictures = decode_all(packets)[:-3]  # the cut may have taken frames that belong between the last ones
    step_ns = NS_PER_S // recipe.fps
    spans = [b.mono_ns - a.mono_ns for a, b in itertools.pairwise(pictures)]
    assert all(0.5 * step_ns < span < 1.8 * step_ns for span in spans)
    sound = [p for p in packets if p.media == "audio"]
    if sound:
        video = [p for p in packets if p.media == "video"]
        assert abs(sound[-1].mono_ns - video[-1].mono_ns) < NS_PER_S


def test_film_that_changed_between_loops_begins_an_epoch(tmp_path: Path) -> None:
    path = make_film(tmp_path / "a.mp4", Recipe(seconds=1))
    source = open_source(LensSource(source=str(path), loop=True), clock=ManualClock())
    packets = source.packets()
    first = [next(packets) for _ in range(10)]
    shutil.copy(make_film(tmp_path / "b.mp4", Recipe(seconds=1, width=128, height=96)), path)
    after = [next(packets) for _ in range(10)]
    assert {p.epoch for p in first} == {0}
    assert {p.epoch for p in after} == {1}
    assert after[0].mono_ns > first[-1].mono_ns
    assert (source.facts.width_px, after[0].template.width_px) == (128, 128)
    assert len(decode_all(first + after)) == 20


def test_looped_film_that_vanished_is_an_error_that_names_it(tmp_path: Path) -> None:
    path = make_film(tmp_path / "a.mp4", Recipe(seconds=1))
    packets = open_source(LensSource(source=str(path), loop=True), clock=ManualClock()).packets()
    next(packets)
    path.unlink()
    with pytest.raises(Permanent, match=r"cannot open a\.mp4: there is no such file"):
        list(packets)


def test_real_time_is_kept_by_the_clock(tmp_path: Path) -> None:
    path = make_film(tmp_path / "a.mp4", Recipe(bframes=2))
    clock = ManualClock()
    began = clock.mono_ns()
    source = open_source(LensSource(source=str(path), realtime=True), clock=clock)
    for packet in source.packets():
        decoding_ns = packet.mono_ns - packet.template.ticks_to_ns(packet.pts - packet.dts)
        assert clock.mono_ns() >= decoding_ns
        assert clock.mono_ns() - decoding_ns < NS_PER_S
    assert clock.mono_ns() - began == pytest.approx(3.9 * NS_PER_S, rel=0.1)


@pytest.mark.parametrize("step_s", [3600, -3600, 1.5, -0.7])
def test_wall_clock_that_jumps_moves_the_wall_and_not_the_film(tmp_path: Path, step_s: float) -> None:
    path = make_film(tmp_path / "a.mp4")
    clock = ManualClock()
    notices: list[Notice] = []
    source = open_source(LensSource(source=str(path), realtime=True), clock=clock, on_notice=notices.append)
    packets = []
    for packet in source.packets():
        packets.append(packet)
        if len(packets) == 15:
            clock.wall += round(step_s * NS_PER_S)
    jumps = [n for n in notices if isinstance(n, ClockJump)]
    assert [j.step_ns for j in jumps] == [round(step_s * NS_PER_S)]
    offsets = [p.wall_ns - p.mono_ns for p in packets]
    assert {b - a for a, b in itertools.pairwise(offsets)} == {0, round(step_s * NS_PER_S)}
    assert {b.mono_ns - a.mono_ns for a, b in itertools.pairwise(packets)} == {NS_PER_S // 10}
    assert {p.epoch for p in packets} == {0}


def test_small_corrections_of_the_wall_clock_are_not_jumps(tmp_path: Path) -> None:
    clock = ManualClock()
    notices: list[Notice] = []
    path = make_film(tmp_path / "a.mp4")
    source = open_source(LensSource(source=str(path), realtime=True), clock=clock, on_notice=notices.append)
    for _ in source.packets():
        clock.wall += 1_000_000
    assert notices == []


def test_stop_ends_a_wait_at_once(tmp_path: Path) -> None:
    path = make_film(tmp_path / "a.mp4", Recipe(fps=1, gop=1, seconds=30))
    stop, reached = threading.Event(), threading.Event()
    source = open_source(LensSource(source=str(path), realtime=True), clock=SystemClock(), stop=stop)

    def consume() -> None:
        for _ in source.packets():
            reached.set()

    reader = threading.Thread(target=consume)
    reader.start()
    assert reached.wait(5)
    stop.set()
    reader.join(2)
    assert not reader.is_alive()


def test_close_ends_reading_from_another_thread(tmp_path: Path) -> None:
    path = make_film(tmp_path / "a.mp4")
    source = open_source(LensSource(source=str(path), loop=True), clock=ManualClock())
    reader = threading.Thread(target=lambda: [None for _ in source.packets()])
    reader.start()
    source.close()
    source.close()
    reader.join(5)
    assert not reader.is_alive()


def test_damage_in_the_middle_is_passed_over(tmp_path: Path) -> None:
    film = bytearray(make_film(tmp_path / "whole.ts", Recipe(bframes=0, seconds=8)).read_bytes())
    third = len(film) // 3 // 188 * 188
    film[third : third + 188 * 20] = b"\xff" * (188 * 20)
    path = tmp_path / "torn.ts"
    path.write_bytes(film)
    notices: list[Notice] = []
    source = open_source(LensSource(source=str(path)), clock=ManualClock(), on_notice=notices.append)
    packets = list(source.packets())
    assert_whole_times(packets)
    assert 50 < len(packets) < 80
    pictures = decode_all(packets)
    assert pictures[-1].mono_ns - pictures[0].mono_ns > 6 * NS_PER_S
    told = sum(n.count for n in notices if isinstance(n, PacketsSkipped))
    assert told == source.skipped_packets


def test_streams_that_appear_in_the_middle_do_not_end_the_reading(tmp_path: Path) -> None:
    silent = make_film(tmp_path / "silent.ts", Recipe(seconds=3)).read_bytes()
    sounding = make_film(tmp_path / "sounding.ts", Recipe(seconds=3, sound=True)).read_bytes()
    path = tmp_path / "joined.ts"
    for content in (silent + sounding, sounding + silent + sounding):
        path.write_bytes(content)
        packets = read(path)
        assert_whole_times(packets)
        assert sum(p.media == "video" for p in packets) >= 55


def test_garbage_inside_packets_never_crashes_the_decoder(tmp_path: Path) -> None:
    film = bytearray(make_film(tmp_path / "whole.mp4", Recipe(width=320, height=240)).read_bytes())
    start = film.find(b"mdat") + 64
    random = np.random.default_rng(3)
    for position in random.integers(start + 3000, len(film) - 4000, 300):
        film[position] = int(random.integers(0, 256))
    path = tmp_path / "torn.mp4"
    path.write_bytes(film)
    packets = read(path)
    assert len(packets) == 40
    assert decode_all(packets)


def test_sub_stream_shares_the_time_line(tmp_path: Path) -> None:
    main = make_film(tmp_path / "main.mp4", Recipe(width=192, height=128))
    small = make_film(tmp_path / "small.mp4", Recipe(width=96, height=64))
    settings = LensSource(source=str(main), sub_source=str(small))
    clock = ManualClock()
    start_ns = clock.wall_ns()
    walls = []
    for sub in (False, True):
        source = open_source(settings, clock=clock, sub=sub, start_wall_ns=start_ns)
        walls.append([p.wall_ns for p in source.packets()])
        assert source.facts.width_px == (96 if sub else 192)
        clock.advance(0.5)
    assert walls[0] == walls[1]


def test_start_without_a_zone_is_utc() -> None:
    assert LensSource.model_validate({"source": "a", "start_wall": "2026-03-01T08:00:00"}).start_wall_ns == (
        1_772_352_000 * NS_PER_S
    )
    assert LensSource.model_validate({"source": "a", "start_wall": "2026-03-01T10:00:00+02:00"}).start_wall_ns == (
        1_772_352_000 * NS_PER_S
    )
