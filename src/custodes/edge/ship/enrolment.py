"""Who this unit is to its hub: the key made here, and the hub's keys. Two files of mode 0600 in the state folder."""

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit
from uuid import UUID

import httpx
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from custodes.core.errors import BadInput, Temporary
from custodes.core.fs import write_durably
from custodes.core.wire import EnrolAnswer, EnrolRequest, Problem
from custodes.edge.ship.answers import fetch
from custodes.edge.ship.store import OutboxStore
from custodes.edge.ship.trust import MAX_CA_BYTES, read_ca, trusting, why_untrusted

ENROLMENT_FILE = "enrolment.json"
OUTBOX_FILE = "outbox.sqlite3"
SOFTWARE = "custodes 0.1.0"
TIMEOUT_S = 15.0
CODE = re.compile("[2-9A-HJKMNP-Z]{8}")
"""What the hub makes codes of: without the letters and digits that are read aloud or copied wrong."""


class _Stored(BaseModel):
    """What lies in `enrolment.json`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: Annotated[str, Field(min_length=8)]
    answer: EnrolAnswer
    ca_pem: Annotated[str | None, Field(max_length=MAX_CA_BYTES)] = None

    @model_validator(mode="before")
    @classmethod
    def _read_former(cls, stored: Any) -> Any:
        """Read files of a hub that still told a policy version, which no unit ever used."""
        if isinstance(stored, dict) and isinstance(stored.get("answer"), dict):
            stored["answer"].pop("policy_version", None)
        return stored


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A unit's bond with its hub. `url` has no slash at its end; `ca_pem`: whom it trusts to vouch for that address."""

    url: str
    unit_id: UUID
    site_id: UUID
    site_name: str
    key: Ed25519PrivateKey
    hub_seal_key: X25519PublicKey
    hub_key_id: str
    hub_sign_key: Ed25519PublicKey
    ca_pem: str | None = None


def enroll(
    url: str,
    code: str,
    *,
    state_dir: Path,
    unit_name: str,
    ca: Path | None = None,
    transport: httpx.BaseTransport | None = None,
) -> Enrolment:
    """Join this unit to the hub at `url`. The private key is made here and never leaves.

    `ca`: file with the certificate that vouches for the hub, where no public authority does; it is kept.
    Durable on return. Raises BadInput, one line, for a wrong or used-up code, a bad address, a certificate that is not
    trusted, or clips that still wait for another hub; Temporary when the hub cannot be reached.
    """
    base = _checked_url(url)
    ca_pem = None if ca is None else read_ca(ca)
    state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    waiting = _clips_of_another_hub(state_dir)
    if waiting:
        raise BadInput(
            f"{waiting} clips in {state_dir} are sealed for the hub that this unit is joined to. "
            "Let them be sent first, or give the unit a new state_dir."
        )
    key = Ed25519PrivateKey.generate()
    request = EnrolRequest(
        code=_normal_code(code), unit_name=unit_name, public_key=_raw_base64(key.public_key()), software=SOFTWARE
    )
    answer = _ask(base, request, ca_pem, transport)
    stored = _Stored(url=base, answer=answer, ca_pem=ca_pem)
    enrolment = _assemble(stored, key)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    # The key's name carries the unit id, so that a crash between the two files leaves the former bond whole.
    write_durably(_key_path(state_dir, answer), pem)
    write_durably(state_dir / ENROLMENT_FILE, stored.model_dump_json(indent=1).encode())
    for old in state_dir.glob("unit-*.key"):
        if old != _key_path(state_dir, answer):
            old.unlink()
    return enrolment


def move(
    url: str, *, state_dir: Path, ca: Path | None = None, try_first: Callable[[Enrolment], None] = lambda _moved: None
) -> Enrolment:
    """Tell this unit that its hub has a new address, or with `ca` a new certificate. Durable on return.

    `try_first` gets the bond as it would be; what it raises leaves all as it was. The bond stays: another hub cannot
    sign receipts with this hub's key, so nothing is freed on its word. Raises BadInput for a bad address or
    certificate, or when the unit never joined a hub.
    """
    base = _checked_url(url)
    told: dict[str, str] = {"url": base} if ca is None else {"url": base, "ca_pem": read_ca(ca)}
    enrolment = load_enrolment(state_dir)
    if enrolment is None:
        raise BadInput("this unit has joined no hub yet. Join it with 'custodes unit enroll URL CODE'.")
    path = state_dir / ENROLMENT_FILE
    stored = _Stored.model_validate_json(path.read_bytes()).model_copy(update=told)
    moved = _assemble(stored, enrolment.key)
    try_first(moved)
    write_durably(path, stored.model_dump_json(indent=1).encode())
    return moved


def load_enrolment(state_dir: Path) -> Enrolment | None:
    """Return the unit's enrolment, or None when it never joined a hub. Raises BadInput when the files are damaged."""
    path = state_dir / ENROLMENT_FILE
    if not path.exists():
        return None
    try:
        stored = _Stored.model_validate_json(path.read_bytes())
        return _assemble(stored, _read_key(_key_path(state_dir, stored.answer)))
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise BadInput(
            f"{state_dir}: the enrolment is damaged ({type(error).__name__}). Enrol the unit again with a new code."
        ) from error


def _read_key(path: Path) -> Ed25519PrivateKey:
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise TypeError("not an Ed25519 key")
    return key


def _key_path(state_dir: Path, answer: EnrolAnswer) -> Path:
    return state_dir / f"unit-{answer.unit_id}.key"


def _clips_of_another_hub(state_dir: Path) -> int:
    """Count waiting clips: they are sealed for the unit id of the present enrolment and open under no other."""
    if not (state_dir / ENROLMENT_FILE).exists() or not (state_dir / OUTBOX_FILE).exists():
        return 0
    store = OutboxStore(state_dir / OUTBOX_FILE)
    try:
        return store.usage()[0]
    finally:
        store.close()


def _assemble(stored: _Stored, key: Ed25519PrivateKey) -> Enrolment:
    answer = stored.answer
    return Enrolment(
        url=stored.url,
        unit_id=answer.unit_id,
        site_id=answer.site_id,
        site_name=answer.site_name,
        key=key,
        hub_seal_key=X25519PublicKey.from_public_bytes(_raw32(answer.hub_seal_key)),
        hub_key_id=answer.hub_key_id,
        hub_sign_key=Ed25519PublicKey.from_public_bytes(_raw32(answer.hub_sign_key)),
        ca_pem=stored.ca_pem,
    )


def _ask(base: str, request: EnrolRequest, ca_pem: str | None, transport: httpx.BaseTransport | None) -> EnrolAnswer:
    try:
        with httpx.Client(
            timeout=TIMEOUT_S, transport=transport, verify=trusting(base, ca_pem), trust_env=False
        ) as client:
            response = fetch(
                client,
                "POST",
                f"{base}/api/unit/v1/enrol",
                content=request.model_dump_json().encode(),
                headers={"content-type": "application/json"},
            )
    except httpx.HTTPError as error:
        if (distrust := why_untrusted(error)) is not None:
            raise BadInput(
                f"the certificate that {base} shows is not trusted here ({distrust}). If it is the hub's own, copy "
                "the file of `tls.certificate` to this unit and add --ca FILE."
            ) from error
        raise Temporary(
            f"no hub answers at {base} ({type(error).__name__}). Check the address, the network and that the hub runs."
        ) from error
    if response.status_code in (200, 201):
        try:
            return EnrolAnswer.model_validate_json(response.content)
        except ValidationError as error:
            raise BadInput(f"what answers at {base} is not a Custodes hub of this version") from error
    try:
        problem = Problem.model_validate_json(response.content)
    except ValidationError as error:
        raise BadInput(
            f"what answers at {base} is not a Custodes hub (status {response.status_code}). Check the address."
        ) from error
    if problem.retry:
        raise Temporary(problem.message)
    raise BadInput(problem.message)


def _checked_url(url: str) -> str:
    text = url.strip().rstrip("/")
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path or parts.query or parts.fragment:
        raise BadInput(f"{url!r} is not the address of a hub. Write it as https://hub.example.org")
    return text


def _normal_code(code: str) -> str:
    """Return the code as the hub writes it. Raises BadInput before the hub is asked: each asking costs a try."""
    text = re.sub(r"[\s-]+", "", code.upper())
    if not CODE.fullmatch(text):
        raise BadInput(
            f"{code!r} is no enrolment code: one has eight letters and digits, such as 7KQ4-M2XD, "
            "never 0, 1, I, L or O. Look at the site's page again; a code lives 10 minutes."
        )
    return f"{text[:4]}-{text[4:]}"


def _raw_base64(key: Ed25519PublicKey) -> str:
    return base64.b64encode(key.public_bytes_raw()).decode()


def _raw32(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("a key of the hub is not base64") from error
