"""Which handler answers which operation of the unit API, for JSON and for tus alike."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias
from uuid import UUID

from custodes.core.signing import EMPTY_DIGEST
from custodes.hub.ingest import operations, sign_on_calls, trip_calls, tus, unit_calls
from custodes.hub.ingest.commit import commit_clip
from custodes.hub.ingest.declare import answer_for, declare
from custodes.hub.ingest.exchange import Answer, Refusal, UnitRequest, json_answer
from custodes.hub.ingest.gatehouse import Admitted, Gatehouse
from custodes.hub.ingest.operations import Operation
from custodes.hub.ingest.uploads import Append

Named: TypeAlias = Mapping[str, str]


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
        found = operations.find(request.method, request.path)
        operation = found.operation
        if operation is not None and not operation.signed:
            return self._open_unsigned(operation, request)
        if operation is None and not found.signed:
            raise _off_the_table(request, found.methods)
        admitted = self.gatehouse.admit(request)
        if operation is None:
            raise _off_the_table(request, found.methods)
        if operation.takes_film:
            return tus.begin(request, admitted, found.named)
        if operation.takes is None:
            if admitted.body_sha256 != EMPTY_DIGEST:
                raise Refusal(400, "body", "this request carries no body")
            return BODILESS[operation.name](self, request, admitted, found.named)
        take, now_ns = TAKING[operation.name], self._now_ns()
        return _checked(operation.max_body_bytes, admitted, lambda body: take(admitted, body, now_ns))

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

    def clip_state(self, admitted: Admitted, clip_id: UUID) -> Answer:
        """Say how far a unit's own clip has come; where all is there and a crash cut the commit, commit it first."""
        answer = answer_for(unit=admitted.unit, clip_id=clip_id)
        if answer.receipt is None and not answer.uploads:
            commit_clip(clip_id=clip_id, now_ns=self._now_ns())
            answer = answer_for(unit=admitted.unit, clip_id=clip_id)
        return json_answer(answer)

    def _open_unsigned(self, operation: Operation, request: UnitRequest) -> Opened | Answer:
        if operation is operations.ENROL:
            return Opened(operation.max_body_bytes, lambda body: unit_calls.enrol(request, body, self._now_ns()))
        return tus.options()

    def _now_ns(self) -> int:
        return self.gatehouse.clock.wall_ns()


TAKING: Final[dict[str, Callable[[Admitted, bytes, int], Answer]]] = {
    operations.HEARTBEAT.name: lambda admitted, body, now_ns: unit_calls.heartbeat(admitted.unit, body, now_ns=now_ns),
    operations.TRIP.name: lambda admitted, body, now_ns: trip_calls.tell(admitted.unit, body, now_ns=now_ns),
    operations.SIGN_ON.name: lambda admitted, body, now_ns: sign_on_calls.tell(admitted.unit, body, now_ns=now_ns),
    operations.DECLARE.name: lambda admitted, body, now_ns: json_answer(
        declare(unit=admitted.unit, body=body, now_ns=now_ns)
    ),
}
BODILESS: Final[dict[str, Callable[[UnitApi, UnitRequest, Admitted, Named], Answer]]] = {
    operations.CLIP.name: lambda api, _, admitted, named: api.clip_state(admitted, UUID(named["clip_id"])),
    operations.TUS_CREATE.name: lambda _, request, admitted, __: tus.create(request, admitted),
    operations.UPLOAD_HEAD.name: lambda _, request, admitted, named: tus.head(request, admitted, named),
    operations.UPLOAD_DELETE.name: lambda _, request, admitted, named: tus.terminate(request, admitted, named),
}


def _checked(max_body_bytes: int, admitted: Admitted, then: Callable[[bytes], Answer]) -> Opened:
    def answer(body: bytes) -> Answer:
        if hashlib.sha256(body).digest() != admitted.body_sha256:
            raise Refusal(400, "digest", "the body is not the one that was signed; send the request again", retry=True)
        return then(body)

    return Opened(max_body_bytes, answer)


def _off_the_table(request: UnitRequest, methods: tuple[str, ...]) -> Refusal:
    if not methods:
        return Refusal(404, "not_found", "the unit API has no such address")
    return Refusal(
        405, "method", f"{request.path} takes {' and '.join(methods)}", headers={"allow": ", ".join(methods)}
    )
