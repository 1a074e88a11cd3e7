"""The durable workflow of one export. It goes on after a crash."""

import logging
from uuid import UUID

from dbos import DBOS
from django.db import close_old_connections

from custodes.hub.clips import exports
from custodes.hub.process import exporting, limited

QUEUE = "exports"
log = logging.getLogger(__name__)


@DBOS.workflow(name="make_export")
def make_export(export_id: str) -> None:
    """Make one export; one that fails at every try says so on its page."""
    try:
        make(export_id)
    except Exception:
        if limited.is_stopping():
            raise limited.Stopping from None
        log.exception("an export could not be made")
        fail(export_id)


@DBOS.step(name="make_export_film", retries_allowed=True, max_attempts=3, interval_seconds=1.0)
def make(export_id: str) -> None:
    """Burn and seal it."""
    close_old_connections()
    exporting.make(UUID(export_id))


@DBOS.step(name="fail_export", retries_allowed=True, max_attempts=10, interval_seconds=1.0)
def fail(export_id: str) -> None:
    """Write down that it could not be made."""
    close_old_connections()
    exports.refuse(UUID(export_id), "it could not be made; the hub's log says more")
