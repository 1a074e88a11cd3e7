"""The durable workflow of one leak: read it, find its clip, read its marks, decide. It goes on after a crash."""

import json
import logging
from collections.abc import Callable
from uuid import UUID

from dbos import DBOS
from django.db import close_old_connections

from custodes.hub.process import leak_work, limited, turns
from custodes.hub.process.leak_work import Over, Run
from custodes.hub.process.limited import Unfit
from custodes.hub.vault.keys import KeyDestroyed

QUEUE = "leaks"
ASIDE = "leaks-aside"
"""For an organisation's only leak while another's is at work: it waits behind nobody."""
OVER = "over"
"""What a step returns when nobody waits for the leak any more."""
log = logging.getLogger(__name__)


@DBOS.workflow(name="trace_leak")
def trace_leak(leak_id: str, number: int) -> str:
    """Trace one leak. Returns why it cannot be traced, or nothing."""
    reason = _attempt(lambda: read(leak_id, number))
    if not reason:
        named = _attempt(lambda: find(leak_id, number))
        reason = named if named == OVER or not named.startswith("[") else ""
        clips = json.loads(named) if not reason else []
        for clip_id in clips:
            reason = reason or _attempt(lambda clip_id=clip_id: mark(leak_id, number, clip_id, json.dumps(clips)))  # type: ignore[misc]  # a closure
    if reason != OVER:
        settle(leak_id, number, reason)
    turns.leaks.leave(UUID(leak_id))
    return reason


@DBOS.step(name="read_leak", retries_allowed=True, max_attempts=3, interval_seconds=1.0)
def read(leak_id: str, number: int) -> str:
    """Look into the file."""
    return _told(leak_id, lambda: leak_work.read_leak(_run(leak_id, number)))


@DBOS.step(name="find_clips", retries_allowed=True, max_attempts=3, interval_seconds=1.0)
def find(leak_id: str, number: int) -> str:
    """Return the clips that it may show, as a JSON list; else why not."""
    found: list[str] = []

    def work() -> None:
        found.extend(str(clip_id) for clip_id in leak_work.candidates(_run(leak_id, number)))

    return _told(leak_id, work) or json.dumps(found)


@DBOS.step(name="trace_clip", retries_allowed=True, max_attempts=3, interval_seconds=1.0)
def mark(leak_id: str, number: int, clip_id: str, clips_json: str) -> str:
    """Read the marks of one clip out of it."""

    def work() -> None:
        tested = leak_work.views_of([UUID(each) for each in json.loads(clips_json)])
        leak_work.trace_clip(_run(leak_id, number), UUID(clip_id), tested=tested)

    return _told(leak_id, work)


@DBOS.step(name="settle_leak", retries_allowed=True, max_attempts=10, interval_seconds=1.0)
def settle(leak_id: str, number: int, reason: str) -> None:
    """Write the end."""
    close_old_connections()
    leak_work.settle(_run(leak_id, number), reason)


def _run(leak_id: str, number: int) -> Run:
    return Run(UUID(leak_id), number)


def _attempt(step: Callable[[], str]) -> str:
    """Run a step; one that fails at every try ends the tracing, so that no page waits for ever."""
    try:
        return step()
    except Exception as error:
        if limited.is_stopping():
            raise limited.Stopping from None
        log.exception("a leak could not be traced")
        return f"it could not be traced ({type(error).__name__}); the hub's log says more"


def _told(leak_id: str, work: Callable[[], None]) -> str:
    close_old_connections()
    try:
        with turns.charged_to_organisation_of(UUID(leak_id)):
            work()
    except Unfit as error:
        return str(error)
    except (Over, KeyDestroyed):
        return OVER
    return ""
