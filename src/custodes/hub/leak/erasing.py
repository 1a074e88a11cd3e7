"""The end of a leak: its key first, then its blobs and rows. What stays is that there was one, in the ledger."""

import logging
from collections.abc import Callable
from uuid import UUID

from django.db import transaction

from custodes.core.clock import SystemClock
from custodes.core.errors import CustodesError
from custodes.hub.audit import erasures, ledger, past
from custodes.hub.clips import quota
from custodes.hub.clips.erasing import Eraser, erasers, settle_log
from custodes.hub.clips.owners import Owner, StoredBlob, owners
from custodes.hub.fleet.times import moment_of
from custodes.hub.leak import footage, keeping, sealing, services
from custodes.hub.leak.models import Leak, LeakFinding, LeakPart
from custodes.hub.vault import destroyed, keys
from custodes.hub.vault.store import vault

_CLOCK = SystemClock()
log = logging.getLogger(__name__)
forgetters: list[Callable[[UUID], int]] = []
"""What other apps keep of a leak: each removes it, outside of a transaction."""


def erase_due(*, now_ns: int) -> int:
    """Erase leaks that may go, by their entries, or that an older database shows again; return how many.

    None where the ledger cannot be read just now.
    """
    if not past.is_readable():
        return 0
    now, erased = moment_of(now_ns), 0
    alive = list(Leak.objects.filter(erased_at=None).order_by("pk"))
    for leak_id in [one.pk for one in alive if destroyed.holds(one.pk) or keeping.is_due(one, now)]:
        try:
            erase(leak_id, now_ns=now_ns)
            erased += 1
        except (CustodesError, OSError):
            log.exception("leak %s could not be erased; it is tried again", leak_id)
    if erased:
        settle_log()
    return erased


def _destroy(leak_id: UUID, now_ns: int) -> None:
    destroyed.note(leak_id, now_ns=now_ns)
    keys.destroy(leak_id)
    store = vault()
    for name in list(store.list(f"{leak_id}/")):
        store.delete(name)


def erase(leak_id: UUID, *, now_ns: int) -> None:
    """Destroy a leak's key, then all else of it. A leaf in the ledger; a repeat goes on where a crash cut it."""
    leak = Leak.objects.get(pk=leak_id)
    if leak.erased_at is not None:
        return
    services.stop_work(leak_id)
    _destroy(leak_id, now_ns)
    for forget in forgetters:
        forget(leak_id)
    with transaction.atomic():
        leak = Leak.objects.get(pk=leak_id)
        parts = list(leak.parts.order_by("name").values("name", "sealed_sha256", "sealed_bytes"))
        made = sum(part["sealed_bytes"] for part in parts if not part["name"].startswith("piece."))
        freed = footage.sealed_total(leak.size_bytes) + made  # the file's room was reserved before it came
        quota.give_back(organisation_id=leak.organisation_id, freed_bytes=freed)
        leak.parts.all().delete()
        leak.findings.all().delete()
        body: dict[str, object] = {
            "leak": leak.pk,
            "organisation": leak.organisation_id,
            "sealed_bytes": freed,
            "key": "destroyed",
            erasures.SIGNATURE: erasures.signature(leak.pk),
            "parts": [
                {"part": one["name"], "sealed_sha256": one["sealed_sha256"], "sealed_bytes": one["sealed_bytes"]}
                for one in parts
            ],
        }
        entry = ledger.append(kind=erasures.LEAK_KIND, body=body, now_ns=now_ns)
        Leak.objects.filter(pk=leak_id).update(
            erased_at=moment_of(now_ns),
            erased_seq=entry.seq,
            file_name="",
            corners_json="",
            report_json="",
            told="",
            step="",
        )


def _forget_clip(clip_id: UUID) -> int:
    """Forget what was found of an erased clip; a leak that shows it goes at the next sweep, unless a case keeps it."""
    with transaction.atomic():
        found = LeakFinding.objects.filter(clip_id=clip_id)
        shown = found.filter(found=True, leak__erased_at=None).order_by("leak_id").select_related("leak")
        for leak in {row.leak_id: row.leak for row in shown if sealing.is_own(row)}.values():
            body = {"leak": leak.pk, "organisation": leak.organisation_id, "clip": clip_id}
            ledger.append(kind=keeping.CLIP_ERASED, body=body, now_ns=_CLOCK.wall_ns())
        return found.delete()[0]


def _blobs() -> dict[str, StoredBlob]:
    rows = LeakPart.objects.filter(leak__erased_at=None).values_list("leak_id", "name", "sealed_bytes", "sealed_sha256")
    return {f"{leak_id}/{name}": StoredBlob(size, sha256) for leak_id, name, size, sha256 in rows}


def _keeps(leak_id: UUID) -> bool:
    return Leak.objects.filter(pk=leak_id, erased_at=None).exists()


if "leaks" not in erasers:
    erasers.register("leaks")(Eraser(rows=_forget_clip))
if "leaks" not in owners:
    owners.register("leaks")(Owner(_blobs, _keeps))
