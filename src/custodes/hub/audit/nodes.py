"""Complete subtrees of the ledger's tree, read from stored nodes and leaf hashes."""

from custodes.core import merkle
from custodes.core.errors import Corrupt
from custodes.hub.audit.models import LedgerLeaf, LedgerNode

NODE_STEP = 8
"""Subtrees of 2^8, 2^16 … leaves are stored; a proof builds those between from at most 256 of them."""


def stored_node(height: int, index: int) -> bytes:
    """Return the root of a complete subtree, from the stored node or leaf hashes under it (at most 256 rows).

    Raises Corrupt when the ledger lacks one of them.
    """
    base = height - height % NODE_STEP
    count = 1 << (height - base)
    start = index * count
    if base == 0:
        rows = LedgerLeaf.objects.filter(seq__gte=start, seq__lt=start + count).order_by("seq")
        hashes = [bytes(row) for row in rows.values_list("leaf_hash", flat=True)]
    else:
        nodes = LedgerNode.objects.filter(height=base, index__gte=start, index__lt=start + count).order_by("index")
        hashes = [bytes(row) for row in nodes.values_list("node_hash", flat=True)]
    if len(hashes) != count:
        raise Corrupt(f"ledger rows under node ({height}, {index}) are missing. Run 'custodes audit verify'.")
    return merkle.root_of(hashes)


def stored_edge(size: int) -> merkle.Frontier:
    """Return the right edge of the first `size` leaves, as the rows give it. Raises Corrupt when some are missing."""
    hashes: list[bytes] = []
    start = 0
    for height in reversed(range(size.bit_length())):
        if size >> height & 1:
            hashes.append(stored_node(height, start >> height))
            start += 1 << height
    return merkle.Frontier(size, tuple(hashes))
