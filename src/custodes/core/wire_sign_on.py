"""A driver signs on at a unit: what the unit tells the hub, sealed so that the unit itself cannot read it again.

A PIN of six digits is guessed by trying them all against anything that tells right from wrong. So the unit keeps
nothing that does: what was typed is sealed to the hub's public key (HPKE base mode, RFC 9180: a fresh key each time, so
that two of the same do not look alike), and only the hub compares.
"""

import base64
import re
from typing import Annotated, Literal
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from pydantic import Field

from custodes.core.errors import Corrupt
from custodes.core.seal import ENVELOPE
from custodes.core.wire import WallNs, WireModel

PIN = re.compile(r"\d{6}", re.ASCII)
CARD = re.compile(r"[0-9A-Za-z:._-]{6,64}")
"""What card readers type; longer than a driver's number, so that it is never taken for one."""

MAX_SIGN_ON_BYTES = 4096
_LABEL = b"custodes.sign-on/1"


class Slip(WireModel):
    """What somebody typed or scanned: a driver's number with their PIN, or what a card reader typed."""

    way: Literal["pin", "card"]
    number: Annotated[int, Field(ge=1, le=99_999)] | None = None
    secret: Annotated[str, Field(min_length=4, max_length=64)]


class WireSignOn(WireModel):
    """Somebody signs on or off at a unit. POST /api/unit/v1/sign-ons; idempotent by `sign_on_id`.

    `sealed`: the Slip (base64), for signing on; to sign off nothing is asked.
    """

    sign_on_id: UUID
    act: Literal["on", "off"]
    wall_ns: WallNs
    sealed: Annotated[str, Field(max_length=1024)] | None = None


class SignOnAnswer(WireModel):
    """The hub's word on it, durable there. `said` is for the person at the unit."""

    sign_on_id: UUID
    accepted: bool
    said: Annotated[str, Field(max_length=200)]


def seal_slip(slip: Slip, *, hub_key: X25519PublicKey, sign_on_id: UUID, unit_id: UUID, wall_ns: int) -> str:
    """Seal a slip to the hub, bound to this sign-on of this unit at this moment; return base64."""
    bound = _bound(sign_on_id, unit_id, wall_ns)
    plain = slip.model_dump_json().encode().ljust(256)  # of one length: it does not tell a card from a PIN
    return base64.b64encode(ENVELOPE.encrypt(plain, hub_key, info=bound)).decode()


def open_slip(told: WireSignOn, *, hub_key: X25519PrivateKey, unit_id: UUID) -> Slip:
    """Open a slip. Raises Corrupt when it was sealed for another hub, unit or sign-on, or holds none."""
    bound = _bound(told.sign_on_id, unit_id, told.wall_ns)
    try:
        plain = ENVELOPE.decrypt(base64.b64decode(told.sealed or "", validate=True), hub_key, info=bound)
        return Slip.model_validate_json(plain.rstrip())
    except (InvalidTag, ValueError) as error:
        raise Corrupt(f"sign-on {told.sign_on_id} does not open for unit {unit_id}") from error


def _bound(sign_on_id: UUID, unit_id: UUID, wall_ns: int) -> bytes:
    return _LABEL + sign_on_id.bytes + unit_id.bytes + wall_ns.to_bytes(8, "big")
