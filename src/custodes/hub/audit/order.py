"""Whether entries stand where they were written: the place is hashed into each leaf, so a moved one shows."""

from collections.abc import Callable

from custodes.core import merkle
from custodes.hub.audit.leaf import leaf_bytes
from custodes.hub.audit.models import LedgerLeaf
from custodes.hub.audit.report import ProblemKind

NEAR = 1000
"""How far from its place a moved entry's home is looked for: a ledger of millions is not searched for each."""


class Order:
    """Reads leaves in order and names what was put in, taken out, exchanged or edited."""

    def __init__(self, add: Callable[[ProblemKind, int | None, str], None]) -> None:
        self._add = add
        self._shift = 0
        """Entries were written this much above the place where they stand now."""
        self._ahead: tuple[int, int] | None = None
        """Place and home of a leaf from further on: the next leaf tells a deletion from an exchange."""
        self._home_before: int | None = -1

    def see(self, leaf: LedgerLeaf) -> None:
        """Take the next leaf."""
        home = _home_of(leaf, leaf.seq + self._shift)
        if self._ahead is not None:
            self._settle(
                *self._ahead, following=home is not None and home - leaf.seq == self._ahead[1] - self._ahead[0]
            )
        if home is None:
            self._add("leaf_edited", leaf.seq, f"entry {leaf.seq} ({leaf.kind}): its kind, time or hash was edited")
        elif home > leaf.seq + self._shift:
            self._ahead = leaf.seq, home
        elif home < leaf.seq + self._shift:
            if self._home_before in {None, home}:
                self._shift = home - leaf.seq
                message = f"entry {leaf.seq - 1} was put in by hand: those behind it were written one place earlier"
                self._add("leaf_inserted", leaf.seq - 1, message)
            else:
                self._moved(leaf.seq, home)
        self._home_before = home

    def end(self) -> None:
        """Say what the last leaf left open."""
        if self._ahead is not None:
            self._settle(*self._ahead, following=True)

    def _settle(self, seq: int, home: int, *, following: bool) -> None:
        self._ahead = None
        if not following:
            self._moved(seq, home)
            return
        first = seq + self._shift
        gone = f"entry {first} was" if home == first + 1 else f"entries {first} to {home - 1} were"
        self._add("leaf_missing", first, f"{gone} deleted, and those behind were moved up to hide it")
        self._shift = home - seq

    def _moved(self, seq: int, home: int) -> None:
        message = f"entry {seq} is the one that was written at {home}: entries were reordered"
        self._add("leaf_moved", seq, message)


def _hash_at(leaf: LedgerLeaf, seq: int) -> bytes:
    """Return what the leaf's hash would be at `seq`."""
    hashed_body = bytes(leaf.body_hash)
    return merkle.leaf_hash(
        leaf_bytes(seq=seq, kind=leaf.kind, recorded_wall_ns=leaf.recorded_wall_ns, body_hash=hashed_body)
    )


def _home_of(leaf: LedgerLeaf, likely: int) -> int | None:
    """Return where a leaf was written; None: nowhere near, it was edited."""
    stored = bytes(leaf.leaf_hash)
    if _hash_at(leaf, likely) == stored:
        return likely
    near = range(max(0, leaf.seq - NEAR), leaf.seq + NEAR)
    return next((seq for seq in near if _hash_at(leaf, seq) == stored), None)
