"""Lay out a view: initialisation, segment index, and per fragment the variant that the view's word asks for.

The view's file is never built. Fragments may lie sealed one by one: a layout names fragment, variant and range, and
whoever serves it fetches just these.
"""

import bisect
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from typing import BinaryIO, Literal

from custodes.core import mp4box
from custodes.core.errors import Corrupt
from custodes.trace.segment_index import segment_index

Variant = Literal["A", "B"]
MAX_INIT_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class FragmentSpan:
    """One fragment in its variant's file: where it begins, how long it is (bytes), when it begins, what it holds."""

    offset: int
    size: int
    start_ticks: int
    duration_ticks: int
    samples: int


@dataclass(frozen=True, slots=True)
class PairIndex:
    """How a clip's twins are cut: the common initialisation segment and the fragments of each variant."""

    init: bytes
    track_id: int
    ticks_per_s: int
    a: tuple[FragmentSpan, ...]
    b: tuple[FragmentSpan, ...]

    def span(self, variant: Variant, fragment: int) -> FragmentSpan:
        """Return where one fragment of one variant lies."""
        return (self.a if variant == "A" else self.b)[fragment]

    @property
    def starts_s(self) -> tuple[float, ...]:
        """Return when each fragment begins (s)."""
        return tuple(fragment.start_ticks / self.ticks_per_s for fragment in self.a)

    @property
    def end_s(self) -> float:
        """Return when the last fragment ends (s)."""
        last = self.a[-1]
        return (last.start_ticks + last.duration_ticks) / self.ticks_per_s


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes `start` to `stop` of one fragment of one variant, as it stands in that variant."""

    variant: Variant
    fragment: int
    start: int
    stop: int


@dataclass(frozen=True)
class ViewLayout:
    """The bytes of one view, in order. Knows sizes, holds no film."""

    index: PairIndex
    word: str

    def __post_init__(self) -> None:
        if len(self.word) != len(self.index.a) or set(self.word) - {"A", "B"}:
            raise ValueError(f"a word of {len(self.word)} letters does not fit {len(self.index.a)} fragments")

    @cached_property
    def head(self) -> bytes:
        """Return what precedes the first fragment: initialisation and this view's segment index."""
        spans = [(span.size, span.duration_ticks) for span in self._chosen]
        return self.index.init + segment_index(
            track_id=self.index.track_id,
            ticks_per_s=self.index.ticks_per_s,
            start_ticks=self._chosen[0].start_ticks,
            spans=spans,
        )

    @property
    def size_bytes(self) -> int:
        """Return the view's whole length."""
        return self._bounds[-1]

    def pieces(self, start: int, stop: int) -> Iterator[bytes | Piece]:
        """Yield what makes up bytes `start` to `stop` of the view: head bytes as they are, then pieces of fragments.

        Raises ValueError outside of the view.
        """
        if not 0 <= start <= stop <= self.size_bytes:
            raise ValueError(f"no bytes {start} to {stop} in a view of {self.size_bytes}")
        head = len(self.head)
        if start < head and start < stop:
            yield self.head[start : min(stop, head)]
        first = max(bisect.bisect_right(self._bounds, max(start, head)) - 1, 0)
        for fragment in range(first, len(self.word)):
            low, high = self._bounds[fragment], self._bounds[fragment + 1]
            if low >= stop:
                return
            begin, end = max(start, low) - low, min(stop, high) - low
            if begin < end:
                yield Piece(self._variant(fragment), fragment, begin, end)

    @cached_property
    def _chosen(self) -> tuple[FragmentSpan, ...]:
        return tuple(self.index.span(self._variant(number), number) for number in range(len(self.word)))

    @cached_property
    def _bounds(self) -> list[int]:
        return list(accumulate((span.size for span in self._chosen), initial=len(self.head)))

    def _variant(self, fragment: int) -> Variant:
        return "A" if self.word[fragment] == "A" else "B"


Fetch = Callable[[Piece], Iterable[bytes]]


def read_view(layout: ViewLayout, start: int, stop: int, *, fetch: Fetch) -> Iterator[bytes]:
    """Yield bytes `start` to `stop` of the view; `fetch` gives a piece's bytes from wherever fragments lie."""
    for piece in layout.pieces(start, stop):
        if isinstance(piece, bytes):
            yield piece
        else:
            yield from fetch(piece)


def write_view(layout: ViewLayout, path_a: Path, path_b: Path, target: Path) -> None:
    """Write a whole view to a file, from the variants' files."""
    with path_a.open("rb") as film_a, path_b.open("rb") as film_b, target.open("wb") as out:

        def fetch(piece: Piece) -> Iterator[bytes]:
            source = film_a if piece.variant == "A" else film_b
            source.seek(layout.index.span(piece.variant, piece.fragment).offset + piece.start)
            yield source.read(piece.stop - piece.start)

        for chunk in read_view(layout, 0, layout.size_bytes, fetch=fetch):
            out.write(chunk)


def check_twins(path_a: Path, path_b: Path) -> PairIndex:
    """Return how two variants are cut; see `check_open_twins`."""
    with path_a.open("rb") as film_a, path_b.open("rb") as film_b:
        return check_open_twins(film_a, film_b)


def check_open_twins(film_a: BinaryIO, film_b: BinaryIO) -> PairIndex:
    """Return how two variants are cut, once they are known to be interchangeable fragment by fragment.

    Raises Corrupt unless both are whole fragmented films of one video track with identical initialisation, and each
    pair of fragments agrees in time, duration and number of samples.
    """
    cut_a, cut_b = _cut(film_a, "variant A"), _cut(film_b, "variant B")
    if cut_a.init != cut_b.init:
        raise Corrupt("the two variants begin differently: their fragments cannot be exchanged.")
    if len(cut_a.a) != len(cut_b.a):
        raise Corrupt(f"the two variants have {len(cut_a.a)} and {len(cut_b.a)} fragments.")
    for number, (one, other) in enumerate(zip(cut_a.a, cut_b.a, strict=True)):
        if (one.start_ticks, one.duration_ticks, one.samples) != (
            other.start_ticks,
            other.duration_ticks,
            other.samples,
        ):
            raise Corrupt(f"fragment {number} differs in time or number of pictures between the two variants.")
    return PairIndex(cut_a.init, cut_a.track_id, cut_a.ticks_per_s, cut_a.a, cut_b.a)


def _cut(film: BinaryIO, name: str) -> PairIndex:
    found = mp4box.layout_of(film, film.seek(0, os.SEEK_END))
    if len(found.tracks) != 1 or found.tracks[0].handler != "vide":
        raise Corrupt(f"{name} is not a film of one video track.")
    if found.whole_bytes != found.size_bytes or not found.fragments or found.index_end > MAX_INIT_BYTES:
        raise Corrupt(f"{name} is torn or holds no fragment.")
    film.seek(0)
    init = film.read(found.index_end)
    spans = tuple(
        FragmentSpan(
            fragment.start,
            fragment.end - fragment.start,
            fragment.runs[0].decode_time,
            fragment.runs[0].duration,
            sum(run.samples for run in fragment.runs),
        )
        for fragment in found.fragments
    )
    track = found.tracks[0]
    return PairIndex(init, track.track_id, track.ticks_per_s, spans, ())
