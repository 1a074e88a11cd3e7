"""What film costs on the unit: decoding all, decoding idle, recording, cutting."""

import os
import tempfile
import uuid
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer

from bench.rows import Row, interleaved
from custodes.core.clock import NS_PER_S, ManualClock
from custodes.core.types import Facing
from custodes.edge.capture import DecodeMode, Decoder, LensSource, Source, open_source
from custodes.edge.clip import ClipSettings, LensRecorder

FPS = 25
SECONDS = 40
GOP_FRAMES = 50  # two seconds: what IP cameras are usually set to
ROUNDS = 3


def rows() -> Iterable[Row]:
    """Measure and yield one row per claim of targets.md, section 1."""
    with tempfile.TemporaryDirectory(prefix="custodes-bench-") as scratch:
        folder = Path(scratch)
        film = film_720p(folder)
        name = f"{film.name}, 720p, {GOP_FRAMES} frames a GOP"
        seconds = _seconds_of(film)
        yield _decoding(film, seconds, name, DecodeMode.ALL)
        yield _decoding(film, seconds, name, DecodeMode.KEYFRAMES)
        yield _ring(film, seconds, folder, name)
        yield _cut(film, folder, name)


def film_720p(folder: Path) -> Path:
    """Return a 720p H.264 film with a keyframe a second: the shared one re-encoded, or one made here."""
    shared = os.environ.get("CUSTODES_DATA")
    source = Path(shared) / "driver" / "liveportrait_s18_blinks.mp4" if shared else None
    target = folder / ("portrait720.mp4" if source and source.is_file() else "made720.mp4")
    with av.open(str(target), "w") as output:
        stream = output.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = 1280, 720, "yuv420p"
        stream.gop_size = GOP_FRAMES
        stream.bit_rate = 2_000_000
        stream.options = {"preset": "veryfast", "sc_threshold": "0"}
        frames = _shared_frames(source) if source and source.is_file() else _made_frames()
        for index, frame in enumerate(frames):
            frame.pts, frame.time_base = index, Fraction(1, FPS)
            frame.pict_type = av.video.frame.PictureType.NONE
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return target


def _shared_frames(source: Path) -> Iterable["av.VideoFrame"]:
    made = 0
    while made < FPS * SECONDS:
        with av.open(str(source)) as container:
            for frame in container.decode(video=0):
                yield frame.reformat(width=1280, height=720, format="yuv420p")
                made += 1
                if made >= FPS * SECONDS:
                    return


def _made_frames() -> Iterable["av.VideoFrame"]:
    """A still street of noise with four things that walk over it."""
    random = np.random.default_rng(7)
    coarse = random.integers(40, 200, (45, 80, 3), dtype=np.uint8)
    ground = np.kron(coarse, np.ones((16, 16, 1), dtype=np.uint8))
    for index in range(FPS * SECONDS):
        picture = np.clip(ground.astype(np.int16) + random.integers(-3, 4, ground.shape), 0, 255).astype(np.uint8)
        for walker in range(4):
            left = (index * (3 + walker) + 300 * walker) % 1200
            picture[200 + 80 * walker : 320 + 80 * walker, left : left + 60] = (60 * walker, 200, 90)
        yield av.VideoFrame.from_ndarray(picture, format="rgb24")


def _seconds_of(film: Path) -> float:
    with av.open(str(film)) as container:
        return (container.duration or 0) / av.time_base


def _sources(film: Path, count: int) -> Iterator[Source]:
    """Return sources opened beforehand: opening a film (a few ms, once) is not what these rows measure."""
    return iter([open_source(LensSource(source=str(film)), clock=ManualClock()) for _ in range(count)])


def _containers(film: Path, count: int) -> Iterator[InputContainer]:
    return iter([av.open(str(film)) for _ in range(count)])


def _decode(source: Source, mode: DecodeMode) -> None:
    decoder = Decoder(mode=mode)
    for packet in source.packets():
        for picture in decoder.decode(packet):
            picture.luma()
    decoder.flush()


def _plain_decode(container: InputContainer) -> None:
    stream = container.streams.video[0]
    stream.thread_count = 1
    for frame in container.decode(stream):
        memoryview(frame.planes[0])


def _row(work: str, pair: tuple[float, float], seconds: float, *, beside: str, target: float, note: str) -> Row:
    ours, reference = (cost_s * 1000 / seconds for cost_s in pair)
    return Row("unit", work, ours, "ms per s of film", reference, beside, target, note=note)


def _decoding(film: Path, seconds: float, name: str, mode: DecodeMode) -> Row:
    sources, containers = _sources(film, ROUNDS + 1), _containers(film, ROUNDS + 1)
    pair = interleaved(lambda: _decode(next(sources), mode), lambda: _plain_decode(next(containers)), rounds=ROUNDS)
    work, target = ("decode all frames", 1.1) if mode is DecodeMode.ALL else ("decode while idle (keyframes)", 0.15)
    return _row(work, pair, seconds, beside="libavcodec, all frames", target=target, note=name)


def _ring(film: Path, seconds: float, folder: Path, name: str) -> Row:
    sources = _sources(film, ROUNDS + 1)

    def ours() -> None:
        recorder = _recorder(folder / "ring")
        for packet in next(sources).packets():
            recorder.append(packet)

    def raw() -> None:
        (folder / "copy.mp4").write_bytes(film.read_bytes())

    pair = interleaved(ours, raw, rounds=ROUNDS)
    return _row("record into the ring", pair, seconds, beside="read and write the same bytes", target=4.0, note=name)


def _cut(film: Path, folder: Path, name: str) -> Row:
    """Measure one 30 s clip out of a ring that holds it."""
    recorder = _recorder(folder / "cut", pre_roll_s=35.0)
    newest = 0
    for packet in next(_sources(film, 1)).packets():
        recorder.append(packet)
        newest = max(newest, packet.wall_ns)

    def ours() -> None:
        recorder.begin(uuid.uuid4(), start_wall_ns=newest - 32 * NS_PER_S, end_wall_ns=newest - 2 * NS_PER_S)
        if recorder.finish_all()[0].film.duration_ns < 30 * NS_PER_S:
            raise AssertionError("the clip is shorter than was asked")

    cost_s, _ = interleaved(ours, lambda: None, rounds=ROUNDS)
    return Row(
        "unit", "cut a 30 s clip", cost_s * 1000, "ms CPU", target=50.0, note=f"{name}; SHA-256 and a sync a GOP within"
    )


def _recorder(folder: Path, **changes: float) -> LensRecorder:
    settings = ClipSettings.model_validate(changes)
    return LensRecorder(lens="road", facing=Facing.ROAD, folder=folder, settings=settings, clock=ManualClock())
