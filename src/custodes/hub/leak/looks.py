"""What clips look like, so that a leak without a hint finds its clip: fingerprints, sealed under each clip's key."""

import io
from collections.abc import Iterable
from uuid import UUID

from custodes.core import seal
from custodes.core.errors import Corrupt
from custodes.hub.clips import footage
from custodes.hub.clips.erasing import Eraser, erasers
from custodes.hub.clips.models import Clip
from custodes.hub.leak.models import ClipLook
from custodes.hub.vault import keys
from custodes.hub.vault.keys import KeyDestroyed


def keep(clip: Clip, film: str, fingerprint_json: str) -> None:
    """Seal and store what a film looks like. Raises KeyDestroyed."""
    plain = fingerprint_json.encode()
    pieces = seal.seal_pieces(
        io.BytesIO(plain),
        plain_bytes=len(plain),
        content_key=keys.get(clip.pk),
        context=footage.context_of(clip, _part(film)),
    )
    ClipLook.objects.update_or_create(clip=clip, film=film, defaults={"sealed": b"".join(pieces)})


def known(clip_ids: Iterable[UUID]) -> set[tuple[UUID, str]]:
    """Return which films of these clips have a look."""
    return set(ClipLook.objects.filter(clip_id__in=list(clip_ids)).values_list("clip_id", "film"))


def read(clips: Iterable[Clip]) -> list[str]:
    """Return the looks of clips, as JSON; those of a clip that was erased meanwhile are left out."""
    by_id = {clip.pk: clip for clip in clips}
    found = []
    for row in ClipLook.objects.filter(clip_id__in=list(by_id)).iterator(chunk_size=500):
        clip = by_id[row.clip_id]
        try:
            context = footage.context_of(clip, _part(row.film))
            opened = seal.open_whole(bytes(row.sealed), content_key=keys.get(clip.pk), context=context)
        except (KeyDestroyed, Corrupt):
            continue
        found.append(opened.decode())
    return found


def _part(film: str) -> str:
    return f"look.{film}"


def _forget(clip_id: UUID) -> int:
    return ClipLook.objects.filter(clip_id=clip_id).delete()[0]


if "looks" not in erasers:
    erasers.register("looks")(Eraser(rows=_forget))
