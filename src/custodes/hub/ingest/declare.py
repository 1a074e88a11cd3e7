"""A unit announces a clip: idempotent by clip id, refused when it changes, bounded by quota and disk."""

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from pydantic import ValidationError

from custodes.core import seal
from custodes.core.errors import Corrupt
from custodes.core.wire import MANIFEST_PART, ClipAnswer, ClipDeclaration, ClipOffer, PartUpload, Receipt, SealedPart
from custodes.hub import keyring
from custodes.hub.clips import quota
from custodes.hub.clips.models import Clip, ClipPart
from custodes.hub.clips.revisions import next_revision
from custodes.hub.fleet.times import moment_of
from custodes.hub.ingest import onsets, open_clips, rows, tus
from custodes.hub.ingest.exchange import Refusal, not_found
from custodes.hub.ingest.gatehouse import KnownUnit
from custodes.hub.ingest.uploads import Slot, check_disk, lay, make_folder
from custodes.hub.vault import destroyed, keys

MEDIA_TYPES = {ClipPart.Kind.MANIFEST: "application/json", ClipPart.Kind.FILM: "video/mp4"}


def declare(*, unit: KnownUnit, body: bytes, now_ns: int) -> ClipAnswer:
    """Take a declaration. The row and the wrapped content key are durable on return.

    A repeat gets the same answer, or the receipt. Raises Refusal: 404 for another unit's clip id, 409 for a changed
    repeat, 413, 429 and 507 for too much, 422 for what can never be opened and for film of a time to come.
    """
    declaration, manifest = _parsed(body)
    digest = hashlib.sha256(declaration.model_dump_json().encode()).hexdigest()
    known = _known(declaration.clip_id)
    if known is None:
        try:
            return _answer_new(_admit(unit, declaration, digest, now_ns, manifest), manifest)
        except IntegrityError:
            known = _known(declaration.clip_id)  # the same declaration, sent twice at once
    if known is None or known.unit_id != unit.unit_id:
        raise not_found()
    if known.declaration_sha256 != digest:
        raise Refusal(
            409,
            "clip_changed",
            f"clip {declaration.clip_id} was declared before with other parts or times; it stays as it was",
        )
    if known.state == Clip.State.RECEIVING:
        make_folder(declaration.clip_id)
        _lay(declaration, manifest)
    return _answer(declaration.clip_id, known.receipt_json)


def answer_for(*, unit: KnownUnit, clip_id: UUID) -> ClipAnswer:
    """Return what is missing of a unit's own clip, or its receipt. Raises Refusal 404 for missing and foreign alike."""
    known = _known(clip_id)
    if known is None or known.unit_id != unit.unit_id:
        raise not_found()
    return _answer(clip_id, known.receipt_json)


@dataclass(frozen=True, slots=True)
class _Known:
    """What the hub remembers of a clip that was declared."""

    unit_id: UUID
    declaration_sha256: str
    receipt_json: str
    state: str


def _known(clip_id: UUID) -> _Known | None:
    row = rows.known_clip(clip_id)
    return None if row is None else _Known(*row)


def _answer(clip_id: UUID, receipt_json: str) -> ClipAnswer:
    if receipt_json:
        return ClipAnswer(receipt=Receipt.model_validate_json(receipt_json))
    clip = open_clips.find(clip_id)
    slots = () if clip is None else clip.slots
    offsets = [(slot, slot.offset()) for slot in slots]
    return ClipAnswer(uploads=[_upload(slot, at) for slot, at in offsets if at < slot.sealed_bytes])


def _answer_new(clip: open_clips.OpenClip, manifest: bytes | None) -> ClipAnswer:
    wanted = (slot for slot in clip.slots if manifest is None or slot.part != MANIFEST_PART)
    return ClipAnswer(uploads=[_upload(slot, 0) for slot in wanted])


def _upload(slot: Slot, offset: int) -> PartUpload:
    return PartUpload(part=slot.part, upload_path=tus.path_of(slot.clip_id, slot.part), offset_bytes=offset)


def _parsed(body: bytes) -> tuple[ClipDeclaration, bytes | None]:
    """Return the declaration and, where it came along, the sealed manifest, whose hash is right."""
    try:
        offer = ClipOffer.model_validate_json(body, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(step) for step in first["loc"])
        raise Refusal(422, "declaration", f"declaration: {where}: {first['msg']}") from error
    declaration = offer.declaration
    names = [part.part for part in declaration.parts]
    if len(set(names)) != len(names) or MANIFEST_PART not in names:
        raise Refusal(422, "declaration", "declaration: parts: each part once, the manifest among them")
    if declaration.kept_end_wall_ns <= declaration.kept_start_wall_ns:
        raise Refusal(422, "declaration", "declaration: kept_end_wall_ns must lie after kept_start_wall_ns")
    for part in declaration.parts:
        if part.sealed_bytes > settings.HUB.quota.max_part_bytes:
            most = settings.HUB.quota.max_part_bytes
            raise Refusal(413, "too_large", f"part {part.part} has {part.sealed_bytes} bytes; this hub takes {most}")
        try:
            seal.plain_size(part.sealed_bytes)
        except Corrupt as error:
            raise Refusal(422, "declaration", f"part {part.part}: {error}") from error
    return declaration, _manifest(offer)


def _manifest(offer: ClipOffer) -> bytes | None:
    if offer.manifest is None:
        return None
    declared = next(part for part in offer.declaration.parts if part.part == MANIFEST_PART)
    try:
        content = base64.b64decode(offer.manifest, validate=True)
    except ValueError:  # not base64, or not even ASCII
        content = b""
    if len(content) != declared.sealed_bytes or hashlib.sha256(content).hexdigest() != declared.sealed_sha256:
        raise Refusal(422, "part_hash", "the manifest that came along is not what was declared; send it again")
    return content


def _lay(declaration: ClipDeclaration, manifest: bytes | None) -> None:
    if manifest is None:
        return
    part = next(one for one in declaration.parts if one.part == MANIFEST_PART)
    lay(Slot(declaration.clip_id, part.part, part.sealed_bytes, part.sealed_sha256), manifest)


def _admit(
    unit: KnownUnit, declaration: ClipDeclaration, digest: str, now_ns: int, manifest: bytes | None
) -> open_clips.OpenClip:
    """Store a new clip. Raises IntegrityError when another request has just stored it."""
    total = sum(part.sealed_bytes for part in declaration.parts)
    onsets.refuse_the_future(declaration, now_ns=now_ns)
    check_disk(total)
    if destroyed.holds(declaration.clip_id):
        raise Refusal(410, "erased", f"clip {declaration.clip_id} was erased at this hub; it does not come back")
    content_key = _unwrap(unit, declaration)
    with transaction.atomic():
        declared_at = moment_of(now_ns)
        _check_pace(unit, declared_at)
        _check_room(unit, [part.sealed_bytes for part in declaration.parts])
        # Fails here when the clip is known: its key is not touched.
        rows.insert(Clip, [_clip_row(unit, declaration, digest, declared_at)])
        rows.insert(ClipPart, [_part_row(declaration.clip_id, part) for part in declaration.parts])
        # Key and folder are there before the row is: a row promises both. Repair removes them where no row followed.
        make_folder(declaration.clip_id)
        keys.put(declaration.clip_id, content_key)
        _lay(declaration, manifest)
    clip_id = declaration.clip_id
    slots = tuple(Slot(clip_id, one.part, one.sealed_bytes, one.sealed_sha256) for one in declaration.parts)
    opened = open_clips.OpenClip(
        clip_id=clip_id,
        unit_id=unit.unit_id,
        site_id=unit.site_id,
        kind=declaration.kind,
        severity=declaration.severity.value,
        onset_wall_ns=declaration.onset_wall_ns,
        declared_at=declared_at,
        slots=slots,
    )
    open_clips.remember(opened)
    return opened


def _unwrap(unit: KnownUnit, declaration: ClipDeclaration) -> bytes:
    if declaration.hub_key_id != keyring.seal_key_id():
        raise Refusal(422, "hub_key", "the clip is sealed to another hub's key; enrol the unit again")
    try:
        envelope = base64.b64decode(declaration.envelope, validate=True)
        return seal.unwrap_key(envelope, hub_key=keyring.seal_key(), clip_id=declaration.clip_id, unit_id=unit.unit_id)
    except (ValueError, Corrupt) as error:
        raise Refusal(422, "envelope", f"clip {declaration.clip_id}: its envelope does not open here") from error


def _check_pace(unit: KnownUnit, now: datetime) -> None:
    most = settings.HUB.quota.clips_per_hour
    if rows.declared_since(unit.unit_id, now - timedelta(hours=1)) >= most:
        # Each clip costs rows, files, keys and entries in the ledger, however few bytes it has.
        raise Refusal(
            429,
            "clips",
            f"this unit announced {most} clips in an hour (quota.clips_per_hour); keep the others and come back",
            retry=True,
            headers={"retry-after": "60"},
        )


def _check_room(unit: KnownUnit, sizes: list[int]) -> None:
    limits, parts, total, room = settings.HUB.quota, len(sizes), sum(sizes), quota.room(sizes)
    open_parts, open_bytes = rows.open_parts(unit.unit_id)
    if open_parts + parts > limits.open_uploads_per_unit:
        raise Refusal(429, "open_uploads", f"{open_parts} parts of this unit are under way; finish them", retry=True)
    if open_bytes + total > limits.open_bytes_per_unit:
        # Announcing costs a unit nothing: without a bound, one of them could reserve its whole organisation's room.
        raise Refusal(
            429,
            "open_uploads",
            f"{open_bytes} bytes of this unit are under way and this clip has {total}; this hub lets a unit hold "
            f"{limits.open_bytes_per_unit} (quota.open_bytes_per_unit). Finish the others, then announce it again",
            retry=True,
        )
    if not quota.reserve(organisation_id=unit.organisation_id, wanted_bytes=room, limit_bytes=unit.quota_bytes):
        raise Refusal(
            507, "quota", "the organisation's room at the hub is used up; somebody must delete clips", retry=True
        )


def _clip_row(unit: KnownUnit, declaration: ClipDeclaration, digest: str, declared_at: datetime) -> dict[str, object]:
    return {
        "id": declaration.clip_id,
        "site_id": unit.site_id,
        "unit_id": unit.unit_id,
        "kind": declaration.kind,
        "severity": declaration.severity.value,
        "onset_wall_ns": declaration.onset_wall_ns,
        "end_wall_ns": declaration.end_wall_ns,
        "kept_start_wall_ns": declaration.kept_start_wall_ns,
        "kept_end_wall_ns": declaration.kept_end_wall_ns,
        "declared_at": declared_at,
        "declaration_sha256": digest,
        "revision": next_revision(),
    }


def _part_row(clip_id: UUID, part: SealedPart) -> dict[str, object]:
    name = part.part
    kind = ClipPart.Kind.MANIFEST if name == MANIFEST_PART else ClipPart.Kind.FILM
    return {
        "clip_id": clip_id,
        "name": name,
        "kind": kind.value,
        "lens": name.removeprefix("film.") if kind == ClipPart.Kind.FILM else "",
        "sealed_sha256": part.sealed_sha256,
        "sealed_bytes": part.sealed_bytes,
        "plain_bytes": seal.plain_size(part.sealed_bytes),
        "media_type": MEDIA_TYPES[kind],
    }
