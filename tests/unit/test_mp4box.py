"""The box walker reads what a file holds, never what it claims; no bytes can crash it or make it allocate."""

import io
import struct
import tracemalloc
from pathlib import Path

import av
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from custodes.core import boxes as box_reading
from custodes.core import mp4box, mp4claims
from custodes.core.errors import BadInput, Corrupt
from filmcraft import Recipe, make_film

ALLOWED = (BadInput, Corrupt)
MOST_BYTES = 4 * 1024 * 1024


def fragmented(path: Path, source: Path) -> Path:
    """Copy a film into fragments with FFmpeg alone, none of our code."""
    options = {"movflags": "frag_keyframe+empty_moov+default_base_moof"}
    with av.open(str(source)) as read, av.open(str(path), "w", format="mp4", container_options=options) as write:
        copies = {s.index: write.add_stream_from_template(s) for s in read.streams}
        for packet in read.demux():
            if packet.dts is not None:
                packet.stream = copies[packet.stream_index]
                write.mux(packet)
    return path


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mp4box")
    return fragmented(folder / "film.mp4", make_film(folder / "a.mp4", Recipe(seconds=5, bframes=2, sound=True)))


def test_layout_agrees_with_ffmpeg(film: Path) -> None:
    layout = mp4box.layout(film)
    assert {track.handler for track in layout.tracks} == {"vide", "soun"}
    video = next(t for t in layout.tracks if t.handler == "vide")
    with av.open(str(film)) as container:
        packets = [p for p in container.demux(video=0) if p.size]
        assert container.streams.video[0].time_base.denominator == video.ticks_per_s
    runs = [r for f in layout.fragments for r in f.runs if r.track_id == video.track_id]
    assert sum(run.samples for run in runs) == len(packets)
    keyframes = [p.dts for p in packets if p.is_keyframe]
    assert [run.decode_time for run in runs] == keyframes
    assert max(run.shown_until for run in runs) == max(p.pts + p.duration for p in packets)


def test_fragments_follow_each_other_without_a_gap(film: Path) -> None:
    layout = mp4box.layout(film)
    assert layout.fragments[0].start == layout.index_end
    for before, after in zip(layout.fragments, layout.fragments[1:], strict=False):
        assert before.end == after.start
    assert layout.whole_bytes == layout.size_bytes == film.stat().st_size


def test_each_cut_ends_at_a_whole_fragment(film: Path, tmp_path: Path) -> None:
    content = film.read_bytes()
    layout = mp4box.layout(film)
    ends = [layout.index_end, *(f.end for f in layout.fragments)]
    path = tmp_path / "torn.mp4"
    for length in range(layout.index_end, len(content), 257):
        path.write_bytes(content[:length])
        expected = max(end for end in ends if end <= length)
        trailer = [b.end for b in walk_whole(content, layout.fragments[-1].end) if b.end <= length]
        assert mp4box.whole_length(path) == max([expected, *trailer])
        assert mp4box.truncate_to_whole(path) == length - path.stat().st_size
        assert mp4box.truncate_to_whole(path) == 0


def walk_whole(content: bytes, start: int) -> list[box_reading.Box]:
    return list(box_reading.walk(io.BytesIO(content), start, len(content)))


def test_moof_without_its_film_is_not_whole(film: Path, tmp_path: Path) -> None:
    content = film.read_bytes()
    second = mp4box.layout(film).fragments[1]
    moof_bytes = int.from_bytes(content[second.start : second.start + 4], "big")
    path = tmp_path / "torn.mp4"
    path.write_bytes(content[: second.start + moof_bytes])
    assert mp4box.whole_length(path) == second.start


@pytest.mark.parametrize("length", [0, 1, 7, 8, 20, 200])
def test_film_without_index_is_refused_and_left_alone(film: Path, tmp_path: Path, length: int) -> None:
    path = tmp_path / "torn.mp4"
    path.write_bytes(film.read_bytes()[:length])
    with pytest.raises(Corrupt, match="no whole index"):
        mp4box.truncate_to_whole(path)
    assert path.stat().st_size == length


def test_missing_file_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"cannot open none\.mp4: no such file"):
        mp4box.layout(tmp_path / "none.mp4")


def test_ordinary_film_has_no_fault(tmp_path: Path) -> None:
    assert mp4claims.claim_fault(make_film(tmp_path / "a.mp4", Recipe(sound=True))) is None
    assert mp4claims.claim_fault(make_film(tmp_path / "a.mov")) is None
    assert mp4claims.claim_fault(make_film(tmp_path / "a.avi")) is None


def test_boxes_in_boxes_have_an_end() -> None:
    nest = b""
    for _ in range(40):
        nest = struct.pack(">I4s", 8 + len(nest), b"trak") + nest
    moov = struct.pack(">I4s", 8 + len(nest), b"moov") + nest
    with pytest.raises(Corrupt, match="too deep"):
        mp4box._tracks(io.BytesIO(moov), box_reading.Box(b"moov", 0, 8, len(moov)))


@pytest.mark.parametrize("samples", [100_001, 0x7FFF_FFFF, 0xFFFF_FFFF])
def test_run_that_claims_samples_without_a_table(samples: int) -> None:
    body = struct.pack(">II", 0, samples)
    source = io.BytesIO(struct.pack(">I4s", 8 + len(body), b"trun") + body)
    with pytest.raises(Corrupt, match="claims"):
        mp4box._run(source, box_reading.Box(b"trun", 0, 8, 8 + len(body)), 1)


def survives(path: Path, content: bytes, *, watch_memory: bool = True) -> None:
    """Whatever the bytes, only our own errors come out, and little memory is taken."""
    path.write_bytes(content)
    if watch_memory:
        tracemalloc.start()
    try:
        for read in (mp4claims.claim_fault, mp4box.layout, mp4box.whole_length, mp4box.truncate_to_whole):
            try:
                found = read(path)
            except ALLOWED:
                continue
            if read is mp4box.whole_length:
                assert isinstance(found, int)
                assert 0 < found <= len(content)
        peak = tracemalloc.get_traced_memory()[1] if watch_memory else 0
    finally:
        tracemalloc.stop()
    assert peak < MOST_BYTES
    assert path.stat().st_size <= len(content)


FUZZ = settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])


@FUZZ
@given(content=st.binary(max_size=2000))
def test_random_bytes(tmp_path: Path, content: bytes) -> None:
    survives(tmp_path / "any.mp4", content)


KINDS = [
    k.encode()
    for k in [
        "ftyp",
        "moov",
        "moof",
        "mdat",
        "trak",
        "traf",
        "mdia",
        "mdhd",
        "tkhd",
        "hdlr",
        "tfhd",
        "tfdt",
        "trun",
        "trex",
        "mvex",
        "stsz",
        "free",
    ]
]


@st.composite
def boxes(draw: st.DrawFn, depth: int = 0) -> bytes:
    kind = draw(st.sampled_from(KINDS))
    body = draw(st.binary(max_size=40))
    if depth < 4 and draw(st.booleans()):
        body = b"".join(draw(st.lists(boxes(depth=depth + 1), max_size=4)))
    size = draw(st.one_of(st.just(8 + len(body)), st.just(8 + len(body)), st.integers(0, 2**32 - 1)))
    return struct.pack(">I4s", size, kind) + body


@FUZZ
@given(content=st.lists(boxes(), max_size=6))
def test_random_boxes(tmp_path: Path, content: list[bytes]) -> None:
    survives(tmp_path / "any.mp4", b"".join(content))


@FUZZ
@given(cuts=st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=8)), max_size=5), share=st.floats(0, 1))
def test_real_film_with_bytes_changed_and_cut_anywhere(
    tmp_path: Path, film: Path, cuts: list[tuple[float, bytes]], share: float
) -> None:
    content = bytearray(film.read_bytes())
    for where, change in cuts:
        at = int(where * (len(content) - len(change)))
        content[at : at + len(change)] = change
    survives(tmp_path / "any.mp4", bytes(content[: int(share * len(content))]))


def test_bytes_all_over_the_index_set_to_its_extremes(tmp_path: Path, film: Path) -> None:
    content = film.read_bytes()
    end = mp4box.layout(film).fragments[0].start + 120
    for at in range(0, end, 5):
        for value in (0x00, 0xFF):
            changed = bytearray(content)
            changed[at] = value
            survives(tmp_path / "any.mp4", bytes(changed), watch_memory=False)
