"""What a crash may leave, put right at start and swept later. Procedure P6 of docs/design/storage.md."""

import logging
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Q

from custodes.hub.audit import kept_heads, ledger, past
from custodes.hub.clips import arrivals, erasing, owners
from custodes.hub.clips.models import Clip, ClipPart
from custodes.hub.fleet.times import moment_of
from custodes.hub.ingest.commit import commit_clip
from custodes.hub.ingest.giving_up import give_up
from custodes.hub.ingest.uploads import remove_folder
from custodes.hub.vault import destroyed, keys
from custodes.hub.vault.store import vault

log = logging.getLogger(__name__)

AFTER_REVOCATION = timedelta(minutes=1)
"""How long a request that was admitted before its unit was revoked is left to end."""


@dataclass(frozen=True, slots=True)
class Repaired:
    """What was found and put right."""

    committed: int = 0
    folders_removed: int = 0
    blobs_removed: int = 0
    keys_removed: int = 0
    erased_again: int = 0


def repair(*, now_ns: int) -> Repaired:
    """Finish commits that a crash cut, and remove what no row speaks of. Run before the hub listens."""
    committed = _finish_commits(now_ns)
    erased = erasing.finish(now_ns=now_ns)
    folders = _remove_folders()
    if kept_heads.is_behind(ledger.size()) or not past.is_readable():
        # The blobs and keys that no row speaks of may be all that is left of clips which the hub gave receipts for.
        log.error(
            "the database is older than the heads that were kept beside it, or parts from them: it was put back from a "
            "backup, or edited. Nothing is removed; run 'custodes hub fsck', which names what has no row"
        )
        return Repaired(committed, folders, _remove_blobs(erased_only=True), _remove_keys(erased_only=True), erased)
    return Repaired(committed, folders, _remove_blobs(), _remove_keys(), erased)


def sweep_expired(*, now_ns: int) -> int:
    """Give up clips whose upload did not finish in time, and unfinished ones of units that were revoked.

    Their room is given back; a unit that is still admitted may declare them again. Returns how many: none while the
    ledger is not as the hub wrote it, as it says which of them did arrive.
    """
    now = moment_of(now_ns)
    too_old = Q(declared_at__lt=now - timedelta(hours=settings.HUB.quota.upload_expiry_h))
    revoked = Q(unit__revoked_at__lt=now - AFTER_REVOCATION)
    expired = Clip.objects.filter(too_old | revoked, state=Clip.State.RECEIVING)
    count = 0
    if not expired.exists() or not past.is_readable():
        return count
    for clip_id in expired.values_list("pk", flat=True):
        count += give_up(clip_id)
    return count


def _finish_commits(now_ns: int) -> int:
    waiting = Clip.objects.filter(state=Clip.State.RECEIVING).values_list("pk", flat=True)
    if not past.is_readable():
        return 0
    return sum(commit_clip(clip_id=clip_id, now_ns=now_ns) is not None for clip_id in waiting)


def _remove_folders() -> int:
    uploads = settings.HUB.uploads_dir
    if not uploads.is_dir():
        return 0
    count = 0
    for folder in uploads.iterdir():
        clip_id = _as_uuid(folder.name)
        if clip_id and Clip.objects.filter(pk=clip_id, state=Clip.State.RECEIVING).exists():
            continue
        if clip_id:
            remove_folder(clip_id)
            count += 1
    return count


def _remove_blobs(*, erased_only: bool = False) -> int:
    count = 0
    for name in vault().list():
        clip_text, part = name.split("/")
        clip_id = UUID(clip_text)
        if ClipPart.objects.filter(clip_id=clip_id, name=part, clip__erased_at=None).exists():
            continue
        if _is_erased(clip_id) or not (erased_only or _is_spoken_of(clip_id)):
            vault().delete(name)
            count += 1
    return count


def _remove_keys(*, erased_only: bool = False) -> int:
    count = 0
    for clip_id in keys.list_clips():
        erased = _is_erased(clip_id)
        if erased or not (erased_only or _is_spoken_of(clip_id) or Clip.objects.filter(pk=clip_id).exists()):
            keys.destroy(clip_id)
            count += 1
    return count


def _is_erased(clip_id: UUID) -> bool:
    # The list alone: `erasing.finish` has added what the ledger tells. A row is one UPDATE away from saying anything.
    return destroyed.holds(clip_id)


def _is_spoken_of(clip_id: UUID) -> bool:
    """Say whether something else than a clip is kept under this id; or only the clip's row says that it was erased, or
    only the ledger that it arrived: one was edited.
    """
    if owners.is_kept(clip_id):
        return True
    rows = Clip.objects.filter(pk=clip_id).values_list("erased_at", flat=True)
    return any(erased_at is not None for erased_at in rows) or (not rows and arrivals.has_arrived(clip_id))


def _as_uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
