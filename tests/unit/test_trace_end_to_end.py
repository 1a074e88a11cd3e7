"""A film is marked, a view of it is encoded anew, and the trace names that view and no other."""

import struct
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from uuid import UUID

import av
import cv2
import numpy as np
import pytest

from custodes.core.errors import BadInput
from custodes.trace.codes import draw_word
from custodes.trace.keys import CodeKey, CodeWord, MarkKey
from custodes.trace.mark import VariantPair, make_variants
from custodes.trace.mark_settings import MarkSettings
from custodes.trace.pursue import Suspect, pursue
from custodes.trace.reference import read_reference
from custodes.trace.splice import ViewLayout, write_view
from custodes.trace.verdicts import Verdict

CLIP = UUID(int=4)
FPS, SECONDS, WIDTH, HEIGHT = 10, 9, 480, 360


@lru_cache(maxsize=1)
def ground() -> np.ndarray:
    rng = np.random.default_rng(11)
    soft = cv2.GaussianBlur(rng.normal(0, 60, (HEIGHT, WIDTH)).astype(np.float32), (0, 0), 2.5)
    return soft * 4 + 120


def scene(number: int) -> np.ndarray:
    """Return picture `number`, RGB: textured ground that stands still, three blocks that wander, a sensor's noise."""
    picture = ground().copy()
    for block in range(3):
        x = int(200 + 150 * np.sin(number / (7 + 3 * block) + block))
        y = int(150 + 90 * np.cos(number / (9 + 2 * block)))
        cv2.rectangle(picture, (x, y), (x + 50, y + 40), 40 + 70 * block, -1)
    picture += np.random.default_rng(number).normal(0, 2.5, picture.shape)
    return np.repeat(np.clip(picture, 0, 255).astype(np.uint8)[:, :, None], 3, axis=2)


def write_film(path: Path, pictures: list[np.ndarray], crf: int, *, times_ms: list[int] | None = None) -> Path:
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=FPS)
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.options = {"crf": str(crf), "preset": "veryfast"}
        stream.codec_context.time_base = Fraction(1, 1000)
        for number, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = times_ms[number] if times_ms else number * 1000 // FPS, Fraction(1, 1000)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


def read_film(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as film:
        return [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("trace")


@pytest.fixture(scope="module")
def pair(folder: Path) -> VariantPair:
    film = write_film(folder / "film.mp4", [scene(number) for number in range(FPS * SECONDS)], 16)
    key = MarkKey(b"a secret of the test", CLIP)
    return make_variants(film, folder, key=key, settings=MarkSettings(psnr_db=48.5))


@pytest.fixture(scope="module")
def words(pair: VariantPair) -> list[CodeWord]:
    key, drawn = CodeKey(b"another secret here", CLIP), list[CodeWord]()
    for number in range(8):
        drawn.append(draw_word(key, UUID(int=100 + number), len(pair.index.a), drawn))
    return drawn


@pytest.fixture(scope="module")
def suspect(pair: VariantPair, words: list[CodeWord]) -> Suspect:
    return Suspect(CLIP, read_reference(pair.path_a, pair.path_b), words)


@pytest.fixture(scope="module")
def view(pair: VariantPair, words: list[CodeWord], folder: Path) -> Path:
    write_view(ViewLayout(pair.index, words[5].letters), pair.path_a, pair.path_b, folder / "view.mp4")
    return folder / "view.mp4"


def test_the_clip_without_a_mark_accuses_nobody(folder: Path, suspect: Suspect) -> None:
    finding = pursue(write_film(folder / "clean.mp4", read_film(folder / "film.mp4"), 25), suspect)
    assert finding.named == ()
    assert finding.presence < 4


def test_a_foreign_film_accuses_nobody_and_says_why(folder: Path, suspect: Suspect) -> None:
    noise = np.random.default_rng(3)
    pictures = [cv2.resize(noise.integers(0, 255, (30, 40, 3), np.uint8), (320, 240)) for _ in range(6)]
    finding = pursue(write_film(folder / "foreign.mp4", pictures, 28), suspect)
    assert finding.verdict is Verdict.INCONCLUSIVE
    assert any("not found" in reason for reason in finding.reasons)


def test_a_file_without_a_picture_is_told_in_one_line(folder: Path, suspect: Suspect) -> None:
    (folder / "notes.mp4").write_bytes(b"no film at all" * 100)
    with pytest.raises(BadInput, match=r"cannot read notes\.mp4"):
        pursue(folder / "notes.mp4", suspect)


def test_a_copy_mirrored_turned_of_uneven_rate_and_after_other_film_leads_back_too(
    folder: Path, view: Path, words: list[CodeWord], suspect: Suspect
) -> None:
    noise = np.random.default_rng(3)
    before = [cv2.resize(noise.integers(0, 255, (30, 40, 3), np.uint8), (WIDTH, HEIGHT)) for _ in range(15)]
    shown = [np.ascontiguousarray(picture[:, ::-1]) for picture in read_film(view)]
    kept = [number for number in range(len(shown)) if number % 7 not in (2, 3)]
    times_ms = [100 * number for number in range(15)]
    times_ms += [1500 + 100 * number + 20 * (number % 2) for number in kept]
    leak = write_film(folder / "uneven.mp4", before + [shown[number] for number in kept], 23, times_ms=times_ms)
    leak.write_bytes(upside_down_by_header(leak.read_bytes()))
    finding = pursue(leak, suspect)
    assert [one.view_id for one in finding.named] == [words[5].view_id]
    assert finding.verdict is Verdict.IDENTIFIED
    assert finding.presence > 4
    assert finding.registration is not None
    assert finding.registration.mirrored
    left, top = finding.registration.corners_px[0]
    assert left > WIDTH / 2
    assert top > HEIGHT / 2


def upside_down_by_header(film: bytes) -> bytes:
    """Return a film whose display matrix turns it by 180 degrees, as a phone held upside down writes it."""
    at = film.index(b"tkhd") + 4 + 4 + 20 + 16
    matrix = struct.pack(">9i", -1 << 16, 0, 0, 0, -1 << 16, 0, WIDTH << 16, HEIGHT << 16, 1 << 30)
    return film[:at] + matrix + film[at + len(matrix) :]


def test_a_still_names_nobody_and_says_so(folder: Path, view: Path, suspect: Suspect) -> None:
    cv2.imwrite(str(folder / "still.jpg"), read_film(view)[40])
    finding = pursue(folder / "still.jpg", suspect)
    assert finding.named == ()
    assert finding.registration is not None
    assert any("never which view" in reason for reason in finding.reasons)


def test_a_black_film_is_told_in_one_line(folder: Path, suspect: Suspect) -> None:
    black = write_film(folder / "black.mp4", [np.full((HEIGHT, WIDTH, 3), 16, np.uint8)] * 5, 25)
    with pytest.raises(BadInput, match=r"black\.mp4 shows nothing"):
        pursue(black, suspect)


def test_a_film_that_repeats_itself_accuses_nobody_else(folder: Path) -> None:
    pictures = [scene(number % 20) for number in range(FPS * 6)]
    for number, picture in enumerate(pictures):
        if number % 10 < 5:  # a light that blinks each second
            cv2.rectangle(picture, (60, 40), (110, 80), (235, 235, 235), -1)
    (folder / "loop").mkdir()
    film = write_film(folder / "loop" / "film.mp4", pictures, 16)
    pair = make_variants(film, folder / "loop", key=MarkKey(b"a secret of the test", CLIP))
    words = list[CodeWord]()
    for number in range(8):
        words.append(draw_word(CodeKey(b"another secret here", CLIP), UUID(int=number), len(pair.index.a), words))
    write_view(ViewLayout(pair.index, words[5].letters), pair.path_a, pair.path_b, folder / "loop" / "view.mp4")
    leak = write_film(folder / "loop" / "part.mp4", read_film(folder / "loop" / "view.mp4")[17:52], 25)
    finding = pursue(leak, Suspect(CLIP, read_reference(pair.path_a, pair.path_b), words))
    assert {one.view_id for one in finding.named} <= {words[5].view_id}
