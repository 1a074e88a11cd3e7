"""What the hub does by itself, now and then: expired uploads, ended retention, what was deleted, a head to keep.

And once: repair.
"""

import logging
import threading
from collections.abc import Callable

from django.db import connection

from custodes.core.clock import Clock, SystemClock
from custodes.hub.access import alarms
from custodes.hub.audit import ledger
from custodes.hub.clips import erasing, exports, keeping
from custodes.hub.consent import telling
from custodes.hub.driving import coaching, disputing
from custodes.hub.driving import forgetting as trips
from custodes.hub.fleet import invitations, open_sessions, positions, tallies
from custodes.hub.ingest import repair
from custodes.hub.leak import erasing as leak_erasing
from custodes.hub.process import runtime

EVERY_S = 30.0
log = logging.getLogger(__name__)


def repair_at_start(*, clock: Clock | None = None) -> repair.Repaired:
    """Put right what a crash left. Call before the hub listens and before processing starts."""
    found = repair.repair(now_ns=(clock or SystemClock()).wall_ns())
    if found != repair.Repaired():
        log.warning("after the last stop: %s", found)
    return found


class Housekeeper(threading.Thread):
    """A thread that sweeps every half minute. One failing sweep does not stop the next."""

    def __init__(self, *, clock: Clock | None = None, every_s: float = EVERY_S) -> None:
        super().__init__(name="housekeeper", daemon=True)
        self._clock = clock or SystemClock()
        self._every_s = every_s
        self._log = erasing.LogSettler()
        self._stop_asked = threading.Event()

    def stop(self) -> None:
        """Ask the thread to end, and wait for it."""
        self._stop_asked.set()
        self.join(timeout=5)

    def run(self) -> None:
        """Sweep until stopped; then keep the ledger's last head."""
        try:
            while not self._stop_asked.wait(self._every_s):
                self.sweep()
            self._do(tallies.write_all)
            self._do(ledger.keep_head)
        finally:
            connection.close()

    def sweep(self) -> None:
        """Do each chore once."""
        for chore in (
            repair.sweep_expired,
            disputing.void_overdue,
            keeping.purge_due,
            erasing.erase_due,
            leak_erasing.erase_due,
            exports.drop_due,
            invitations.forget_lapsed,
            open_sessions.forget_ended,
            positions.forget_due,
            trips.forget_due,
            coaching.forget_due,
            self._log.settle,
            telling.send_due,
            alarms.sweep,
            alarms.tell_due,
            tallies.write_due,
            runtime.collect,
            runtime.mark_waiting,
            ledger.keep_head,
        ):
            self._do(chore)

    def _do(self, chore: Callable[..., object]) -> None:
        try:
            chore(now_ns=self._clock.wall_ns())
        except Exception:
            log.exception("%s failed; it is tried again in %.0f s", chore.__name__, self._every_s)
