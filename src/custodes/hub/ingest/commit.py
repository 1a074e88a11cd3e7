"""From "all bytes came" to a receipt. Safe to repeat from any step; procedure P5 of docs/design/storage.md."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db import transaction

from custodes.core.wire import Receipt, SealedPart
from custodes.hub import keyring
from custodes.hub.audit import ledger
from custodes.hub.clips import arrivals
from custodes.hub.clips.footage import blob_name
from custodes.hub.clips.models import Clip
from custodes.hub.clips.signals import received
from custodes.hub.fleet import founded
from custodes.hub.fleet.times import moment_of
from custodes.hub.ingest import onsets, open_clips, rows
from custodes.hub.ingest.open_clips import OpenClip
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
        if not waiting.receiving:
            return _former_receipt(clip_id)
        for slot in waiting.slots:
            _store(slot)
        receipt = _record(waiting, now_ns)
        open_clips.forget(clip_id)
        if receipt is None:
            return _former_receipt(clip_id)
        remove_folder(clip_id)
    received.send(sender=Clip, clip_id=clip_id)
    return receipt


def _former_receipt(clip_id: UUID) -> Receipt | None:
    known = rows.known_clip(clip_id)
    if known is None or not known[2]:
        return None
    remove_folder(clip_id)
    return Receipt.model_validate_json(known[2])


def _is_here(slot: Slot) -> bool:
    return (slot.offset() == slot.sealed_bytes and slot.whole.exists()) or _is_stored(slot)


def _store(slot: Slot) -> None:
    if not slot.whole.exists():
        return
    try:
        vault().put(blob_name(slot.clip_id, slot.part), slot.whole)
    except AlreadyStored:
        slot.whole.unlink()  # a crash came between the link and the unlink of a former try


def _record(clip: OpenClip, now_ns: int) -> Receipt | None:
    """Write leaf, receipt and rows in one transaction; None when the clip is not arriving any more.

    A clip arrives once: one whose row was set back by hand is not received anew, where and whose that row now says.
    """
    now = moment_of(now_ns)
    sealed = [
        SealedPart(part=slot.part, sealed_sha256=slot.sealed_sha256, sealed_bytes=slot.sealed_bytes)
        for slot in clip.slots
    ]
    with transaction.atomic():
        if arrivals.is_known_to_have_arrived(clip.clip_id):
            return None
        placed = onsets.place(
            site_id=clip.site_id, unit_id=clip.unit_id, onset_wall_ns=clip.onset_wall_ns, now_ns=now_ns
        )
        entry = ledger.append(
            kind="clip.received",
            body={
                "clip": clip.clip_id,
                "unit": clip.unit_id,
                "site": clip.site_id,
                # As the site's own entry says: its row may stand elsewhere just now.
                "organisation": founded.owner_of(clip.site_id),
                "event": clip.kind,
                "severity": clip.severity,
                "onset_wall_ns": clip.onset_wall_ns,
                "subject": placed.subject_id,
                **({} if placed.route_id is None else {"route": placed.route_id}),
                **({"clock": placed.doubt} if placed.doubt else {}),
                "parts": [part.model_dump() for part in sealed],
            },
            now_ns=now_ns,
            signed=True,
        )
        receipt = _signed(
            Receipt(
                clip_id=clip.clip_id,
                unit_id=clip.unit_id,
                parts=sealed,
                received_wall_ns=now_ns,
                ledger_size=entry.seq + 1,
            )
        )
        arrived = rows.mark_received(
            clip.clip_id,
            receipt_json=receipt.model_dump_json(),
            subject_id=placed.subject_id,
            route_id=placed.route_id,
            clock_doubt=placed.doubt,
            now=now,
        )
        if not arrived:
            transaction.set_rollback(True)  # it was given up meanwhile: no leaf may speak of it
    return receipt if arrived else None


def _signed(receipt: Receipt) -> Receipt:
    signature = keyring.signing_key().sign(receipt.signed_bytes())
    return receipt.model_copy(update={"signature": signature.hex()})


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
