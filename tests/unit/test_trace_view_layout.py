"""Any byte range of a view is what the whole view would hold there, whatever its word."""

import io
import struct
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custodes.core.errors import BadInput, Corrupt
from custodes.trace.keys import MarkKey
from custodes.trace.mark import VariantPair, make_variants
from custodes.trace.splice import FragmentSpan, PairIndex, Piece, ViewLayout, check_twins, read_view, write_view
from filmcraft import Recipe, make_film

KEY = MarkKey(b"sixteen bytes and", UUID(int=1))


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> VariantPair:
    folder = tmp_path_factory.mktemp("layout")
    film = make_film(folder / "film.mp4", Recipe(seconds=3.2, width=160, height=96))
    return make_variants(film, folder, key=KEY)


@st.composite
def layouts(draw: st.DrawFn) -> tuple[ViewLayout, dict[str, bytes]]:
    """Made-up variants: bytes that say where they come from, fragments of any size."""
    sizes = draw(st.lists(st.tuples(st.integers(1, 40), st.integers(1, 40)), min_size=1, max_size=12))
    films = {"A": bytearray(b"head"), "B": bytearray(b"head")}
    spans: dict[str, list[FragmentSpan]] = {"A": [], "B": []}
    for number, pair_of_sizes in enumerate(sizes):
        for variant, size in zip("AB", pair_of_sizes, strict=True):
            spans[variant].append(FragmentSpan(len(films[variant]), size, number * 10, 10, 1))
            films[variant] += bytes((ord(variant) + number * 7 + place) % 256 for place in range(size))
    index = PairIndex(b"head", 1, 20, tuple(spans["A"]), tuple(spans["B"]))
    word = draw(st.text("AB", min_size=len(sizes), max_size=len(sizes)))
    return ViewLayout(index, word), {variant: bytes(film) for variant, film in films.items()}


@settings(max_examples=150, deadline=None)
@given(layouts(), st.data())
def test_any_range_is_the_slice_of_the_whole(made: tuple[ViewLayout, dict[str, bytes]], data: st.DataObject) -> None:
    layout, films = made

    def fetch(piece: Piece) -> Iterator[bytes]:
        at = layout.index.span(piece.variant, piece.fragment).offset
        yield films[piece.variant][at + piece.start : at + piece.stop]

    chosen = [layout.index.span("A" if letter == "A" else "B", n) for n, letter in enumerate(layout.word)]
    bodies = [films[letter][s.offset : s.offset + s.size] for letter, s in zip(layout.word, chosen, strict=True)]
    whole = layout.head + b"".join(bodies)
    assert layout.size_bytes == len(whole)
    start = data.draw(st.integers(0, len(whole)))
    stop = data.draw(st.integers(start, len(whole)))
    assert b"".join(read_view(layout, start, stop, fetch=fetch)) == whole[start:stop]


def test_no_range_outside_of_the_view(pair: VariantPair) -> None:
    layout = ViewLayout(pair.index, "A" * len(pair.index.a))
    with pytest.raises(ValueError, match="no bytes"):
        list(layout.pieces(0, layout.size_bytes + 1))


def test_a_word_of_another_length_does_not_fit(pair: VariantPair) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        ViewLayout(pair.index, "AB")


def test_a_spliced_view_decodes_to_the_pictures_of_its_variants(pair: VariantPair, tmp_path: Path) -> None:
    word = "ABBABAB"[: len(pair.index.a)]
    write_view(ViewLayout(pair.index, word), pair.path_a, pair.path_b, tmp_path / "view.mp4")
    view, one, other = (_pictures(path) for path in (tmp_path / "view.mp4", pair.path_a, pair.path_b))
    starts = [span.start_ticks for span in pair.index.a]
    assert len(view) == len(one) == 32
    for (ticks, picture), (_, from_a), (_, from_b) in zip(view, one, other, strict=True):
        letter = word[int(np.searchsorted(starts, ticks, side="right")) - 1]
        assert np.array_equal(picture, from_a if letter == "A" else from_b)


def test_the_segment_index_tells_each_fragment_of_this_view(pair: VariantPair) -> None:
    layout = ViewLayout(pair.index, "B" * len(pair.index.a))
    box = layout.head[len(pair.index.init) :]
    assert box[4:8] == b"sidx"
    entries = [struct.unpack_from(">III", box, 32 + 12 * n) for n in range(len(pair.index.b))]
    assert [size for size, _, _ in entries] == [span.size for span in pair.index.b]
    assert sum(duration for _, duration, _ in entries) == round(pair.index.end_s * pair.index.ticks_per_s)


def test_the_same_film_and_secret_give_the_same_bytes(pair: VariantPair, tmp_path: Path) -> None:
    again = make_variants(pair.path_a.parent / "film.mp4", tmp_path, key=KEY)
    assert again.path_a.read_bytes() == pair.path_a.read_bytes()
    assert again.path_b.read_bytes() == pair.path_b.read_bytes()


def test_fragments_begin_every_half_second(pair: VariantPair) -> None:
    assert pair.index.starts_s == pytest.approx([0, 0.5, 1, 1.5, 2, 2.5, 3])
    assert [span.samples for span in pair.index.a] == [5, 5, 5, 5, 5, 5, 2]


def test_variants_that_differ_in_structure_are_refused(pair: VariantPair, tmp_path: Path) -> None:
    shorter = tmp_path / "b.mp4"
    content = pair.path_b.read_bytes()
    shorter.write_bytes(content[: pair.index.b[-1].offset])
    with pytest.raises(Corrupt, match="7 and 6 fragments"):
        check_twins(pair.path_a, shorter)
    other = make_film(tmp_path / "film.mp4", Recipe(seconds=3.2, width=128, height=96))
    foreign = make_variants(other, tmp_path, key=KEY)
    with pytest.raises(Corrupt, match="begin differently"):
        check_twins(pair.path_a, foreign.path_a)


@pytest.mark.parametrize("rotation_deg", [90, 180, 270])
def test_a_turned_film_is_marked_upright(tmp_path: Path, rotation_deg: int) -> None:
    film = make_film(tmp_path / "film.mp4", Recipe(seconds=1, width=160, height=96, rotation_deg=rotation_deg))
    made = make_variants(film, tmp_path, key=KEY)
    with av.open(str(made.path_a)) as shown:
        size = (shown.streams.video[0].width, shown.streams.video[0].height)
    assert size == ((160, 96) if rotation_deg == 180 else (96, 160))


def test_a_file_that_is_no_film_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "film.mp4").write_bytes(b"nothing" * 50)
    with pytest.raises(BadInput, match=r"cannot mark film\.mp4"):
        make_variants(tmp_path / "film.mp4", tmp_path, key=KEY)


def _pictures(path: Path) -> list[tuple[int, np.ndarray]]:
    with av.open(io.BytesIO(path.read_bytes())) as film:
        return [(round((frame.time or 0) * 90_000), frame.to_ndarray(format="gray")) for frame in film.decode(video=0)]
