"""Whether the hub may sign the ledger as it is: only what it signed before, grown by entries of its own hand.

A head that is signed over a forged entry makes the forgery the hub's own. So nothing of the database is believed here
but what hashes, signatures and codes (`macs`) bear out, and all keys for these lie apart from the database.
"""

import logging

from cryptography.exceptions import InvalidSignature
from django.db import connection

from custodes.core import merkle
from custodes.core.errors import Corrupt
from custodes.hub import keyring
from custodes.hub.audit import macs
from custodes.hub.audit.leaf import head_bytes, leaf_bytes
from custodes.hub.audit.models import LedgerLeaf, TreeHead
from custodes.hub.audit.nodes import stored_edge

log = logging.getLogger(__name__)
_LEAF = LedgerLeaf._meta.db_table


class Unsignable(Corrupt):
    """The ledger is not what the hub wrote; the message says where."""


class _Memory:
    """What this process checked and told last. Believed no further than a signed root bears it out."""

    edge = merkle.Frontier()
    told = ""


def check(edge: merkle.Frontier, last: TreeHead | None) -> None:
    """Demand that `edge` is that of `last`, the newest signed head, grown by the hub's own entries. Raises Unsignable.

    Reads the entries since that head alone, and a few hundred hashes before it at the first call of a process.
    """
    base = macs.beginning() if last is None else macs.Beginning(last.size, bytes(last.root))
    if base.size > edge.size:
        raise Unsignable(f"the ledger ends at {edge.size} entries, but a head for {base.size} was signed")
    grown = _grown(_edge_of(base))
    if grown != edge:
        raise Unsignable(f"the stored edge of the tree ({edge.size} entries) is not that of the hub's own entries")
    _Memory.edge = edge


def last_signed() -> TreeHead | None:
    """Return the newest head in the database that bears the hub's signature; None: none since codes are demanded."""
    key, key_id = keyring.signing_public_key(), keyring.signing_key_id()
    since = macs.beginning().size
    for head in TreeHead.objects.filter(size__gte=since, key_id=key_id).order_by("-size").iterator(chunk_size=100):
        signed = head_bytes(
            size=head.size, root=bytes(head.root), signed_wall_ns=head.signed_wall_ns, key_id=head.key_id
        )
        try:
            key.verify(bytes(head.signature), signed)
        except InvalidSignature:
            continue
        return head
    return None


def tell(refused: Unsignable) -> None:
    """Say in the log that the hub signs no more: once for each reason, in each process."""
    if _Memory.told != str(refused):
        _Memory.told = str(refused)
        log.critical(
            "THE LEDGER IS NOT SIGNED: %s. Somebody wrote into the database behind the hub's back. Keep the data "
            "folder as it is, run 'custodes audit verify', and put a backup back.",
            refused,
        )


def _edge_of(base: macs.Beginning) -> merkle.Frontier:
    if _Memory.edge.size == base.size and _Memory.edge.root() == base.root:
        return _Memory.edge
    try:
        edge = stored_edge(base.size)
    except Corrupt as error:
        raise Unsignable(f"entries under the head for {base.size} entries are missing") from error
    if edge.root() != base.root:
        raise Unsignable(f"the first {base.size} entries are not those of the head that was signed for them")
    return edge


def _grown(edge: merkle.Frontier) -> merkle.Frontier:
    hashes: list[bytes] = []
    with connection.cursor() as cursor:
        cursor.execute(
            'SELECT "seq", "kind", "recorded_wall_ns", "body_hash", "leaf_hash", "mac" '  # noqa: S608  # our name
            f'FROM "{_LEAF}" WHERE "seq" >= %s ORDER BY "seq"',
            [edge.size],
        )
        for seq, kind, wall_ns, hashed, stored, mac in cursor:
            place = edge.size + len(hashes)
            leaf = merkle.leaf_hash(leaf_bytes(seq=place, kind=kind, recorded_wall_ns=wall_ns, body_hash=bytes(hashed)))
            if seq != place or leaf != bytes(stored) or not macs.fits(leaf, mac):
                raise Unsignable(f"entry {seq} ({kind}) was not written by this hub")
            hashes.append(leaf)
    return edge.extended(hashes)
