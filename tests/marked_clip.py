"""Clips whose films can be served: marked by the hub's own process, or made up where the picture does not matter."""

import io
import random
from functools import lru_cache
from pathlib import Path
from uuid import UUID

from custodes.core import seal
from custodes.hub.access.models import View
from custodes.hub.clips import footage, marked
from custodes.hub.clips.models import Clip, ClipPart
from custodes.hub.process import variants
from custodes.hub.process.marking import Twins
from custodes.hub.vault import keys
from custodes.hub.vault.store import vault
from custodes.trace.keys import MarkKey
from custodes.trace.mark import write_variants
from custodes.trace.segment_index import ENTRY_BYTES, HEADER_BYTES
from custodes.trace.splice import FragmentSpan, PairIndex, Piece, ViewLayout, check_open_twins, read_view

FRAGMENTS = 12


def store_parts(clip: Clip, parts: dict[str, bytes], folder: Path) -> None:
    """Put sealed parts into the vault as ingest does, under a fresh key; their rows are there."""
    content_key = seal.new_content_key()
    keys.put(clip.pk, content_key)
    for part, content in parts.items():
        plain, sealed = folder / f"{part}.plain", folder / part
        plain.write_bytes(content)
        facts = seal.seal_file(plain, sealed, content_key=content_key, context=footage.context_of(clip, part))
        vault().put(footage.blob_name(clip.pk, part), sealed)
        ClipPart.objects.filter(clip=clip, name=part).update(
            sealed_sha256=facts.sha256_hex, sealed_bytes=facts.sealed_bytes, plain_bytes=len(content)
        )


def made_up_twins(size_bytes: int, *, fragments: int = FRAGMENTS, seed: int = 5) -> Twins:
    """Return twins of random bytes, of which every view is `size_bytes` long."""
    chance = random.Random(seed)
    each = (size_bytes - HEADER_BYTES - ENTRY_BYTES * fragments - 700) // fragments
    init = chance.randbytes(size_bytes - HEADER_BYTES - ENTRY_BYTES * fragments - fragments * each)
    films = [init + chance.randbytes(fragments * each) for _ in "AB"]
    spans = tuple(FragmentSpan(len(init) + at * each, each, at * 45_000, 45_000, 5) for at in range(fragments))
    return Twins(films[0], films[1], PairIndex(init, 1, 90_000, spans, spans))


@lru_cache(maxsize=8)
def twins_of(path: Path) -> Twins:
    """Return real twins of a film, made once: with a key of the tests, not with each clip's own."""
    films = (io.BytesIO(), io.BytesIO())
    with path.open("rb") as source:
        write_variants(source, films, key=MarkKey(b"a secret of the tests", UUID(int=7)))
    return Twins(films[0].getvalue(), films[1].getvalue(), check_open_twins(*films))


def store_twins(clip: Clip, film: str, twins: Twins) -> None:
    """Store twins as the process does; the clip's key is there."""
    variants.store(clip, film, twins)


def served(view: View, film: str, twins: Twins) -> bytes:
    """Return the bytes that a view must get, computed from its word alone."""
    word = marked.words_of_view(view.clip_id, view.pk)[film]
    layout = ViewLayout(twins.index, word.letters)

    def fetch(piece: Piece) -> list[bytes]:
        at = twins.index.span(piece.variant, piece.fragment).offset
        source = twins.film_a if piece.variant == "A" else twins.film_b
        return [source[at + piece.start : at + piece.stop]]

    return b"".join(read_view(layout, 0, layout.size_bytes, fetch=fetch))
