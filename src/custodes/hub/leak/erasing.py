"""The end of a leak: its key first, then its blobs and rows. What stays is that there was one, in the ledger."""

import logging
from collections.abc import Callable
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from custodes.core.errors import CustodesError
from custodes.hub.audit import erasures, ledger
from custodes.hub.clips import quota
from custodes.hub.clips.erasing import Eraser, erasers, settle_log
from custodes.hub.clips.owners import Owner, StoredBlob, owners
from custodes.hub.fleet.times import moment_of
from custodes.hub.leak import footage, services
from custodes.hub.leak.models import Leak, LeakFinding, LeakPart
from custodes.hub.vault import destroyed, keys
from custodes.hub.vault.store import vault

log = logging.getLogger(__name__)
forgetters: list[Callable[[UUID], int]] = []
"""What other apps keep of a leak: each removes it, outside of a transaction."""


def erase_due(*, now_ns: int) -> int:
    """Erase leaks whose time is over, whose case was closed, or that an older database shows again; return how many."""
    now = moment_of(now_ns)
    over = Q(case=None, keep_until__lte=now) | Q(case__closed_at__isnull=False)
    alive = Leak.objects.filter(erased_at=None)
    due = set(alive.filter(over).values_list("pk", flat=True))
    due |= {leak_id for leak_id in alive.values_list("pk", flat=True) if destroyed.holds(leak_id)}
    erased = 0
    for leak_id in sorted(due):
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
    found = LeakFinding.objects.filter(clip_id=clip_id)
    Leak.objects.filter(pk__in=found.filter(found=True).values("leak_id"), case=None, erased_at=None).update(
        keep_until=moment_of(0)
    )
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
