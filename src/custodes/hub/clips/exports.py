"""Exports as rows and sealed parts: how far one is, what was made, and their end. Who may is `access.exports`."""

import logging
from datetime import timedelta
from uuid import UUID

from django.db import transaction

from custodes.core import seal
from custodes.hub.clips import quota
from custodes.hub.clips.erasing import Eraser, erasers
from custodes.hub.clips.footage import blob_name
from custodes.hub.clips.models import ClipPart, Export
from custodes.hub.fleet.times import moment_of
from custodes.hub.vault import destroyed
from custodes.hub.vault.keys import KeyDestroyed
from custodes.hub.vault.store import vault

LASTS = timedelta(hours=24)
"""How long an export can be taken: a copy of footage that lies about is one more to lose."""
MEDIA_TYPE = "video/mp4"
State = Export.State
log = logging.getLogger(__name__)


def waiting() -> list[UUID]:
    """Return exports that somebody waits for, the oldest first: a stop of the hub came between."""
    rows = Export.objects.filter(state__in=[State.WAITING, State.MAKING]).order_by("asked_at")
    return list(rows.values_list("pk", flat=True))


def under_way(export_id: UUID) -> Export | None:
    """Return an export that is still to be made, and say that it is being made; None: nobody waits for it."""
    rows = Export.objects.filter(pk=export_id, state__in=[State.WAITING, State.MAKING])
    if not rows.update(state=State.MAKING):
        return None
    return rows.select_related("clip__site__organisation").first()


def tell_progress(export_id: UUID, share_0_1: float) -> None:
    """Keep how much of it is made."""
    Export.objects.filter(pk=export_id, state=State.MAKING).update(shown_0_1=min(max(share_0_1, 0.0), 1.0))


def refuse(export_id: UUID, why: str) -> None:
    """End an export that cannot be made."""
    Export.objects.filter(pk=export_id).update(state=State.REFUSED, told=why[:300])


def keep(export: Export, facts: seal.SealedFacts, *, now_ns: int) -> None:
    """Write down what was made and lies sealed in the vault. Raises KeyDestroyed when the clip was erased meanwhile."""
    clip, now = export.clip, moment_of(now_ns)
    with transaction.atomic():
        if destroyed.holds(clip.pk) or not Export.objects.filter(pk=export.pk, state=State.MAKING).exists():
            vault().delete(blob_name(clip.pk, export.part))
            raise KeyDestroyed(f"clip {clip.pk} was erased, or its export dropped, while it was made")
        ClipPart.objects.create(
            clip=clip,
            name=export.part,
            kind=ClipPart.Kind.EXPORT,
            lens=export.film.partition(".")[2],
            sealed_sha256=facts.sha256_hex,
            sealed_bytes=facts.sealed_bytes,
            plain_bytes=facts.plain_bytes,
            media_type=MEDIA_TYPE,
            stored_at=now,
        )
        quota.add(organisation_id=clip.site.organisation_id, more_bytes=quota.room([facts.sealed_bytes]))
        Export.objects.filter(pk=export.pk).update(state=State.READY, shown_0_1=1.0, ends_at=now + LASTS)


def drop_due(*, now_ns: int) -> int:
    """Remove exports whose time is over; return how many. What the ledger says of them stays."""
    due = list(Export.objects.filter(ends_at__lte=moment_of(now_ns)).select_related("clip__site")[:50])
    for export in due:
        drop(export)
    return len(due)


def drop(export: Export) -> None:
    """Remove one export: its blob first, then its rows."""
    vault().delete(blob_name(export.clip_id, export.part))
    with transaction.atomic():
        part = ClipPart.objects.filter(clip_id=export.clip_id, name=export.part).first()
        if part is not None:
            quota.give_back(
                organisation_id=export.clip.site.organisation_id, freed_bytes=quota.room([part.sealed_bytes])
            )
            part.delete()
        Export.objects.filter(pk=export.pk).delete()


def _forget(clip_id: UUID) -> int:
    return Export.objects.filter(clip_id=clip_id).delete()[0]


if "exports" not in erasers:
    erasers.register("exports")(Eraser(rows=_forget))
