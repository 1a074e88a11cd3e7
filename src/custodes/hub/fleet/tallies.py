"""What anybody can repeat at will (wrong passwords, refused requests): in the ledger by the minute, not by the try.

A request only counts in memory: the same work whether what was asked for is there or not. Every half minute the hub
writes down what waited: one entry for one actor from one address. Of each kind at most `BURST` entries at once and one
a minute for longer (1440 a day); what finds no room waits, is counted on, and nothing is dropped. A crash loses the
counts of the last minute, a stop none.
"""

import threading
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from django.db.models.functions import Lower

from custodes.core.clock import NS_PER_S
from custodes.hub.audit import ledger
from custodes.hub.fleet.models import Person

FAILED, LOCKED, REFUSED = "sign_in.failed", "sign_in.locked", "access.refused"
WAITS_NS = 30 * NS_PER_S
BURST = 60
"""A company of sixty people may mistype a password in one minute, and each is named."""
ROOM_EVERY_NS = 60 * NS_PER_S
MOST_WAITING = 512
"""Actors of one kind that are told apart in memory; all further ones are one."""
MOST_NAMED = 8
"""How many ways, pages and things one entry names."""


@dataclass(frozen=True, slots=True)
class _Actor:
    """Who repeats something: by account, or by what was typed for one (which is never written down), and from where."""

    person: UUID | None = None
    typed: str = ""
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
    typed: str = "",
    address: str = "",
    asked: str = "",
) -> None:
    """Count one act. `what`: the way or the page; `asked`: the id that was asked for, never a word that lets in."""
    with _lock:
        waiting = _waiting.setdefault(kind, {})
        actor = _Actor(person, typed.strip().lower()[:254], address)
        if actor not in waiting and len(waiting) >= MOST_WAITING:
            actor = _Actor()
        count = waiting.setdefault(actor, _Count(now_ns, now_ns))
        one = _Count(now_ns, now_ns, Counter({what: 1}), {asked: None} if asked else {})
        count.add(one)


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
        waiting = _waiting.get(kind, {})
        due = {actor: waiting.pop(actor) for actor in [one for one in waiting if waiting[one].first_ns <= before_ns]}
        room = _rooms.setdefault(kind, _Room(counted_at_ns=now_ns))
        room.grow(now_ns)
    merged = _by_account(due)
    written = 0
    try:
        for actor in sorted(merged, key=lambda one: merged[one].first_ns):
            if room.left <= 0:
                break
            _append(kind, actor, merged[actor], now_ns)
            del merged[actor]
            room.left -= 1
            written += 1
    finally:
        _keep_on(kind, merged)
    return written


def _by_account(due: dict[_Actor, _Count]) -> dict[_Actor, _Count]:
    """Put what was typed as a name in its account's place, if it has one, and in nobody's otherwise."""
    known = _accounts({actor.typed for actor in due if actor.typed and actor.person is None})
    merged: dict[_Actor, _Count] = {}
    for actor, count in due.items():
        whose = _Actor(actor.person or known.get(actor.typed), "", actor.address)
        if whose in merged:
            merged[whose].add(count)
        else:
            merged[whose] = count
    return merged


def _accounts(names: Iterable[str]) -> dict[str, UUID]:
    found = Person.objects.annotate(typed=Lower("email")).filter(typed__in=list(names)) if names else ()
    return {person.email.lower(): person.pk for person in found}


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


def _keep_on(kind: str, left: dict[_Actor, _Count]) -> None:
    with _lock:
        waiting = _waiting.setdefault(kind, {})
        for actor, count in left.items():
            if actor not in waiting and len(waiting) >= MOST_WAITING:
                actor = _Actor()  # noqa: PLW2901  # counted on as one of many
            if actor in waiting:
                waiting[actor].add(count)
            else:
                waiting[actor] = count
