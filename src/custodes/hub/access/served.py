"""How much film left the hub in one view, counted where it leaves: a player can be silent, or wrong.

Bytes of a film become film time in proportion. Lenses play together, so that a view's time is that of the lens of which
most was served. What a browser plays again out of its own memory is not seen here; the player's word stands beside it.
"""

from collections.abc import Iterator
from uuid import UUID

from django.db import transaction

from custodes.hub.access.models import View
from custodes.trace.splice import ViewLayout

KEEP_EVERY_BYTES = 1024**2


def counted(chunks: Iterator[bytes], view_id: UUID, part: str, layout: ViewLayout) -> Iterator[bytes]:
    """Pass chunks on, and keep how much of the part went out: every MiB, at the end, and when the reader leaves."""
    sent_bytes = 0

    def keep() -> None:
        nonlocal sent_bytes
        if sent_bytes:
            _keep(view_id, part, sent_bytes * film_ms(layout) / max(layout.size_bytes, 1))
        sent_bytes = 0

    try:
        for chunk in chunks:
            sent_bytes += len(chunk)
            yield chunk
            if sent_bytes >= KEEP_EVERY_BYTES:
                keep()
    finally:
        keep()


def film_ms(layout: ViewLayout) -> int:
    """Return how long a film lasts as a view gets it (ms)."""
    return sum(span.duration_ticks for span in layout.index.a) * 1000 // layout.index.ticks_per_s


def _keep(view_id: UUID, part: str, more_ms: float) -> None:
    with transaction.atomic():
        view = View.objects.select_for_update().filter(pk=view_id).first()
        if view is not None:
            view.served_ms = {**view.served_ms, part: round(view.served_ms.get(part, 0) + more_ms, 1)}
            view.save(update_fields=["served_ms"])
