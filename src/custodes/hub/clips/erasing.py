"""The end of a clip: its key, its blobs, and whatever any app keeps of it. Procedure P9 of docs/design/storage.md.

An app that keeps something of a clip (a search row, an embedding, a share, a training copy) registers an eraser.
The receipt names each, and what it removed.
"""

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import QuerySet

from custodes.core.clock import NS_PER_S
from custodes.core.errors import Corrupt, CustodesError
from custodes.core.registry import Registry
from custodes.hub import keyring
from custodes.hub.audit import erasures, ledger
from custodes.hub.clips import keeping, quota, standing
from custodes.hub.clips.models import Clip, Reading
from custodes.hub.clips.revisions import next_revision
from custodes.hub.fleet.times import moment_of
from custodes.hub.vault import destroyed, keys
from custodes.hub.vault.store import vault

ERASE_AT_ONCE = 100
"""Clips that one sweep erases at most, so that it never holds the hub up for long."""
MENDED_AT_ONCE = 100
SWEEP_NS = 30 * NS_PER_S
SETTLE_EVERY_NS = 3600 * NS_PER_S
log = logging.getLogger(__name__)


def _nothing(_clip_id: UUID) -> int:
    return 0


@dataclass(frozen=True, slots=True)
class Eraser:
    """How one app forgets a clip. Both functions return how many things they removed; both are repeated after a crash.

    `files` runs outside of a transaction, after the key is gone; gone files are durable on return. `rows` runs inside
    of the transaction that ends the erasure.
    """

    files: Callable[[UUID], int] = _nothing
    rows: Callable[[UUID], int] = _nothing


erasers: Registry[Eraser] = Registry("eraser")


def erase_due(*, now_ns: int) -> int:
    """Destroy what was deleted and can no longer be restored: key, blobs, rows. Returns how many clips.

    A row is believed as far as the ledger bears it out: a clip that no signed entry deleted, or that a hold or a case
    keeps by the ledger, stays. The key goes first: from then on the clip is unreadable whatever else fails. A clip that
    fails is tried again at the next sweep; one that is held is passed over.
    """
    now = moment_of(now_ns)
    _mend_windows(now_ns)
    due = Clip.objects.filter(state=Clip.State.DELETED, erased_at=None, erase_after__lte=now)
    erased = 0
    for clip in _borne_out(due.select_related("site").order_by("erase_after"), now):
        try:
            erased += _erase(clip, now, now_ns)
        except (CustodesError, OSError):
            log.exception("clip %s could not be erased; it is tried again", clip.pk)
    if erased:
        settle_log()
    return erased


def known_erased() -> frozenset[UUID]:
    """Return every clip of which the list of destroyed keys or the ledger says that it was erased.

    A clip's row is not asked: an erasure writes all three, and what the row alone says was written by hand. Of the
    ledger only what the hub signed is believed.
    """
    listed = destroyed.known()
    return frozenset(listed) | erasures.believed(_rows, keyring.signing_public_key(), but=listed).keys()


def list_what_the_ledger_tells(*, now_ns: int) -> int:
    """Add erased clips to the list of destroyed keys that it does not know (the folder of keys came from a backup).

    Returns how many. Their keys open nothing from then on.
    """
    missing = known_erased() - set(destroyed.known())
    for clip_id in missing:
        destroyed.note(clip_id, now_ns=now_ns)
    return len(missing)


def rows_to_erase_again(erased: frozenset[UUID]) -> list[UUID]:
    """Return clips that were erased, whose rows say that they are there: the database is from before."""
    if not erased:
        return []
    alive = Clip.objects.filter(erased_at=None).values_list("pk", flat=True)
    return [clip_id for clip_id in alive.iterator(chunk_size=5000) if clip_id in erased]


def finish(*, now_ns: int) -> int:
    """Bring list, ledger and rows to agree on what was erased, and erase what came back; return how many clips.

    For the hub's start: after a crash in the middle of an erasure, and after a backup of the database, or of the
    folder of keys, was put back.
    """
    list_what_the_ledger_tells(now_ns=now_ns)
    waiting = rows_to_erase_again(frozenset(destroyed.known()))
    return erase_again(waiting, now_ns=now_ns) if waiting else 0


def erase_again(clip_ids: Iterable[UUID], *, now_ns: int) -> int:
    """Erase clips that were erased before, and that a database from a backup shows again. Returns how many."""
    now = moment_of(now_ns)
    for clip_id in clip_ids:
        destroyed.note(clip_id, now_ns=now_ns)
        Clip.objects.filter(pk=clip_id, erased_at=None).update(
            state=Clip.State.DELETED, deleted_at=now, erase_after=now
        )
    count = 0
    while erased := erase_due(now_ns=now_ns):
        count += erased
    return count


def forget_files(clip_id: UUID) -> None:
    """Remove every file that any app keeps of a clip."""
    for name in erasers:
        erasers.get(name).files(clip_id)


def settle_log() -> bool:
    """Move SQLite's write-ahead log into the database and cut it to nothing: it would keep pages of what was erased.

    Returns False when readers were in the way; `LogSettler` tries again.
    """
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        return True
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        busy, *_frames = cursor.fetchone()
    return not busy


class LogSettler:
    """A chore of the hub: settles the log at its start, every hour, and again soon when readers were in the way."""

    def __init__(self) -> None:
        self._settled_ns: int | None = None

    def settle(self, *, now_ns: int) -> None:
        """Settle the log if it is time."""
        if (self._settled_ns is None or now_ns - self._settled_ns >= SETTLE_EVERY_NS) and settle_log():
            self._settled_ns = now_ns


def _mend_windows(now_ns: int) -> None:
    """Put a deleted clip's end where the entry says that deleted it, if its row puts it off: some at each sweep."""
    waiting = Clip.objects.filter(state=Clip.State.DELETED, erased_at=None, erase_after__gt=moment_of(now_ns))
    count = waiting.count()
    first = now_ns // SWEEP_NS * MENDED_AT_ONCE % count if count > MENDED_AT_ONCE else 0
    for clip in waiting.order_by("pk")[first : first + MENDED_AT_ONCE]:
        after = standing.may_go_after(clip.pk)
        if after is not None and after != clip.erase_after:
            Clip.objects.filter(pk=clip.pk, erase_after=clip.erase_after).update(erase_after=after)
            log.warning("clip %s was to go at another time than its entry says: the entry counts", clip.pk)


def _borne_out(due: QuerySet[Clip], now: datetime) -> list[Clip]:
    """Return the first of these clips that may go by the ledger, and those whose erasure has begun."""
    if not due.exists():
        return []
    begun = destroyed.known()
    if set(due.values_list("pk", flat=True)[:ERASE_AT_ONCE]) <= begun.keys():
        return list(due[:ERASE_AT_ONCE])
    try:
        told = standing.standing()
    except Corrupt:
        log.exception("no clip is erased while the ledger is not whole")
        told = standing.Standing()
    found = []
    for clip in due.iterator(chunk_size=ERASE_AT_ONCE):
        if clip.pk in begun or told.may_erase(clip, now):
            found.append(clip)
        if len(found) == ERASE_AT_ONCE:
            break
    return found


def _erase(clip: Clip, now: datetime, now_ns: int) -> bool:
    if not _destroy_key(clip, now, now_ns):
        return False
    forget_files(clip.pk)
    with transaction.atomic():
        parts = list(clip.parts.order_by("name").values("name", "sealed_sha256", "sealed_bytes"))
        removed = {name: erasers.get(name).rows(clip.pk) for name in erasers}
        freed = sum(part["sealed_bytes"] for part in parts)
        room = quota.room(part["sealed_bytes"] for part in parts)
        quota.give_back(organisation_id=clip.site.organisation_id, freed_bytes=room)
        clip.parts.all().delete()
        Reading.objects.filter(clip_id=clip.pk).delete()
        clip.erased_at = now
        clip.sealed_headline = b""
        clip.quarantine_reason = ""
        clip.revision = next_revision()
        clip.save(update_fields=["erased_at", "sealed_headline", "quarantine_reason", "revision"])
        body: dict[str, object] = {
            "clip": clip.pk,
            "site": clip.site_id,
            "sealed_bytes": freed,
            "key": "destroyed",
            "parts": [
                {"part": one["name"], "sealed_sha256": one["sealed_sha256"], "sealed_bytes": one["sealed_bytes"]}
                for one in parts
            ],
            "erasers": sorted(removed),
            "rows": {name: count for name, count in removed.items() if count},
            erasures.SIGNATURE: erasures.signature(clip.pk),
        }
        ledger.append(kind=erasures.KIND, body=body, now_ns=now_ns)
    return True


def _destroy_key(clip: Clip, now: datetime, now_ns: int) -> bool:
    """Destroy the key under the write lock, which keeps a restore and a hold out. False: the clip must not go now."""
    with transaction.atomic():
        if not Clip.objects.filter(pk=clip.pk, state=Clip.State.DELETED, erase_after__lte=now, erased_at=None).exists():
            return False
        # Once the list names it the erasure has begun, and nothing is left to keep.
        if not destroyed.holds(clip.pk) and keeping.keeping_of(clip).why in {"hold", "case"}:
            return False
        # Under the lock once more, for what came since the sweep began.
        after = standing.may_go_after(clip.pk)
        if not destroyed.holds(clip.pk) and (after is None or after > now or standing.holds_on(clip.pk)):
            return False
        destroyed.note(clip.pk, now_ns=now_ns)
        keys.destroy(clip.pk)
    return True


def _rows(query: str) -> Iterator[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        yield from cursor


def _remove_blobs(clip_id: UUID) -> int:
    store = vault()
    names = list(store.list(f"{clip_id}/"))
    for name in names:
        store.delete(name)
    return len(names)


erasers.register("blobs")(Eraser(files=_remove_blobs))
