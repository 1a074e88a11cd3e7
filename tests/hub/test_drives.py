"""Drives on the hub: told once, sealed, scored, disputed, answered by another, void when nobody answers."""

import json
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from cast import NOW, NOW_NS, Cast, make_clip, say
from custodes.core.clock import ManualClock, SystemClock
from custodes.core.errors import BadInput, Denied, Temporary
from custodes.core.wire_trip import WireTrip
from custodes.hub.access import drives
from custodes.hub.access.drive_openings import openings_of
from custodes.hub.audit.models import LedgerBody
from custodes.hub.clips import keeping, standing
from custodes.hub.clips.models import Clip, Hold
from custodes.hub.driving import disputing, scores, storing
from custodes.hub.driving.disputing import RAISED
from custodes.hub.driving.models import Dispute, Trip, TripEvent
from custodes.hub.fleet.models import Person, Route, Shift
from custodes.hub.portal import report_sheets, score_words
from custodes.score.formula import score_trip
from custodes.score.tripfile import trip_of
from custodes.score.words import decimal
from stored_trip import NS, give, store, told_trip

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
LATER = ManualClock(wall=NOW_NS + 3600 * NS)


@pytest.fixture
def trip(cast: Cast) -> Trip:
    return store(cast.van_unit)


def browser(cast: Cast, who: str) -> Client:
    client = Client()
    client.force_login(cast.people[who], backend=BACKEND)
    return client


def kinds_in_ledger() -> list[str]:
    return list(LedgerBody.objects.order_by("leaf__seq").values_list("leaf__kind", flat=True))


def test_a_trip_is_kept_once_with_its_driver_and_its_way_sealed(cast: Cast) -> None:
    told = told_trip()
    assert storing.store_trip(unit=cast.van_unit, trip=told, now_ns=told.end_wall_ns) == 3
    assert storing.store_trip(unit=cast.van_unit, trip=told, now_ns=told.end_wall_ns) == 3
    row = Trip.objects.get()
    assert row.driver == cast.dina
    assert b"48.8" not in bytes(row.sealed)
    assert scores.told_of(row) == told
    assert scores.of_trip(row) == score_trip(trip_of(told))
    with pytest.raises(Denied):
        storing.store_trip(unit=cast.other_van_unit, trip=told, now_ns=told.end_wall_ns)
    changed = told.model_copy(update={"distance_m": 1})
    with pytest.raises(Denied):
        storing.store_trip(unit=cast.van_unit, trip=changed, now_ns=told.end_wall_ns)


def test_a_trip_belongs_to_the_route_of_its_shift(cast: Cast) -> None:
    round_ = Route.objects.create(organisation=cast.company, name="Harbour round")
    Shift.objects.filter(site=cast.van).update(route=round_)
    assert store(cast.van_unit).route == round_
    assert store(cast.other_van_unit).route is None


def test_a_trip_that_cannot_be_is_refused(cast: Cast) -> None:
    told = told_trip()
    for wrong in (
        {"end_wall_ns": told.start_wall_ns},
        {"limited_ms": told.moving_ms + 1},
        {"events": [told.events[0], told.events[0]]},
        {"events": [told.events[0].model_copy(update={"onset_wall_ns": 5})]},
    ):
        with pytest.raises(BadInput):
            storing.store_trip(unit=cast.van_unit, trip=told.model_copy(update=wrong), now_ns=told.end_wall_ns)
    with pytest.raises(BadInput, match="future"):
        storing.store_trip(unit=cast.van_unit, trip=told, now_ns=told.start_wall_ns - 3600 * NS)


def test_a_unit_tells_no_more_than_anybody_can_drive(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storing, "TRIPS_AN_HOUR", 2)
    for _ in range(2):
        store(cast.van_unit)
    with pytest.raises(Temporary):
        store(cast.van_unit)


def test_a_driver_objects_and_another_answers_and_the_score_follows(cast: Cast, trip: Trip) -> None:
    event = trip.events.order_by("at_m")[0]
    clip = make_clip(cast.van_unit, subject=cast.dina)
    TripEvent.objects.filter(pk=event.pk).update(clip=clip)
    before = scores.of_trip(trip).exact
    dispute = drives.raise_dispute(cast.dina, event.pk, words="A child ran out.", clock=LATER)
    assert dispute.due_at == NOW + timedelta(hours=1, days=7)
    assert Hold.objects.filter(clip=clip, released_at=None).exists(), "the evidence is frozen"
    assert scores.of_trip(Trip.objects.get(pk=trip.pk)).exact == before, "an objection alone changes nothing"
    drive_page = browser(cast, "driver").get(f"/drives/{trip.pk}/").content.decode()
    counted, fallen = scores.around(Trip.objects.get(pk=trip.pk), event.pk)
    assert counted.exact == before
    told = f"from {decimal(counted.value)} to {decimal(fallen.value)} of 100"
    assert f"If the driver is right, this drive&#x27;s score goes {told}" in drive_page
    with pytest.raises(Denied):
        drives.answer_dispute(cast.dina, dispute.pk, upheld=True, words="yes", clock=LATER)
    drives.answer_dispute(cast.alice, dispute.pk, upheld=True, words="Seen on film.", clock=LATER)
    assert scores.of_trip(Trip.objects.get(pk=trip.pk)).exact == fallen.exact > before
    assert (
        f"this drive&#x27;s score went {told}"
        in browser(cast, "driver").get(reverse("portal:disputes")).content.decode()
    )
    assert not Hold.objects.filter(clip=clip, released_at=None).exists()
    with pytest.raises(BadInput):
        drives.answer_dispute(cast.alice, dispute.pk, upheld=False, words="no", clock=LATER)
    with pytest.raises(BadInput):
        drives.raise_dispute(cast.dina, event.pk, words="Again.", clock=LATER)
    (record,) = scores.record_of(cast.company.pk)
    assert (record.told, record.disputed, record.upheld, record.answered, record.wrong_percent) == (3, 1, 1, 1, None)
    told = kinds_in_ledger()
    assert [kind for kind in told if kind.startswith(("trip.", "dispute."))] == [
        "trip.received",
        "dispute.raised",
        "trip.opened",  # the driver's own look at the page
        "dispute.answered",
    ]


def test_nobody_answers_in_time_and_the_event_is_void(cast: Cast, trip: Trip) -> None:
    disputing.set_days(actor=cast.alice, organisation=cast.company, days=3, clock=LATER)
    event = trip.events.order_by("at_m")[0]
    dispute = drives.raise_dispute(cast.dina, event.pk, words="Black ice.", clock=LATER)
    day_ns = 86_400 * NS
    assert disputing.void_overdue(now_ns=LATER.wall_ns() + 3 * day_ns - 1) == 0
    assert disputing.void_overdue(now_ns=LATER.wall_ns() + 3 * day_ns) == 1
    assert disputing.void_overdue(now_ns=LATER.wall_ns() + 3 * day_ns) == 0
    assert Dispute.objects.get().state == Dispute.State.VOID
    assert TripEvent.objects.get(pk=event.pk).standing == "void"
    late = ManualClock(wall=LATER.wall_ns() + 3 * day_ns)
    with pytest.raises(BadInput):
        drives.answer_dispute(cast.alice, dispute.pk, upheld=False, words="Too late.", clock=late)


def held_clip(cast: Cast) -> tuple[Clip, Hold]:
    clip = make_clip(cast.van_unit, subject=cast.dina)
    asked = {"actor": cast.alice, "clip_id": clip.pk, "among": Clip.objects.all(), "clock": LATER}
    return clip, keeping.place_hold(**asked, reason="court")


@pytest.mark.parametrize("filmed", [True, False], ids=["with a clip", "without"])
@pytest.mark.parametrize("early", [False, True], ids=["now", "of an early version"])
def test_a_dispute_ends_the_hold_that_its_entry_names_and_no_other(
    cast: Cast, trip: Trip, monkeypatch: pytest.MonkeyPatch, *, filmed: bool, early: bool
) -> None:
    """Who writes the database points a dispute at a legal hold: the hub does not sign its end."""
    evidence, court = held_clip(cast)
    event = trip.events.order_by("at_m")[0]
    TripEvent.objects.filter(pk=event.pk).update(clip=evidence if filmed else None)
    if early:
        said = disputing.ledger.append

        def without_hold(**entry: object) -> object:
            body = {key: value for key, value in entry.pop("body").items() if (entry["kind"], key) != (RAISED, "hold")}
            return said(**entry, body=body)

        monkeypatch.setattr(disputing.ledger, "append", without_hold)
    dispute = drives.raise_dispute(cast.dina, event.pk, words="No.", clock=LATER)
    own = dispute.hold_id
    Dispute.objects.filter(pk=dispute.pk).update(hold=court)
    drives.answer_dispute(cast.alice, dispute.pk, upheld=True, words="Seen.", clock=LATER)
    assert standing.holds_on(evidence.pk) == {court.pk}
    assert Hold.objects.filter(released_at=None).get() == court
    assert (own is not None) == filmed


def test_a_dispute_whose_row_was_edited_neither_ends_early_nor_voids_another_event(cast: Cast, trip: Trip) -> None:
    event, other = trip.events.order_by("at_m")[:2]
    dispute = drives.raise_dispute(cast.dina, event.pk, words="No.", clock=LATER)
    genuine = Dispute.objects.filter(pk=dispute.pk).values("event", "due_at", "state").get()
    due_ns = LATER.wall_ns() + 7 * 86_400 * NS
    for edit, at_ns in (({"due_at": NOW}, LATER.wall_ns()), ({"event": other}, due_ns)):
        Dispute.objects.filter(pk=dispute.pk).update(**edit)
        assert disputing.void_overdue(now_ns=at_ns) == 0
        Dispute.objects.filter(pk=dispute.pk).update(**genuine)
    Dispute.objects.filter(pk=dispute.pk).update(due_at=NOW + timedelta(days=900))
    with pytest.raises(BadInput):
        drives.answer_dispute(cast.alice, dispute.pk, upheld=True, words="Late.", clock=ManualClock(wall=due_ns))
    assert disputing.void_overdue(now_ns=due_ns) == 1
    Dispute.objects.filter(pk=dispute.pk).update(**genuine)
    assert disputing.void_overdue(now_ns=due_ns) == 0, "it ended, whatever its row says"


def test_a_dispute_that_nobody_raised_ends_nothing(cast: Cast, trip: Trip) -> None:
    evidence, court = held_clip(cast)
    made = {"words": "No.", "raised_at": NOW, "due_at": NOW, "hold": court}
    dispute = Dispute.objects.create(event=trip.events.all()[0], raised_by=cast.dina, **made)
    assert disputing.void_overdue(now_ns=LATER.wall_ns()) == 0
    with pytest.raises(Denied):
        drives.answer_dispute(cast.alice, dispute.pk, upheld=True, words="Quite.", clock=LATER)
    assert standing.holds_on(evidence.pk) == {court.pk}


def test_a_manager_at_the_wheel_does_not_answer_for_themselves(cast: Cast, trip: Trip) -> None:
    event = trip.events.order_by("at_m")[0]
    dispute = drives.raise_dispute(cast.dina, event.pk, words="No.", clock=LATER)
    give(trip, cast.alice)
    with pytest.raises(Denied):
        drives.answer_dispute(cast.alice, dispute.pk, upheld=True, words="Quite.", clock=LATER)


def test_others_see_a_score_only_with_the_drivers_yes(cast: Cast, trip: Trip) -> None:
    alice = drives.find_trip(cast.alice, trip.pk, clock=LATER)
    assert (alice.own, alice.judges, alice.answers) == (False, False, True)
    with pytest.raises(Denied):
        drives.trips_to_judge(cast.alice, cast.dina, days=28, clock=LATER)
    say(cast.dina, cast.company, "coaching")
    assert drives.find_trip(cast.alice, trip.pk, clock=LATER).judges
    assert not drives.find_trip(cast.bob, trip.pk, clock=LATER).judges, "dispatchers coach nobody"
    for nobody in (cast.charlie, cast.sam, cast.petra, cast.oscar, cast.hanna, cast.stranger):
        with pytest.raises(Denied):
            drives.find_trip(nobody, trip.pk, clock=LATER)


def test_the_drivers_page_says_why_and_lets_them_object(cast: Cast, trip: Trip) -> None:
    client = browser(cast, "driver")
    page = client.get(reverse("portal:drive", args=[trip.pk])).content.decode()
    assert "3 of 12 brakings were hard" in page
    assert "−12" in page
    assert "14 of 16 stretches of 0.6 mi were calm" in page
    assert "kilomet" not in page
    assert "86.8 of 100" in page
    assert page.count('class="pin"') == 3
    event = trip.events.order_by("at_m")[0]
    said = client.post(reverse("portal:drive_dispute", args=[event.pk]), {"words": ""}, follow=True)
    assert "Say in a few words what happened." in said.content.decode()
    said = client.post(reverse("portal:drive_dispute", args=[event.pk]), {"words": "A child."}, follow=True)
    assert "Waits for an answer" in said.content.decode()
    leads = browser(cast, "manager")
    waiting = leads.get(reverse("portal:disputes")).content.decode()
    assert "A child." in waiting
    assert "The driver is right" in waiting
    assert "The driver is right" not in client.get(reverse("portal:disputes")).content.decode()
    dispute = Dispute.objects.get()
    leads.post(reverse("portal:dispute_answer", args=[dispute.pk]), {"words": "Seen.", "upheld": "yes"})
    page = client.get(reverse("portal:drive", args=[trip.pk])).content.decode()
    assert "2 of 12 brakings were hard" in page
    assert "Seen." in page


def test_ways_are_told_in_the_readers_unit_and_language(cast: Cast, trip: Trip) -> None:
    dina = browser(cast, "driver")
    page = f"/drives/{trip.pk}/"
    miles = f"{trip.distance_m / 1609.344:.1f} mi"
    assert miles in dina.get(page).content.decode()
    assert miles in dina.get("/drives/").content.decode()
    Person.objects.filter(pk=cast.dina.pk).update(speed_unit="kmh", language="fr")
    metric = f"{trip.distance_m / 1000:.1f} km".replace(".", ",")
    said = dina.get(page).content.decode()
    assert metric in said
    assert " mi<" not in said


def test_opening_a_drive_stands_in_the_ledger_before_its_way_is_shown(cast: Cast, trip: Trip) -> None:
    browser(cast, "manager").get(reverse("portal:drive", args=[trip.pk]))
    body = json.loads(LedgerBody.objects.filter(leaf__kind="trip.opened").get().body_json)
    assert (body["trip"], body["person"], body["own"]) == (str(trip.pk), str(cast.dina.pk), False)
    assert (body["by"], body["role"], body["purpose"]) == (str(cast.alice.pk), "manager", "incident")


def test_the_driver_reads_who_opened_their_drives_and_scores_and_for_what(cast: Cast, trip: Trip) -> None:
    say(cast.dina, cast.company, "coaching")
    boss, own = browser(cast, "manager"), browser(cast, "driver")
    for client in (boss, boss, own, browser(cast, "dispatcher")):
        assert client.get(reverse("portal:drive", args=[trip.pk])).status_code == 200
    Trip.objects.filter(pk=trip.pk).update(start_wall_ns=SystemClock().wall_ns() - 3600 * NS)
    assert boss.get(reverse("portal:driver", args=[cast.dina.pk])).status_code == 200
    assert browser(cast, "dispatcher").get(reverse("portal:driver", args=[cast.dina.pk])).status_code == 404
    told = [(one.name, one.role, one.purpose, one.site, one.times) for one in openings_of(cast.dina)]
    coached = ("Alice", "manager", "coaching")
    assert told == [(*coached, "", 1), ("Bob", "dispatcher", "incident", "Van 12", 1), (*coached, "Van 12", 2)]
    assert openings_of(cast.alice) == []
    page = own.get(reverse("portal:watched_me")).content.decode()
    assert "Who opened my drives" in page
    forged = LedgerBody.objects.filter(leaf__kind="trip.opened").order_by("pk")
    forged.filter(body_json__contains=str(cast.bob.pk)).update(body_json=forged[0].body_json)
    assert len(openings_of(cast.dina)) == 2, "who did not open it is not said to have"


def test_the_file_gives_the_same_score_to_anybody(cast: Cast, trip: Trip) -> None:
    event = trip.events.order_by("at_m")[0]
    TripEvent.objects.filter(pk=event.pk).update(standing="dismissed")
    answer = browser(cast, "driver").get(reverse("portal:drive_export", args=[trip.pk]))
    again = score_trip(trip_of(WireTrip.model_validate_json(answer.content)))
    assert again == scores.of_trip(Trip.objects.get(pk=trip.pk))
    assert browser(cast, "manager").get(reverse("portal:drive_export", args=[trip.pk])).status_code == 404


def test_a_drivers_score_over_time_needs_fifty_kilometres(cast: Cast, settings: object) -> None:
    from django.utils import timezone

    now = timezone.now().replace(microsecond=0)
    for back in range(2):
        give(store(cast.van_unit, now - timedelta(days=back + 1), km=20), cast.dina)
    client = browser(cast, "driver")
    page = client.get(reverse("portal:driver", args=[cast.dina.pk])).content.decode()
    assert "Not scored: 25.2 mi driven, 31.1 mi are needed." in page
    give(store(cast.van_unit, now - timedelta(days=3), km=20, hard_at_m=()), cast.dina)
    page = client.get(reverse("portal:driver", args=[cast.dina.pk])).content.decode()
    assert "6 of 36 brakings were hard" in page
    assert '<polyline class="line"' in page
    assert "upheld, of those answered" in page
    assert browser(cast, "manager").get(reverse("portal:driver", args=[cast.dina.pk])).status_code == 404
    empty = browser(cast, "member").get(reverse("portal:driver", args=[cast.milo.pk]))
    assert empty.status_code == 200


def test_the_clock_is_the_managers_to_set(cast: Cast) -> None:
    address = reverse("portal:dispute_policy", args=[cast.company.pk])
    assert browser(cast, "driver").post(address, {"days": "2"}).status_code == 404
    said = browser(cast, "manager").post(address, {"days": "90"}, follow=True).content.decode()
    assert "between 1 and 60" in said
    browser(cast, "manager").post(address, {"days": "2"})
    assert disputing.days_of(cast.company.pk) == 2


@pytest.mark.parametrize(
    ("upheld", "rejected", "told"), [(1, 0, "1 of 1"), (5, 14, "5 of 19"), (5, 15, "5 of 20 (25 %)")]
)
def test_a_percentage_is_told_from_twenty_answers_on(upheld: int, rejected: int, told: str) -> None:
    record = scores.KindRecord("harsh_braking", 40, upheld + rejected, upheld, 0, rejected)
    assert report_sheets.wrong_cells(record)[-1] == told


def test_a_drives_page_speaks_one_unit_of_length(cast: Cast, trip: Trip) -> None:
    for unit, words in (("mph", ("mi", "14 of 16 stretches of 0.6 mi")), ("kmh", ("km", "14 of 16 kilometres"))):
        Person.objects.filter(pk=cast.dina.pk).update(speed_unit=unit)
        page = browser(cast, "driver").get(reverse("portal:drive", args=[trip.pk])).content.decode()
        assert all(word in page for word in words)
        assert ("kilomet" in page) == (unit == "kmh")
    said = score_words.headline(replace(scores.of_trip(trip), value=Fraction(87)), "kmh")
    assert said == "87.0 of 100"


def test_nobody_objects_for_others_and_nobody_answers_whom_they_do_not_lead(cast: Cast, trip: Trip) -> None:
    event = trip.events.order_by("at_m")[0]
    for somebody in (cast.alice, cast.bob, cast.charlie, cast.sam, cast.stranger):
        with pytest.raises(Denied):
            drives.raise_dispute(somebody, event.pk, words="No.", clock=LATER)
    with pytest.raises(Denied):
        drives.raise_dispute(cast.dina, uuid4(), words="No.", clock=LATER)
    dispute = drives.raise_dispute(cast.dina, event.pk, words="Black ice.", clock=LATER)
    for somebody in (cast.bob, cast.charlie, cast.sam, cast.stranger):
        with pytest.raises(Denied):
            drives.answer_dispute(somebody, dispute.pk, upheld=False, words="no", clock=LATER)
    with pytest.raises(Denied):
        drives.answer_dispute(cast.alice, uuid4(), upheld=True, words="yes", clock=LATER)


def test_a_report_over_more_drives_than_it_holds_is_refused(
    cast: Cast, trip: Trip, monkeypatch: pytest.MonkeyPatch
) -> None:
    since_until = {"since_wall_ns": 0, "until_wall_ns": 2 * NOW_NS, "clock": LATER}
    say(cast.dina, cast.company, "coaching")
    monkeypatch.setattr(drives, "REPORTED", 1)
    assert drives.trips_to_report(cast.alice, **since_until) == [trip]
    monkeypatch.setattr(drives, "REPORTED", 0)
    with pytest.raises(BadInput, match="shorter"):
        drives.trips_to_report(cast.alice, **since_until)
