"""Post an alert to the configured address, signed, with patience but without end."""

import hashlib
import hmac
import json
from dataclasses import dataclass
from pathlib import Path
from threading import Event

import httpx

from custodes import __version__
from custodes.core.clock import NS_PER_S, Clock
from custodes.core.errors import BadInput
from custodes.core.types import Alert
from custodes.edge.alert.settings import WebhookSettings

SIGNATURE_HEADER = "X-Custodes-Signature"
TIMESTAMP_HEADER = "X-Custodes-Timestamp"
MIN_SECRET_BYTES = 16
MAX_BACK_OFF_S = 60.0
_TRY_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of one alert: the last status, or the last error, and how often it was tried."""

    delivered: bool
    attempts: int
    detail: str


class Webhook:
    """Post alerts one at a time. One thread calls it."""

    def __init__(self, settings: WebhookSettings, *, clock: Clock) -> None:
        """Read the secret and open the client. Raises BadInput when the secret cannot be used."""
        self._settings = settings
        self._clock = clock
        self._secret = _read_secret(settings.secret_file) if settings.secret_file is not None else None
        # trust_env off: neither a proxy nor a .netrc of the machine may see or change what goes to this address.
        self._client = httpx.Client(
            timeout=settings.timeout_s,
            follow_redirects=False,
            trust_env=False,
            headers={"User-Agent": f"custodes/{__version__}", "Content-Type": "application/json"},
        )

    def deliver(self, alert: Alert, *, stop: Event) -> Delivery:
        """Try until it is taken, refused for good, out of attempts, or `stop` is set. Never raises for the network."""
        body = body_of(alert)
        wait_s = self._settings.back_off_s
        detail = "not tried"
        for attempt in range(1, self._settings.attempts + 1):
            again, detail = self._post(body)
            if detail.startswith("2"):
                return Delivery(delivered=True, attempts=attempt, detail=detail)
            if not again:
                return Delivery(delivered=False, attempts=attempt, detail=detail)
            if attempt < self._settings.attempts and stop.wait(wait_s):
                return Delivery(delivered=False, attempts=attempt, detail=f"{detail}; stopped")
            wait_s = min(wait_s * 2, MAX_BACK_OFF_S)
        return Delivery(delivered=False, attempts=self._settings.attempts, detail=detail)

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def _post(self, body: bytes) -> tuple[bool, str]:
        """Return whether trying again may help, and the status or the error."""
        headers = {}
        if self._secret is not None:
            timestamp = str(self._clock.wall_ns() // NS_PER_S)
            headers = {TIMESTAMP_HEADER: timestamp, SIGNATURE_HEADER: signature(self._secret, timestamp, body)}
        try:
            with self._client.stream("POST", self._settings.url, content=body, headers=headers) as answer:
                status = answer.status_code
        except httpx.TransportError as error:
            return True, f"{type(error).__name__}: {error}"[:200]
        if 300 <= status < 400:
            return False, f"{status}: a redirect, refused"
        return status in _TRY_AGAIN, str(status)


def body_of(alert: Alert) -> bytes:
    """Return the JSON that is posted."""
    fields = {
        "format": "custodes.alert/1",
        "event_id": alert.event_id,
        "kind": alert.kind,
        "severity": str(alert.severity),
        "text": alert.text,
        "onset_wall_ns": alert.wall_ns,
    }
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()


def signature(secret: bytes, timestamp: str, body: bytes) -> str:
    """Return `sha256=` and the HMAC-SHA256 (RFC 2104) in hex over `timestamp`, a full stop and `body`.

    The time is under the signature so that a receiver can refuse an old request that somebody sends again.
    """
    return "sha256=" + hmac.new(secret, timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def _read_secret(path: Path) -> bytes:
    try:
        secret = path.read_bytes().strip()
    except OSError as error:
        raise BadInput(
            f"cannot read {path}: {error.strerror}. alert.webhook.secret_file must be a readable file."
        ) from error
    if len(secret) < MIN_SECRET_BYTES:
        raise BadInput(
            f"{path} holds {len(secret)} bytes; alert.webhook.secret_file needs at least {MIN_SECRET_BYTES}. "
            f"Make one with 'openssl rand -hex 32'."
        )
    return secret
