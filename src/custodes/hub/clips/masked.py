"""Masked films of a clip: variants in which people's heads are hidden, made when somebody wants to share them.

They are marked as the plain variants are and cut alike: a view's word lays out either. Who may is `access.masking`.
"""

from datetime import datetime
from uuid import UUID

from custodes.hub.clips import marked
from custodes.hub.clips.erasing import Eraser, erasers
from custodes.hub.clips.models import Clip, ClipPart, Masking

State = Masking.State


def key_of(film: str) -> str:
    """Return under which name the masked variants of a film are kept."""
    return f"masked.{film}"


def sheet_part(film: str) -> str:
    """Return the name of the part that holds stills of a masked film."""
    return f"sheet.{film}"


def films_of(clip_id: UUID) -> list[str]:
    """Return the films of a clip of which masked variants are there."""
    rows = ClipPart.objects.filter(clip_id=clip_id, kind=ClipPart.Kind.CUT).values_list("name", flat=True)
    cuts = set(rows)
    return [film for film in marked.films_of(clip_id) if marked.cut_part(key_of(film)) in cuts]


def is_ready(clip_id: UUID) -> bool:
    """Say whether every film of a clip has masked variants."""
    return bool(films_of(clip_id)) and films_of(clip_id) == marked.films_of(clip_id)


def ask(clip: Clip, *, now: datetime) -> Masking:
    """Say that somebody wants them; asked twice, or again after a failure, they are made once."""
    row, _made = Masking.objects.get_or_create(clip=clip, defaults={"asked_at": now})
    if row.state == State.REFUSED:
        Masking.objects.filter(pk=row.pk).update(state=State.WAITING, asked_at=now, told="", tries=row.tries + 1)
        row.refresh_from_db()
    return row


def state_of(clip_id: UUID) -> Masking | None:
    """Return how far the masked films of a clip are; None: nobody asked."""
    return Masking.objects.filter(clip_id=clip_id).first()


def waiting() -> list[tuple[UUID, int]]:
    """Return clips whose masked films are to be made, the oldest wish first, with how often that failed."""
    rows = Masking.objects.filter(state__in=[State.WAITING, State.MAKING]).order_by("asked_at")
    return list(rows.values_list("clip_id", "tries"))


def tell(clip_id: UUID, state: str, *, told: str = "", shown_0_1: float = 0.0) -> None:
    """Write down how far they are."""
    Masking.objects.filter(clip_id=clip_id).update(state=state, told=told[:300], shown_0_1=shown_0_1)


def _forget(clip_id: UUID) -> int:
    return Masking.objects.filter(clip_id=clip_id).delete()[0]


if "masking" not in erasers:
    erasers.register("masking")(Eraser(rows=_forget))
