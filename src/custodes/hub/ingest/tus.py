"""tus 1.0.0: core, creation, checksum, expiration, termination. An upload is a declared part of a clip."""

import base64
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from uuid import UUID

from django.conf import settings

from custodes.core.errors import Temporary
from custodes.core.wire import RECEIPT_HEADER, Receipt
from custodes.hub.audit.past import Unreadable
from custodes.hub.ingest import open_clips
from custodes.hub.ingest.exchange import Answer, Refusal, UnitRequest, not_found
from custodes.hub.ingest.gatehouse import Admitted
from custodes.hub.ingest.giving_up import give_up
from custodes.hub.ingest.open_clips import OpenClip
from custodes.hub.ingest.operations import FILM_TYPE, TUS_CREATE
from custodes.hub.ingest.uploads import Append, Expected, Slot, check_disk, discard

PREFIX = TUS_CREATE.path
VERSION = "1.0.0"
DIGEST_BYTES = {"sha256": 32, "sha1": 20, "md5": 16}
MAX_NUMBER_DIGITS = 15


def path_of(clip_id: UUID, part: str) -> str:
    """Return where a part is uploaded to."""
    return f"{PREFIX}{clip_id}/{part}"


def options() -> Answer:
    """Say what this server can do."""
    return Answer(
        204,
        {
            "tus-resumable": VERSION,
            "tus-version": VERSION,
            "tus-extension": "creation,checksum,expiration,termination",
            "tus-checksum-algorithm": ",".join(DIGEST_BYTES),
            "tus-max-size": str(settings.HUB.quota.max_part_bytes),
        },
    )


def create(request: UnitRequest, admitted: Admitted) -> Answer:
    """Find the declared part that `Upload-Metadata` names (clip_id, part) and say where it goes."""
    check_version(request)
    named = _metadata(request.headers.get("upload-metadata", ""))
    try:
        clip_id = UUID(named["clip_id"])
        part = named["part"]
    except (KeyError, ValueError):
        raise Refusal(400, "metadata", "Upload-Metadata must name clip_id and part of a declared clip") from None
    slot, clip = _find(clip_id, part, admitted)
    if number(request.headers.get("upload-length"), "Upload-Length") != slot.sealed_bytes:
        raise Refusal(413, "length", f"part {part} was declared with {slot.sealed_bytes} bytes")
    return Answer(201, {**_common(clip), "location": path_of(clip_id, part)})


def head(request: UnitRequest, admitted: Admitted, named: Mapping[str, str]) -> Answer:
    """Say how much of a part the hub holds."""
    check_version(request)
    slot, clip = find(named, admitted)
    offset = slot.offset() if clip.receiving else slot.sealed_bytes
    return Answer(
        200,
        {
            **_common(clip),
            "upload-offset": str(offset),
            "upload-length": str(slot.sealed_bytes),
            "cache-control": "no-store",
        },
    )


def terminate(request: UnitRequest, admitted: Admitted, named: Mapping[str, str]) -> Answer:
    """Take the clip back that a part belongs to: a clip without one of its parts can never be whole.

    What came of it goes, and the room that its declaration held is free again. Raises Temporary while the ledger cannot
    tell whether it was received.
    """
    check_version(request)
    _slot, clip = find(named, admitted)
    if clip.receiving:
        for one in clip.slots:
            discard(one)
    try:
        given_up = clip.receiving and give_up(clip.clip_id)
    except Unreadable as why:
        raise Temporary(f"clip {clip.clip_id} cannot be taken back now: the hub's ledger cannot be read") from why
    if not given_up:
        raise Refusal(403, "received", "this clip has been received; it cannot be taken back by its unit")
    return Answer(204, {"tus-resumable": VERSION})


def begin(request: UnitRequest, admitted: Admitted, named: Mapping[str, str]) -> Append:
    """Open a part for one PATCH, before its body is read."""
    check_version(request)
    if request.headers.get("content-type") != FILM_TYPE:
        raise Refusal(415, "content_type", f"a PATCH carries {FILM_TYPE}")
    offset = number(request.headers.get("upload-offset"), "Upload-Offset")
    length_text = request.headers.get("content-length")
    length = None if length_text is None else number(length_text, "Content-Length")
    slot, clip = find(named, admitted)
    if not clip.receiving:
        raise Refusal(409, "received", "this clip has been received; ask for its receipt", retry=True)
    if length is not None and offset + length > slot.sealed_bytes:
        raise Refusal(413, "too_long", f"part {slot.part} was declared with {slot.sealed_bytes} bytes")
    check_disk(slot.sealed_bytes - offset)
    digests = [("sha256", admitted.body_sha256)]
    claimed = _checksum(request.headers.get("upload-checksum"))
    if claimed is not None and claimed not in digests:
        digests.append(claimed)
    return Append(slot, offset=offset, expected=Expected(length, tuple(digests)))


def appended(offset: int, receipt: Receipt | None) -> Answer:
    """Acknowledge a PATCH: `offset` bytes are durable. The one that completes a clip brings the receipt."""
    headers = {"tus-resumable": VERSION, "upload-offset": str(offset)}
    if receipt is not None:
        headers[RECEIPT_HEADER.lower()] = base64.b64encode(receipt.model_dump_json().encode()).decode()
    return Answer(204, headers)


def find(named: Mapping[str, str], admitted: Admitted) -> tuple[Slot, OpenClip]:
    """Return the declared part that an upload's path names. Foreign and missing alike raise Refusal 404."""
    return _find(UUID(named["clip_id"]), named["part"], admitted)


def check_version(request: UnitRequest) -> None:
    """Raise Refusal 412 for another version of tus."""
    if request.headers.get("tus-resumable") != VERSION:
        raise Refusal(412, "tus_version", f"this hub speaks tus {VERSION}", headers={"tus-version": VERSION})


def number(text: str | None, name: str) -> int:
    """Return a header that is a plain decimal number. Raises Refusal 400."""
    if text is None or not text.isascii() or not text.isdigit() or len(text) > MAX_NUMBER_DIGITS:
        raise Refusal(400, "header", f"{name} must be a number")
    return int(text)


def _find(clip_id: UUID, part: str, admitted: Admitted) -> tuple[Slot, OpenClip]:
    clip = open_clips.find(clip_id)
    slot = None if clip is None or clip.unit_id != admitted.unit.unit_id else clip.slot(part)
    if clip is None or slot is None:
        raise not_found()
    return slot, clip


def _common(clip: OpenClip) -> dict[str, str]:
    headers = {"tus-resumable": VERSION}
    if clip.receiving:
        expires = clip.declared_at + timedelta(hours=settings.HUB.quota.upload_expiry_h)
        headers["upload-expires"] = format_datetime(datetime.fromtimestamp(expires.timestamp(), UTC), usegmt=True)
    return headers


def _checksum(field: str | None) -> tuple[str, bytes] | None:
    if field is None:
        return None
    algorithm, _, encoded = field.partition(" ")
    try:
        digest = base64.b64decode(encoded, validate=True)
    except ValueError:  # not base64, or not even ASCII
        digest = b""
    if len(digest) != DIGEST_BYTES.get(algorithm, -1):
        raise Refusal(400, "checksum_algorithm", f"Upload-Checksum must be one of {', '.join(DIGEST_BYTES)}, in base64")
    return algorithm, digest


def _metadata(field: str) -> dict[str, str]:
    named: dict[str, str] = {}
    for pair in filter(None, (one.strip() for one in field.split(","))):
        key, _, encoded = pair.partition(" ")
        try:
            named[key] = base64.b64decode(encoded, validate=True).decode()
        except ValueError:
            raise Refusal(400, "metadata", f"Upload-Metadata: {key} is not base64") from None
    return named
