"""What entries of a kind say, in the ledger's order: what an app holds its own rows to."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from custodes.hub.audit.models import LedgerBody

BATCH = 2000


@dataclass(frozen=True, slots=True)
class Said:
    """One entry that has its body. Whether the body is the one that was written is `verify`'s to say."""

    seq: int
    kind: str
    recorded_wall_ns: int
    body: dict[str, Any]

    def get(self, key: str) -> str | None:
        """Return a field as text; None where it is null or missing."""
        value = self.body.get(key)
        return None if value is None else str(value)


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
