"""Heartbeats: health is kept, tombstones are taken once, and the unit holds the hub to its ledger."""

import uuid

import pytest

from custodes.core.types import Facing
from custodes.core.wire import HeartbeatAnswer, LensHealth, WireSample, WireTombstone
from custodes.edge.ship import UnitHealth
from custodes.hub.audit import ledger
from custodes.hub.audit.leaf import head_bytes
from custodes.hub.audit.models import LedgerBody, LedgerLeaf, LedgerNode, LedgerState, TreeHead
from custodes.hub.clips.models import Tombstone
from custodes.hub.fleet.models import Camera, Unit
from ship_scene import NS, ONSET_NS, Scene


def grow(entries: int) -> None:
    for number in range(entries):
        ledger.append(kind="test.act", body={"n": number}, now_ns=number)


def test_health_and_position_are_kept(scene: Scene):
    lens = LensHealth(
        lens="road", facing=Facing.ROAD, state="blind", detail="dark", width_px=640, height_px=480, fps=25
    )
    scene.shipper._health = lambda: UnitHealth(
        (lens,), WireSample(wall_ns=ONSET_NS, lat_deg=48.0, lon_deg=2.0, speed_mps=9.0)
    )
    scene.put()
    scene.shipper.beat()
    unit = Unit.objects.get(pk=scene.unit.pk)
    assert (unit.queue_clips, unit.last_lat_deg, unit.clock_skew_ms) == (1, 48.0, 0)
    assert unit.disk_free_bytes > 0
    assert Camera.objects.get(unit=unit, lens="road").state == "blind"


def test_tombstones_are_told_until_taken_and_kept_once(scene: Scene):
    stone = WireTombstone(
        tombstone_id=uuid.uuid4(), reason="torn", lens="road", start_wall_ns=ONSET_NS, end_wall_ns=ONSET_NS + NS
    )
    scene.outbox.add_tombstone(stone)
    scene.wire.spoil = lambda request: (_ for _ in ()).throw(__import__("httpx").ConnectError("no line"))
    with pytest.raises(Exception, match="no answer"):
        scene.shipper.beat()
    assert scene.outbox.store.tombstones() == [stone]
    scene.wire.spoil = None
    scene.shipper.beat()
    scene.outbox.add_tombstone(stone)
    scene.shipper.beat()
    assert scene.outbox.store.tombstones() == []
    assert Tombstone.objects.get().reason == "torn"


def test_the_wire_signs_heads_as_the_ledger_does():
    answer = HeartbeatAnswer(
        hub_wall_ns=1, ledger_size=7, ledger_root="ab" * 32, ledger_signed_wall_ns=9, ledger_key_id="ed25519:x"
    )
    assert answer.signed_head_bytes() == head_bytes(
        size=7, root=bytes.fromhex("ab" * 32), signed_wall_ns=9, key_id="ed25519:x"
    )


def test_a_ledger_that_grows_is_believed_over_restarts(scene: Scene):
    for entries in (1, 4, 300):
        grow(entries)
        scene.shipper.beat()
        scene.reopen()
    assert scene.shipper._witness.size() == ledger.size()
    assert scene.said == []


def test_a_ledger_that_was_cut_short_is_said_aloud(scene: Scene):
    grow(8)
    scene.shipper.beat()
    seen = ledger.size()
    for model in (LedgerNode, LedgerBody, LedgerLeaf, TreeHead, LedgerState):
        model.objects.all().delete()
    grow(3)
    scene.shipper.beat()
    assert any("may have been altered" in line and f"shrank from {seen} to 3" in line for line in scene.said)
    assert scene.shipper._witness.size() == seen, "the good head is kept as evidence"
    grow(seen)
    scene.shipper.beat()
    assert f"do not begin with the {seen}" in scene.said[-1]


def test_a_head_that_the_hub_did_not_sign_is_said_aloud(scene: Scene, monkeypatch):
    grow(2)
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    scene.shipper._witness._hub_key = Ed25519PrivateKey.generate().public_key()
    scene.shipper.beat()
    assert "not signed by the hub" in scene.said[0]
    assert scene.shipper._witness.size() == 0
