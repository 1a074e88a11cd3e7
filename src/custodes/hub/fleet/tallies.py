"""What anybody can repeat at will (wrong passwords, refused requests): in the ledger by the minute, not by the try.

A request only counts in memory: the same work whether what was asked for is there or not. Every half minute the hub
writes down what waited: one entry for one actor from one address, accounts before strangers. Of each kind at most
`BURST` entries at once and one a minute for longer (1440 a day); what finds no room waits, is counted on, and nothing
is dropped. A crash loses the counts of the last minute, a stop none.
"""

import threading
from collections import Counter
from dataclasses import dataclass, field
from uuid import UUID

from custodes.core.clock import NS_PER_S
from custodes.hub.audit import ledger

FAILED, LOCKED, REFUSED = "sign_in.failed", "sign_in.locked", "access.refused"
WAITS_NS = 30 * NS_PER_S
BURST = 60
"""A company of sixty people may mistype a password in one minute, and each is named."""
ROOM_EVERY_NS = 60 * NS_PER_S
MOST_WAITING = 512
"""Actors of one kind that are told apart in memory. All further strangers are one; an account is always itself."""
MOST_NAMED = 8
"""How many ways, pages and things one entry names."""


@dataclass(frozen=True, slots=True)
class _Actor:
    """Who repeats something, or at whose account, and from where."""

    person: UUID | None = None
    address: str = ""


@dataclass(slots=True)
class _Count:
    first_ns: int
    last_ns: int
    what: Counter[str] = field(default_factory=Counter)
    asked: dict[str, None] = field(default_factory=dict)

    def add(self, other: "_Count") -> None:
        """Take another count in."""
        self.first_ns, self.last_ns = min(self.first_ns, other.first_ns), max(self.last_ns, other.last_ns)
        self.what.update(other.what)
        for one in list(other.asked)[: MOST_NAMED - len(self.asked)]:
            self.asked[one] = None


@dataclass(slots=True)
class _Room:
    """How many entries of a kind may be written now."""

    left: int = BURST
    counted_at_ns: int = 0

    def grow(self, now_ns: int) -> None:
        """Make room for the minutes that went by."""
        minutes = max(0, now_ns - self.counted_at_ns) // ROOM_EVERY_NS
        self.left = min(BURST, self.left + minutes)
        self.counted_at_ns = self.counted_at_ns + minutes * ROOM_EVERY_NS if self.counted_at_ns else now_ns


_lock = threading.Lock()
_waiting: dict[str, dict[_Actor, _Count]] = {}
_rooms: dict[str, _Room] = {}


def note(
    kind: str,
    *,
    what: str,
    now_ns: int,
    person: UUID | None = None,
    address: str = "",
    asked: str = "",
) -> None:
    """Count one act. `what`: the way or the page; `asked`: the id that was asked for, never a word that lets in."""
    one = _Count(now_ns, now_ns, Counter({what: 1}), {asked: None} if asked else {})
    with _lock:
        _take_in(_waiting.setdefault(kind, {}), _Actor(person, address), one)


def write_due(*, now_ns: int) -> int:
    """Write down what has waited for half a minute; return how many entries. Durable on return."""
    return sum(_write(kind, now_ns - WAITS_NS, now_ns) for kind in (FAILED, LOCKED, REFUSED))


def write_all(*, now_ns: int) -> int:
    """Write down whatever waits, as far as there is room: for the hub's stop."""
    return sum(_write(kind, now_ns, now_ns) for kind in (FAILED, LOCKED, REFUSED))


def forget() -> None:
    """Drop what waits. For tests."""
    with _lock:
        _waiting.clear()
        _rooms.clear()


def _write(kind: str, before_ns: int, now_ns: int) -> int:
    with _lock:
        waiting = _waiting.setdefault(kind, {})
        due = {actor: waiting.pop(actor) for actor in [one for one in waiting if waiting[one].first_ns <= before_ns]}
        room = _rooms.setdefault(kind, _Room(counted_at_ns=now_ns))
        room.grow(now_ns)
    written = 0
    try:
        for actor in sorted(due, key=lambda one: (one.person is None, due[one].first_ns)):
            if room.left <= 0:
                break
            _append(kind, actor, due[actor], now_ns)
            del due[actor]
            room.left -= 1
            written += 1
    finally:
        with _lock:
            for actor, count in due.items():
                _take_in(waiting, actor, count)
    return written


def _take_in(waiting: dict[_Actor, _Count], actor: _Actor, count: _Count) -> None:
    """Count on for an actor; without room for one more, for the account wherever from, or for all strangers."""
    if actor not in waiting and len(waiting) >= MOST_WAITING:
        actor = _Actor(actor.person)
    if actor in waiting:
        waiting[actor].add(count)
    else:
        waiting[actor] = count


def _append(kind: str, actor: _Actor, count: _Count, now_ns: int) -> None:
    body = {
        "person": actor.person,
        "address": actor.address or None,
        "count": count.what.total(),
        "what": dict(count.what.most_common(MOST_NAMED)),
        "first_wall_ns": count.first_ns,
        "last_wall_ns": count.last_ns,
        **({"asked": list(count.asked)} if count.asked else {}),
    }
    ledger.append(kind=kind, body=body, now_ns=now_ns)
