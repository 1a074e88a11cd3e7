"""Hand a leak to the hub's durable work."""

import logging

from custodes.core.errors import Temporary
from custodes.hub.leak.models import Leak
from custodes.hub.process import runtime

log = logging.getLogger(__name__)


def begin(leak: Leak) -> None:
    """Queue a leak that waits; while the hub does no work it is queued at its next start."""
    if leak.state != Leak.State.WAITING:
        return
    try:
        runtime.trace_leak(leak.pk, leak.run)
    except Temporary as error:
        log.warning("leak %s waits: %s", leak.pk, error)
