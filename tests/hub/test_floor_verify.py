"""Whatever is done to the ledger behind its back, the verification names it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import connection

from cast import NOW_NS
from custodes.core.clock import ManualClock
from custodes.core.merkle import leaf_hash
from custodes.hub import keyring
from custodes.hub.audit import ledger
from custodes.hub.audit.kept_heads import KeptHead
from custodes.hub.audit.leaf import body_hash, leaf_bytes
from custodes.hub.audit.models import LedgerBody, LedgerLeaf, LedgerNode, LedgerState, TreeHead
from custodes.hub.audit.report import Report
from custodes.hub.audit.verify import verify
from custodes.hub.housekeeping import Housekeeper

pytestmark = pytest.mark.django_db


def fill(count: int = 12, *, sign_every: int = 4) -> None:
    for number in range(count):
        ledger.append(kind="test.act", body={"n": number}, now_ns=NOW_NS + number)
        if (number + 1) % sign_every == 0:
            ledger.signed_head(now_ns=NOW_NS + number)


def kinds(report: Report) -> set[str]:
    return {problem.kind for problem in report.problems}


def forge_leaf(seq: int, text: str) -> None:
    """Rewrite entry `seq` with all its own hashes right, as somebody with the database would."""
    leaf, body = LedgerLeaf.objects.get(pk=seq), LedgerBody.objects.get(pk=seq)
    body.body_json = text
    leaf.body_hash = body_hash(bytes(body.salt), text)
    leaf.leaf_hash = leaf_hash(
        leaf_bytes(seq=seq, kind=leaf.kind, recorded_wall_ns=leaf.recorded_wall_ns, body_hash=leaf.body_hash)
    )
    body.save()
    leaf.save()


def delete_leaf(seq: int) -> None:
    LedgerBody.objects.filter(pk=seq).delete()
    LedgerLeaf.objects.filter(pk=seq).delete()


def swap(first: int, second: int) -> None:
    """Exchange two whole entries, hashes and bodies."""
    a, b = LedgerLeaf.objects.get(pk=first), LedgerLeaf.objects.get(pk=second)
    for name in ("leaf_hash", "body_hash", "kind", "recorded_wall_ns"):
        mine, theirs = getattr(a, name), getattr(b, name)
        setattr(a, name, theirs)
        setattr(b, name, mine)
    x, y = LedgerBody.objects.get(pk=first), LedgerBody.objects.get(pk=second)
    x.salt, x.body_json, y.salt, y.body_json = y.salt, y.body_json, x.salt, x.body_json
    for row in (a, b, x, y):
        row.save()


def rebuild_edge() -> None:
    """Make the stored edge fit the leaves again, as a careful forger would."""
    from custodes.core.merkle import Frontier

    frontier = Frontier()
    for leaf in LedgerLeaf.objects.order_by("seq"):
        frontier, _ = frontier.append(bytes(leaf.leaf_hash))
    LedgerState.objects.update(size=frontier.size, frontier=frontier.to_bytes())


def insert_leaf() -> None:
    size = ledger.size()
    LedgerLeaf.objects.create(
        seq=size, leaf_hash=bytes(32), body_hash=bytes(32), kind="test.act", recorded_wall_ns=NOW_NS
    )


def truncate(keep: int) -> None:
    LedgerBody.objects.filter(pk__gte=keep).delete()
    LedgerLeaf.objects.filter(pk__gte=keep).delete()


def test_an_honest_ledger_is_whole() -> None:
    fill(300)
    report = verify()
    assert (report.ok, report.size, report.problems) == (True, 300, ())
    assert (report.signatures_checked, report.macs_checked) == (True, True)
    assert report.heads >= 75
    assert json.loads(report.as_json())["ok"] is True
    assert "whole: 300 entries" in report.as_text()


def test_an_empty_ledger_is_whole() -> None:
    ledger.signed_head(now_ns=NOW_NS)
    assert verify().ok


@pytest.mark.parametrize(
    ("attack", "expected", "seq"),
    [
        (lambda: LedgerBody.objects.filter(pk=5).update(body_json='{"n":99}'), "body_edited", 5),
        (lambda: LedgerBody.objects.filter(pk=5).delete(), "body_missing", 5),
        (lambda: LedgerBody.objects.filter(pk=5).update(clip_id="0" * 32), "body_relinked", 5),
        (lambda: LedgerLeaf.objects.filter(pk=5).update(kind="harmless"), "leaf_edited", 5),
        (lambda: LedgerLeaf.objects.filter(pk=5).update(recorded_wall_ns=1), "leaf_edited", 5),
        (lambda: LedgerLeaf.objects.filter(pk=5).update(leaf_hash=bytes(32)), "leaf_edited", 5),
        (lambda: delete_leaf(5), "leaf_missing", 5),
        (insert_leaf, "leaf_inserted", 12),
        (lambda: swap(5, 6), "leaf_moved", 5),
        (lambda: truncate(9), "truncated", 9),
        (lambda: LedgerState.objects.update(frontier=bytes(64)), "edge_edited", None),
        (lambda: forge_leaf(5, '{"n":99}'), "rewritten", 4),
    ],
)
def test_what_was_done_is_named(attack: Callable[[], object], expected: str, seq: int | None) -> None:
    fill()
    attack()
    report = verify()
    assert not report.ok
    assert (expected, seq) in [(problem.kind, problem.seq) for problem in report.problems]
    assert "NOT whole" in report.as_text()


@pytest.mark.parametrize(
    "attack", [lambda: forge_leaf(5, '{"n":99}'), lambda: delete_leaf(11), lambda: truncate(6), lambda: swap(5, 6)]
)
def test_a_forger_who_mends_the_edge_is_caught_by_signed_heads(attack: Callable[[], object]) -> None:
    fill()
    attack()
    rebuild_edge()
    assert kinds(verify()) & {"rewritten", "truncated"}


def test_a_forger_who_also_drops_the_heads_is_caught_by_whoever_kept_one() -> None:
    fill()
    witness = ledger.signed_head(now_ns=NOW_NS)
    forge_leaf(5, '{"n":99}')
    rebuild_edge()
    TreeHead.objects.all().delete()
    assert kinds(verify()) == {"foreign"}, "the key of entries lies apart"
    kept = KeptHead(
        size=witness.size,
        root=witness.root,
        signed_wall_ns=witness.signed_wall_ns,
        signature=witness.signature,
        key_id=witness.key_id,
        source="unit",
    )
    assert kinds(verify(more_heads=[kept])) == {"foreign", "rewritten"}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["hub.set_up", "unit.enrolled", "clip.received"])
def test_a_ledger_that_lost_every_head_is_named(hub_dir: Path, kind: str) -> None:
    ledger.signed_head(now_ns=NOW_NS)  # as a hub does before its first request
    ledger.append(kind=kind, body={}, now_ns=NOW_NS)
    ledger.append(kind="test.act", body={}, now_ns=NOW_NS)
    assert verify().ok, "before the first sweep the head of the start stands"
    ledger.keep_head(now_ns=NOW_NS)
    TreeHead.objects.all().delete()
    assert verify().ok, "the file still knows"
    (hub_dir / "ledger-heads.jsonl").unlink()
    report = verify()
    assert [(problem.kind, problem.attack) for problem in report.problems] == [("heads_missing", "deleted")]
    assert "no signed head" in report.as_text()
    assert ledger.signed_head(now_ns=NOW_NS).size == 2
    assert verify().ok


def test_a_hub_that_was_never_served_needs_no_head() -> None:
    assert verify().ok
    ledger.append(kind="hub.restored", body={}, now_ns=NOW_NS)
    assert verify().ok


@pytest.mark.django_db(transaction=True)
def test_a_database_put_back_to_an_older_day_is_noticed(hub_dir: Path) -> None:
    fill(12, sign_every=12)
    assert (hub_dir / "ledger-heads.jsonl").is_file()
    truncate(7)
    rebuild_edge()
    TreeHead.objects.all().delete()
    report = verify()
    assert kinds(report) == {"rolled_back"}
    assert "ledger-heads.jsonl:1" in report.problems[0].message


@pytest.mark.django_db(transaction=True)
def test_the_newest_entries_cut_off_with_their_heads_are_noticed(hub_dir: Path) -> None:
    fill(12, sign_every=100)
    assert verify().unkept == 12
    housekeeper = Housekeeper(clock=ManualClock(wall=NOW_NS))
    housekeeper.sweep()
    assert verify().unkept == 0
    fill(5, sign_every=100)
    report = verify()
    assert (report.ok, report.unkept) == (True, 5)
    assert "newest 5 entries came after the last head" in report.as_text()
    # A second sweep within the minute keeps the new head too; a third has nothing to keep.
    housekeeper.sweep()
    housekeeper.sweep()
    assert len((hub_dir / "ledger-heads.jsonl").read_text().splitlines()) == 2
    truncate(13)
    TreeHead.objects.filter(size__gt=13).delete()
    rebuild_edge()
    assert kinds(verify()) == {"rolled_back"}


@pytest.mark.django_db(transaction=True)
def test_the_last_head_is_kept_when_the_hub_stops(hub_dir: Path) -> None:
    fill(4, sign_every=100)
    housekeeper = Housekeeper(clock=ManualClock(wall=NOW_NS), every_s=3600)
    housekeeper.start()
    housekeeper.stop()
    assert verify().unkept == 0


def test_a_head_of_another_key_is_named(hub_dir: Path) -> None:
    fill()
    (hub_dir / "keys" / keyring.SIGNING_FILE).unlink()
    keyring.load_signing_key.cache_clear()
    keyring.make_keys(hub_dir / "keys")
    assert kinds(verify()) == {"wrong_key"}


def test_an_edited_head_is_named() -> None:
    fill()
    TreeHead.objects.filter(size=8).update(signed_wall_ns=1)
    assert kinds(verify()) == {"bad_signature"}


def test_an_edited_node_is_named() -> None:
    fill(256, sign_every=1000)
    LedgerNode.objects.update(node_hash=bytes(32))
    assert kinds(verify()) == {"node_edited"}


def test_a_ruin_is_told_in_a_hundred_lines() -> None:
    fill(300, sign_every=1000)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE audit_ledgerbody SET body_json='{}'")
    assert len(verify().problems) == 100
