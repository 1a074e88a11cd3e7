"""From "all bytes came" to a receipt. Safe to repeat from any step; procedure P5 of docs/design/storage.md."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from custodes.core.clock import NS_PER_S
from custodes.core.wire import Receipt, SealedPart
from custodes.hub import keyring
from custodes.hub.audit import ledger
from custodes.hub.clips.footage import blob_name
from custodes.hub.clips.models import Clip, ClipPart
from custodes.hub.clips.revisions import next_revision
from custodes.hub.clips.signals import received
from custodes.hub.fleet.models import Shift
from custodes.hub.ingest import open_clips
from custodes.hub.ingest.uploads import Slot, remove_folder
from custodes.hub.vault.store import AlreadyStored, NoSuchBlob, vault

_locks: dict[UUID, threading.Lock] = {}
_locks_guard = threading.Lock()


def commit_clip(*, clip_id: UUID, now_ns: int) -> Receipt | None:
    """Store a clip whose parts are all whole; return its signed receipt, or None while parts are missing.

    Parts, ledger leaf, row and receipt are durable on return; a repeat returns the same receipt.
    """
    with _one_at_a_time(clip_id):
        waiting = open_clips.find(clip_id)
        if waiting is None or (waiting.receiving and not all(_is_here(slot) for slot in waiting.slots)):
            return None
        clip = Clip.objects.filter(pk=clip_id).first()
        if clip is None:
            return None
        if clip.receipt_json:
            remove_folder(clip_id)
            return Receipt.model_validate_json(clip.receipt_json)
        for slot in waiting.slots:
            _store(slot)
        receipt = _record(clip, waiting.slots, now_ns)
        open_clips.forget(clip_id)
        remove_folder(clip_id)
    received.send(sender=Clip, clip_id=clip_id)
    return receipt


def _is_here(slot: Slot) -> bool:
    return (slot.offset() == slot.sealed_bytes and slot.whole.exists()) or _is_stored(slot)


def _store(slot: Slot) -> None:
    if not slot.whole.exists():
        return
    try:
        vault().put(blob_name(slot.clip_id, slot.part), slot.whole)
    except AlreadyStored:
        slot.whole.unlink()  # a crash came between the link and the unlink of a former try


def _record(clip: Clip, slots: tuple[Slot, ...], now_ns: int) -> Receipt:
    now = datetime.fromtimestamp(now_ns / NS_PER_S, UTC)
    sealed = [
        SealedPart(part=slot.part, sealed_sha256=slot.sealed_sha256, sealed_bytes=slot.sealed_bytes) for slot in slots
    ]
    with transaction.atomic():
        subject_id = _driver_at(clip)
        entry = ledger.append(
            kind="clip.received",
            body={
                "clip": clip.id,
                "unit": clip.unit_id,
                "site": clip.site_id,
                "event": clip.kind,
                "subject": subject_id,
                "parts": [part.model_dump() for part in sealed],
            },
            now_ns=now_ns,
        )
        receipt = _signed(
            Receipt(
                clip_id=clip.id,
                unit_id=clip.unit_id,
                parts=sealed,
                received_wall_ns=now_ns,
                ledger_size=entry.seq + 1,
            )
        )
        ClipPart.objects.filter(clip_id=clip.id).update(stored_at=now)
        Clip.objects.filter(pk=clip.id).update(
            state=Clip.State.PROCESSING,
            received_at=now,
            subject_id=subject_id,
            receipt_json=receipt.model_dump_json(),
            revision=next_revision(),
        )
    return receipt


def _signed(receipt: Receipt) -> Receipt:
    signature = keyring.signing_key().sign(receipt.signed_bytes())
    return receipt.model_copy(update={"signature": signature.hex()})


def _driver_at(clip: Clip) -> UUID | None:
    """Return who drove the vehicle at the onset, by the shifts that the hub knows."""
    onset = datetime.fromtimestamp(clip.onset_wall_ns / NS_PER_S, UTC)
    shifts = Shift.objects.filter(Q(ends_at=None) | Q(ends_at__gt=onset), site_id=clip.site_id, starts_at__lte=onset)
    return shifts.order_by("-starts_at").values_list("driver_id", flat=True).first()


def _is_stored(slot: Slot) -> bool:
    try:
        return vault().size(blob_name(slot.clip_id, slot.part)) == slot.sealed_bytes
    except NoSuchBlob:
        return False


@contextmanager
def _one_at_a_time(clip_id: UUID) -> Iterator[None]:
    with _locks_guard:
        lock = _locks.setdefault(clip_id, threading.Lock())
    with lock:
        yield
    with _locks_guard:
        if not lock.locked():
            _locks.pop(clip_id, None)
