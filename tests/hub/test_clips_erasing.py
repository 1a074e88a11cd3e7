"""An erased clip stays erased, whatever comes back; each app forgets its own; the receipt can be checked offline."""

import json
import uuid
from collections.abc import Callable
from typing import TypeAlias

import pytest
from django.conf import settings

from cast import NOW_NS, Cast
from custodes.core import merkle
from custodes.core.clock import NS_PER_S
from custodes.core.errors import BadInput
from custodes.hub.audit import erasures, kept_heads, ledger, offline_verifier, proofs
from custodes.hub.audit.leaf import body_hash, canonical_json, leaf_bytes
from custodes.hub.audit.models import LedgerBody, LedgerLeaf
from custodes.hub.clips import erasing, fsck, services
from custodes.hub.clips.erasing import Eraser, erasers
from custodes.hub.clips.footage import blob_name
from custodes.hub.clips.models import Clip
from custodes.hub.ingest import repair
from custodes.hub.vault import destroyed, keys
from custodes.hub.vault.store import vault
from ship_scene import Scene

Edit: TypeAlias = Callable[[Clip, dict[str, object]], None]


def erase(scene: Scene, cast: Cast, clip: Clip) -> int:
    services.delete(actor=cast.alice, clip_id=clip.pk, among=Clip.objects.all(), clock=scene.clock)
    scene.clock.advance(cast.company.undo_window_s + 1)
    return erasing.erase_due(now_ns=scene.clock.wall_ns())


def test_a_key_that_comes_back_opens_nothing_and_goes_again_at_the_start(scene: Scene, cast: Cast, clip: Clip) -> None:
    path = next((settings.HUB.keys_dir / "clips").glob(f"??/{clip.pk}"))
    saved = path.read_bytes()
    erase(scene, cast, clip)
    path.write_bytes(saved)
    with pytest.raises(keys.KeyDestroyed):
        keys.get(clip.pk)
    with pytest.raises(keys.KeyDestroyed):
        keys.put(clip.pk, bytes(32))
    assert repair.repair(now_ns=NOW_NS).keys_removed == 1
    assert not path.exists()


def test_the_list_is_durable_before_the_key_is_touched(
    scene: Scene, cast: Cast, clip: Clip, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bool] = []
    monkeypatch.setattr(keys, "destroy", lambda clip_id: seen.append(destroyed.holds(clip_id)))
    erase(scene, cast, clip)
    assert seen == [True]


def test_every_app_forgets_its_own_and_the_receipt_names_it(
    scene: Scene, cast: Cast, clip: Clip, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = {"copy": 3}
    monkeypatch.setattr(erasers, "_parts", dict(erasers._parts))
    erasers.register("training")(Eraser(files=lambda _: kept.pop("copy", 0), rows=lambda _: 2))
    erase(scene, cast, clip)
    assert kept == {}
    body = json.loads(LedgerBody.objects.get(leaf__kind="clip.erased").body_json)
    assert set(body["erasers"]) >= {"blobs", "training", "uploads", "work"}
    assert body["rows"] == {"training": 2}


def test_an_app_that_fails_is_asked_again_and_no_receipt_is_given_before(
    scene: Scene, cast: Cast, clip: Clip, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erasers, "_parts", dict(erasers._parts))
    calls: list[uuid.UUID] = []

    def fail_once(clip_id: uuid.UUID) -> int:
        calls.append(clip_id)
        if len(calls) == 1:
            raise OSError("the disk is gone")
        return 1

    erasers.register("search")(Eraser(files=fail_once))
    assert erase(scene, cast, clip) == 0
    assert not keys.holds(clip.pk)
    assert not LedgerLeaf.objects.filter(kind="clip.erased").exists()
    assert erasing.erase_due(now_ns=scene.clock.wall_ns()) == 1
    assert LedgerLeaf.objects.filter(kind="clip.erased").count() == 1


def test_the_receipt_of_an_erasure_holds_offline_and_names_every_part_that_came(
    scene: Scene, cast: Cast, clip: Clip
) -> None:
    with pytest.raises(BadInput, match="was not erased"):
        proofs.erasure_receipt(clip.pk, now_ns=NOW_NS)
    erase(scene, cast, clip)
    receipt = json.loads(proofs.erasure_receipt(clip.pk, now_ns=scene.clock.wall_ns()).as_json())
    key = bytes.fromhex(receipt["hub_key"])
    assert f"Clip {clip.pk} was erased" in offline_verifier.check(receipt, key)
    said = json.loads(receipt["erased"]["body"])
    assert {part["part"] for part in said["parts"]} == {"manifest", "film.road", "poster"}

    foreign = {**receipt, "clip": str(uuid.uuid4())}
    with pytest.raises(offline_verifier.Refuted, match="another clip"):
        offline_verifier.check(foreign, key)
    swapped = {**receipt, "erased": receipt["received"]}
    with pytest.raises(offline_verifier.Refuted, match="does not tell of an erasure"):
        offline_verifier.check(swapped, key)


def test_a_receipt_that_leaves_a_part_out_is_refuted(scene: Scene, cast: Cast, clip: Clip) -> None:
    clip.parts.filter(name="film.road").delete()
    erase(scene, cast, clip)
    receipt = json.loads(proofs.erasure_receipt(clip.pk, now_ns=scene.clock.wall_ns()).as_json())
    with pytest.raises(offline_verifier.Refuted, match=r"erased: film\.road"):
        offline_verifier.check(receipt, bytes.fromhex(receipt["hub_key"]))


def test_a_start_on_an_older_database_removes_no_footage(scene: Scene, clip: Clip) -> None:
    head = ledger.sign_head(size=ledger.size() + 5, root=bytes(32), now_ns=NOW_NS)
    kept_heads.keep_newest(head)
    clip_id, parts = clip.pk, list(clip.parts.values_list("name", flat=True))
    clip.delete()
    unspoken_of = uuid.uuid4()
    keys.put(unspoken_of, bytes(32))
    found = repair.repair(now_ns=NOW_NS)
    assert (found.blobs_removed, found.keys_removed) == (0, 0)
    assert {name.split("/")[1] for name in vault().list(f"{clip_id}/")} == set(parts)
    assert keys.holds(clip_id)
    (settings.HUB.data_dir / kept_heads.FILE_NAME).unlink()
    found = repair.repair(now_ns=NOW_NS)
    assert (found.blobs_removed, found.keys_removed) == (0, 1)
    assert keys.holds(clip_id), "its entry says that it arrived"
    assert not keys.holds(unspoken_of)


def test_a_start_on_an_older_database_that_lived_on_removes_no_footage(scene: Scene, clip: Clip) -> None:
    """More entries than were lost stand where they stood, and heads of the new past are kept behind the old ones."""
    size = ledger.size()
    kept_heads.keep_newest(ledger.sign_head(size=size + 2, root=bytes(32), now_ns=NOW_NS))
    clip_id, before = clip.pk, sorted(vault().list())
    clip.delete()
    for number in range(5):
        ledger.append(kind="test.act", body={"n": number}, now_ns=NOW_NS)
    ledger.keep_head(now_ns=NOW_NS)
    found = repair.repair(now_ns=NOW_NS)
    assert (found.blobs_removed, found.keys_removed) == (0, 0)
    assert sorted(vault().list()) == before
    assert keys.holds(clip_id)
    kinds = {finding.kind for finding in fsck.check(now_ns=NOW_NS).findings}
    assert kinds == {"older_database", "blob_without_row"}


def test_a_ledger_that_only_grew_is_not_called_older(scene: Scene, clip: Clip) -> None:
    for number in range(300):
        ledger.append(kind="test.act", body={"n": number}, now_ns=NOW_NS)
        if number % 7 == 0:
            ledger.keep_head(now_ns=NOW_NS)
    assert not kept_heads.is_behind(ledger.size())
    LedgerLeaf.objects.filter(seq=100).update(leaf_hash=bytes(32))
    assert kept_heads.is_behind(ledger.size())
    LedgerBody.objects.all().delete()
    LedgerLeaf.objects.all().delete()
    assert kept_heads.is_behind(ledger.size()), "leaves that are not there have no root"


@pytest.mark.parametrize("behind", [False, True])
def test_a_row_alone_that_says_erased_destroys_nothing(scene: Scene, clip: Clip, behind: bool) -> None:
    if behind:
        kept_heads.keep_newest(ledger.sign_head(size=ledger.size() + 5, root=bytes(32), now_ns=NOW_NS))
    before = sorted(vault().list())
    Clip.objects.update(erased_at=clip.received_at)
    found = repair.repair(now_ns=NOW_NS)
    fsck.check(now_ns=NOW_NS, repair=True)
    assert (found.blobs_removed, found.keys_removed) == (0, 0)
    assert sorted(vault().list()) == before
    assert not destroyed.holds(clip.pk)
    assert keys.holds(clip.pk)
    Clip.objects.update(erased_at=None)
    assert fsck.check(now_ns=NOW_NS).ok == (not behind)


def relabelled(clip: Clip, _body: dict[str, object]) -> None:
    """The columns that no hash covers: the leaf's kind, and under which clip its body is filed."""
    LedgerLeaf.objects.filter(body__clip_id=clip.pk).update(kind=erasures.KIND)
    LedgerBody.objects.filter(clip_id=None).update(clip_id=clip.pk)


def written_well(clip: Clip, body: dict[str, object]) -> None:
    """A leaf that hashes, in a tree whose edge fits, and that the hub's next head covers."""
    ledger.append(kind=erasures.KIND, body={**body, "clip": clip.pk}, now_ns=NOW_NS)


def taken_from_another(clip: Clip, body: dict[str, object]) -> None:
    """The hub's own signature over the erasure of another clip."""
    written_well(clip, {**body, erasures.SIGNATURE: erasures.signature(uuid.uuid4())})


def put_in_the_past(clip: Clip, body: dict[str, object]) -> None:
    """An entry whose body bears a signature, hashed well, in the place of another: the root tells."""
    text = canonical_json({**body, "clip": clip.pk, erasures.SIGNATURE: erasures.signature(clip.pk)})
    hashed = body_hash(bytes(16), text)
    leaf = leaf_bytes(seq=0, kind=erasures.KIND, recorded_wall_ns=NOW_NS, body_hash=hashed)
    LedgerLeaf.objects.filter(seq=0).update(
        kind=erasures.KIND, recorded_wall_ns=NOW_NS, body_hash=hashed, leaf_hash=merkle.leaf_hash(leaf)
    )
    LedgerBody.objects.filter(pk=0).update(salt=bytes(16), body_json=text)


@pytest.mark.parametrize("edit", [relabelled, written_well, taken_from_another, put_in_the_past])
def test_a_ledger_edited_to_tell_of_an_erasure_destroys_nothing(scene: Scene, clip: Clip, edit: Edit) -> None:
    ledger.append(kind="test.act", body={}, now_ns=NOW_NS)
    ledger.signed_head(now_ns=NOW_NS)
    before = sorted(vault().list())
    edit(clip, {"site": clip.site_id})
    if edit is not put_in_the_past:
        ledger.signed_head(now_ns=NOW_NS)
    assert erasing.known_erased() == frozenset()
    assert repair.repair(now_ns=NOW_NS).erased_again == 0
    fsck.check(now_ns=NOW_NS, repair=True)
    assert sorted(vault().list()) == before
    assert keys.holds(clip.pk)


def test_an_erasure_that_no_head_covers_yet_is_not_believed_of_the_ledger_alone(
    scene: Scene, cast: Cast, clip: Clip
) -> None:
    erase(scene, cast, clip)
    (settings.HUB.keys_dir / destroyed.FILE_NAME).unlink()
    assert erasing.known_erased() == frozenset()
    ledger.signed_head(now_ns=NOW_NS)
    assert erasing.known_erased() == {clip.pk}


def test_what_the_ledger_says_was_erased_goes_at_the_start(scene: Scene, cast: Cast, clip: Clip) -> None:
    path = next((settings.HUB.keys_dir / "clips").glob(f"??/{clip.pk}"))
    saved = path.read_bytes()
    erase(scene, cast, clip)
    ledger.signed_head(now_ns=NOW_NS)  # as each start does
    (settings.HUB.keys_dir / destroyed.FILE_NAME).unlink()
    path.write_bytes(saved)
    assert repair.repair(now_ns=NOW_NS).keys_removed == 1
    assert not path.exists()


def test_a_torn_line_of_the_list_costs_no_other(hub_dir) -> None:
    first, second = uuid.uuid4(), uuid.uuid4()
    destroyed.note(first, now_ns=1)
    path = settings.HUB.keys_dir / destroyed.FILE_NAME
    with path.open("a") as file:
        file.write(str(uuid.uuid4())[:20])
    destroyed.note(second, now_ns=2)
    destroyed.note(second, now_ns=3)
    assert dict(destroyed.known()) == {first: 1, second: 2}
    assert path.stat().st_mode & 0o077 == 0


def test_a_clip_that_was_erased_is_not_taken_a_second_time(scene: Scene, cast: Cast) -> None:
    made = scene.put()
    destroyed.note(made.clip_id, now_ns=NOW_NS)
    scene.shipper.drain()
    assert not Clip.objects.exists(), "the row was lost with a database from before; the list remembers"
    assert not keys.holds(made.clip_id)
    assert 410 in {status for *_, status in scene.wire.seen}
    assert any("was erased at this hub" in line for line in [*scene.said, *map(str, scene.outbox.store.tombstones())])


def test_blobs_of_an_erased_clip_that_come_back_go_again_at_the_start(scene: Scene, cast: Cast, clip: Clip) -> None:
    erase(scene, cast, clip)
    stray = scene.folder / "stray"
    stray.write_bytes(b"sealed")
    vault().put(blob_name(clip.pk, "poster"), stray)
    assert repair.repair(now_ns=NOW_NS + NS_PER_S).blobs_removed == 1
