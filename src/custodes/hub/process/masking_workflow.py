"""The durable workflow of a clip's masked films. It goes on after a crash."""

import logging
from uuid import UUID

from dbos import DBOS
from django.db import close_old_connections

from custodes.hub.clips import masked
from custodes.hub.process import limited, masking

log = logging.getLogger(__name__)


@DBOS.workflow(name="mask_clip")
def mask_clip(clip_id: str) -> None:
    """Make the masked films of one clip; one that fails at every try says so on its page."""
    try:
        make(clip_id)
    except Exception:
        if limited.is_stopping():
            raise limited.Stopping from None
        log.exception("the masked films of clip %s could not be made", clip_id)
        fail(clip_id)


@DBOS.step(name="mask_films", retries_allowed=True, max_attempts=3, interval_seconds=1.0)
def make(clip_id: str) -> None:
    """Mask, mark and seal them."""
    close_old_connections()
    masking.make(UUID(clip_id))


@DBOS.step(name="fail_masking", retries_allowed=True, max_attempts=10, interval_seconds=1.0)
def fail(clip_id: str) -> None:
    """Write down that they could not be made."""
    close_old_connections()
    masked.tell(UUID(clip_id), masked.State.REFUSED, told="it could not be made; the hub's log says more")
