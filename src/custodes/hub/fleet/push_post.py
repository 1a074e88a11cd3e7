"""The second road of a notice: a word to the browsers of a person that there is something, sent in the background.

What waits is stored with what it is about, in one transaction, and is sent by a thread of its own: no request waits for
a push service. What goes out says that there is something and where in the hub it stands; no name, no clip, no picture.
"""

import base64
import json
import logging
import ssl
import threading
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

import http_ece
import httpx
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings
from django.db import connection, transaction
from django.utils import translation
from django.utils.translation import gettext as _
from py_vapid import Vapid02

from custodes.core.clock import NS_PER_S, Clock, SystemClock
from custodes.core.errors import BadInput, Temporary
from custodes.hub import keyring
from custodes.hub.fleet import push_address
from custodes.hub.fleet.models import Person
from custodes.hub.fleet.push_models import PushBrowser, PushWaiting
from custodes.hub.fleet.times import moment_of

EVERY_S = 30.0
A_SWEEP = 200
A_BROWSER = 20
"""Notices that wait for one browser; more of them tell nothing new."""
KEPT_NS = 24 * 3600 * NS_PER_S
"""A notice that could not be sent for a day is dropped: what it is about stands on a page."""
GIVE_UP_AFTER_NS = 7 * 24 * 3600 * NS_PER_S
FIRST_PAUSE_NS = 30 * NS_PER_S
LONGEST_PAUSE_NS = 3600 * NS_PER_S
TIMEOUT_S = 10.0
TOKEN_S = 12 * 3600
"""RFC 8292, section 2: a token lasts for at most 24 hours."""
GONE = frozenset({404, 410})
UNREACHABLE, REFUSED_ADDRESS, FAULT = "unreachable", "refused address", "fault"
log = logging.getLogger(__name__)
_woken = threading.Event()


def knock(person: Person, *, path: str, now_ns: int) -> None:
    """Put a notice to each browser of `person` on its way. Durable when the caller's transaction commits."""
    put(PushBrowser.objects.filter(person=person), path=path, now_ns=now_ns)


def put(browsers: Iterable[PushBrowser], *, path: str, now_ns: int) -> None:
    """Put a notice for each of `browsers` into the outbox; one that waits already for the same page is enough."""
    rows = [
        PushWaiting(browser=one, path=path, made_at_ns=now_ns) for one in browsers if one.waiting.count() < A_BROWSER
    ]
    if rows and settings.HUB.push.enabled:
        PushWaiting.objects.bulk_create(
            rows, update_conflicts=True, update_fields=["made_at_ns"], unique_fields=["browser", "path"]
        )
        transaction.on_commit(_woken.set)


def send_due(*, now_ns: int) -> int:
    """Send what waits; return how much was taken. A service that does not answer is left alone until the next time."""
    if not settings.HUB.push.enabled:
        return 0
    PushWaiting.objects.filter(made_at_ns__lt=now_ns - KEPT_NS).delete()
    due = PushWaiting.objects.filter(browser__try_after_ns__lte=now_ns).select_related("browser__person")
    silent: set[str] = set()
    left_alone: set[object] = set()
    taken = 0
    for waiting in due.order_by("pk")[:A_SWEEP]:
        browser = waiting.browser
        host = urlsplit(browser.endpoint).netloc  # as it stands: no more than a name for what is silent
        if host in silent or browser.pk in left_alone:
            continue
        if not browser.person.is_active:
            browser.delete()
            left_alone.add(browser.pk)
            continue
        became = _tried(browser, waiting.path, now_ns)
        if became == UNREACHABLE:
            silent.add(host)
        if _settle(waiting, became, now_ns):
            taken += 1
        else:
            left_alone.add(browser.pk)
    return taken


def message(person: Person, path: str) -> bytes:
    """Return what is encrypted to a browser: the hub's name, that there is something, and where. Nothing else."""
    with translation.override(person.language):
        body = _("There is something new for you. Open the hub to read it.")
    return json.dumps({"title": settings.HUB.name, "body": body, "path": path}, ensure_ascii=False).encode()


def _settle(waiting: PushWaiting, became: int | str, now_ns: int) -> bool:
    """Write down what became of one notice. True: the service took it."""
    browser = PushBrowser.objects.filter(pk=waiting.browser_id)
    if isinstance(became, int) and 200 <= became < 300:
        waiting.delete()
        browser.update(
            reached_at=moment_of(now_ns),
            tried_at_ns=now_ns,
            failing_since_ns=None,
            failures=0,
            try_after_ns=0,
            last_failure="",
        )
        return True
    row = waiting.browser
    since = row.failing_since_ns or now_ns
    if became in GONE or now_ns - since > GIVE_UP_AFTER_NS:
        browser.delete()
        log.info("a browser of %s takes no notices any more (%s)", row.person_id, became)
        return False
    pause_ns = min(LONGEST_PAUSE_NS, FIRST_PAUSE_NS << min(row.failures, 20))
    browser.update(
        tried_at_ns=now_ns,
        failing_since_ns=since,
        failures=min(row.failures + 1, 1000),
        try_after_ns=now_ns + pause_ns,
        last_failure=str(became)[:24],
    )
    log.warning("a notice to a browser of %s: %s; tried again in %d s", row.person_id, became, pause_ns // NS_PER_S)
    return False


def _tried(browser: PushBrowser, path: str, now_ns: int) -> int | str:
    """Post, and let a fault of ours over one row be that row's alone: no other notice waits for it."""
    try:
        return _post(browser, path, now_ns)
    except Exception:
        log.exception("a notice to a browser of %s could not be sent", browser.person_id)
        return FAULT


def _post(browser: PushBrowser, path: str, now_ns: int) -> int | str:
    """Return the status that came back, or why nothing was sent. Raises nothing for what the network or a row does."""
    try:
        called = push_address.take_apart(browser.endpoint)
        address = push_address.resolve(called)
        body = _encrypted(browser, message(browser.person, path))
    except Temporary:
        return UNREACHABLE
    except (BadInput, ValueError, http_ece.ECEException):
        return REFUSED_ADDRESS
    host = f"[{address}]" if ":" in address else address
    headers = {
        **_signed(called.origin, now_ns),
        "Host": called.origin.removeprefix("https://"),
        "TTL": str(KEPT_NS // NS_PER_S),
        "Content-Encoding": "aes128gcm",
        "Content-Type": "application/octet-stream",
        "Urgency": "normal",
    }
    try:
        with (
            # trust_env off: neither a proxy nor a .netrc of the machine may change where it goes.
            httpx.Client(timeout=TIMEOUT_S, follow_redirects=False, trust_env=False, verify=_trusted()) as client,
            client.stream(
                "POST",
                f"https://{host}:{called.port}{called.target}",
                content=body,
                headers=headers,
                extensions={"sni_hostname": called.host},
            ) as answer,
        ):
            return answer.status_code
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        log.info("%s: %s", called.host, error)
        return UNREACHABLE


def _encrypted(browser: PushBrowser, plain: bytes) -> bytes:
    """Encrypt for one browser: RFC 8291, with a key pair that lives for this one message."""
    return bytes(
        http_ece.encrypt(
            plain,
            private_key=ec.generate_private_key(ec.SECP256R1()),
            dh=base64.urlsafe_b64decode(browser.p256dh + "="),
            auth_secret=base64.urlsafe_b64decode(browser.auth + "=="),
            version="aes128gcm",
        )
    )


def _signed(origin: str, now_ns: int) -> dict[str, str]:
    """Return the header that says which hub this comes from: RFC 8292."""
    hub = settings.HUB
    contact = hub.push.contact or (hub.base_url if hub.base_url.startswith("https://") else f"mailto:{hub.mail.sender}")
    claims = {"aud": origin, "exp": now_ns // NS_PER_S + TOKEN_S, "sub": contact}
    return dict(Vapid02(private_key=keyring.push_key(), conf={"no-strict": True}).sign(claims))


def _trusted() -> ssl.SSLContext:
    return _context(settings.HUB.push.certificates)


@lru_cache(maxsize=2)
def _context(certificates: Path | None) -> ssl.SSLContext:
    return httpx.create_ssl_context() if certificates is None else ssl.create_default_context(cafile=str(certificates))


class Postman(threading.Thread):
    """A thread that sends what waits, at once when something comes and every half minute otherwise."""

    def __init__(self, *, clock: Clock | None = None) -> None:
        super().__init__(name="postman", daemon=True)
        self._clock = clock or SystemClock()
        self._stopped = False

    def stop(self) -> None:
        """Ask the thread to end. It is not waited for: what it has not sent stands in the database."""
        self._stopped = True
        _woken.set()

    def run(self) -> None:
        """Send until stopped."""
        try:
            while not self._stopped:
                _woken.clear()
                self._once()
                _woken.wait(EVERY_S)
        finally:
            connection.close()

    def _once(self) -> None:
        try:
            send_due(now_ns=self._clock.wall_ns())
        except Exception:
            log.exception("notices could not be sent; it is tried again in %.0f s", EVERY_S)
        finally:
            connection.close()
