"""Clips that are arriving, remembered by this process, so that a chunk costs no query. The database stays the truth.

One process serves a data folder (docs/design/storage.md), and only `ingest` moves a clip out of `receiving`; it
forgets the clip here when it does.
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from custodes.hub.clips.models import Clip, ClipPart
from custodes.hub.ingest.uploads import Slot

KEPT = 4096
_FACTS = ("unit_id", "site_id", "kind", "severity", "onset_wall_ns", "declared_at", "state")


@dataclass(frozen=True, slots=True)
class OpenClip:
    """A declared clip: whose it is, since when, its parts in the order of the declaration."""

    clip_id: UUID
    unit_id: UUID
    site_id: UUID
    kind: str
    severity: str
    onset_wall_ns: int
    declared_at: datetime
    slots: tuple[Slot, ...]
    receiving: bool = True

    def slot(self, part: str) -> Slot | None:
        """Return the slot of a part."""
        return next((slot for slot in self.slots if slot.part == part), None)


_open: OrderedDict[UUID, OpenClip] = OrderedDict()
_lock = threading.Lock()


def remember(clip: OpenClip) -> None:
    """Keep a clip that is arriving."""
    with _lock:
        _open[clip.clip_id] = clip
        while len(_open) > KEPT:
            _open.popitem(last=False)


def forget(clip_id: UUID) -> None:
    """Drop a clip that was received or given up."""
    with _lock:
        _open.pop(clip_id, None)


def find(clip_id: UUID) -> OpenClip | None:
    """Return a declared clip, from memory while it is arriving, else from the database; None when there is none."""
    with _lock:
        known = _open.get(clip_id)
    if known is not None:
        return known
    row = Clip.objects.filter(pk=clip_id).values_list(*_FACTS).first()
    if row is None:
        return None
    parts = ClipPart.objects.filter(clip_id=clip_id).exclude(kind=ClipPart.Kind.POSTER).order_by("id")
    slots = tuple(Slot(clip_id, *facts) for facts in parts.values_list("name", "sealed_bytes", "sealed_sha256"))
    unit_id, site_id, kind, severity, onset_wall_ns, declared_at, state = row
    receiving = state == Clip.State.RECEIVING
    found = OpenClip(clip_id, unit_id, site_id, kind, severity, onset_wall_ns, declared_at, slots, receiving=receiving)
    if found.receiving:
        remember(found)
    return found
