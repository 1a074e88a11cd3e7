"""Which clips the ledger says were erased, believed no further than the hub's own signatures reach.

Whoever can edit the database can write any entry and file any entry under any clip. So an erasure counts only when
its body hashes to its leaf, the leaf lies under a head that the hub signed, and the body bears the hub's signature
over that clip: keys lie apart from the database.
"""

import json
from collections.abc import Callable, Container, Iterable, Iterator
from typing import Any, TypeAlias
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from custodes.core import merkle
from custodes.hub import keyring
from custodes.hub.audit.leaf import body_hash, head_bytes, leaf_bytes

KIND = "clip.erased"
LEAK_KIND = "leak.erased"
"""A leak has a key of its own and is erased as a clip is; its entry names it as `leak`."""
SIGNATURE = "signature"
Rows: TypeAlias = Callable[[str], Iterable[tuple[Any, ...]]]
"""Runs a query on a hub's database and gives its rows."""

_TOLD = (
    "SELECT leaf.seq, leaf.recorded_wall_ns, leaf.leaf_hash, body.salt, body.body_json, leaf.kind "
    "FROM audit_ledgerleaf leaf JOIN audit_ledgerbody body ON body.leaf_id = leaf.seq "
    "WHERE leaf.kind IN ('clip.erased', 'leak.erased') ORDER BY leaf.seq"
)
_HEADS = "SELECT size, root, signed_wall_ns, signature, key_id FROM audit_treehead ORDER BY size DESC"
_LEAVES = "SELECT leaf_hash FROM audit_ledgerleaf WHERE seq < {size} ORDER BY seq"


def signature(clip_id: UUID) -> str:
    """Return the hub's signature over "this clip was erased", in hex: what an entry of `KIND` carries."""
    return keyring.signing_key().sign(_covered(clip_id)).hex()


def believed(rows: Rows, key: Ed25519PublicKey, *, but: Container[UUID] = ()) -> dict[UUID, int]:
    """Return the clips that the ledger in a database says were erased, with when (wall ns), without those in `but`.

    `key`: the hub's public signing key. The leaves are walked only when there is something to believe.
    """
    told = {seq: (clip_id, at) for seq, clip_id, at in _signed(rows, key) if clip_id not in but}
    size = _proven_size(rows, key) if told else 0
    return {clip_id: at for seq, (clip_id, at) in told.items() if seq < size}


def _signed(rows: Rows, key: Ed25519PublicKey) -> Iterator[tuple[int, UUID, int]]:
    for seq, at, hashed, salt, text, kind in rows(_TOLD):
        leaf = leaf_bytes(seq=seq, kind=kind, recorded_wall_ns=at, body_hash=body_hash(bytes(salt), text))
        if merkle.leaf_hash(leaf) != bytes(hashed):
            continue
        try:
            body = json.loads(text)
            clip_id = UUID(body["clip" if kind == KIND else "leak"])
            key.verify(bytes.fromhex(body[SIGNATURE]), _covered(clip_id))
        except (ValueError, KeyError, TypeError, InvalidSignature):
            continue
        yield seq, clip_id, at


def _proven_size(rows: Rows, key: Ed25519PublicKey) -> int:
    """Return how many leaves, from the first, lie under the newest head that the hub signed; 0: they do not fit it."""
    for size, root, signed_wall_ns, signed, key_id in rows(_HEADS):
        covered = head_bytes(size=size, root=bytes(root), signed_wall_ns=signed_wall_ns, key_id=key_id)
        try:
            key.verify(bytes(signed), covered)
        except InvalidSignature:
            continue
        frontier = merkle.Frontier()
        for (hashed,) in rows(_LEAVES.format(size=int(size))):
            frontier, _ = frontier.append(bytes(hashed))
        return int(size) if (frontier.size, frontier.root()) == (size, bytes(root)) else 0
    return 0


def _covered(clip_id: UUID) -> bytes:
    return b"custodes.erased/1\n" + str(clip_id).encode()
