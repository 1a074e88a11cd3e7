"""Who sends this? Signature, clock and sequence are checked before the first byte of a body is read."""

import base64
import threading
import time
from dataclasses import dataclass
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from custodes.core.clock import NS_PER_S, Clock
from custodes.core.signing import (
    FLOOR_HEADER,
    HINT_HEADER,
    REFUSAL_HEADER,
    TIME_HEADER,
    BadSignature,
    RequestLine,
    VerifiedRequest,
    hint_bytes,
    refusal_bytes,
    verify,
)
from custodes.hub import keyring
from custodes.hub.fleet import enrolled
from custodes.hub.fleet.models import Unit
from custodes.hub.ingest.exchange import Answer, Refusal, UnitRequest
from custodes.hub.ingest.replay import ReplayGuard

KNOWN_FOR_S = 2.0
"""How long a unit's key may be remembered; a revoked unit is refused at the latest after this."""


@dataclass(frozen=True, slots=True)
class KnownUnit:
    """What ingest needs of a unit."""

    unit_id: UUID
    site_id: UUID
    organisation_id: UUID
    quota_bytes: int
    key: Ed25519PublicKey


@dataclass(frozen=True, slots=True)
class Admitted:
    """A request that is proven. `body_sha256` is what the body must turn out to be."""

    unit: KnownUnit
    body_sha256: bytes
    created_s: int


class Gatehouse:
    """Admits units' requests, each once."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.replay = ReplayGuard()
        self._known: dict[UUID, tuple[float, KnownUnit]] = {}
        self._lock = threading.Lock()

    def admit(self, request: UnitRequest) -> Admitted:
        """Return who sent it. Raises Refusal: 401 for signature, clock and unknown units, 409 for the sequence."""
        if request.query:
            raise Refusal(400, "no_query", "no address of the unit API takes a query")
        try:
            proven = verify(
                RequestLine(request.method, request.authority, request.path, request.headers),
                find_key=self._find_key,
                now_s=self.clock.wall_ns() / NS_PER_S,
            )
        except BadSignature as error:
            raise Refusal(401, error.code, str(error), headers=self._hint(error.nonce)) from error
        unit = self._look_up(UUID(proven.key_id))
        if unit is None:
            raise Refusal(401, "unknown_unit", "this unit is not enrolled here, or was removed. Enrol it again.")
        request.proof.nonce = proven.nonce
        self._check_sequence(unit, proven)
        return Admitted(unit, proven.body_sha256, proven.created_s)

    def refuse(self, request: UnitRequest, refusal: Refusal) -> Answer:
        """Return a refusal as an answer, signed for this request's nonce when the request was proven.

        A unit gives a clip up on a signed refusal alone; an unproven sender gets nothing that it could pass on.
        """
        answer = refusal.answer()
        if not request.proof.nonce:
            return answer
        said = refusal_bytes(nonce=request.proof.nonce, status=answer.status, body=answer.body)
        signature = base64.b64encode(keyring.signing_key().sign(said)).decode()
        return Answer(answer.status, {**answer.headers, REFUSAL_HEADER: signature}, answer.body)

    def _check_sequence(self, unit: KnownUnit, proven: VerifiedRequest) -> None:
        verdict, floor = self.replay.judge(unit.unit_id, proven.sequence)
        if verdict == "fresh":
            return
        if verdict == "behind":
            code, message = "sequence_behind", f"sequence {proven.sequence} may have been used; go above {floor}"
        else:
            code = "sequence_replayed"
            message = (
                f"sequence {proven.sequence} was used already: this request was repeated, or two machines hold the "
                "key of one unit. If so, enrol one of them again."
            )
        raise Refusal(409, code, message, headers=self._hint(proven.nonce, floor=floor))

    def _find_key(self, key_id: str) -> Ed25519PublicKey | None:
        try:
            unit = self._look_up(UUID(key_id))
        except ValueError:
            return None
        return None if unit is None else unit.key

    def _look_up(self, unit_id: UUID) -> KnownUnit | None:
        now = time.monotonic()
        with self._lock:
            remembered = self._known.get(unit_id)
        if remembered is not None and now - remembered[0] < KNOWN_FOR_S:
            return remembered[1]
        row = (
            Unit.objects.filter(pk=unit_id, revoked_at=None)
            .values_list("site_id", "site__organisation_id", "site__organisation__quota_bytes", "public_key")
            .first()
        )
        if row is None or not enrolled.stands(unit_id, site_id=row[0], public_key=bytes(row[3])):
            with self._lock:
                self._known.pop(unit_id, None)
            return None
        unit = KnownUnit(unit_id, *row[:3], Ed25519PublicKey.from_public_bytes(bytes(row[3])))
        with self._lock:
            self._known[unit_id] = (now, unit)
        return unit

    def _hint(self, nonce: str, *, floor: int = 0) -> dict[str, str]:
        """Return the hub's time and floor, signed for this request's nonce; nothing for an unproven sender."""
        if not nonce:
            return {}
        now_ns = self.clock.wall_ns()
        signature = keyring.signing_key().sign(hint_bytes(nonce=nonce, hub_wall_ns=now_ns, floor=floor))
        return {
            TIME_HEADER: str(now_ns),
            FLOOR_HEADER: str(floor),
            HINT_HEADER: base64.b64encode(signature).decode(),
        }
