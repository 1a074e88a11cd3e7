"""Whose clip is next, and whose leak: units and organisations take turns, and a unit past its hour goes last.

What stands in line and what was spent is this process's to know: one process serves a data folder, and a start queues
everything anew.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.conf import settings

from custodes.hub.clips.models import Clip
from custodes.hub.leak.models import Leak

LAST: Final = 2**31 - 1
"""The lowest priority that DBOS knows; a smaller number goes first."""
OVERDRAWN: Final = LAST - 1
HOUR_S = 3600.0
SECONDS_A_PLACE = 5.0
"""So many CPU seconds in the last hour put a unit's next clip one place further back."""


@dataclass(frozen=True, slots=True)
class Turn:
    """When a clip goes: by `priority`, small first. `aside`: at once beside the others, for it is a unit's only one."""

    priority: int
    aside: bool = False


class Line:
    """What each unit has in line, and what its clips cost in the last hour."""

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        self._now_s = now_s
        self._clips: dict[UUID, UUID] = {}
        self._spent: dict[UUID, deque[tuple[float, float]]] = {}
        self._lock = threading.Lock()

    def join(self, clip_id: UUID, unit_id: UUID, *, budget_s: float) -> Turn:
        """Put a clip into the line; return its turn. Joining twice is standing once."""
        spent_s = self.spent_s(unit_id)
        with self._lock:
            own = sum(unit == unit_id for clip, unit in self._clips.items() if clip != clip_id)
            others = any(unit != unit_id for unit in self._clips.values())
            self._clips[clip_id] = unit_id
        if spent_s >= budget_s:
            return Turn(OVERDRAWN)
        return Turn(min(1 + own + int(spent_s / SECONDS_A_PLACE), OVERDRAWN - 1), aside=others and not own)

    def leave(self, clip_id: UUID) -> None:
        """Take a clip out of the line: it is concluded, or gone."""
        with self._lock:
            self._clips.pop(clip_id, None)

    def spend(self, unit_id: UUID, cpu_s: float) -> None:
        """Count CPU time (s) towards a unit."""
        with self._lock:
            self._spent.setdefault(unit_id, deque()).append((self._now_s(), cpu_s))

    def spent_s(self, unit_id: UUID) -> float:
        """Return the CPU time that a unit's clips took in the last hour (s)."""
        with self._lock:
            spent = self._spent.get(unit_id)
            if spent is None:
                return 0.0
            while spent and spent[0][0] <= self._now_s() - HOUR_S:
                spent.popleft()
            if not spent:
                del self._spent[unit_id]
                return 0.0
            return sum(cpu_s for _, cpu_s in spent)


line = Line()
leaks = Line()
"""The same for leaks, by organisation: what one household drops holds up no other's."""
_spender: ContextVar[tuple[Line, UUID] | None] = ContextVar("spender", default=None)


def turn_of(clip_id: UUID) -> Turn:
    """Put a clip into the line and return its turn; one that is not there goes last."""
    unit_id = _unit_of(clip_id)
    if unit_id is None:
        return Turn(LAST)
    return line.join(clip_id, unit_id, budget_s=settings.HUB.process.unit_cpu_seconds_per_hour)


def turn_of_leak(leak_id: UUID) -> Turn:
    """Put a leak into the line of leaks and return its turn; one that is not there goes last."""
    organisation_id = _organisation_of(leak_id)
    if organisation_id is None:
        return Turn(LAST)
    return leaks.join(leak_id, organisation_id, budget_s=float("inf"))


@contextmanager
def charged_to_unit_of(clip_id: UUID) -> Iterator[None]:
    """Count what this thread, and each child that it ends meanwhile, computes towards the unit of a clip."""
    unit_id = _unit_of(clip_id)
    with _charged(None if unit_id is None else (line, unit_id)):
        yield


@contextmanager
def charged_to_organisation_of(leak_id: UUID) -> Iterator[None]:
    """Count the same towards the organisation that brought a leak."""
    organisation_id = _organisation_of(leak_id)
    with _charged(None if organisation_id is None else (leaks, organisation_id)):
        yield


@contextmanager
def _charged(spender: tuple[Line, UUID] | None) -> Iterator[None]:
    token, began_s = _spender.set(spender), time.thread_time()
    try:
        yield
    finally:
        charge(time.thread_time() - began_s)
        _spender.reset(token)


def charge(cpu_s: float) -> None:
    """Count CPU time (s) towards whom this thread works for, if it works for anybody."""
    spender = _spender.get()
    if spender is not None:
        of, spender_id = spender
        of.spend(spender_id, cpu_s)


def _unit_of(clip_id: UUID) -> UUID | None:
    return Clip.objects.filter(pk=clip_id).values_list("unit_id", flat=True).first()


def _organisation_of(leak_id: UUID) -> UUID | None:
    return Leak.objects.filter(pk=leak_id).values_list("organisation_id", flat=True).first()
