"""Heads kept beside the database, so that a database put back to an older day is noticed.

`ledger-heads.jsonl` in the data folder gains a line at a sweep of the hub (every 30 s) and at its stop when the ledger
grew, and at most one a minute beside that. Whoever can write the data folder can
change it too: the units are the witnesses that the operator does not own. This file finds mistakes, such as a
restored backup.
"""

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings

from custodes.core import merkle
from custodes.core.clock import NS_PER_S
from custodes.hub.audit.models import LedgerLeaf

if TYPE_CHECKING:
    from custodes.hub.audit.ledger import SignedHead

FILE_NAME = "ledger-heads.jsonl"
KEEP_EVERY_NS = 60 * NS_PER_S
BATCH = 2000


@dataclass(frozen=True, slots=True)
class KeptHead:
    """One head that somebody kept, and where it was kept."""

    size: int
    root: bytes
    signed_wall_ns: int
    signature: bytes
    key_id: str
    source: str


def keep(head: "SignedHead") -> None:
    """Add `head` to the file, unless the last line there was signed within a minute of it."""
    path: Path = settings.HUB.data_dir / FILE_NAME
    if abs(head.signed_wall_ns - _last_said(path, "signed_wall_ns", -KEEP_EVERY_NS)) < KEEP_EVERY_NS:
        return
    _write(path, head)


def keep_newest(head: "SignedHead") -> None:
    """Add `head` to the file, unless the last line there is for as many entries. Durable on return."""
    path: Path = settings.HUB.data_dir / FILE_NAME
    if _last_said(path, "size", 0) != head.size:
        _write(path, head)


def _write(path: Path, head: "SignedHead") -> None:
    line = {
        "size": head.size,
        "root": head.root.hex(),
        "signed_wall_ns": head.signed_wall_ns,
        "signature": head.signature.hex(),
        "key_id": head.key_id,
    }
    with path.open("a", encoding="ascii") as file:
        file.write(json.dumps(line) + "\n")
        file.flush()
        os.fsync(file.fileno())


def read(path: Path) -> Iterator[KeptHead]:
    """Yield the heads in a file of kept heads. A line torn by a power cut is passed over."""
    if not path.is_file():
        return
    for number, line in enumerate(path.read_text(encoding="ascii", errors="replace").splitlines(), start=1):
        try:
            fields = json.loads(line)
            yield KeptHead(
                size=int(fields["size"]),
                root=bytes.fromhex(fields["root"]),
                signed_wall_ns=int(fields["signed_wall_ns"]),
                signature=bytes.fromhex(fields["signature"]),
                key_id=str(fields["key_id"]),
                source=f"{path.name}:{number}",
            )
        except (ValueError, KeyError, TypeError):
            continue


def is_behind(size: int) -> bool:
    """Say whether the database was put back to an older day: the ledger of `size` entries is not the one that was kept.

    A head in the file covers more entries, or its root is not that of the ledger's first entries: others were written
    in the place of those that are lost. One pass over the leaves; memory grows with the file alone.
    """
    path: Path = settings.HUB.data_dir / FILE_NAME
    heads = sorted(read(path), key=lambda head: head.size)
    return bool(heads) and (heads[-1].size > size or _parts_from(heads))


def _parts_from(heads: Sequence[KeptHead]) -> bool:
    """Say whether one of `heads`, smallest first, is not a head of the ledger."""
    leaves = LedgerLeaf.objects.filter(seq__lt=heads[-1].size).order_by("seq").values_list("leaf_hash", flat=True)
    hashes = leaves.iterator(chunk_size=BATCH)
    frontier = merkle.Frontier()
    # Every head, not the newest alone: a hub that lived on after its database was put back keeps heads of its new past.
    for head in heads:
        for hashed in islice(hashes, head.size - frontier.size):
            frontier, _ = frontier.append(bytes(hashed))
        if frontier.size != head.size or frontier.root() != head.root:
            return True
    return False


def _last_said(path: Path, name: str, otherwise: int) -> int:
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 1024))
            return int(json.loads(file.read().splitlines()[-1])[name])
    except (OSError, ValueError, KeyError, IndexError, TypeError):
        return otherwise
