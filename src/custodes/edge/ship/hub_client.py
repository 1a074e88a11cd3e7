"""One signed request to the hub after the other, and what its refusals mean for the sender."""

import base64
import binascii
import hashlib
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

import httpx
from cryptography.exceptions import InvalidSignature
from pydantic import BaseModel, ValidationError

from custodes.core.clock import NS_PER_S, Clock
from custodes.core.errors import Permanent, Temporary
from custodes.core.signing import (
    FLOOR_HEADER,
    HINT_HEADER,
    REFUSAL_HEADER,
    TIME_HEADER,
    RequestLine,
    hint_bytes,
    refusal_bytes,
    sign_headers,
)
from custodes.core.wire import (
    MAX_OFFERED_MANIFEST_BYTES,
    RECEIPT_HEADER,
    ClipAnswer,
    ClipDeclaration,
    ClipOffer,
    Heartbeat,
    HeartbeatAnswer,
    Problem,
    Receipt,
)
from custodes.core.wire_sign_on import SignOnAnswer, WireSignOn
from custodes.core.wire_trip import TripAnswer, WireTrip
from custodes.edge.ship.answers import HubAnswer, fetch
from custodes.edge.ship.enrolment import Enrolment
from custodes.edge.ship.store import OutboxStore
from custodes.edge.ship.trust import trusting, why_untrusted

API = "/api/unit/v1"
TUS = "1.0.0"
RETRY_STATUS = frozenset({408, 423, 425, 429, 500, 502, 503, 504, 507})
UNWELCOME_STATUS = frozenset({401, 403})
M = TypeVar("M", bound=BaseModel)
log = logging.getLogger(__name__)


class Unwelcome(Temporary):
    """The hub does not know or no longer admits this unit. Everything stays queued; a person must act."""


class TooMuchOpen(Temporary):
    """The hub waits for clips that this unit has announced before it takes another."""


class Refused(Permanent):
    """The hub itself refuses this request, and signed that it does. `code` is the Problem's `error`."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Call:
    """One request before it is signed."""

    method: str
    path: str
    body: bytes = b""
    content_type: str = "application/json"
    tus_headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Taken:
    """What the hub says after a chunk: how much it holds, and the receipt if the clip is complete with it."""

    offset_bytes: int
    receipt: Receipt | None


class HubClient:
    """The unit's side of the wire. Safe to share between threads."""

    def __init__(
        self,
        enrolment: Enrolment,
        store: OutboxStore,
        *,
        clock: Clock,
        say: Callable[[str], None],
        transport: httpx.BaseTransport | None = None,
        timeout_s: float = 30.0,
    ) -> None:
        self._enrolment = enrolment
        self._store = store
        self._clock = clock
        self._say = say
        self._offset_ns = 0
        self._http = httpx.Client(
            base_url=enrolment.url,
            timeout=timeout_s,
            transport=transport,
            verify=trusting(enrolment.url, enrolment.ca_pem),
            trust_env=False,
            follow_redirects=False,
        )
        self._authority = httpx.URL(enrolment.url).netloc.decode()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def declare(self, declaration: ClipDeclaration, *, manifest: bytes | None = None) -> ClipAnswer:
        """Announce a clip, its sealed manifest along with it where it is short; the answer says what is missing.

        Or it is the receipt.
        """
        along = manifest if manifest is not None and len(manifest) <= MAX_OFFERED_MANIFEST_BYTES else None
        offer = ClipOffer(declaration=declaration, manifest=along and base64.b64encode(along).decode())
        call = Call("POST", f"{API}/clips", offer.model_dump_json().encode())
        return _parsed(self.ask(call), ClipAnswer)

    def receipt(self, clip_id: UUID) -> ClipAnswer:
        """Ask how far a clip has come."""
        return _parsed(self.ask(Call("GET", f"{API}/clips/{clip_id}")), ClipAnswer)

    def beat(self, heartbeat: Heartbeat) -> HeartbeatAnswer:
        """Tell the unit's health."""
        call = Call("POST", f"{API}/heartbeat", heartbeat.model_dump_json().encode())
        return _parsed(self.ask(call), HeartbeatAnswer)

    def tell_trip(self, trip: WireTrip) -> TripAnswer:
        """Tell one finished trip; the answer means that it is durable there."""
        return _parsed(self.ask(Call("POST", f"{API}/trips", trip.model_dump_json().encode())), TripAnswer)

    def tell_sign_on(self, told: WireSignOn) -> SignOnAnswer:
        """Tell that somebody signed on or off; the answer says whether it counts."""
        return _parsed(self.ask(Call("POST", f"{API}/sign-ons", told.model_dump_json().encode())), SignOnAnswer)

    def send_chunk(self, path: str, *, offset: int, chunk: bytes) -> Taken:
        """Append one chunk to an upload (tus PATCH with checksum). What was taken is durable there."""
        checksum = "sha256 " + base64.b64encode(hashlib.sha256(chunk).digest()).decode()
        tus = (("tus-resumable", TUS), ("upload-offset", str(offset)), ("upload-checksum", checksum))
        response = self.ask(Call("PATCH", path, chunk, "application/offset+octet-stream", tus))
        return Taken(_offset_of(response), _receipt_of(response))

    def offset(self, path: str) -> int:
        """Ask how many bytes of an upload the hub holds (tus HEAD)."""
        return _offset_of(self.ask(Call("HEAD", path, tus_headers=(("tus-resumable", TUS),))))

    def ask(self, call: Call) -> HubAnswer:
        """Send one request; take a proven hint about clock or sequence once, then repeat it.

        Raises Temporary when nobody answers or the hub is busy, Unwelcome on 401 and 403, Refused otherwise
        when the hub signed the refusal. An unsigned one (a captive portal, a wrong proxy) is Temporary.
        """
        floor = 0
        for attempt in range(3):
            nonce = secrets.token_urlsafe(16)
            response = self._send(call, nonce=nonce, sequence=self._store.take_sequence(above=floor))
            if response.status_code < 400:
                return response
            problem = _problem(response)
            hint = self._hint(response, nonce)
            if hint is None or attempt == 2:
                raise self._as_error(response, problem, nonce)
            floor = self._follow(problem, *hint)
        raise AssertionError("the last attempt returns or raises")

    def _send(self, call: Call, *, nonce: str, sequence: int) -> HubAnswer:
        headers = {"content-type": call.content_type, **dict(call.tus_headers)}
        signed = sign_headers(
            RequestLine(call.method, self._authority, call.path, headers),
            key=self._enrolment.key,
            key_id=str(self._enrolment.unit_id),
            sequence=sequence,
            nonce=nonce,
            created_s=(self._clock.wall_ns() + self._offset_ns) // NS_PER_S,
            body_sha256=hashlib.sha256(call.body).digest(),
        )
        try:
            return fetch(self._http, call.method, call.path, content=call.body, headers={**headers, **signed})
        except httpx.HTTPError as error:
            if (distrust := why_untrusted(error)) is not None:
                raise Temporary(
                    f"the certificate that {self._enrolment.url} shows is not trusted here ({distrust}); clips wait. "
                    "A new one is told with 'custodes unit move URL --ca FILE'."
                ) from error
            raise Temporary(f"no answer from {self._enrolment.url}: {type(error).__name__}") from error

    def _as_error(self, response: HubAnswer, problem: Problem, nonce: str) -> Temporary | Refused:
        if response.status_code in UNWELCOME_STATUS:
            return Unwelcome(f"the hub refuses this unit: {problem.message}")
        if problem.error == "open_uploads":
            return TooMuchOpen(problem.message)
        if response.status_code in RETRY_STATUS or problem.retry:
            return Temporary(problem.message)
        if not self._is_signed(response, nonce):
            return Temporary(f"{problem.message}; the hub did not sign this refusal, so that it is tried again")
        return Refused(problem.error, problem.message)

    def _is_signed(self, response: HubAnswer, nonce: str) -> bool:
        """Say whether the refusal bears the hub's own signature for this request."""
        try:
            signature = base64.b64decode(response.headers[REFUSAL_HEADER], validate=True)
            said = refusal_bytes(nonce=nonce, status=response.status_code, body=response.content)
            self._enrolment.hub_sign_key.verify(signature, said)
        except (KeyError, ValueError, InvalidSignature):
            return False
        return True

    def _hint(self, response: HubAnswer, nonce: str) -> tuple[int, int] | None:
        """Return (hub's time, floor) when the refusal carries them under the hub's own signature for this nonce."""
        try:
            hub_wall_ns = int(response.headers[TIME_HEADER])
            floor = int(response.headers[FLOOR_HEADER])
            signature = base64.b64decode(response.headers[HINT_HEADER], validate=True)
            said = hint_bytes(nonce=nonce, hub_wall_ns=hub_wall_ns, floor=floor)
            self._enrolment.hub_sign_key.verify(signature, said)
        except (KeyError, ValueError, binascii.Error, InvalidSignature):
            return None
        return hub_wall_ns, floor

    def _follow(self, problem: Problem, hub_wall_ns: int, floor: int) -> int:
        """Do what a proven hint asks for; return the sequence to go above."""
        if problem.error == "clock_skew":
            self._offset_ns = hub_wall_ns - self._clock.wall_ns()
            self._say(
                f"this unit's clock is {-self._offset_ns / NS_PER_S:+.0f} s against the hub's. Set it (NTP); "
                "until then requests are signed with the hub's time, films keep the unit's."
            )
        elif problem.error == "sequence_replayed":
            self._say(problem.message)
        return floor


def _problem(response: HubAnswer) -> Problem:
    try:
        return Problem.model_validate_json(response.content)
    except ValidationError:
        text = f"the hub answered {response.status_code} without saying why"
        return Problem(error=f"status_{response.status_code}", message=text)


def _parsed(response: HubAnswer, model: type[M]) -> M:
    try:
        return model.model_validate_json(response.content)
    except ValidationError as error:
        raise Temporary(f"the hub's answer is not understood ({model.__name__}); is it another version?") from error


def _receipt_of(response: HubAnswer) -> Receipt | None:
    """Return the receipt that came along; one that cannot be read is asked for again."""
    text = response.headers.get(RECEIPT_HEADER, "")
    try:
        return Receipt.model_validate_json(base64.b64decode(text, validate=True)) if text else None
    except ValueError:
        return None


def _offset_of(response: HubAnswer) -> int:
    text = response.headers.get("upload-offset", "")
    if not text.isascii() or not text.isdigit():
        raise Temporary("the hub's answer lacks an offset; something on the way changes it")
    return int(text)
