"""A wrong or lying unit clock takes nobody off their own film, and puts nothing first in a list for ever."""

from datetime import timedelta

import pytest
from django.conf import settings as django_settings

from cast import NOW, NOW_NS, Cast
from custodes.core.errors import Temporary
from custodes.core.wire import Heartbeat
from custodes.hub.audit.said import entries
from custodes.hub.clips import quota
from custodes.hub.clips.crosscheck import arrivals_against_ledger
from custodes.hub.clips.models import Clip, ClipPart
from custodes.hub.fleet.health import record_heartbeat
from custodes.hub.fleet.models import Shift, Unit
from custodes.hub.portal import film
from ship_scene import NS, Scene

DAY_NS = 86_400 * NS
RECEIPT = NOW + timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _enrolled_a_year_ago(scene: Scene) -> None:
    Unit.objects.filter(pk=scene.unit.pk).update(enrolled_at=NOW - timedelta(days=365))


def arrive(scene: Scene, onset_ns: int) -> Clip:
    made = scene.put(onset_ns=onset_ns)
    assert scene.shipper.drain()
    return Clip.objects.get(pk=made.clip_id)


def test_a_clip_older_than_any_queue_is_of_who_drove_when_it_came(scene: Scene, cast: Cast) -> None:
    clip = arrive(scene, NOW_NS - 100 * DAY_NS)
    assert (clip.subject, clip.clock_doubt) == (cast.dina, "age")
    assert clip.onset_wall_ns == NOW_NS - 100 * DAY_NS, "the unit's own word stays"
    (entry,) = entries("clip.received")
    assert entry.get("clock") == "age"
    assert list(arrivals_against_ledger()) == []
    Clip.objects.update(clock_doubt="")
    assert "clock_doubt" in next(iter(arrivals_against_ledger())).message


def test_a_board_that_wakes_in_1970_is_noted_on_the_clip(scene: Scene, cast: Cast) -> None:
    made = scene.put(onset_ns=30 * NS)
    assert scene.shipper.drain()
    clip = Clip.objects.select_related("site", "subject").get()
    assert (clip.subject, clip.clock_doubt) == (cast.dina, "enrolment")
    notes = film.tell(made, clip, "kmh").notes
    assert notes[0].startswith("The camera's clock was wrong: by it the clip is older than")
    assert "taken from when the clip came" in notes[1]


def test_a_wrong_clock_does_not_count_a_clip_to_a_former_driver(scene: Scene, cast: Cast) -> None:
    old = NOW - timedelta(days=100)
    Shift.objects.create(site=cast.van, driver=cast.sam, starts_at=old - timedelta(hours=1), ends_at=old + timedelta(1))
    assert arrive(scene, NOW_NS - 100 * DAY_NS).subject == cast.dina
    Shift.objects.filter(driver=cast.dina).update(ends_at=NOW)
    assert arrive(scene, NOW_NS - 100 * DAY_NS).subject == cast.sam, "nobody drove at receipt: the onset after all"


def test_the_heartbeat_s_difference_puts_a_clip_where_it_was(scene: Scene, cast: Cast) -> None:
    Shift.objects.filter(driver=cast.dina).update(ends_at=NOW + timedelta(seconds=30))
    beat = Heartbeat(sent_wall_ns=NOW_NS + 60 * NS - 3 * DAY_NS, software="t")
    record_heartbeat(Unit.objects.get(pk=scene.unit.pk), beat, RECEIPT)
    clip = arrive(scene, NOW_NS - 3 * DAY_NS)
    assert (clip.subject, clip.clock_doubt) == (cast.dina, "off")


def test_a_clip_that_waited_days_with_a_good_clock_is_believed(scene: Scene) -> None:
    record_heartbeat(
        Unit.objects.get(pk=scene.unit.pk), Heartbeat(sent_wall_ns=NOW_NS + 61 * NS, software="t"), RECEIPT
    )
    clip = arrive(scene, NOW_NS - 2 * DAY_NS)
    assert (clip.subject, clip.clock_doubt) == (None, "")


@pytest.mark.parametrize("ahead_ns", [12 * 60 * NS, 2**63 - 20 * NS - NOW_NS])
def test_film_of_a_time_to_come_is_refused_and_kept_at_the_unit(scene: Scene, ahead_ns: int) -> None:
    made = scene.put(onset_ns=NOW_NS + ahead_ns)
    assert scene.shipper.drain()
    assert not Clip.objects.exists()
    (stone,) = scene.outbox.store.tombstones()
    assert (stone.clip_id, stone.reason) == (made.clip_id, "upload_refused")
    assert "clock is ahead" in stone.detail
    assert scene.outbox.part_path(made.clip_id, "film.road").exists(), "kept sealed"
    assert len([one for one in scene.wire.seen if one[1].endswith("/clips")]) == 1, "final: not asked again"


def test_a_clip_of_a_few_minutes_ahead_is_taken(scene: Scene, cast: Cast) -> None:
    assert arrive(scene, NOW_NS + 8 * 60 * NS).subject == cast.dina


def test_a_unit_announces_so_many_clips_an_hour(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    hub = django_settings.HUB
    limits = hub.quota.model_copy(update={"clips_per_hour": 2})
    monkeypatch.setattr(django_settings, "HUB", hub.model_copy(update={"quota": limits}))
    for _ in range(3):
        scene.put()
    for _ in range(2):
        scene.shipper.ship(scene.outbox.next_clip())
    with pytest.raises(Temporary, match="2 clips in an hour"):
        scene.shipper.ship(scene.outbox.next_clip())
    assert Clip.objects.count() == 2
    scene.clock.advance(3600)
    assert scene.shipper.drain()
    assert Clip.objects.count() == 3


def test_a_small_blob_counts_as_a_block_of_the_disk(scene: Scene, cast: Cast) -> None:
    scene.put()
    assert scene.shipper.drain()
    sizes = list(ClipPart.objects.values_list("sealed_bytes", flat=True))
    assert min(sizes) < quota.LEAST_BYTES, "the manifest is smaller than a block"
    assert quota.stored_bytes(cast.company.pk) == quota.room(sizes) > sum(sizes)
