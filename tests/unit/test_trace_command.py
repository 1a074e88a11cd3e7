"""`custodes trace` on files alone: one line for what is wrong, corners by hand, and no name without grounds."""

from pathlib import Path
from uuid import UUID

import pytest

from custodes.core.errors import BadInput
from custodes.trace.book import CodeBook, read_book, write_book
from custodes.trace.codes import draw_word
from custodes.trace.command import TraceRequest, trace_files
from custodes.trace.keys import CodeKey, CodeWord, MarkKey
from custodes.trace.mark import make_variants
from filmcraft import Recipe, make_film

CLIP = UUID(int=5)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clip")
    film = make_film(folder / "film.mp4", Recipe(seconds=2, width=160, height=96))
    pair = make_variants(film, folder, key=MarkKey(b"sixteen bytes and", CLIP))
    key, words = CodeKey(b"sixteen bytes or so", CLIP), list[CodeWord]()
    for number in range(3):
        words.append(draw_word(key, UUID(int=number), len(pair.index.a), words))
    write_book(folder / "book.json", CodeBook(CLIP, tuple(words)))
    return folder


def trace(leak: Path, folder: Path, corners: str | None = None) -> str:
    return trace_files(TraceRequest(leak, folder, corners), say=lambda _: None).as_text


def test_a_leak_of_two_seconds_names_nobody_and_says_why(folder: Path) -> None:
    text = trace(folder / "a.mp4", folder, "0,0 160,0 160,96 0,96")
    assert text.startswith(("Inconclusive", "Consistent with"))
    assert "at least 12 must agree to identify one" in text
    assert "never a person" in text


def test_a_code_book_survives_its_file(folder: Path) -> None:
    book = read_book(folder / "book.json")
    assert (book.clip_id, len(book.words), len(book.words[0].letters)) == (CLIP, 3, 4)


def test_what_is_missing_is_named(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="there is no such file"):
        trace(tmp_path / "leak.mp4", folder)
    with pytest.raises(BadInput, match="holds no variants"):
        trace(folder / "a.mp4", tmp_path)
    with pytest.raises(BadInput, match="--corners wants four points"):
        trace(folder / "a.mp4", folder, "1,2 3,4")


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"format": "custodes.codebook/1", "clip_id": "x", "words": []}'])
def test_a_damaged_code_book_is_told_in_one_line(tmp_path: Path, content: str) -> None:
    (tmp_path / "book.json").write_text(content)
    with pytest.raises(BadInput, match="is no code book"):
        read_book(tmp_path / "book.json")


def test_a_book_of_another_clip_is_refused(folder: Path, tmp_path: Path) -> None:
    for name in ("a.mp4", "b.mp4"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    write_book(tmp_path / "book.json", CodeBook(CLIP, (CodeWord(UUID(int=1), "AB"),)))
    with pytest.raises(BadInput, match="belongs to another clip"):
        trace(folder / "a.mp4", tmp_path)
