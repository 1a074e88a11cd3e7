"""Where entries of some kinds stand, and nothing else of them: for kinds of which there are very many, read in order.

Eight bytes are kept of each: of a million, 8 MB.
"""

from array import array
from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping, MutableSequence
from typing import Any

from custodes.hub.audit import past, trusted
from custodes.hub.audit.models import LedgerBody
from custodes.hub.audit.trusted import Told

_ALL = ""


class Places:
    """The places of entries of some kinds, in order; `by`: found by what this field of their bodies names.

    As of the last reading of the ledger (`past.read_on`). Made once, where a module is loaded.
    """

    def __init__(self, kinds: Collection[str], *, by: str = "") -> None:
        self._by = by
        self._found: dict[str, array[int]] = {}
        past.ask_for(self, kinds)

    def after(self, seq: int, *, most: int, subject: object = _ALL) -> list[int]:
        """Return the first `most` places behind `seq` of the entries that name `subject`; without a field: of all."""
        there = self._found.get(str(subject), array("q"))
        start = bisect_right(there, seq)
        return there[start : start + most].tolist()

    def up_to(self, seq: int, *, most: int, subject: object = _ALL) -> list[int]:
        """Return the last `most` places up to and with `seq`, in order."""
        there = self._found.get(str(subject), array("q"))
        stop = bisect_right(there, seq)
        return there[max(stop - most, 0) : stop].tolist()

    def add(self, one: past.Kept, body: Mapping[str, Any]) -> Iterator[MutableSequence[Any]]:
        """Take the place of one entry in; yield the list into which it went."""
        subject = body.get(self._by) if self._by else _ALL
        if subject is not None:
            there = self._found.setdefault(str(subject), array("q"))
            there.append(one.seq)
            yield there

    def forget(self) -> None:
        """Drop what was read."""
        self._found.clear()


def told_at(places: Collection[int]) -> list[Told]:
    """Return what the entries at these places say, in order. One query.

    Raises Unreadable where one of them is not there just now, or is not as the hub wrote it.
    """
    told = list(trusted.with_code(LedgerBody.objects.filter(pk__in=places), or_older=True)) if places else []
    if len(told) != len(places):
        raise past.Unreadable(f"of {len(places)} entries, {len(told)} say what was written")
    return told
