"""What somebody takes home: proofs that the offline verifier checks without us. Formats: docs/design/audit.md.

Each proof carries the hub's public key. It proves something only to whoever knows that key from elsewhere: from the
unit's enrolment, a printed head, an earlier proof.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from custodes.core import merkle
from custodes.core.errors import BadInput
from custodes.hub import keyring
from custodes.hub.audit import ledger
from custodes.hub.audit.leaf import LedgerEntry
from custodes.hub.audit.ledger import SignedHead
from custodes.hub.audit.models import LedgerBody, LedgerLeaf
from custodes.hub.audit.nodes import stored_node

INCLUSION_FORMAT = "custodes.proof/1"
GROWTH_FORMAT = "custodes.growth/1"
ERASURE_FORMAT = "custodes.erasure/1"
HEAD_FORMAT = "custodes.head/1"


@dataclass(frozen=True, slots=True)
class InclusionProof:
    """One entry, the path from its leaf to a signed root, and what the entry says, where that was not erased."""

    seq: int
    kind: str
    recorded_wall_ns: int
    body_hash: bytes
    leaf_hash: bytes
    path: tuple[bytes, ...]
    head: SignedHead
    hub_key: bytes
    salt: bytes | None = None
    body_json: str | None = None

    def as_fields(self) -> dict[str, object]:
        """Return what the JSON holds: hex hashes, times in nanoseconds."""
        return {
            "format": INCLUSION_FORMAT,
            "seq": self.seq,
            "kind": self.kind,
            "recorded_wall_ns": self.recorded_wall_ns,
            "salt": self.salt.hex() if self.salt is not None else None,
            "body": self.body_json,
            "body_hash": self.body_hash.hex(),
            "leaf_hash": self.leaf_hash.hex(),
            "path": _hex(self.path),
            "head": head_fields(self.head),
            "hub_key": self.hub_key.hex(),
        }

    def as_json(self) -> str:
        """Return the proof as JSON, a file to keep."""
        return json.dumps(self.as_fields(), indent=2)


@dataclass(frozen=True, slots=True)
class GrowthProof:
    """That the ledger under `new` begins with the ledger under `old`, entry by entry."""

    old: SignedHead
    new: SignedHead
    path: tuple[bytes, ...]
    hub_key: bytes

    def as_json(self) -> str:
        """Return the proof as JSON, a file to keep."""
        fields = {
            "format": GROWTH_FORMAT,
            "old": head_fields(self.old),
            "new": head_fields(self.new),
            "path": _hex(self.path),
            "hub_key": self.hub_key.hex(),
        }
        return json.dumps(fields, indent=2)


@dataclass(frozen=True, slots=True)
class ErasureReceipt:
    """That a clip was erased: the entry that says so, and the one that says what had come (None: none there)."""

    clip_id: UUID
    erased: InclusionProof
    received: InclusionProof | None

    def as_json(self) -> str:
        """Return the receipt as JSON, a file to keep."""
        fields = {
            "format": ERASURE_FORMAT,
            "clip": str(self.clip_id),
            "erased": self.erased.as_fields(),
            "received": None if self.received is None else self.received.as_fields(),
            "hub_key": self.erased.hub_key.hex(),
        }
        return json.dumps(fields, indent=2)


def inclusion_proof(entry: LedgerEntry | int, *, now_ns: int) -> InclusionProof:
    """Return the proof that an entry stands in the ledger, under a head signed now or before.

    `entry`: the entry, or its sequence number. Call it outside of a transaction that has appended. Raises BadInput
    when there is no such entry.
    """
    seq = entry if isinstance(entry, int) else entry.seq
    head = ledger.signed_head(now_ns=now_ns)
    leaf = LedgerLeaf.objects.select_related("body").filter(seq=seq).first()
    if leaf is None:
        raise BadInput(f"the ledger has no entry {seq}; it has {head.size}.")
    if seq >= head.size:
        raise BadInput(f"entry {seq} stands under no head: the hub refuses to sign it. Run 'custodes audit verify'.")
    body = leaf.body if hasattr(leaf, "body") else None
    return InclusionProof(
        seq=seq,
        kind=leaf.kind,
        recorded_wall_ns=leaf.recorded_wall_ns,
        body_hash=bytes(leaf.body_hash),
        leaf_hash=bytes(leaf.leaf_hash),
        path=tuple(merkle.inclusion_proof(seq, head.size, stored_node)),
        head=head,
        hub_key=keyring.signing_public_key().public_bytes_raw(),
        salt=bytes(body.salt) if body else None,
        body_json=body.body_json if body else None,
    )


def growth_proof(old: SignedHead, *, now_ns: int) -> GrowthProof:
    """Return the proof that the ledger of today continues the one under `old`, a head that somebody kept.

    Raises BadInput when the ledger is shorter than that head.
    """
    new = ledger.signed_head(now_ns=now_ns)
    return GrowthProof(
        old=old,
        new=new,
        path=tuple(ledger.prove_growth(old.size, new.size)),
        hub_key=keyring.signing_public_key().public_bytes_raw(),
    )


def erasure_receipt(clip_id: UUID, *, now_ns: int) -> ErasureReceipt:
    """Return the receipt of a clip's erasure. Raises BadInput when the ledger does not say that it was erased."""
    seqs = dict(
        LedgerBody.objects.filter(clip_id=clip_id, leaf__kind__in=["clip.received", "clip.erased"])
        .order_by("pk")
        .values_list("leaf__kind", "pk")
    )
    if "clip.erased" not in seqs:
        raise BadInput(f"clip {clip_id} was not erased: no entry of the ledger says so.")
    received = seqs.get("clip.received")
    return ErasureReceipt(
        clip_id=clip_id,
        erased=inclusion_proof(seqs["clip.erased"], now_ns=now_ns),
        received=None if received is None else inclusion_proof(received, now_ns=now_ns),
    )


def head_fields(head: SignedHead) -> dict[str, object]:
    """Return what the JSON of a head holds."""
    return {
        "format": HEAD_FORMAT,
        "size": head.size,
        "root": head.root.hex(),
        "signed_wall_ns": head.signed_wall_ns,
        "signature": head.signature.hex(),
        "key_id": head.key_id,
    }


def _hex(path: Sequence[bytes]) -> list[str]:
    return [step.hex() for step in path]
