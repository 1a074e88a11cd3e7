"""Enrolment and heartbeats: what a unit says beside its clips."""

import base64
from datetime import timedelta
from uuid import UUID

from django.utils import timezone
from pydantic import ValidationError

from custodes.core.errors import BadInput, Denied, Temporary
from custodes.core.wire import EnrolAnswer, EnrolRequest, Heartbeat, HeartbeatAnswer, WireTombstone
from custodes.hub import keyring
from custodes.hub.audit import ledger
from custodes.hub.clips.models import Tombstone
from custodes.hub.fleet.models import Unit
from custodes.hub.fleet.services import enrol_unit, record_heartbeat
from custodes.hub.fleet.times import moment_of
from custodes.hub.ingest.exchange import Answer, Refusal, UnitRequest, json_answer, not_found
from custodes.hub.ingest.gatehouse import KnownUnit

TOMBSTONES_AN_HOUR = 600
"""What one unit may report: ten a minute is more than any failing disk or camera has to say."""


def enrol(request: UnitRequest, body: bytes, now_ns: int) -> Answer:
    """Join a unit to the site whose code it brings."""
    try:
        wanted = EnrolRequest.model_validate_json(body, strict=True)
        public_key = base64.b64decode(wanted.public_key, validate=True)
    except ValidationError as error:
        raise _malformed("enrolment", error) from error
    except ValueError as error:  # not base64, or not even ASCII
        raise Refusal(422, "enrolment", "enrolment: public_key is not base64") from error
    try:
        unit = enrol_unit(
            code=wanted.code,
            public_key=public_key,
            unit_name=wanted.unit_name,
            now=moment_of(now_ns),
            address=request.address or "",
            software=wanted.software,
        )
    except BadInput as error:
        raise Refusal(403, "enrolment", str(error)) from error
    except Temporary as error:
        raise Refusal(429, "enrolment", str(error), retry=True) from error
    return json_answer(_welcome(unit), status=201)


def heartbeat(unit: KnownUnit, body: bytes, *, now_ns: int) -> Answer:
    """Take a unit's health and tombstones; answer the time and a ledger head with its proof of growth."""
    try:
        beat = Heartbeat.model_validate_json(body, strict=True)
    except ValidationError as error:
        raise _malformed("heartbeat", error) from error
    row = Unit.objects.filter(pk=unit.unit_id).first()
    if row is None:
        raise not_found()
    buried = _bury(unit, beat.tombstones)
    try:
        record_heartbeat(row, beat, moment_of(now_ns))
    except Denied as error:
        raise Refusal(401, "unknown_unit", str(error)) from error
    head = ledger.signed_head(now_ns=now_ns)
    # A unit that has seen more than there is gets no proof: it will say that the ledger shrank.
    # Nor when entries were cut off behind the last head that was signed.
    grown = beat.witnessed_size <= head.size <= ledger.size()
    proof = ledger.prove_growth(beat.witnessed_size, head.size) if grown else []
    if row.witnessed_size != head.size:
        Unit.objects.filter(pk=row.pk).update(witnessed_size=head.size)
    return json_answer(
        HeartbeatAnswer(
            hub_wall_ns=now_ns,
            accepted_tombstones=buried,
            ledger_size=head.size,
            ledger_root=head.root.hex(),
            ledger_signed_wall_ns=head.signed_wall_ns,
            ledger_key_id=head.key_id,
            ledger_signature=head.signature.hex(),
            consistency_proof=[step.hex() for step in proof],
        )
    )


def _welcome(unit: Unit) -> EnrolAnswer:
    return EnrolAnswer(
        unit_id=unit.pk,
        site_id=unit.site_id,
        site_name=unit.site.name,
        hub_seal_key=base64.b64encode(keyring.seal_public_key().public_bytes_raw()).decode(),
        hub_key_id=keyring.seal_key_id(),
        hub_sign_key=base64.b64encode(keyring.signing_public_key().public_bytes_raw()).decode(),
    )


def _bury(unit: KnownUnit, stones: list[WireTombstone]) -> list[UUID]:
    """Keep tombstones; return the ids of those that are kept now, or were before and stay as they were.

    Beyond what a unit may report in an hour none is taken: the unit keeps it and tells it again later.
    """
    if not stones:
        return []
    ids = [stone.tombstone_id for stone in stones]
    known = set(Tombstone.objects.filter(pk__in=ids).values_list("pk", flat=True))
    lately = Tombstone.objects.filter(unit_id=unit.unit_id, reported_at__gt=timezone.now() - timedelta(hours=1))
    room = max(0, TOMBSTONES_AN_HOUR - lately.count())
    fresh = [stone for stone in stones if stone.tombstone_id not in known][:room]
    Tombstone.objects.bulk_create(
        [
            Tombstone(
                id=stone.tombstone_id,
                unit_id=unit.unit_id,
                reason=stone.reason,
                detail=stone.detail,
                lens=stone.lens or "",
                clip_id_lost=stone.clip_id,
                start_wall_ns=stone.start_wall_ns,
                end_wall_ns=stone.end_wall_ns,
            )
            for stone in fresh
        ],
        ignore_conflicts=True,
    )
    taken = known | {stone.tombstone_id for stone in fresh}
    return [one for one in ids if one in taken]


def _malformed(what: str, error: ValidationError) -> Refusal:
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(step) for step in first["loc"])
    return Refusal(422, what, f"{what}: {where}: {first['msg']}")
