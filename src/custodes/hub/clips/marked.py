"""What is served of a film: two marked variants, cut into fragments, and for each view a word that picks among them.

The original film leaves the hub by no route. A view's bytes are laid out from its word (`trace.splice`), and only the
chunks are decrypted that a range needs. See docs/adr/0019 and docs/design/trace.md.
"""

import hashlib
import hmac
import json
import logging
from collections.abc import Callable, Collection, Iterator, Mapping
from uuid import UUID

from pydantic import BaseModel, ConfigDict, ValidationError

from custodes.core.errors import Corrupt, Permanent
from custodes.hub import keyring
from custodes.hub.clips import footage
from custodes.hub.clips.erasing import Eraser, erasers
from custodes.hub.clips.models import Clip, ClipPart, ViewWord
from custodes.trace.keys import CodeKey, CodeWord, MarkKey
from custodes.trace.splice import FragmentSpan, PairIndex, Piece, ViewLayout, read_view

MAX_CUT_BYTES = 4 * 1024 * 1024
MEDIA_TYPE = "video/mp4"
log = logging.getLogger(__name__)


class Cut(BaseModel):
    """How a film's variants are cut, as it lies sealed beside them. Spans are those of `FragmentSpan`, as lists."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    init_hex: str
    track_id: int
    ticks_per_s: int
    a: list[tuple[int, int, int, int, int]]
    b: list[tuple[int, int, int, int, int]]

    @classmethod
    def of(cls, index: PairIndex) -> "Cut":
        """Return what to store of an index."""
        a, b = (
            [(one.offset, one.size, one.start_ticks, one.duration_ticks, one.samples) for one in spans]
            for spans in (index.a, index.b)
        )
        return cls(init_hex=index.init.hex(), track_id=index.track_id, ticks_per_s=index.ticks_per_s, a=a, b=b)

    def index(self) -> PairIndex:
        """Return the index."""
        a, b = (tuple(FragmentSpan(*one) for one in spans) for spans in (self.a, self.b))
        return PairIndex(bytes.fromhex(self.init_hex), self.track_id, self.ticks_per_s, a, b)


def variant_part(film: str, variant: str) -> str:
    """Return the name of the part that holds a film's variant, "A" or "B"."""
    return f"{variant.lower()}.{film}"


def cut_part(film: str) -> str:
    """Return the name of the part that says how a film's variants are cut."""
    return f"cut.{film}"


def mark_key(clip_id: UUID, film: str) -> MarkKey:
    """Return what the marks of one film are drawn from."""
    return MarkKey(keyring.mark_secret(clip_id, film, "marks"), clip_id)


def films_of(clip_id: UUID) -> list[str]:
    """Return the films of a clip, by name."""
    rows = ClipPart.objects.filter(clip_id=clip_id, kind=ClipPart.Kind.FILM)
    return sorted(rows.values_list("name", flat=True))


def marked_films_of(clip_id: UUID) -> list[str]:
    """Return the films of a clip that can be served: those whose variants are there."""
    rows = ClipPart.objects.filter(clip_id=clip_id, kind=ClipPart.Kind.CUT)
    cuts = set(rows.values_list("name", flat=True))
    return [film for film in films_of(clip_id) if cut_part(film) in cuts]


def is_prepared(clip_id: UUID) -> bool:
    """Say whether every film of a clip can be served."""
    return films_of(clip_id) == marked_films_of(clip_id)


def read_cut(clip: Clip, film: str) -> PairIndex:
    """Return how a film's variants are cut. Raises Corrupt, KeyDestroyed as `footage.open_part`."""
    text = footage.read_whole(clip, cut_part(film), at_most=MAX_CUT_BYTES)
    try:
        return Cut.model_validate_json(text).index()
    except ValidationError as error:
        raise Corrupt(f"part {cut_part(film)} of clip {clip.pk} is not an index") from error


def store_words(clip: Clip, view_id: UUID, same: Mapping[str, CodeWord]) -> dict[str, CodeWord]:
    """Store a view's word for each film that can be served: the one in `same`, else one that is drawn for it.

    Call it under the write lock: words that are drawn differ.
    """
    stored = {}
    for film in marked_films_of(clip.pk):
        word = same.get(film) or _drawn(clip, view_id, film)
        ViewWord.objects.create(view_id=view_id, clip=clip, part=film, letters=word.letters, window=word.window)
        stored[film] = CodeWord(view_id, word.letters, word.window)
    return stored


def _drawn(clip: Clip, view_id: UUID, film: str) -> CodeWord:
    from custodes.trace.codes import draw_word  # NumPy comes with it: a hub on which nobody watches needs none

    rows = ViewWord.objects.filter(clip=clip, part=film).order_by("pk")
    others = list({row.letters: _word(row) for row in rows}.values())
    key = CodeKey(keyring.mark_secret(clip.pk, film, "words"), clip.pk)
    fragments = len(read_cut(clip, film).a)
    try:
        return draw_word(key, view_id, fragments, others)
    except Permanent as error:
        # Nobody is kept from a film because many watched it: a free word is still almost surely one of its own.
        log.warning("film %s of clip %s: %s", film, clip.pk, error)
        return draw_word(key, view_id, fragments, [])


def commitment(clip_id: UUID, view_id: UUID, words: Mapping[str, CodeWord]) -> str:
    """Return what the ledger says of a view's words: it binds the hub, and tells nobody a letter.

    HMAC-SHA-256 under a key of this clip's words, so that a short word cannot be guessed out of it.
    """
    said = json.dumps({film: word.letters for film, word in sorted(words.items())}, separators=(",", ":"))
    secret = keyring.mark_secret(clip_id, "", "commitment")
    return hmac.new(secret, view_id.bytes + said.encode(), hashlib.sha256).hexdigest()


def words_of_view(clip_id: UUID, view_id: UUID) -> dict[str, CodeWord]:
    """Return a view's words, by film; none where it was opened before the clip was marked."""
    rows = ViewWord.objects.filter(clip_id=clip_id, view_id=view_id)
    return {row.part: _word(row) for row in rows}


def words_by_view(clip_id: UUID, among: Collection[UUID] | None = None) -> dict[UUID, dict[str, CodeWord]]:
    """Return the words of all views of a clip, or of those in `among`, by view and film, in the order of opening."""
    found: dict[UUID, dict[str, CodeWord]] = {}
    wanted = {} if among is None else {"view_id__in": among}
    for row in ViewWord.objects.filter(clip_id=clip_id, **wanted).order_by("pk"):
        found.setdefault(row.view_id, {})[row.part] = _word(row)
    return found


def words_of_film(clip_id: UUID, film: str) -> list[CodeWord]:
    """Return the words of all views of one film, as they stand: nobody is accused by them before they are held."""
    return [_word(row) for row in ViewWord.objects.filter(clip_id=clip_id, part=film).order_by("pk")]


def read_range(clip: Clip, film: str, layout: ViewLayout, start: int, stop: int) -> Iterator[bytes]:
    """Yield the bytes [start, stop) of one view's film, decrypted as they are drawn. Raises as `footage.open_part`."""

    opened: dict[str, Callable[[int, int], Iterator[bytes]]] = {}

    def fetch(piece: Piece) -> Iterator[bytes]:
        at = layout.index.span(piece.variant, piece.fragment).offset
        if piece.variant not in opened:
            opened[piece.variant] = footage.ranges_of(clip, variant_part(film, piece.variant))
        return opened[piece.variant](at + piece.start, at + piece.stop)

    return read_view(layout, start, min(stop, layout.size_bytes), fetch=fetch)


def version_of(view_id: UUID, film: str, layout: ViewLayout) -> str:
    """Return a tag of this view's bytes, which no other view's share."""
    said = view_id.bytes + film.encode() + layout.head
    return hashlib.sha256(said).hexdigest()[:32]


def _word(row: ViewWord) -> CodeWord:
    return CodeWord(row.view_id, row.letters, row.window)


def _forget_words(clip_id: UUID) -> int:
    return ViewWord.objects.filter(clip_id=clip_id).delete()[0]


if "words" not in erasers:
    erasers.register("words")(Eraser(rows=_forget_words))
