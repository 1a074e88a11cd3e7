"""The ledger grows without a gap, proves every entry, and names what was done to it."""

import json
from pathlib import Path

import pytest
from django.db import transaction

from cast import NOW_NS
from custodes.core import merkle
from custodes.core.errors import BadInput
from custodes.hub import keyring
from custodes.hub.audit import ledger
from custodes.hub.audit.leaf import body_hash, head_bytes, leaf_bytes
from custodes.hub.audit.models import LedgerLeaf, LedgerNode, TreeHead
from custodes.hub.audit.proofs import inclusion_proof

pytestmark = pytest.mark.django_db


def fill(count: int) -> list[ledger.LedgerEntry]:
    return [ledger.append(kind="test.act", body={"n": n}, now_ns=NOW_NS + n) for n in range(count)]


def test_entries_count_from_zero() -> None:
    assert [entry.seq for entry in fill(5)] == [0, 1, 2, 3, 4]
    assert ledger.size() == 5


def test_a_rolled_back_act_leaves_no_gap() -> None:
    fill(2)
    with transaction.atomic():
        ledger.append(kind="test.act", body={"lost": True}, now_ns=NOW_NS)
        transaction.set_rollback(True)
    assert ledger.append(kind="test.act", body={}, now_ns=NOW_NS).seq == 2


def test_the_same_body_twice_does_not_look_the_same() -> None:
    first, second = (ledger.append(kind="test.act", body={"a": 1}, now_ns=NOW_NS) for _ in range(2))
    assert first.body_hash != second.body_hash


def test_the_head_is_the_root_of_all_leaves_under_the_hubs_key() -> None:
    fill(11)
    head = ledger.signed_head(now_ns=NOW_NS)
    hashes = [bytes(leaf.leaf_hash) for leaf in LedgerLeaf.objects.order_by("seq")]
    assert (head.size, head.root) == (11, merkle.root_of(hashes))
    covered = head_bytes(size=11, root=head.root, signed_wall_ns=NOW_NS, key_id=head.key_id)
    keyring.signing_public_key().verify(head.signature, covered)
    assert ledger.signed_head(now_ns=NOW_NS + 1) == head
    assert TreeHead.objects.count() == 1


@pytest.mark.parametrize("count", [1, 2, 255, 256, 257, 600])
def test_every_entry_is_proven_from_stored_nodes(count: int) -> None:
    entries = fill(count)
    assert LedgerNode.objects.count() == count // 256
    for seq in {0, count // 2, count - 1}:
        proof = inclusion_proof(seq, now_ns=NOW_NS)
        leaf = merkle.leaf_hash(
            leaf_bytes(seq=seq, kind=proof.kind, recorded_wall_ns=proof.recorded_wall_ns, body_hash=proof.body_hash)
        )
        assert leaf == entries[seq].leaf_hash == proof.leaf_hash
        assert proof.salt is not None
        assert body_hash(proof.salt, proof.body_json or "") == proof.body_hash
        assert merkle.verify_inclusion(leaf=leaf, index=seq, size=count, proof=proof.path, root=proof.head.root)
        assert json.loads(proof.as_json())["leaf_hash"] == leaf.hex()


def test_growth_between_two_heads_is_proven() -> None:
    fill(300)
    old = ledger.signed_head(now_ns=NOW_NS)
    fill(333)
    new = ledger.signed_head(now_ns=NOW_NS)
    proof = ledger.prove_growth(old.size, new.size)
    assert merkle.verify_consistency(
        old_size=old.size, new_size=new.size, old_root=old.root, new_root=new.root, proof=proof
    )


def test_there_is_no_proof_of_what_is_not_there() -> None:
    fill(3)
    with pytest.raises(BadInput, match="no entry 3; it has 3"):
        inclusion_proof(3, now_ns=NOW_NS)
    with pytest.raises(BadInput, match="no growth from 2 to 9"):
        ledger.prove_growth(2, 9)


@pytest.mark.django_db(transaction=True)
def test_heads_are_kept_beside_the_database_once_a_minute(hub_dir: Path) -> None:
    for minute in (0, 0.5, 1, 1.2, 2):
        ledger.append(kind="test.act", body={}, now_ns=NOW_NS)
        ledger.signed_head(now_ns=NOW_NS + int(minute * 60e9))
    lines = (hub_dir / "ledger-heads.jsonl").read_text().splitlines()
    assert [json.loads(line)["size"] for line in lines] == [1, 3, 5]
