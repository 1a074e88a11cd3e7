"""What people send for a leak and is none, or is too much: one sentence each, in both languages, and little memory."""

import gzip
import io
import resource
import struct
import zipfile
import zlib
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from uuid import UUID

import av
import cv2
import numpy as np
import pytest
from django.utils import translation

import textured_film
from custodes.core.errors import BadInput
from custodes.hub.portal import leak_words
from custodes.trace import frames
from custodes.trace.conclude import conclude
from custodes.trace.detect import SoftBits
from custodes.trace.glance import glance
from custodes.trace.keys import CodeWord
from custodes.trace.pursue import read_leak, shows_nothing
from custodes.trace.verdicts import Verdict

HUGE = 0xFFFF_FFF0


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Return a sound film, its index at the end as phones write it."""
    path = tmp_path_factory.mktemp("leaks") / "plain.mp4"
    with av.open(str(path), "w") as film:
        stream = film.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        for number in range(12):
            grey = np.repeat(textured_film.picture(number)[:, :, None], 3, axis=2)
            film.mux(stream.encode(av.VideoFrame.from_ndarray(grey, format="rgb24")))
        film.mux(stream.encode(None))
    return path.read_bytes()


def boxed(whole: bytes, box: bytes, offset: int) -> bytes:
    """Return the film with four gigabytes claimed at a place of a box."""
    at = whole.index(box) + offset
    return whole[:at] + struct.pack(">I", HUGE) + whole[at + 4 :]


def png_of(side_px: int) -> bytes:
    """Return a picture of one colour, RGBA, that packs a thousandfold."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    packer = zlib.compressobj(1)
    row = bytes(side_px * 4 + 1)
    rows = b"".join([packer.compress(row) for _ in range(64)]) + packer.flush()
    head = struct.pack(">IIBBBBB", side_px, side_px, 8, 6, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def zipped(whole: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("film.mp4", bytes(1_000_000))
    return packed.getvalue()


def sound_only(_whole: bytes) -> bytes:
    kept = io.BytesIO()
    with av.open(kept, "w", format="mp4") as film:
        stream = film.add_stream("aac", rate=44100)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 44100
        film.mux([*stream.encode(frame), *stream.encode(None)])
    return kept.getvalue()


def jpeg_film(path: Path, shots: list[np.ndarray]) -> Path:
    """Write pictures of any sizes as a film: nothing is encoded twice that is the same."""
    with av.open(str(path), "w") as film:
        stream = film.add_stream("mjpeg", rate=10)
        stream.height, stream.width = shots[0].shape[:2]
        stream.pix_fmt = "yuvj420p"
        coded = {id(shot): cv2.imencode(".jpg", shot)[1].tobytes() for shot in shots}
        for number, shot in enumerate(shots):
            packet = av.Packet(coded[id(shot)])
            packet.stream, packet.pts, packet.dts, packet.time_base = stream, number, number, Fraction(1, 10)
            film.mux(packet)
    return path


def wide(_whole: bytes) -> bytes:
    done, coded = cv2.imencode(".jpg", np.zeros((80, 9000), np.uint8))
    assert done
    return coded.tobytes()


CASES: list[tuple[str, Callable[[bytes], bytes], str, str]] = [
    ("nothing", lambda _whole: b"", "is empty", "It is empty"),
    ("an archive", zipped, "is an archive", "It is an archive"),
    ("a packed film", gzip.compress, "is an archive", "It is an archive"),
    ("words", lambda _whole: b"hello " * 100, "cannot read", "It cannot be read"),
    ("a playlist", lambda _whole: b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", "cannot read", "It cannot be read"),
    ("a drawing", lambda _whole: b"<svg xmlns='http://www.w3.org/2000/svg'/>", "no film or still", "It is no film"),
    ("half a film", lambda whole: whole[: len(whole) // 2], "cannot read", "It cannot be read"),
    ("sound", sound_only, "shows no picture", "It shows no picture"),
    ("a wide picture", wide, "is 9000x80 px, more than 8192", "Its pictures are 9000x80 px"),
    ("a picture bomb", lambda _whole: png_of(16_000), "holds no picture that opens", "No picture of it opens"),
    ("4 GB of pictures", lambda whole: boxed(whole, b"mdat", -4), "cannot read", "It cannot be read"),
    ("4 G sizes", lambda whole: boxed(whole, b"stsz", 12), "cannot read", "It cannot be read"),
]


@pytest.mark.parametrize(("make", "told", "shown"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_what_cannot_be_traced_is_told_in_one_sentence(
    whole: bytes, tmp_path: Path, make: Callable[[bytes], bytes], told: str, shown: str
) -> None:
    (tmp_path / "leak.bin").write_bytes(make(whole))
    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(BadInput, match=told) as refused:
        read_leak(tmp_path / "leak.bin")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb < 300_000
    sentence = str(refused.value)
    assert "\n" not in sentence
    with translation.override("en"):
        assert leak_words.sentence(sentence).startswith(shown)
    with translation.override("fr"):
        assert not leak_words.sentence(sentence).startswith(shown), "it has no French"


def test_a_small_file_of_many_large_pictures_is_refused(
    whole: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "leak.mp4").write_bytes(whole)
    monkeypatch.setattr(frames, "MAX_DECODED_PIXELS", 11 * 320 * 240)
    with pytest.raises(BadInput, match="too many pictures of 320x240 px") as refused:
        read_leak(tmp_path / "leak.mp4")
    with translation.override("fr"):
        assert leak_words.sentence(str(refused.value)).startswith("Il y a trop d’images de 320x240 px")
    monkeypatch.setattr(frames, "MAX_DECODED_PIXELS", 12 * 320 * 240)
    assert len(read_leak(tmp_path / "leak.mp4")) == 12


def test_a_film_that_breaks_off_is_read_as_far_as_it_goes(whole: bytes, tmp_path: Path) -> None:
    middle = whole.index(b"mdat") + 3000
    path = tmp_path / "damaged.mp4"
    path.write_bytes(whole[:middle] + bytes(500) + whole[middle + 500 :])
    assert 1 <= len(read_leak(path)) <= 12


def test_a_picture_that_grows_in_the_middle_of_a_film_is_refused(tmp_path: Path) -> None:
    path = jpeg_film(tmp_path / "grows.mkv", [textured_film.picture(0), np.zeros((80, 9000), np.uint8)])
    with pytest.raises(BadInput, match="is 9000x80 px"):
        read_leak(path)


def test_an_8k_film_is_read_small(tmp_path: Path) -> None:
    path = jpeg_film(tmp_path / "large.mkv", [cv2.resize(textured_film.picture(1), (7680, 4320))] * 2)
    assert [picture.luma.shape for picture in read_leak(path)] == [(720, 1280)] * 2


def test_a_covered_lens_shows_nothing_and_a_dark_room_something(tmp_path: Path) -> None:
    noise = np.random.default_rng(4)
    dark = [np.clip(16 + noise.normal(0, 1, (240, 320)), 0, 255).astype(np.uint8) for _ in range(6)]
    assert shows_nothing(read_leak(textured_film.write(tmp_path / "black.mp4", dark)))
    faint = [np.asarray(16 + textured_film.picture(number) // 8, np.uint8) for number in range(6)]
    assert not shows_nothing(read_leak(textured_film.write(tmp_path / "faint.mp4", faint)))


def test_among_ten_thousand_views_one_is_named_and_noise_names_nobody() -> None:
    chance = np.random.default_rng(8)
    letters = chance.integers(0, 2, (10_000, 24))
    words = [CodeWord(UUID(int=at), "".join("AB"[one] for one in row), 10) for at, row in enumerate(letters)]
    noise = chance.normal(0, 1, 24)
    z = np.where(letters[4321] == 0, 4.0, -4.0) + noise
    edges_s, pictures = np.arange(25) / 2, np.full(24, 5, np.int32)
    found = conclude(UUID(int=1), SoftBits(z, pictures, 9.0, (0, 0)), words, edges_s=edges_s)
    assert [one.view_id.int for one in found.named] == [4321]
    assert found.candidates[0].false_accusation < 1e-3
    nobody = conclude(UUID(int=1), SoftBits(noise, pictures, 1.0, (0, 0)), words, edges_s=edges_s)
    assert (nobody.verdict, nobody.named) == (Verdict.INCONCLUSIVE, ())


def test_a_long_dear_film_is_looked_at_by_its_key_pictures_alone(tmp_path: Path) -> None:
    path, nothing = tmp_path / "long.mp4", np.full((120, 160), 16, np.uint8)
    drawn = [cv2.resize(textured_film.picture(number), (160, 120)) for number in range(5)]
    shots = [nothing] * 20 + [drawn[number % 5] for number in range(80)]
    textured_film.write(path, shots, crf=30)  # a key picture a second
    whole = glance(path)
    assert whole is not None
    assert (whole.sampled, whole.cut, round(whole.seconds, 1)) == (False, False, 9.9)
    assert 32 <= len(whole.pictures) <= 64, "however long it is, no more are held"
    times = iter([0.0, 9.0])  # the first picture alone costs more than all of it may
    dear = glance(path, cpu_s=8.0, spent=lambda: next(times))
    assert dear is not None
    assert (dear.sampled, dear.cut, round(dear.seconds)) == (True, False, 10)
    assert [one.time_s for one in dear.pictures] == [float(at) for at in range(10)], "key pictures alone"
    assert not shows_nothing(dear.pictures), "it begins with a black picture and does not end so"
    assert [round(one.time_s) for one in dear.spread(3)] == [2, 5, 8]
    (tmp_path / "torn.mp4").write_bytes(path.read_bytes()[:-9000])
    torn = glance(tmp_path / "torn.mp4", spent=iter([0.0, 9.0]).__next__)
    assert torn is not None
    assert len(torn.pictures) >= 1
