"""Hold rows, blobs, keys and uploads against each other; name what does not fit; mend only what is safe.

Safe is what no footage hangs on: remains of clips that were erased, and uploads whose unit still has its copy. A blob
or key that no row speaks of may be all that is left of a clip when the database came from a backup: it is named and
left alone.
"""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Literal
from uuid import UUID

from django.conf import settings

from custodes.core.errors import Corrupt
from custodes.hub.audit import kept_heads, ledger
from custodes.hub.clips import erasing
from custodes.hub.clips.footage import blob_name
from custodes.hub.clips.models import Clip, ClipPart
from custodes.hub.clips.owners import StoredBlob, all_blobs
from custodes.hub.vault import destroyed, keys
from custodes.hub.vault.store import NoSuchBlob, vault

PIECE_BYTES = 1 << 20
FindingKind = Literal[
    "blob_without_row",
    "row_without_blob",
    "key_without_blob",
    "key_missing",
    "key_unreadable",
    "orphan_upload",
    "hash_mismatch",
    "erased_remains",
    "erased_row",
    "older_database",
]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that does not fit. `mended`: it was safe to put right, and that was asked for."""

    kind: FindingKind
    clip_id: str
    message: str
    mended: bool = False


@dataclass(frozen=True, slots=True)
class FsckReport:
    """What a check found. `ok`: nothing is left that does not fit."""

    clips: int
    blobs: int
    hashed_bytes: int
    findings: tuple[Finding, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether nothing is left to see to."""
        return all(finding.mended for finding in self.findings)

    def as_json(self) -> str:
        """Return the report as stable JSON."""
        return json.dumps({"ok": self.ok, **asdict(self)}, indent=2)

    def as_text(self) -> str:
        """Return the report for people."""
        seen = f"{self.clips} clips, {self.blobs} blobs, {self.hashed_bytes} bytes hashed"
        if not self.findings:
            return f"Everything fits: {seen}."
        lines = [f"{seen}; {len(self.findings)} findings:"]
        lines += [f"- {one.kind}: {one.message}{' Mended.' if one.mended else ''}" for one in self.findings]
        return "\n".join(lines)


@dataclass(slots=True)
class _Look:
    """One check under way."""

    repair: bool
    hash_blobs: bool
    on_clip: Callable[[], None]
    erased: frozenset[UUID]
    findings: list[Finding] = field(default_factory=list)
    blobs: int = 0
    hashed_bytes: int = 0

    def name(self, kind: FindingKind, clip_id: object, message: str, mend: Callable[[], object] | None = None) -> None:
        mended = self.repair and mend is not None
        if mended and mend is not None:
            mend()
        self.findings.append(Finding(kind, str(clip_id or ""), message, mended))


def check(
    *, now_ns: int, repair: bool = False, hash_blobs: bool = True, on_clip: Callable[[], None] = lambda: None
) -> FsckReport:
    """Check everything that the hub keeps of clips. Reads only, unless `repair`; then the hub must not run.

    `hash_blobs`: read every blob whole; else only sizes are compared. `on_clip` is called after each clip.
    """
    look = _Look(repair, hash_blobs, on_clip, erasing.known_erased())
    if kept_heads.is_behind(ledger.size()):
        message = (
            "the ledger has fewer entries than the heads that were kept beside it, or others in their place: the "
            "database was put back to an older day; clips that came since have no row"
        )
        look.name("older_database", None, message)
    _check_erased_rows(look, now_ns)
    clips = Clip.objects.filter(erased_at=None).order_by("pk")
    count = 0
    for clip in clips.iterator(chunk_size=500):
        count += 1
        if clip.pk not in look.erased:
            _check_clip(look, clip)
        look.on_clip()
    owned = all_blobs()
    _check_others(look, owned)
    _check_blobs(look, owned)
    _check_keys(look)
    _check_uploads(look)
    return FsckReport(count, look.blobs, look.hashed_bytes, tuple(look.findings))


def _check_erased_rows(look: _Look, now_ns: int) -> None:
    """Rows of clips that were erased, in a database from before: the erasure is done again."""
    waiting = erasing.rows_to_erase_again(look.erased)
    for clip_id in waiting:
        look.name("erased_row", clip_id, f"clip {clip_id} was erased, but its row says that it is there", lambda: None)
    if waiting and look.repair:
        erasing.erase_again(waiting, now_ns=now_ns)


def _check_clip(look: _Look, clip: Clip) -> None:
    try:
        keys.get(clip.pk)
    except keys.KeyDestroyed:
        if not destroyed.holds(clip.pk):
            look.name("key_missing", clip.pk, f"clip {clip.pk} has no key: nobody can open it")
    except Corrupt as error:
        look.name("key_unreadable", clip.pk, str(error))
    if clip.state == Clip.State.RECEIVING:
        return
    for part in ClipPart.objects.filter(clip_id=clip.pk).order_by("name"):
        _check_part(look, clip, part)


def _check_part(look: _Look, clip: Clip, part: ClipPart) -> None:
    name = blob_name(clip.pk, part.name)
    try:
        size = vault().size(name)
    except NoSuchBlob:
        if not destroyed.holds(clip.pk):
            look.name("row_without_blob", clip.pk, f"{name} has a row, but is not in the vault")
        return
    if size != part.sealed_bytes:
        look.name("hash_mismatch", clip.pk, f"{name} has {size} bytes in place of {part.sealed_bytes}")
    elif look.hash_blobs and _hash(look, name, size) != part.sealed_sha256:
        look.name("hash_mismatch", clip.pk, f"{name} is not what was stored: its SHA-256 differs")


def _pieces(name: str, size: int) -> Iterator[bytes]:
    for start in range(0, size, PIECE_BYTES):
        yield vault().read(name, start, min(start + PIECE_BYTES, size))


def _check_others(look: _Look, owned: Mapping[str, StoredBlob]) -> None:
    for name, stored in sorted(owned.items()):
        owner_id = name.split("/")[0]
        try:
            if vault().size(name) != stored.sealed_bytes or (
                look.hash_blobs and _hash(look, name, stored.sealed_bytes) != stored.sealed_sha256
            ):
                look.name("hash_mismatch", owner_id, f"{name} is not what was stored")
        except NoSuchBlob:
            if not destroyed.holds(UUID(owner_id)):
                look.name("row_without_blob", owner_id, f"{name} has a row, but is not in the vault")


def _hash(look: _Look, name: str, size: int) -> str:
    digest = hashlib.sha256()
    for piece in _pieces(name, size):
        digest.update(piece)
    look.hashed_bytes += size
    return digest.hexdigest()


def _check_blobs(look: _Look, owned: Mapping[str, StoredBlob]) -> None:
    for name in vault().list():
        look.blobs += 1
        clip_text, part = name.split("/")
        if name in owned:
            continue
        if UUID(clip_text) in look.erased:
            message = f"{name} is left of a clip that was erased; without its key it is noise"
            look.name("erased_remains", clip_text, message, partial(vault().delete, name))
        elif not ClipPart.objects.filter(clip_id=clip_text, name=part, clip__erased_at=None).exists():
            message = f"{name} is in the vault, but no row speaks of it; is the database from a backup?"
            look.name("blob_without_row", clip_text, message)


def _check_keys(look: _Look) -> None:
    for clip_id in keys.list_clips():
        if clip_id in look.erased:
            message = f"the key of clip {clip_id} came back after it was erased; it opens nothing here"
            look.name("erased_remains", clip_id, message, partial(keys.destroy, clip_id))
        elif not _has_bytes(clip_id):
            look.name("key_without_blob", clip_id, f"clip {clip_id} has a key, but no blob and no upload")


def _has_bytes(clip_id: UUID) -> bool:
    if Clip.objects.filter(pk=clip_id, state=Clip.State.RECEIVING).exists():
        return True
    return next(vault().list(f"{clip_id}/"), None) is not None


def _check_uploads(look: _Look) -> None:
    uploads = settings.HUB.uploads_dir
    for folder in sorted(uploads.iterdir()) if uploads.is_dir() else ():
        try:
            clip_id = UUID(folder.name)
        except ValueError:
            look.name("orphan_upload", "", f"{folder} is no upload; look at it, then remove it")
            continue
        if not Clip.objects.filter(pk=clip_id, state=Clip.State.RECEIVING).exists():
            message = f"{folder.name} is an upload that no row waits for; its unit still has the clip"
            look.name("orphan_upload", clip_id, message, partial(shutil.rmtree, folder, ignore_errors=True))
