"""Clips that wait for the hub: sealed the moment they are cut, freed on the hub's signed receipt alone.

Procedures P1 and P2 of `docs/design/storage.md`.
"""

import base64
import io
import logging
import shutil
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from uuid import UUID, uuid4

from custodes.core import seal, thinning
from custodes.core.clock import NS_PER_S, Clock, SystemClock
from custodes.core.errors import BadInput, Temporary
from custodes.core.fs import sync_folder
from custodes.core.wire import MANIFEST_PART, ClipDeclaration, Manifest, SealedPart, WireTombstone
from custodes.edge.ship.enrolment import OUTBOX_FILE, Enrolment, load_enrolment
from custodes.edge.ship.settings import ShipSettings
from custodes.edge.ship.store import RANKS, OutboxStore, WaitingClip

NS_PER_DAY = 86_400 * NS_PER_S
log = logging.getLogger(__name__)


class Outbox:
    """The unit's sealed clips. `changed` is set whenever there may be something new to send."""

    seals = True

    def __init__(self, state_dir: Path, *, settings: ShipSettings | None = None, clock: Clock | None = None) -> None:
        self.settings = settings or ShipSettings()
        self.changed = threading.Event()
        self._clock = clock or SystemClock()
        self._folder = state_dir / "outbox"
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.state_dir = state_dir
        self._enrolment: Enrolment | None = None
        self._putting = threading.Lock()
        self.store = OutboxStore(state_dir / OUTBOX_FILE)
        self.repair()

    def close(self) -> None:
        """Close the database. Nothing is lost: everything is on disk already."""
        self.store.close()

    def put(self, manifest: Manifest, films: Mapping[str, Path]) -> str:
        """Seal a clip's films with its manifest, then remove the plain films. Returns a line for people.

        Durable on return; putting the same clip twice keeps the first. When there is no room even after lighter and
        older clips went, the clip is given up, a tombstone says so, and the films are removed. Raises BadInput when
        a film is missing or the unit is not joined to a hub, Temporary when the disk refuses for another reason
        than space; the plain films stay then.
        """
        with self._putting:
            if self.store.holds(manifest.clip_id):
                _unlink_all(films)
                return f"clip {manifest.clip_id} is in the outbox already"
            self._check(manifest, films)
            manifest = thinning.fit_manifest(manifest)
            needed = seal.sealed_size(len(_manifest_bytes(manifest))) + sum(
                seal.sealed_size(path.stat().st_size) for path in films.values()
            )
            if not self._make_room(needed, rank=RANKS[manifest.event.severity]):
                return self._give_up(manifest, films)
            declaration = self._seal_with_room(manifest, films)
            if declaration is None:
                return self._give_up(manifest, films)
            self.store.add(declaration, sealed_bytes=sum(part.sealed_bytes for part in declaration.parts))
            _unlink_all(films)
        self.changed.set()
        return f"clip {manifest.clip_id} sealed, {needed / 1e6:.1f} MB wait for the hub"

    def next_clip(self, *, but: Sequence[UUID] = ()) -> WaitingClip | None:
        """Return the clip to send next: gravest first, then oldest; those in `but` stand aside."""
        return self.store.next_clip(but=but)

    def part_path(self, clip_id: UUID, part: str) -> Path:
        """Return where a sealed part lies."""
        return self._clip_folder(clip_id) / f"{part}.sealed"

    def release(self, clip_id: UUID) -> None:
        """Free a clip whose receipt has been verified. The caller has verified it; nothing else may call this."""
        self.store.remove(clip_id)
        self._remove_folder(clip_id)

    def park(self, clip: WaitingClip, why: str) -> None:
        """Keep a refused clip aside for a while and tell the hub by a tombstone."""
        now = self._clock.wall_ns()
        until = now + int(self.settings.keep_refused_days * NS_PER_DAY)
        stone = _tombstone(clip.declaration, "upload_refused", why)
        self.store.park(clip.clip_id, until_wall_ns=until, why=why, tombstone=stone)

    def drop_damaged(self, clip: WaitingClip, why: str) -> None:
        """Give up a clip whose sealed parts are no longer what was declared; its tombstone says so."""
        self.store.remove(clip.clip_id, tombstone=_tombstone(clip.declaration, "corrupt", why))
        self._remove_folder(clip.clip_id)

    def sweep(self) -> None:
        """Remove parked clips whose time has run out."""
        for clip_id in self.store.parked_before(self._clock.wall_ns()):
            self.store.remove(clip_id)
            self._remove_folder(clip_id)

    def add_tombstone(self, tombstone: WireTombstone) -> None:
        """Report footage that another stage could not keep."""
        self.store.add_tombstone(tombstone)
        self.changed.set()

    def usage(self) -> tuple[int, int]:
        """Return (clips that wait, bytes kept)."""
        return self.store.usage()

    def disk_free_bytes(self) -> int:
        """Return the space left on the outbox's disk (bytes)."""
        return shutil.disk_usage(self._folder).free

    def repair(self) -> list[str]:
        """Remove folders of clips that never got a row: their plain films still exist. Returns their names."""
        known = {str(clip_id) for clip_id in self.store.clip_ids()}
        orphans = [folder for folder in self._folder.iterdir() if folder.is_dir() and folder.name not in known]
        for folder in orphans:
            shutil.rmtree(folder)
        return sorted(folder.name for folder in orphans)

    def _check(self, manifest: Manifest, films: Mapping[str, Path]) -> None:
        declared = {lens.part for lens in manifest.lenses}
        if declared != set(films):
            raise BadInput(
                f"clip {manifest.clip_id}: the manifest names {sorted(declared)}, but the films are {sorted(films)}"
            )
        for part, path in films.items():
            if not path.is_file():
                raise BadInput(f"clip {manifest.clip_id}: {path} ({part}) is missing; was it moved or removed?")

    def _enrolled(self) -> Enrolment:
        if self._enrolment is None:
            self._enrolment = load_enrolment(self.state_dir)
        if self._enrolment is None:
            raise BadInput(f"{self.state_dir}: this unit is not joined to a hub. Run 'custodes unit enroll URL CODE'.")
        return self._enrolment

    def _make_room(self, needed: int, *, rank: int) -> bool:
        """Let lighter, then older clips go until `needed` bytes fit. Never lets a graver one go."""
        while self.store.usage()[1] + needed > self.settings.max_bytes:
            victim = self.store.first_to_go(max_rank=rank) if needed <= self.settings.max_bytes else None
            if victim is None:
                return False
            self._evict(victim)
        return True

    def _evict(self, victim: WaitingClip) -> None:
        log.warning("no room: clip %s goes before it was sent", victim.clip_id)
        stone = _tombstone(victim.declaration, "disk_full", "it gave way to a newer or graver clip")
        self.store.remove(victim.clip_id, tombstone=stone)
        self._remove_folder(victim.clip_id)

    def _seal_with_room(self, manifest: Manifest, films: Mapping[str, Path]) -> ClipDeclaration | None:
        """Seal; when the disk itself is full, let other clips go and try again. None when nothing is left to go."""
        while True:
            try:
                return self._seal(manifest, films)
            except Temporary:
                victim = self.store.first_to_go(max_rank=RANKS[manifest.event.severity])
                if victim is None and self.disk_free_bytes() > sum(p.stat().st_size for p in films.values()):
                    raise
                if victim is None:
                    return None
                self._evict(victim)

    def _seal(self, manifest: Manifest, films: Mapping[str, Path]) -> ClipDeclaration:
        enrolment = self._enrolled()
        folder = self._clip_folder(manifest.clip_id)
        if folder.exists():
            shutil.rmtree(folder)
        try:
            folder.mkdir(mode=0o700)
            content_key = seal.new_content_key()
            parts = [self._seal_manifest(manifest, content_key, enrolment.unit_id)]
            for part in sorted(films):
                context = seal.SealContext(manifest.clip_id, enrolment.unit_id, part)
                facts = seal.seal_file(
                    films[part], self.part_path(manifest.clip_id, part), content_key=content_key, context=context
                )
                parts.append(SealedPart(part=part, sealed_sha256=facts.sha256_hex, sealed_bytes=facts.sealed_bytes))
            sync_folder(folder)
            sync_folder(self._folder)
        except OSError as error:
            raise Temporary(f"cannot write {folder}: {error.strerror}. Check the disk's space and rights.") from error
        envelope = seal.wrap_key(
            content_key, hub_key=enrolment.hub_seal_key, clip_id=manifest.clip_id, unit_id=enrolment.unit_id
        )
        return _declare(manifest, parts, envelope, enrolment.hub_key_id)

    def _seal_manifest(self, manifest: Manifest, content_key: bytes, unit_id: UUID) -> SealedPart:
        plain = _manifest_bytes(manifest)
        facts = seal.seal_stream(
            io.BytesIO(plain),
            self.part_path(manifest.clip_id, MANIFEST_PART),
            plain_bytes=len(plain),
            content_key=content_key,
            context=seal.SealContext(manifest.clip_id, unit_id, MANIFEST_PART),
        )
        return SealedPart(part=MANIFEST_PART, sealed_sha256=facts.sha256_hex, sealed_bytes=facts.sealed_bytes)

    def _give_up(self, manifest: Manifest, films: Mapping[str, Path]) -> str:
        stone = WireTombstone(
            tombstone_id=uuid4(),
            reason="disk_full",
            detail="no room for it beside graver clips that wait for the hub",
            clip_id=manifest.clip_id,
            start_wall_ns=manifest.kept_start_wall_ns,
            end_wall_ns=manifest.kept_end_wall_ns,
        )
        self.store.add_tombstone(stone)
        self._remove_folder(manifest.clip_id)
        _unlink_all(films)
        log.error("no room for clip %s: it is lost, a tombstone says so", manifest.clip_id)
        return f"clip {manifest.clip_id} could not be kept: the outbox is full. Raise [ship] max_gb or mend the link."

    def _clip_folder(self, clip_id: UUID) -> Path:
        return self._folder / str(clip_id)

    def _remove_folder(self, clip_id: UUID) -> None:
        shutil.rmtree(self._clip_folder(clip_id), ignore_errors=True)


def _manifest_bytes(manifest: Manifest) -> bytes:
    return manifest.model_dump_json().encode()


def _unlink_all(films: Mapping[str, Path]) -> None:
    for path in films.values():
        path.unlink(missing_ok=True)


def _declare(manifest: Manifest, parts: list[SealedPart], envelope: bytes, hub_key_id: str) -> ClipDeclaration:
    event = manifest.event
    return ClipDeclaration(
        clip_id=manifest.clip_id,
        kind=event.kind,
        severity=event.severity,
        onset_wall_ns=event.onset_wall_ns,
        end_wall_ns=event.end_wall_ns,
        kept_start_wall_ns=manifest.kept_start_wall_ns,
        kept_end_wall_ns=manifest.kept_end_wall_ns,
        envelope=base64.b64encode(envelope).decode(),
        hub_key_id=hub_key_id,
        parts=parts,
    )


def _tombstone(declaration: ClipDeclaration, reason: str, detail: str) -> WireTombstone:
    return WireTombstone.model_validate(
        {
            "tombstone_id": uuid4(),
            "reason": reason,
            "detail": detail[:300],
            "clip_id": declaration.clip_id,
            "start_wall_ns": declaration.kept_start_wall_ns,
            "end_wall_ns": declaration.kept_end_wall_ns,
        }
    )
