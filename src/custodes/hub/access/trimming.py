"""Cut a marked film at the borders of its fragments: which of them a share shows, and what becomes of their times.

A shared film is a view's own film (`clips.marked`) of which only some fragments, half a second each, are laid out. They
keep their bytes but for their times, which begin at 0 again (`tfdt`; ISO/IEC 14496-12, 8.8.12). What is not laid out
cannot be asked for.
"""

import io
from collections.abc import Iterator
from dataclasses import replace
from typing import BinaryIO, cast

from pydantic import BaseModel, ConfigDict

from custodes.core import boxes
from custodes.core.clock import NS_PER_S
from custodes.core.errors import BadInput, Corrupt
from custodes.core.wire import WireLens
from custodes.hub.clips import footage, held_words, marked, masked
from custodes.hub.clips.models import Clip
from custodes.trace.keys import FIRST_WINDOW
from custodes.trace.splice import FragmentSpan, PairIndex, Piece, ViewLayout, read_view

HEAD_BYTES = 64 * 1024
"""Of each fragment is read at most this much to find its time: half a second's index is far shorter."""


class TooShort(BadInput):
    """What is left of a film is too short to tell one viewing from another."""


class CutFilm(BaseModel):
    """One lens's film as it is shared: fragments `first` up to and without `last` of its variants."""

    model_config = ConfigDict(frozen=True)
    part: str
    masked: bool = False
    """Whether its masked variants are laid out."""
    first: int
    last: int
    start_ns: int
    """Where it begins in the film."""
    duration_ns: int
    frames: int
    size_bytes: int
    times: dict[str, tuple[int, str]]

    @property
    def source(self) -> str:
        """Return under which name its variants are kept."""
        return masked.key_of(self.part) if self.masked else self.part

    """Variant and number of a fragment -> where in it its time stands, and the time's new bytes, in hex."""


class Cut(BaseModel):
    """The films of one share. A lens that filmed nothing whole inside the range is left out."""

    model_config = ConfigDict(frozen=True)
    films: tuple[CutFilm, ...]

    def film(self, part: str) -> CutFilm | None:
        """Return the film of one part."""
        return next((one for one in self.films if one.part == part), None)


def cut_lens(clip: Clip, lens: WireLens, *, begin_ns: int | None, end_ns: int | None, hide: bool) -> CutFilm | None:
    """Lay out what of one lens lies inside [begin_ns, end_ns] of wall time; None: to its border.

    `hide`: of its masked variants. Returns None where no whole fragment lies inside. Raises TooShort for a piece of
    fewer fragments than keep any two words apart (`trace.codes`: ten, 5 s), Corrupt where the film is not marked, or
    does not open.
    """
    source = masked.key_of(lens.part) if hide else lens.part
    index = marked.read_cut(clip, source)
    chosen = [
        number
        for number, span in enumerate(index.a)
        if _is_inside(_begins_ns(index, span), _ends_ns(index, span), lens.first_frame_wall_ns, begin_ns, end_ns)
    ]
    if not chosen:
        return None
    if len(chosen) < min(FIRST_WINDOW, len(index.a)):
        raise TooShort(
            f"{lens.part}: {len(chosen)} fragments cannot be told apart; at least {FIRST_WINDOW} are needed."
        )
    first, last = chosen[0], chosen[-1] + 1
    spans = index.a[first:last]
    base = spans[0].start_ticks
    times = {
        f"{variant}{number}": _new_time(clip, marked.variant_part(source, variant), of[number], base)
        for variant, of in (("A", index.a), ("B", index.b))
        for number in range(first, last)
    }
    return CutFilm(
        part=lens.part,
        masked=hide,
        first=first,
        last=last,
        start_ns=_begins_ns(index, spans[0]),
        duration_ns=sum(one.duration_ticks for one in spans) * NS_PER_S // index.ticks_per_s,
        frames=sum(one.samples for one in spans),
        size_bytes=sum(one.size for one in spans),
        times=times,
    )


def layout_for(clip: Clip, view_id: object, film: CutFilm) -> ViewLayout | None:
    """Return how one view's film is laid out within the cut; None where the view has no word for it."""
    word = held_words.words_of_view(clip.pk, view_id).get(film.part)  # type: ignore[arg-type]  # an id
    if word is None:
        return None
    index = marked.read_cut(clip, film.source)
    base = index.a[film.first].start_ticks
    a, b = (
        tuple(replace(one, start_ticks=one.start_ticks - base) for one in of[film.first : film.last])
        for of in (index.a, index.b)
    )
    within = PairIndex(index.init, index.track_id, index.ticks_per_s, a, b)
    return ViewLayout(within, word.letters[film.first : film.last])


def read(clip: Clip, film: CutFilm, layout: ViewLayout, start: int, stop: int) -> Iterator[bytes]:
    """Yield the bytes [start, stop) of one view's cut film, decrypted as they are drawn."""

    def fetch(piece: Piece) -> Iterator[bytes]:
        at = layout.index.span(piece.variant, piece.fragment).offset
        part = marked.variant_part(film.source, piece.variant)
        chunks = footage.open_part(clip, part, start=at + piece.start, stop=at + piece.stop).chunks
        where, new = film.times[f"{piece.variant}{film.first + piece.fragment}"]
        return _patched(piece.start, chunks, where, bytes.fromhex(new))

    return read_view(layout, start, min(stop, layout.size_bytes), fetch=fetch)


def _patched(at: int, chunks: Iterator[bytes], where: int, new: bytes) -> Iterator[bytes]:
    for chunk in chunks:
        end = at + len(chunk)
        begin, stop = max(where, at), min(where + len(new), end)
        if begin < stop:
            yield chunk[: begin - at] + new[begin - where : stop - where] + chunk[stop - at :]
        else:
            yield chunk
        at = end


def _is_inside(starts: int, ends: int, first_frame_wall_ns: int, begin_ns: int | None, end_ns: int | None) -> bool:
    after = begin_ns is None or first_frame_wall_ns + starts >= begin_ns
    return after and (end_ns is None or first_frame_wall_ns + ends <= end_ns)


def _begins_ns(index: PairIndex, span: FragmentSpan) -> int:
    return (span.start_ticks - index.a[0].start_ticks) * NS_PER_S // index.ticks_per_s


def _ends_ns(index: PairIndex, span: FragmentSpan) -> int:
    return (span.start_ticks + span.duration_ticks - index.a[0].start_ticks) * NS_PER_S // index.ticks_per_s


def _new_time(clip: Clip, part: str, span: FragmentSpan, base: int) -> tuple[int, str]:
    """Return where in a fragment its time stands, and that time counted from `base`, in hex."""
    head = b"".join(footage.open_part(clip, part, span.offset, span.offset + min(span.size, HEAD_BYTES)).chunks)
    source = cast(BinaryIO, io.BytesIO(head))
    moof = boxes.read_header(source, 0, len(head))
    if moof is not None and moof.kind == b"moof" and moof.end <= len(head):
        for box in boxes.descend(source, moof):
            if box.kind == b"tfdt":
                width = 8 if boxes.read_exact(source, box, 0, 1) == b"\1" else 4
                time = int.from_bytes(boxes.read_exact(source, box, 4, width), "big")
                return box.body + 4, max(time - base, 0).to_bytes(width, "big").hex()
    raise Corrupt(f"part {part} of clip {clip.pk}: the fragment at byte {span.offset} names no time")
