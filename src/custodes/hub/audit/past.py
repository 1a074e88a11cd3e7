"""What entries say on whose absence a right rests: read in order, once, and kept in memory, where nobody hides them.

Whoever can write the database can hide an entry for a moment: edit the column by which it is found, its salt or its
kind, or take it out, and put all back. A link that was withdrawn would then work, a yes that was taken back would
stand. So such entries are not looked up. The process reads the ledger from its first entry on, demands that none is
missing and that each bears the hub's code for what its columns say, and keeps what the `Entries` of each app ask for.
A question reads what came since, and is refused while something of that is not as the hub wrote it.
"""

import hashlib
import json
import logging
import os
import threading
from array import array
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, MutableSequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from django.conf import settings
from django.db import connection

from custodes.core import merkle
from custodes.core.errors import Denied
from custodes.hub import keyring
from custodes.hub.audit import macs, trusted
from custodes.hub.audit.leaf import body_hash, leaf_bytes
from custodes.hub.audit.models import LedgerBody, LedgerLeaf
from custodes.hub.audit.trusted import Told

_LEAF, _BODY = LedgerLeaf._meta.db_table, LedgerBody._meta.db_table
log = logging.getLogger(__name__)


class Unreadable(Denied):
    """The ledger is not what the hub wrote: what rests on it is refused. The message says where."""


class Kept(NamedTuple):
    """One entry as it is kept; its body as text, a third of what it takes parsed."""

    seq: int
    kind: str
    recorded_wall_ns: int
    text: str


class _Row(NamedTuple):
    """One entry as its columns are; without salt and text where nobody asks for its kind, or its body is gone."""

    seq: int
    kind: str
    recorded_wall_ns: int
    body_hash: bytes
    leaf_hash: bytes
    mac: bytes | None
    salt: bytes | None
    text: str | None


@dataclass(slots=True)
class _Memory:
    """How far this process has read, of which hub, and what of it may yet be rolled back."""

    folder: Path | None = None
    size: int = 0
    last_hash: bytes = b""
    """The leaf hash of the last entry that was read."""
    settled_size: int = 0
    settled_hash: bytes = b""
    """The same of the last that was read outside of a transaction: those behind it may be of one that fails."""
    unsettled: list[MutableSequence[Any]] = field(default_factory=list)
    """Where entries behind that were added, in their order."""
    begun: macs.Beginning = field(default_factory=macs.Beginning)
    told: str = ""


_memory = _Memory()
_lock = threading.RLock()
_asked: "list[Asking]" = []
_kinds: "dict[str, list[Asking]]" = {}


class Entries:
    """The entries of some kinds, found by what a field of their bodies names (an id, or a list of ids).

    Made once, where a module is loaded. `of` is as new as its call; `as_read` as the last reading, for what follows
    upon one within the same question.
    """

    def __init__(self, kinds: Collection[str], *, by: str) -> None:
        self._by, self._kinds = by, frozenset(kinds)
        self._found: dict[str, list[Kept]] = {}
        ask_for(self, kinds)

    def of(self, subject: object, *, or_older: bool = True) -> list[Told]:
        """Return what entries say that name `subject`, in order. `or_older`: those from before the hub gave codes too.

        One query for what came since the last reading; the first in a process reads the whole ledger. Raises
        Unreadable; BadInput when the key of the codes is missing.
        """
        with _lock:
            read_on()
            return self.as_read(subject, or_older=or_older)

    def as_read(self, subject: object, *, or_older: bool = True) -> list[Told]:
        """Return the same as of the last `read_on`: no query."""
        with _lock:
            kept, since = tuple(self._found.get(str(subject), ())), 0 if or_older else _memory.begun.size
        return [Told(one.seq, one.kind, one.recorded_wall_ns, json.loads(one.text)) for one in kept if one.seq >= since]

    def of_or_looked_up(self, subject: object) -> list[Told]:
        """Return what `of` does; where the ledger cannot be read on, what was read and what rows say besides.

        For what must go on then, and what rests on an entry's presence.
        """
        if is_readable():
            return self.as_read(subject)
        known = {one.seq: one for one in self.looked_up(subject)} | {one.seq: one for one in self.as_read(subject)}
        return [known[seq] for seq in sorted(known)]

    def looked_up(self, subject: object, *, or_older: bool = True) -> list[Told]:
        """Return what rows say of it just now, without those that are not as the hub wrote them.

        For a verification, which names these: what was hidden is not seen here, and no right rests on it.
        """
        rows = LedgerBody.objects.filter(leaf__kind__in=self._kinds, body_json__contains=str(subject))
        return [one for one in trusted.with_code(rows, or_older=or_older) if one.body.get(self._by) == str(subject)]

    def is_empty(self) -> bool:
        """Say whether there were none at all at the last reading: no row can rest on one then."""
        with _lock:
            return not self._found

    def last(self, subject: object) -> object:
        """Return what stands for the last of these entries, as of the last `read_on`: another where there is another.

        For who keeps what they made of them. None: there are none.
        """
        with _lock:
            found = self._found.get(str(subject))
            return found[-1] if found else None

    def add(self, one: Kept, body: Mapping[str, Any]) -> Iterator[list[Kept]]:
        """Take one entry in; yield each list into which it went."""
        named = body.get(self._by)
        for subject in named if isinstance(named, list) else (named,):
            if subject is not None:
                there = self._found.setdefault(str(subject), [])
                there.append(one)
                yield there

    def forget(self) -> None:
        """Drop what was read."""
        self._found.clear()


class ManyEntries(Entries):
    """As `Entries`, of kinds that are too many to keep: their places are kept, and each question reads them there."""

    def as_read(self, subject: object, *, or_older: bool = True) -> list[Told]:
        """Return the same as of the last `read_on`. One query. Raises Unreadable where one is not as it was read."""
        with _lock:
            kept, since = tuple(self._found.get(str(subject), ())), 0 if or_older else _memory.begun.size
        places = [one.seq for one in kept if one.seq >= since]
        told = list(trusted.with_code(LedgerBody.objects.filter(pk__in=places), or_older=True)) if places else []
        if len(told) != len(places):
            why = Unreadable(f"of {len(places)} entries about {subject}, {len(told)} say what was written")
            _tell(str(why))
            raise why
        return told

    def count(self, subject: object) -> int:
        """Return how many there are by what was read, as far as the ledger can be read on."""
        is_readable()
        with _lock:
            return len(self._found.get(str(subject), ()))

    def add(self, one: Kept, body: Mapping[str, Any]) -> Iterator[list[Kept]]:
        """Take the place of an entry in; yield each list into which it went."""
        return super().add(one._replace(text=""), body)


class Named:
    """Whom entries of some kinds name, and how often, and nothing else of them: for kinds that speak of very many.

    Whoever looks the entries up sees by it whether one is hidden. Eight bytes of a keyed hash are kept of each: of ten
    million 100 MB with what lies around them. One is taken for another once in a trillion questions then.

    `by`: the field of a body that says whom; or what returns all that one entry names, from its time (wall ns) and
    its body.
    """

    def __init__(
        self, kinds: Collection[str], *, by: str | Callable[[int, Mapping[str, Any]], Iterable[object]]
    ) -> None:
        self._by, self._salt = by, os.urandom(16)
        self._found: dict[int, array[int]] = {}
        ask_for(self, kinds)

    def has(self, subject: object) -> bool:
        """Say whether an entry names `subject`. One query for what came since the last reading.

        Raises Unreadable; BadInput when the key of the codes is missing.
        """
        with _lock:
            read_on()
            return self.has_as_read(subject)

    def has_as_read(self, subject: object) -> bool:
        """Say the same as of the last reading: no query. A yes stays one whatever becomes of the entry."""
        return self.count_as_read(subject) > 0

    def count_as_read(self, subject: object) -> int:
        """Return how many entries name `subject`, as of the last reading: no query."""
        mark = self._mark(subject)
        with _lock:
            found = self._found.get(mark & 0xFFFF)
            return found.count(mark) if found else 0

    def add(self, one: Kept, body: Mapping[str, Any]) -> Iterator[MutableSequence[Any]]:
        """Take in whom one entry names; yield each list into which it went."""
        named = (body.get(self._by),) if isinstance(self._by, str) else self._by(one.recorded_wall_ns, body)
        for subject in named:
            if subject is not None:
                mark = self._mark(subject)
                there = self._found.setdefault(mark & 0xFFFF, array("Q"))
                there.append(mark)
                yield there

    def forget(self) -> None:
        """Drop what was read."""
        self._found.clear()

    def _mark(self, subject: object) -> int:
        return int.from_bytes(hashlib.blake2b(str(subject).encode(), digest_size=8, key=self._salt).digest())


class Asking(Protocol):
    """Who is told of each entry of some kinds as it is read, and forgets all of it when asked."""

    def add(self, one: Kept, body: Mapping[str, Any]) -> Iterator[MutableSequence[Any]]:
        """Take one entry in; yield each list at whose end it stands then: it may yet be rolled back."""
        ...

    def forget(self) -> None:
        """Drop what was read."""
        ...


def ask_for(asking: Asking, kinds: Collection[str]) -> None:
    """Let `asking` be told of every entry of `kinds`, from the first. For where a module is loaded."""
    with _lock:
        _asked.append(asking)
        for kind in kinds:
            _kinds.setdefault(kind, []).append(asking)
        _forget()


def read_on() -> None:
    """Read what came since the last reading. One query. Raises Unreadable, and BadInput without the key of codes."""
    with _lock:
        if _memory.folder != settings.HUB.data_dir:
            _forget()
            _memory.folder = settings.HUB.data_dir
        try:
            _take(_unread())
        except Unreadable as why:
            if _memory.size < _memory.begun.size:
                _forget()  # of these the root alone vouches, for all at once
            _tell(str(why))
            raise
        finally:
            _settle()
        _memory.told = ""


def is_readable() -> bool:
    """Read what came since the last reading; False where that is not as the hub wrote it. Raises BadInput as above."""
    try:
        read_on()
    except Unreadable:
        return False
    return True


def _unread() -> Iterator[_Row]:
    """Return the entries behind the last that was read. Raises Unreadable where that is not there any more."""
    while True:
        rows, size = _rows(max(_memory.size - 1, 0)), _memory.size
        last = next(rows, None) if size else None
        if size == 0 or (last is not None and (last.seq, last.leaf_hash) == (size - 1, _memory.last_hash)):
            return rows
        if size == _memory.settled_size:
            raise Unreadable(f"entry {size - 1} is not there any more, or is another than was read")
        _roll_back()  # it was read within a transaction, and that was


def _rows(start: int) -> Iterator[_Row]:
    """Yield the entries from place `start` on, each with its body where somebody asks for its kind."""
    kinds = sorted(_kinds)
    places = ", ".join(["%s"] * len(kinds))
    query = (
        'SELECT l."seq", l."kind", l."recorded_wall_ns", l."body_hash", l."leaf_hash", l."mac", b."salt", '  # noqa: S608
        f'b."body_json" FROM "{_LEAF}" l LEFT JOIN "{_BODY}" b ON b."leaf_id" = l."seq" '
        f'AND l."kind" IN ({places}) WHERE l."seq" >= %s ORDER BY l."seq"'
    )
    with connection.cursor() as cursor:
        cursor.execute(query, [*kinds, start])
        while batch := cursor.fetchmany(1000):
            for seq, kind, wall_ns, hashed, leaf, mac, salt, text in batch:
                yield _Row(seq, kind, wall_ns, bytes(hashed), bytes(leaf), mac, salt, text)


def _take(rows: Iterator[_Row]) -> None:
    begun = _memory.begun
    if _memory.size == 0:
        begun = _memory.begun = macs.beginning()
    early, key = merkle.Frontier(), b""
    for row in rows:
        seq = _memory.size
        if row.seq != seq:
            raise Unreadable(f"entry {seq} is missing")
        leaf = merkle.leaf_hash(
            leaf_bytes(seq=seq, kind=row.kind, recorded_wall_ns=row.recorded_wall_ns, body_hash=row.body_hash)
        )
        key = key or keyring.entry_key()
        if seq < begun.size:
            early, _completed = early.append(leaf)
        elif not macs.fits(leaf, row.mac, key):
            raise Unreadable(f"entry {seq} ({row.kind}) is not as the hub wrote it")
        _admit(row)
        _memory.size, _memory.last_hash = seq + 1, row.leaf_hash
        if seq + 1 == begun.size and early.root() != begun.root:
            _memory.size = 0
            raise Unreadable(f"the first {begun.size} entries are not those for which keys/{macs.SINCE_FILE} stands")


def _admit(row: _Row) -> None:
    asking = _kinds.get(row.kind)
    if not asking:
        return
    if row.salt is None or row.text is None or body_hash(bytes(row.salt), row.text) != row.body_hash:
        raise Unreadable(f"entry {row.seq} ({row.kind}) does not say what was written")
    body, kept = json.loads(row.text), Kept(row.seq, row.kind, row.recorded_wall_ns, row.text)
    for one in asking:
        _memory.unsettled.extend(one.add(kept, body))


def _settle() -> None:
    """Outside of a transaction all that can be read was committed."""
    if not connection.in_atomic_block:
        _memory.settled_size, _memory.settled_hash = _memory.size, _memory.last_hash
        _memory.unsettled.clear()


def _roll_back() -> None:
    for there in reversed(_memory.unsettled):
        there.pop()
    _memory.unsettled.clear()
    _memory.size, _memory.last_hash = _memory.settled_size, _memory.settled_hash


def _forget() -> None:
    """Begin anew: for another hub, and where further entries are asked for."""
    for one in _asked:
        one.forget()
    _memory.folder, _memory.begun = None, macs.Beginning()
    _memory.size = _memory.settled_size = 0
    _memory.last_hash = _memory.settled_hash = b""
    _memory.unsettled.clear()


def _tell(why: str) -> None:
    if _memory.told != why:
        _memory.told = why
        log.critical(
            "RIGHTS ARE REFUSED: %s. Somebody wrote into the database behind the hub's back. Run 'custodes audit "
            "verify', and put a backup back.",
            why,
        )
