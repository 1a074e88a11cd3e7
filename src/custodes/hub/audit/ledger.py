"""The ledger: append an act, sign the head, prove a place. See docs/design/audit.md."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction

from custodes.core import merkle
from custodes.core.clock import NS_PER_S
from custodes.core.errors import BadInput
from custodes.hub import keyring
from custodes.hub.audit import kept_heads, macs, rows, signable, trusted
from custodes.hub.audit.leaf import SALT_BYTES, LedgerEntry, body_hash, canonical_json, head_bytes, leaf_bytes
from custodes.hub.audit.models import LedgerNode, LedgerState, TreeHead
from custodes.hub.audit.nodes import NODE_STEP, stored_node

SET_BACK = "clock.set_back"
"""The entry by which the ledger itself says that the hub's clock went back."""
SET_BACK_NS = 120 * NS_PER_S
"""How far an entry may lie before the last one: clocks are corrected by seconds, and acts overlap."""


@dataclass(frozen=True, slots=True)
class SignedHead:
    """Tree size, root and time under the hub's Ed25519 ledger key."""

    size: int
    root: bytes
    signed_wall_ns: int
    signature: bytes
    key_id: str


def append(*, kind: str, body: Mapping[str, object], now_ns: int, signed: bool = False) -> LedgerEntry:
    """Add one act as the next leaf, inside the caller's transaction (or one of its own).

    `body` may name `clip` and `person` (UUIDs); entries are found by them. Sequence numbers have no gap: whoever
    appends holds the write lock until the transaction ends, and a rolled-back act gives its number back. A time well
    before the last entry's is preceded by an entry that says so. Durable when the outermost transaction commits.
    `now_ns`: wall time (ns). `signed`: the body bears the hub's signature: an erasure may rest on it (`trusted`).
    """
    # No savepoint of its own: a failed append fails the act that it belongs to.
    with transaction.atomic(savepoint=False):
        edge = rows.locked_edge()
        frontier = edge.frontier
        if now_ns < edge.last_wall_ns - SET_BACK_NS:
            told = {"from_wall_ns": edge.last_wall_ns, "to_wall_ns": now_ns}
            frontier, _ = _append_at(frontier, kind=SET_BACK, body=told, now_ns=now_ns)
        if signed:
            body = trusted.signed_body(body, seq=frontier.size, kind=kind, recorded_wall_ns=now_ns)
        _, entry = _append_at(frontier, kind=kind, body=body, now_ns=now_ns)
    return entry


def _append_at(
    before: merkle.Frontier, *, kind: str, body: Mapping[str, object], now_ns: int
) -> tuple[merkle.Frontier, LedgerEntry]:
    text = canonical_json(body)
    salt = secrets.token_bytes(SALT_BYTES)
    hashed_body = body_hash(salt, text)
    seq = before.size
    leaf = leaf_bytes(seq=seq, kind=kind, recorded_wall_ns=now_ns, body_hash=hashed_body)
    entry = LedgerEntry(
        seq=seq, kind=kind, recorded_wall_ns=now_ns, body_hash=hashed_body, leaf_hash=merkle.leaf_hash(leaf)
    )
    frontier, completed = before.append(entry.leaf_hash)
    clip, person = _uuid_in(body, "clip"), _uuid_in(body, "person")
    mac = macs.mac_of(entry.leaf_hash)
    rows.store(entry, frontier, mac=mac, salt=salt, body_json=text, clip=clip, person=person)
    for node in completed:
        if node.height % NODE_STEP == 0:
            LedgerNode.objects.create(height=node.height, index=node.index, node_hash=node.hash)
    return frontier, entry


def size() -> int:
    """Return the number of leaves."""
    return LedgerState.objects.filter(only=1).values_list("size", flat=True).first() or 0


def signed_head(*, now_ns: int) -> SignedHead:
    """Return a signed head of the ledger as it is now; the same one again while nothing was added.

    A ledger that holds what this hub did not write is not signed: the log says so, and the newest head is returned that
    was signed before. Call it outside of a transaction that has appended: a head must never name leaves that may yet
    be rolled back.
    """
    with transaction.atomic():
        frontier = rows.locked_edge().frontier
        root = frontier.root()
        last = signable.last_signed()
        if last is not None and (last.size, bytes(last.root)) == (frontier.size, root):
            return _head_of(last)
        try:
            signable.check(frontier, last)
        except signable.Unsignable as refused:
            signable.tell(refused)
            return _head_of(last) if last is not None else _head_at_beginning(now_ns=now_ns)
        head = sign_head(size=frontier.size, root=root, now_ns=now_ns)
        # Saved, not created: a head that somebody put in here without the hub's signature stands in no head's way.
        TreeHead(
            size=head.size,
            root=head.root,
            signed_wall_ns=head.signed_wall_ns,
            signature=head.signature,
            key_id=head.key_id,
        ).save()
        transaction.on_commit(lambda: kept_heads.keep(head))
    return head


def why_unsigned() -> str:
    """Return why the hub does not sign its ledger as it is; empty: it does. Takes the write lock for a moment."""
    with transaction.atomic():
        try:
            signable.check(rows.locked_edge().frontier, signable.last_signed())
        except signable.Unsignable as refused:
            return str(refused)
    return ""


def _head_at_beginning(*, now_ns: int) -> SignedHead:
    """Return a head over what stood when codes began: what is certain when no signed head is left."""
    begun = macs.beginning()
    return sign_head(size=begun.size, root=begun.root, now_ns=now_ns)


def keep_head(*, now_ns: int) -> None:
    """Sign the ledger as it is and keep the head beside the database, when it grew since. Durable on return.

    What stands under a head that is kept outside of the database cannot be cut off it unseen.
    """
    kept_heads.keep_newest(signed_head(now_ns=now_ns))


def sign_head(*, size: int, root: bytes, now_ns: int) -> SignedHead:
    """Sign one head under the hub's key. Stores nothing."""
    key = keyring.signing_key()
    key_id = keyring.signing_key_id()
    signature = key.sign(head_bytes(size=size, root=root, signed_wall_ns=now_ns, key_id=key_id))
    return SignedHead(size=size, root=root, signed_wall_ns=now_ns, signature=signature, key_id=key_id)


def prove_growth(old_size: int, new_size: int) -> list[bytes]:
    """Return the proof that the ledger of `new_size` leaves begins with that of `old_size`.

    Raises BadInput when the ledger is shorter than `new_size` or the sizes are the wrong way round.
    """
    if not 0 <= old_size <= new_size <= size():
        raise BadInput(f"the ledger has no growth from {old_size} to {new_size}; it has {size()} entries.")
    return merkle.consistency_proof(old_size, new_size, stored_node)


def _head_of(row: TreeHead) -> SignedHead:
    return SignedHead(
        size=row.size,
        root=bytes(row.root),
        signed_wall_ns=row.signed_wall_ns,
        signature=bytes(row.signature),
        key_id=row.key_id,
    )


def _uuid_in(body: Mapping[str, object], key: str) -> UUID | None:
    value = body.get(key)
    if value is None or isinstance(value, UUID):
        return value
    return UUID(str(value))
