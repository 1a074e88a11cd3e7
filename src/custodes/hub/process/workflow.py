"""The durable workflow of one clip. DBOS keeps each step's outcome in SQLite; after a crash it goes on at the next."""

import logging
from collections.abc import Callable
from uuid import UUID

from dbos import DBOS
from django.db import close_old_connections

from custodes.core.clock import SystemClock
from custodes.hub.process import conclude, examine, limited, turns, variants
from custodes.hub.process.probe import Unfit
from custodes.hub.vault.keys import KeyDestroyed

QUEUE = "process"
ASIDE = "process-aside"
"""One worker more, for the only clip of a unit while others' are at work: it waits behind nobody's long film."""
GONE = "erased"
"""What a step returns when the clip was erased under it."""
log = logging.getLogger(__name__)


@DBOS.workflow(name="process_clip")
def process_clip(clip_id: str) -> str:
    """Take one received clip to ready or quarantined. Returns the reason of a quarantine, or nothing."""
    try:
        reason = (
            _attempt(verify_sealed, clip_id)
            or _attempt(open_manifest, clip_id)
            or _attempt(probe_films, clip_id)
            or _attempt(mark_films, clip_id)
        )
        if reason != GONE:
            settle(clip_id, reason)
    finally:
        turns.line.leave(UUID(clip_id))
    return reason


@DBOS.step(name="verify_sealed", retries_allowed=True, max_attempts=4, interval_seconds=1.0)
def verify_sealed(clip_id: str) -> str:
    """Compare the sealed blobs with their hashes."""
    return _checked(examine.check_sealed, clip_id)


@DBOS.step(name="open_manifest", retries_allowed=True, max_attempts=4, interval_seconds=1.0)
def open_manifest(clip_id: str) -> str:
    """Open the manifest and hold films and declaration against it."""
    return _checked(examine.check_manifest, clip_id)


@DBOS.step(name="probe_films", retries_allowed=True, max_attempts=4, interval_seconds=1.0)
def probe_films(clip_id: str) -> str:
    """Probe every film in a limited child and make the poster."""
    return _checked(examine.probe_films, clip_id)


@DBOS.step(name="mark_films", retries_allowed=True, max_attempts=4, interval_seconds=1.0)
def mark_films(clip_id: str) -> str:
    """Make the marked variants of every film in a limited child."""
    return _checked(variants.mark_clip, clip_id)


@DBOS.workflow(name="mark_clip")
def mark_clip(clip_id: str) -> str:
    """Mark a ready clip from before there were marks. Returns why it cannot be, or nothing."""
    reason = _attempt(mark_ready, clip_id)
    if reason and reason != GONE:
        set_aside(clip_id, reason)
    return reason


@DBOS.step(name="mark_ready", retries_allowed=True, max_attempts=4, interval_seconds=1.0)
def mark_ready(clip_id: str) -> str:
    """Make the marked variants of every film of a ready clip."""
    return _checked(variants.mark_clip, clip_id, waits=conclude.is_ready)


@DBOS.step(name="set_aside", retries_allowed=True, max_attempts=10, interval_seconds=1.0)
def set_aside(clip_id: str, reason: str) -> None:
    """Quarantine a ready clip that cannot be marked, and so never be shown."""
    close_old_connections()
    conclude.set_aside(UUID(clip_id), reason=reason, now_ns=SystemClock().wall_ns())


@DBOS.step(name="settle", retries_allowed=True, max_attempts=10, interval_seconds=1.0)
def settle(clip_id: str, reason: str) -> None:
    """Write the end state."""
    close_old_connections()
    conclude.conclude(UUID(clip_id), reason=reason, now_ns=SystemClock().wall_ns())


def _attempt(step: Callable[[str], str], clip_id: str) -> str:
    """Run a step; one that fails at every try quarantines the clip, so that none is stuck for ever."""
    try:
        return step(clip_id)
    except Exception as error:
        if limited.is_stopping():
            raise limited.Stopping from None
        log.exception("clip %s could not be checked", clip_id)
        return f"it could not be checked ({type(error).__name__}); the hub's log says more"


def _checked(
    check: Callable[[UUID], None], clip_id: str, *, waits: Callable[[UUID], bool] = conclude.still_waits
) -> str:
    close_old_connections()
    if not waits(UUID(clip_id)):
        return GONE
    try:
        with turns.charged_to_unit_of(UUID(clip_id)):
            check(UUID(clip_id))
    except Unfit as error:
        return str(error)
    except KeyDestroyed:
        return GONE
    return ""
