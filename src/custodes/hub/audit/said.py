"""What entries of a kind say, in the ledger's order: what an app holds its own rows to."""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from custodes.hub.audit import trusted
from custodes.hub.audit.models import LedgerBody

BATCH = 2000


@dataclass(frozen=True, slots=True)
class Said:
    """One entry that has its body. Whether the body is the one that was written is `verify`'s to say."""

    seq: int
    kind: str
    recorded_wall_ns: int
    body: Mapping[str, Any]

    def get(self, key: str) -> str | None:
        """Return a field as text; None where it is null or missing."""
        value = self.body.get(key)
        return None if value is None else str(value)


def own(
    *kinds: str, person: UUID | None = None, among: Collection[UUID] | None = None, naming: str = "", since: int = 0
) -> Iterator[Said]:
    """Yield the entries of `kinds` that this hub wrote (each bears its code, `macs`) and nobody edited, oldest first.

    `person`: filed under them, `among`: under one of these; `naming`: the text of the body holds this; `since`: from
    this place on. What an act may rest on: an entry that somebody put in by hand is passed over, and so is one from
    before the hub gave codes.
    """
    rows = LedgerBody.objects.filter(leaf__kind__in=kinds, pk__gte=since)
    rows = rows if among is None else rows.filter(person_id__in=among)
    rows = rows if person is None else rows.filter(person_id=person)
    rows = rows.filter(body_json__contains=naming) if naming else rows
    for one in trusted.with_code(rows, or_older=False):
        yield Said(one.seq, one.kind, one.recorded_wall_ns, one.body)


def own_at(places: Collection[int]) -> dict[int, Said]:
    """Return the entries at these places, as far as this hub wrote them (as `own`), by place. One query."""
    found = trusted.with_code(LedgerBody.objects.filter(pk__in=places), or_older=False)
    return {one.seq: Said(one.seq, one.kind, one.recorded_wall_ns, one.body) for one in found}


def entries(*kinds: str) -> Iterator[Said]:
    """Yield the entries of `kinds` that have a body, oldest first."""
    rows = LedgerBody.objects.filter(leaf__kind__in=kinds).order_by("pk")
    for row in rows.values_list("pk", "leaf__kind", "leaf__recorded_wall_ns", "body_json").iterator(chunk_size=BATCH):
        seq, kind, wall_ns, text = row
        try:
            body = json.loads(text)
        except ValueError:
            continue  # edited: named where it stands
        if isinstance(body, dict):
            yield Said(seq, kind, wall_ns, body)
