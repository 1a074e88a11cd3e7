"""A film that flows asks again, now and then, whether it may: a right or a session that ends ends it in mid-stream."""

import time
from collections.abc import Callable, Iterator

from django.utils import timezone

from custodes.core.errors import Denied
from custodes.hub.access.decisions import Actor
from custodes.hub.fleet import open_sessions
from custodes.hub.fleet.models import Person

ASK_EVERY_BYTES = 1024**2
ASK_EVERY_S = 2.0


def asked_again(
    chunks: Iterator[bytes],
    ask: Callable[[], object],
    *,
    actor: Actor | None = None,
    monotonic: Callable[[], float] = time.monotonic,
) -> Iterator[bytes]:
    """Pass chunks on; call `ask` every MiB and every 2 s between them.

    Ends, short, when `ask` raises Denied, or when the session by which `actor` asked has ended.

    The length was announced before: the server cuts the line then, and the player asks anew and is told 404.
    """
    sent_bytes, asked_at = 0, monotonic()
    for chunk in chunks:
        if sent_bytes >= ASK_EVERY_BYTES or monotonic() - asked_at >= ASK_EVERY_S:
            if isinstance(actor, Person) and not open_sessions.still_open(actor, now=timezone.now()):
                return
            try:
                ask()
            except Denied:
                return
            sent_bytes, asked_at = 0, monotonic()
        sent_bytes += len(chunk)
        yield chunk
