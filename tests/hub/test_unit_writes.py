"""What a unit can write at the hub for good has a bound: tombstones, ledger entries, cameras."""

import uuid
from datetime import timedelta

import pytest

from cast import NOW, NOW_NS, Cast
from custodes.core.wire import MAX_LENSES, Heartbeat, LensHealth, WireTombstone
from custodes.hub.audit.models import LedgerLeaf
from custodes.hub.clips.models import Tombstone
from custodes.hub.fleet import services
from custodes.hub.fleet.models import Camera, Unit
from custodes.hub.ingest import unit_calls
from ship_scene import NS, ONSET_NS, make_scene

pytestmark = pytest.mark.django_db


def beat(unit: Unit, seconds: int, **lenses: str) -> None:
    healths = [LensHealth(lens=lens, facing="road", state=state) for lens, state in lenses.items()]
    services.record_heartbeat(
        unit, Heartbeat(sent_wall_ns=NOW_NS, software="t", lenses=healths), NOW + timedelta(seconds=seconds)
    )


def test_a_flapping_camera_writes_one_entry_a_minute_and_its_last_state(cast: Cast) -> None:
    Camera.objects.filter(unit=cast.van_unit).exclude(lens="road").delete()
    for number in range(12):
        beat(cast.van_unit, 5 * number, road="blind" if number % 2 == 0 else "recording")
    assert LedgerLeaf.objects.filter(kind="camera.changed").count() == 1
    assert Camera.objects.get(unit=cast.van_unit).state == "recording", "what is shown is how it is now"
    beat(cast.van_unit, 60, road="recording")
    assert LedgerLeaf.objects.filter(kind="camera.changed").count() == 2, "what was held back is told after the minute"
    beat(cast.van_unit, 200, road="recording")
    assert LedgerLeaf.objects.filter(kind="camera.changed").count() == 2


def test_a_unit_that_names_ever_new_lenses_fills_its_places_once(cast: Cast) -> None:
    for number in range(5):
        beat(cast.van_unit, 90 * number, **{f"l{number}-{one}": "recording" for one in range(MAX_LENSES)})
    assert Camera.objects.filter(unit=cast.van_unit).count() == MAX_LENSES
    assert LedgerLeaf.objects.filter(kind="camera.changed").count() <= 2 * MAX_LENSES
    beat(cast.van_unit, 3 * 86_400, new="recording")
    cameras = Camera.objects.filter(unit=cast.van_unit)
    assert cameras.count() == MAX_LENSES
    assert cameras.get(lens="new").state == "recording", "places of cameras that are long gone are given away"


def test_tombstones_beyond_the_hours_share_stay_with_the_unit(
    tmp_path, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unit_calls, "TOMBSTONES_AN_HOUR", 3)
    scene = make_scene(tmp_path, cast)
    for _ in range(5):
        scene.outbox.add_tombstone(
            WireTombstone(tombstone_id=uuid.uuid4(), reason="torn", start_wall_ns=ONSET_NS, end_wall_ns=ONSET_NS + NS)
        )
    scene.shipper.beat()
    scene.shipper.beat()
    assert Tombstone.objects.count() == 3
    assert len(scene.outbox.store.tombstones()) == 2
    Tombstone.objects.update(reported_at=NOW)
    scene.shipper.beat()
    assert Tombstone.objects.count() == 5
    assert scene.outbox.store.tombstones() == []
