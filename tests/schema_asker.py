"""Random requests by the published description of the unit API, at a hub that runs in a process of its own."""

import base64
import hashlib
import itertools
import json
import secrets
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
import schemathesis
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, Phase, given, settings
from requests.auth import AuthBase
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.parameters import ParameterLocation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ignored_auth,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from bench.servers import serving
from custodes.core import seal
from custodes.core.signing import RequestLine, sign_headers
from custodes.edge.ship import Enrolment, enroll
from custodes.hub.ingest.description import openapi
from custodes.hub.ingest.operations import DECLARE, FILM_TYPE, OPERATIONS, TRIP, UPLOAD_PATCH, Operation

SHORT = 8
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
SIGNED = [one for one in OPERATIONS if one.signed]
BREAKABLE = [one for one in OPERATIONS if one.signed or one.takes or "{" in one.address]
FILM_BYTES = 1056


@schemathesis.serializer(FILM_TYPE)
def film_bytes(_context: Any, value: Any) -> Any:
    return value if isinstance(value, bytes) else str(value).encode()


@cache
def described() -> Any:
    """Return what is published, as schemathesis reads it."""
    return schemathesis.openapi.from_dict(openapi(version="test"))


@dataclass
class Asked:
    """A hub, a unit that it knows, and the clips that the unit announced."""

    url: str
    enrolment: Enrolment
    sequence: Iterator[int] = field(default_factory=lambda: itertools.count(10_000))
    clips: list[str] = field(default_factory=list)
    answers: dict[tuple[str, int], int] = field(default_factory=dict)


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    """Start a hub with a site, and enrol one unit."""
    folder = tmp_path_factory.mktemp("schema")
    with serving("ours", folder / "hub") as hub:
        code = json.loads((folder / "hub" / "code.json").read_text())
        yield Asked(hub.url, enroll(hub.url, code, state_dir=folder / "unit", unit_name="schema"))


@dataclass
class Signature(AuthBase):
    """Signs a request as the unit does, or in a way that must not pass."""

    asked: Asked
    key: Ed25519PrivateKey | None = None
    key_id: str | None = None
    path: str | None = None
    late_s: int = 0
    sequence: int | None = None
    body: bytes | None = None
    then: Callable[[requests.PreparedRequest], None] = lambda _: None

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        address = urlsplit(str(request.url))
        body = request.body or b""
        body = body.encode() if isinstance(body, str) else body
        sent = {name.lower(): value for name, value in request.headers.items()}
        headers = {name: _text(value) for name, value in sent.items() if name.startswith("upload-")}
        proof = sign_headers(
            RequestLine(str(request.method), address.netloc, self.path or address.path, headers),
            key=self.key or self.asked.enrolment.key,
            key_id=self.key_id or str(self.asked.enrolment.unit_id),
            sequence=next(self.asked.sequence) if self.sequence is None else self.sequence,
            nonce=secrets.token_urlsafe(16),
            created_s=int(time.time()) - self.late_s,
            body_sha256=hashlib.sha256(body if self.body is None else self.body).digest(),
        )
        request.headers.update(proof)
        self.then(request)
        return request


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def _forget(request: requests.PreparedRequest) -> None:
    for name in ("Signature", "Signature-Input", "signature", "signature-input"):
        request.headers.pop(name, None)


def _another_sequence(request: requests.PreparedRequest) -> None:
    request.headers["custodes-sequence"] = "999999"


WRONG: dict[str, tuple[Callable[[Asked], Signature], set[int]]] = {
    "unsigned": (lambda asked: Signature(asked, then=_forget), {401}),
    "another key": (lambda asked: Signature(asked, key=Ed25519PrivateKey.generate()), {401}),
    "an unknown unit": (lambda asked: Signature(asked, key_id=str(uuid.uuid4())), {401}),
    "another path": (lambda asked: Signature(asked, path="/api/unit/v1/elsewhere"), {401}),
    "an hour ago": (lambda asked: Signature(asked, late_s=3600), {401}),
    "changed on its way": (lambda asked: Signature(asked, then=_another_sequence), {401}),
    "used before": (lambda asked: Signature(asked, sequence=1), {409}),
    # What the body must hash to is known before it comes; what else is wrong with the head may be said first.
    "another body": (lambda asked: Signature(asked, body=b"another"), {400, 404, 409, 413, 423, 460}),
}


def _led(case: Any, asked: Asked, operation: Operation) -> Any:
    """Lead a drawn request past what no drawing can meet: sealed keys, ids that exist."""
    if operation is DECLARE and isinstance(case.body, dict) and isinstance(case.body.get("declaration"), dict):
        clip_id, unit_id = uuid.uuid4(), asked.enrolment.unit_id
        envelope = seal.wrap_key(bytes(32), hub_key=asked.enrolment.hub_seal_key, clip_id=clip_id, unit_id=unit_id)
        blob = hashlib.sha256(bytes(FILM_BYTES)).hexdigest()
        case.body = {
            "declaration": case.body["declaration"]
            | {
                "clip_id": str(clip_id),
                "envelope": base64.b64encode(envelope).decode(),
                "hub_key_id": asked.enrolment.hub_key_id,
                "kept_start_wall_ns": 1,
                "kept_end_wall_ns": 2,
                "parts": [
                    {"part": part, "sealed_sha256": blob, "sealed_bytes": FILM_BYTES}
                    for part in ("manifest", "film.road")
                ],
            }
        }
    if operation is TRIP and isinstance(case.body, dict):
        second_ns = 1_000_000_000
        times = {"start_wall_ns": second_ns, "end_wall_ns": 90 * second_ns, "moving_ms": 60_000, "limited_ms": 0}
        case.body |= {"trip_id": str(uuid.uuid4()), "distance_m": 900, "events": [], **times}
    if asked.clips and "{clip_id}" in operation.address:
        case.path_parameters["clip_id"] = asked.clips[-1]
        if "part" in case.path_parameters:
            case.path_parameters["part"] = "film.road"
    if operation is UPLOAD_PATCH:
        case.headers["Upload-Offset"] = "0"
        case.headers.pop("Upload-Checksum", None)
        case.body = bytes(FILM_BYTES)
    return case


def _ask(asked: Asked, operation: Operation, case: Any, auth: AuthBase | None) -> Any:
    response = case.call(base_url=asked.url, auth=auth, timeout=30)
    kept = asked.answers
    kept[operation.name, response.status_code] = kept.get((operation.name, response.status_code), 0) + 1
    if operation is DECLARE and response.status_code == 200:
        asked.clips.append(json.loads(response.request.body)["declaration"]["clip_id"])
    return response


def _drawing(operation: Operation, mode: GenerationMode, examples: int) -> Any:
    strategy = described()[operation.path][operation.method].as_strategy(generation_mode=mode)
    limits = settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=examples == SHORT,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    return lambda body: limits(given(case=strategy)(body))()


def keep_its_word(asked: Asked, operation: Operation, mode: GenerationMode, *, examples: int, led: bool) -> None:
    def one(case: Any) -> None:
        wanted = _led(case, asked, operation) if led else case
        response = _ask(asked, operation, wanted, Signature(asked))
        if wanted.meta.is_negative_at(ParameterLocation.PATH):  # it may lie beside every address of the description
            assert response.status_code < 500
            return
        # A broken header that the signature overwrites is none.
        broken = operation.takes is not None and wanted.meta.is_negative_at(ParameterLocation.BODY)
        broken = broken and response.status_code != 413  # refused for its size, which the check does not know of
        wanted.validate_response(response, checks=[*CHECKS, *([negative_data_rejection] if broken else [])])

    _drawing(operation, mode, examples)(one)


def refuse(asked: Asked, operation: Operation, wrong: str, *, examples: int) -> None:
    sign, statuses = WRONG[wrong]

    def one(case: Any) -> None:
        response = _ask(asked, operation, _led(case, asked, operation), sign(asked))
        assert response.status_code in statuses, response.text
        case.validate_response(response, checks=[*CHECKS, ignored_auth])

    _drawing(operation, GenerationMode.POSITIVE, examples)(one)
