"""The heads that the hub itself keeps: which of them bear its signature, and whether there are any."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from custodes.hub import keyring
from custodes.hub.audit import macs
from custodes.hub.audit.kept_heads import KeptHead
from custodes.hub.audit.leaf import head_bytes
from custodes.hub.audit.models import LedgerLeaf, TreeHead
from custodes.hub.audit.report import ProblemKind

Add: TypeAlias = Callable[[ProblemKind, int | None, str], None]
"""Takes a problem: its kind, at which entry, in words."""
BATCH = 2000
IN_DATABASE = "database"
ONLY_WHEN_SERVED = frozenset({"hub.set_up", "unit.enrolled", "clip.received"})
"""Entries that only a served hub writes, which signed a head before its first request."""


def in_database() -> Iterator[KeptHead]:
    """Yield the heads that the database keeps, smallest first."""
    for row in TreeHead.objects.order_by("size").iterator(chunk_size=BATCH):
        yield KeptHead(
            size=row.size,
            root=bytes(row.root),
            signed_wall_ns=row.signed_wall_ns,
            signature=bytes(row.signature),
            key_id=row.key_id,
            source=IN_DATABASE,
        )


def at_the_beginning(begun: macs.Beginning) -> Iterator[KeptHead]:
    """Yield what `keys/` keeps of the entries from before codes, as a head: trusted for where it lies."""
    if begun.size:
        yield KeptHead(begun.size, begun.root, 0, b"", "", f"keys/{macs.SINCE_FILE}")


def trusted(heads: Iterable[KeptHead], key: Ed25519PublicKey | None, add: Add) -> list[KeptHead]:
    """Return the heads that bear the hub's signature, and name the others; without the key, all of them."""
    return [head for head in heads if key is None or _is_ours(head, key, add)]


def check_unsigned(add: Add) -> None:
    """Name a ledger without any head whose entries tell that there was one.

    A hub signs before its first request, also a ledger without entries: only one that was never served has no head.
    """
    if LedgerLeaf.objects.filter(kind__in=ONLY_WHEN_SERVED).exists():
        message = (
            "the ledger has entries but no signed head, neither in the database nor in the file beside it: a hub signs "
            "one at each start, so they were deleted. Compare with a head that a unit or an auditor kept"
        )
        add("heads_missing", None, message)


def _is_ours(head: KeptHead, key: Ed25519PublicKey, add: Add) -> bool:
    where = f"the head for {head.size} entries ({head.source})"
    if head.key_id != keyring.signing_key_id_of(key):
        add("wrong_key", None, f"{where} was signed by {head.key_id}, not by this hub's key")
        return False
    covered = head_bytes(size=head.size, root=head.root, signed_wall_ns=head.signed_wall_ns, key_id=head.key_id)
    try:
        key.verify(head.signature, covered)
    except InvalidSignature:
        add("bad_signature", None, f"{where} does not bear this hub's signature: it was edited")
        return False
    return True
