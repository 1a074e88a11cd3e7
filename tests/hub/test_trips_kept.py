"""What is kept of a trip: the way of a shift alone, for a time, within the organisation's room."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.test import Client
from django.urls import reverse

from cast import NOW, NOW_NS, Cast, make_clip
from custodes.core.clock import ManualClock
from custodes.core.errors import Temporary
from custodes.edge.ship import TripBox
from custodes.hub.access import drives
from custodes.hub.audit.models import LedgerBody
from custodes.hub.audit.said import entries
from custodes.hub.clips import quota
from custodes.hub.consent import requests
from custodes.hub.driving import disputing, forgetting, scores
from custodes.hub.driving.models import Dispute, Trip
from custodes.hub.fleet import step_up
from custodes.hub.fleet.models import Organisation, Shift
from custodes.hub.fleet.times import wall_ns_of
from custodes.hub.ingest import gatehouse
from ship_scene import make_scene
from stored_trip import NS, give, store, told_trip

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
DAY_NS = 86_400 * NS
IN_90_DAYS_NS = NOW_NS + 1801 * NS + 90 * DAY_NS


def test_of_a_trip_outside_of_a_shift_how_far_is_kept_and_where_is_not(cast: Cast) -> None:
    row = store(cast.van_unit, NOW - timedelta(days=3))
    assert row.driver is None
    assert row.distance_m == 16_300
    assert scores.told_of(row).path == []
    assert scores.told_of(store(cast.van_unit)).path != [], "Dina's shift runs now"


def test_a_way_ends_with_the_shift_it_began_in(cast: Cast) -> None:
    end = NOW + timedelta(minutes=10)
    Shift.objects.filter(site=cast.van).update(ends_at=end)
    path = scores.told_of(store(cast.van_unit)).path
    assert [point.wall_ns for point in path] == list(range(NOW_NS, wall_ns_of(end) + 1, 10 * NS))


def test_the_same_trip_told_again_after_its_way_was_cut_is_the_same(tmp_path: Path, cast: Cast) -> None:
    scene = make_scene(tmp_path, cast)
    box = TripBox(scene.outbox.state_dir)
    told = told_trip(NOW - timedelta(days=3))
    for _ in range(2):
        box.put(told)
        assert scene.shipper.tell_trips() == 1
    assert Trip.objects.count() == 1


def test_trips_go_after_their_time_with_a_leaf_and_give_their_room_back(cast: Cast) -> None:
    row = store(cast.van_unit)
    assert quota.stored_bytes(cast.company.pk) == row.counted_bytes > len(row.sealed)
    assert forgetting.forget_due(now_ns=IN_90_DAYS_NS - 1000 * NS) == 0
    assert forgetting.forget_due(now_ns=IN_90_DAYS_NS) == 1
    assert not Trip.objects.exists()
    assert quota.stored_bytes(cast.company.pk) == 0
    (leaf,) = entries("trip.erased")
    assert (leaf.get("trip"), leaf.get("why")) == (str(row.pk), "retention")


@pytest.mark.parametrize("hidden", [{}, {"salt": b"\0" * 16}], ids=["seen", "salted"])
def test_a_trip_does_not_go_early_by_its_row(cast: Cast, hidden: dict[str, object]) -> None:
    plain, given = store(cast.van_unit), give(store(cast.van_unit, NOW + timedelta(minutes=1)), cast.milo)
    Trip.objects.update(received_at=NOW - timedelta(days=4000))
    LedgerBody.objects.filter(leaf__kind="trip.received").update(**hidden)
    assert forgetting.forget_due(now_ns=IN_90_DAYS_NS - 1000 * NS) == 0
    assert forgetting.forget_due(now_ns=IN_90_DAYS_NS) == (0 if hidden else 1)
    assert set(Trip.objects.all()) == ({plain, given} if hidden else {given})
    assert forgetting.forget_due(now_ns=IN_90_DAYS_NS + 60 * NS) == (0 if hidden else 1)


def test_a_dispute_whose_row_was_ended_by_hand_still_keeps_its_trip(cast: Cast) -> None:
    event = store(cast.van_unit).events.order_by("at_m")[0]
    drives.raise_dispute(cast.dina, event.pk, words="No.", clock=ManualClock(wall=NOW_NS + 3600 * NS))
    genuine = Dispute.objects.values("state").get()
    Dispute.objects.update(state=Dispute.State.VOID)
    assert forgetting.forget_due(now_ns=IN_90_DAYS_NS) == 0
    Dispute.objects.update(**genuine)
    assert disputing.void_overdue(now_ns=IN_90_DAYS_NS) == 1
    assert forgetting.forget_due(now_ns=IN_90_DAYS_NS) == 1


def test_a_trip_in_dispute_stays_until_it_is_answered(cast: Cast) -> None:
    row, clock = store(cast.van_unit), ManualClock(wall=NOW_NS + 3600 * NS)
    dispute = drives.raise_dispute(cast.dina, row.events.all()[0].pk, words="A child ran out.", clock=clock)
    assert forgetting.forget_due(now_ns=IN_90_DAYS_NS) == 0
    drives.answer_dispute(cast.alice, dispute.pk, upheld=True, words="Seen.", clock=clock)
    assert forgetting.forget_due(now_ns=IN_90_DAYS_NS) == 1


def test_an_erasure_takes_the_trip_on_which_the_clip_was_filmed_and_no_other(cast: Cast) -> None:
    filmed, other = store(cast.van_unit), store(cast.van_unit, NOW + timedelta(hours=2))
    clip = make_clip(cast.van_unit, subject=cast.dina, onset=NOW + timedelta(minutes=5))
    erase = {"by_id": cast.alice.pk, "now_ns": NOW_NS + DAY_NS}
    assert forgetting.erase_with_clip(clip, driver_id=cast.sam.pk, **erase) == 0, "the trip of somebody else"
    assert forgetting.erase_with_clip(clip, driver_id=cast.dina.pk, **erase) == 1
    assert list(Trip.objects.all()) == [other]
    (leaf,) = entries("trip.erased")
    assert (leaf.get("trip"), leaf.get("why"), leaf.get("clip")) == (str(filmed.pk), "erasure", str(clip.pk))


def test_to_grant_an_erasure_takes_the_trip_with_the_clip(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(step_up, "is_fresh", lambda _request: True)
    store(cast.van_unit)
    clip = make_clip(cast.van_unit, subject=cast.dina, onset=NOW + timedelta(minutes=5), received_at=NOW)
    asked = requests.ask(person=cast.dina, organisation=cast.company, clip_id=clip.pk, kind="erasure")
    leader = Client()
    leader.force_login(cast.alice, backend=BACKEND)
    leader.post(reverse("portal:subject_answer", args=[asked.pk]), {"granted": "yes"})
    clip.refresh_from_db()
    assert (clip.state, Trip.objects.count()) == ("deleted", 0)


def test_a_trip_waits_at_its_unit_while_there_is_no_room(
    tmp_path: Path, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gatehouse, "KNOWN_FOR_S", 0.0)
    scene = make_scene(tmp_path, cast)
    box = TripBox(scene.outbox.state_dir)
    box.put(told_trip(NOW - timedelta(minutes=40)))
    Organisation.objects.filter(pk=cast.company.pk).update(quota_bytes=1000)
    with pytest.raises(Temporary, match="room at the hub is used up"):
        scene.shipper.tell_trips()
    Organisation.objects.filter(pk=cast.company.pk).update(quota_bytes=10**9)
    hub = django_settings.HUB
    full = hub.model_copy(update={"quota": hub.quota.model_copy(update={"disk_reserve_bytes": 10**18})})
    monkeypatch.setattr(django_settings, "HUB", full)
    with pytest.raises(Temporary, match="disk is full"):
        scene.shipper.tell_trips()
    monkeypatch.setattr(django_settings, "HUB", hub)
    assert len(box.waiting()) == 1
    assert scene.shipper.tell_trips() == 1
