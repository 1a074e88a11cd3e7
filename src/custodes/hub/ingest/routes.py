"""Which handler answers which address of the unit API, for JSON and for tus alike."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias
from uuid import UUID

from custodes.core.signing import EMPTY_DIGEST
from custodes.hub.ingest import tus, unit_calls
from custodes.hub.ingest.commit import commit_clip
from custodes.hub.ingest.declare import MAX_OFFER_BYTES, answer_for, declare
from custodes.hub.ingest.exchange import Answer, Refusal, UnitRequest, json_answer
from custodes.hub.ingest.gatehouse import Admitted, Gatehouse
from custodes.hub.ingest.uploads import Append

PREFIX = "/api/unit/v1/"
MAX_HEARTBEAT_BYTES = 256 * 1024
MAX_ENROL_BYTES = 4 * 1024
_CLIP = re.compile(r"/api/unit/v1/clips/([0-9a-f-]{36})")

Handler: TypeAlias = Callable[[UnitRequest, Admitted, bytes], Answer]


@dataclass(frozen=True, slots=True)
class Opened:
    """A request whose head was accepted: read at most `max_body_bytes`, then call `answer`."""

    max_body_bytes: int
    answer: Callable[[bytes], Answer]


class UnitApi:
    """The unit API apart from any server: `open` before the body is read, then the body goes where it says."""

    def __init__(self, gatehouse: Gatehouse) -> None:
        self.gatehouse = gatehouse

    def open(self, request: UnitRequest) -> Opened | Append | Answer:
        """Check a request's head. Returns an answer at once, or what takes the body. Raises Refusal."""
        if request.path.startswith(tus.PREFIX) and request.method == "OPTIONS":
            return tus.options()
        if request.path == f"{PREFIX}enrol":
            _only(request, "POST")
            return Opened(MAX_ENROL_BYTES, lambda body: unit_calls.enrol(request, body, self._now_ns()))
        admitted = self.gatehouse.admit(request)
        if request.path.startswith(tus.PREFIX):
            return self._open_tus(request, admitted)
        return self._open_json(request, admitted)

    def refuse(self, request: UnitRequest, refusal: Refusal) -> Answer:
        """Return a refusal as an answer, signed when the request was proven."""
        return self.gatehouse.refuse(request, refusal)

    def finish(self, append: Append) -> Answer:
        """End a PATCH whose body has come; the last part's end commits the clip, and its answer bears the receipt."""
        offset, receipt = append.finish(), None
        if offset == append.slot.sealed_bytes:
            receipt = commit_clip(clip_id=append.slot.clip_id, now_ns=self._now_ns())
        if receipt is None:
            append.slot.sync_names()  # a received clip left this folder for the vault, which synced its own
        return tus.appended(offset, receipt)

    def _open_tus(self, request: UnitRequest, admitted: Admitted) -> Opened | Append | Answer:
        if request.method == "PATCH":
            return tus.begin(request, admitted)
        if admitted.body_sha256 != EMPTY_DIGEST:
            raise Refusal(400, "body", "this tus request carries no body")
        if request.method == "HEAD":
            return tus.head(request, admitted)
        if request.method == "POST":
            return tus.create(request, admitted)
        _only(request, "DELETE")
        return tus.terminate(request, admitted)

    def _open_json(self, request: UnitRequest, admitted: Admitted) -> Opened:
        now_ns = self._now_ns()
        if request.path == f"{PREFIX}clips":
            _only(request, "POST")
            return _checked(
                MAX_OFFER_BYTES,
                admitted,
                lambda body: json_answer(declare(unit=admitted.unit, body=body, now_ns=now_ns)),
            )
        if request.path == f"{PREFIX}heartbeat":
            _only(request, "POST")
            return _checked(
                MAX_HEARTBEAT_BYTES,
                admitted,
                lambda body: unit_calls.heartbeat(admitted.unit, body, now_ns=now_ns),
            )
        named = _CLIP.fullmatch(request.path)
        if named is None:
            raise Refusal(404, "not_found", "the unit API has no such address")
        _only(request, "GET")
        clip_id = UUID(named[1])
        return _checked(0, admitted, lambda _: self._clip_state(admitted, clip_id, now_ns))

    def _clip_state(self, admitted: Admitted, clip_id: UUID, now_ns: int) -> Answer:
        answer = answer_for(unit=admitted.unit, clip_id=clip_id)
        if answer.receipt is None and not answer.uploads:
            commit_clip(clip_id=clip_id, now_ns=now_ns)
            answer = answer_for(unit=admitted.unit, clip_id=clip_id)
        return json_answer(answer)

    def _now_ns(self) -> int:
        return self.gatehouse.clock.wall_ns()


def _checked(max_body_bytes: int, admitted: Admitted, then: Callable[[bytes], Answer]) -> Opened:
    def answer(body: bytes) -> Answer:
        if hashlib.sha256(body).digest() != admitted.body_sha256:
            raise Refusal(400, "digest", "the body is not the one that was signed; send the request again", retry=True)
        return then(body)

    return Opened(max_body_bytes, answer)


def _only(request: UnitRequest, method: str) -> None:
    if request.method != method:
        raise Refusal(405, "method", f"{request.path} takes {method}", headers={"allow": method})
