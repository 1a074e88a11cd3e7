"""No request counts twice: a sliding window over each unit's sequence numbers (RFC 6479's idea, 64 wide)."""

import threading
from dataclasses import dataclass
from typing import Literal, TypeAlias
from uuid import UUID

from custodes.hub.fleet.models import Unit
from custodes.hub.ingest.exchange import Refusal

WINDOW = 64
RESERVE = 1024
"""Numbers that one database write covers; after a restart all of them count as used."""
HIGHEST = 2**62
"""No unit counts so far; a number beyond it would not fit the database's column with its reserve."""

Verdict: TypeAlias = Literal["fresh", "replayed", "behind"]


@dataclass(slots=True)
class _Window:
    highest: int
    seen: int
    """Bit i: `highest - i` was seen."""
    reserved: int
    loaded_at: int
    """Numbers at or below this may have been used before this process began."""


class ReplayGuard:
    """The windows of all units, in this process. The database holds a ceiling above all accepted numbers."""

    def __init__(self) -> None:
        self._windows: dict[UUID, _Window] = {}
        self._lock = threading.Lock()

    def judge(self, unit_id: UUID, sequence: int) -> tuple[Verdict, int]:
        """Take a number; return the verdict and the number to go above. A fresh number is used up by this call.

        Raises Refusal 400 for a number that no unit can have reached.
        """
        if sequence > HIGHEST:
            raise Refusal(400, "sequence", f"sequence {sequence} is out of bounds; go on from the last one that passed")
        with self._lock:
            window = self._windows.get(unit_id) or self._load(unit_id)
            if sequence > window.highest:
                self._advance(unit_id, window, sequence)
                return "fresh", window.highest
            age = window.highest - sequence
            if sequence <= window.loaded_at:
                return "behind", window.highest
            if age >= WINDOW or window.seen >> age & 1:
                return "replayed", window.highest
            window.seen |= 1 << age
            return "fresh", window.highest

    def forget(self) -> None:
        """Drop all windows, as a restart does."""
        with self._lock:
            self._windows.clear()

    def _load(self, unit_id: UUID) -> _Window:
        ceiling = Unit.objects.values_list("last_sequence", flat=True).get(pk=unit_id)
        window = _Window(highest=ceiling, seen=(1 << WINDOW) - 1, reserved=ceiling, loaded_at=ceiling)
        self._windows[unit_id] = window
        return window

    def _advance(self, unit_id: UUID, window: _Window, sequence: int) -> None:
        if sequence > window.reserved:
            ceiling = sequence + RESERVE
            Unit.objects.filter(pk=unit_id).update(last_sequence=ceiling)
            window.reserved = ceiling  # after the row: a write that failed must be tried again by the next number
        shift = min(sequence - window.highest, WINDOW)
        window.seen = ((window.seen << shift) | 1) & ((1 << WINDOW) - 1)
        window.highest = sequence
