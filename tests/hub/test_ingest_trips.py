"""A unit's trips reach the hub once: durable on the unit, told beside the heartbeats, set aside when refused."""

from datetime import timedelta

import pytest

from cast import NOW, NOW_NS, Cast
from custodes.core.errors import Temporary
from custodes.edge.ship import TripBox
from custodes.hub.driving.models import Trip
from ship_scene import Scene, make_scene
from stored_trip import told_trip


@pytest.fixture
def scene(tmp_path, cast: Cast) -> Scene:
    return make_scene(tmp_path, cast)


def test_trips_wait_and_are_told_once(scene: Scene) -> None:
    box = TripBox(scene.outbox.state_dir)
    told = told_trip(NOW - timedelta(minutes=40))
    box.put(told)
    box.put(told)
    assert [trip for _path, trip in box.waiting()] == [told]
    assert scene.shipper.tell_trips() == 1
    assert scene.shipper.tell_trips() == 0
    assert Trip.objects.get().pk == told.trip_id
    box.put(told)
    assert scene.shipper.tell_trips() == 1, "a repeat is taken, and is the same trip"
    assert Trip.objects.count() == 1


def test_a_trip_survives_a_line_that_is_down(scene: Scene) -> None:
    box = TripBox(scene.outbox.state_dir)
    box.put(told_trip(NOW - timedelta(minutes=40)))
    scene.wire.spoil = lambda request: (_ for _ in ()).throw(__import__("httpx").ConnectError("no line"))
    with pytest.raises(Temporary):
        scene.shipper.tell_trips()
    scene.wire.spoil = None
    assert scene.shipper.tell_trips() == 1


def test_a_trip_that_cannot_be_is_set_aside_and_said(scene: Scene) -> None:
    box = TripBox(scene.outbox.state_dir)
    told = told_trip(NOW - timedelta(minutes=40))
    box.put(told.model_copy(update={"limited_ms": told.moving_ms + 1}))
    assert scene.shipper.tell_trips() == 0
    assert box.waiting() == []
    assert len(list(box.folder.glob("*.refused"))) == 1


def test_a_torn_file_holds_nothing_up(scene: Scene) -> None:
    box = TripBox(scene.outbox.state_dir)
    path = box.put(told_trip(NOW - timedelta(minutes=40)))
    path.with_name(f"{NOW_NS:020d}-torn.json").write_bytes(path.read_bytes()[:100])
    assert scene.shipper.tell_trips() == 1
    assert len(list(box.folder.glob("*.bad"))) == 1
