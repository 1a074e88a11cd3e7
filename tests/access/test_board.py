"""Where vans are: during their shifts, to whom the rules let know it, and never before the entry in the ledger."""

import asyncio
import json
from collections.abc import AsyncGenerator
from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import AnonymousUser
from django.test import Client
from django.utils import timezone

from cast import NOW, NOW_NS, Cast, bind_to_routes, give_role
from custodes.core.clock import ManualClock
from custodes.core.wire import Heartbeat, WireSample
from custodes.hub.audit import ledger
from custodes.hub.audit.models import LedgerBody, LedgerLeaf
from custodes.hub.dispatch import board, followed
from custodes.hub.dispatch.models import PlaceWatch
from custodes.hub.fleet import open_sessions, positions, services
from custodes.hub.fleet.models import Membership, OpenSession, Person, Route, Shift, TrailPoint, Unit
from custodes.hub.portal import board_feed, board_rows, feeds

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
S = 1_000_000_000


def beat(cast: Cast, *, after_s: float = 0, age_s: float = 0, skew_s: float = 0, lat_deg: float | None = 48.85) -> None:
    """Let the first van's unit tell where it was `age_s` ago, `after_s` after NOW."""
    sent_ns = NOW_NS + round((after_s + skew_s) * S)
    sample = WireSample(wall_ns=sent_ns - round(age_s * S), lat_deg=lat_deg, lon_deg=2.35, speed_mps=9.0)
    unit = Unit.objects.select_related("site").get(pk=cast.van_unit.pk)
    heartbeat = Heartbeat(sent_wall_ns=sent_ns, software="x", sample=sample)
    services.record_heartbeat(unit, heartbeat, NOW + timedelta(seconds=after_s))


def seen_by(person: Person, *, after_s: float = 0) -> dict[str, tuple[bool, bool]]:
    """Return the vans on somebody's board: whether one is on shift, and whether its place is shown."""
    vans = board.look(person, address="192.0.2.7", clock=ManualClock(wall=NOW_NS + round(after_s * S)))
    return {van.site.name: (van.shift is not None, van.place is not None) for van in vans}


def watches() -> int:
    return LedgerLeaf.objects.filter(kind="place.watched").count()


def test_everybody_sees_what_the_rules_say_and_nobody_more(cast: Cast) -> None:
    beat(cast)
    on, off = (True, True), (False, False)
    assert {name: seen_by(person) for name, person in cast.people.items()} == {
        "manager": {"Van 12": on, "Van 13": off},
        "dispatcher": {"Van 12": on, "Van 13": off},
        "dispatcher elsewhere": {"Van 13": off},
        "driver": {"Van 12": on},
        "rival manager": {"Rival 1": off},
        **{
            name: {}
            for name in ("operator", "owner", "member", "former dispatcher", "stranger", "superuser", "privacy officer")
        },
    }
    told = [json.loads(body.body_json) for body in LedgerBody.objects.filter(leaf__kind="place.watched")]
    assert {entry["person"] for entry in told} == {str(cast.alice.pk), str(cast.bob.pk), str(cast.dina.pk)}
    assert {(entry["driver"], entry["address"]) for entry in told} == {(str(cast.dina.pk), "192.0.2.7")}


def test_without_a_second_factor_a_dispatcher_sees_no_van(cast: Cast) -> None:
    beat(cast)
    cast.bob.second_factor_shown = False
    assert seen_by(cast.bob) == {}


def test_a_bound_dispatcher_sees_the_vans_of_their_routes(cast: Cast) -> None:
    beat(cast)
    harbour = Route.objects.create(organisation=cast.company, name="Harbour")
    bind_to_routes(cast.company, {harbour: list(Membership.objects.filter(person=cast.bob))})
    assert seen_by(cast.bob) == {}
    Shift.objects.update(route=harbour)
    assert seen_by(cast.bob) == {"Van 12": (True, True)}
    assert seen_by(cast.alice)["Van 12"] == (True, True)


def test_one_entry_stands_for_one_looking_however_often_it_is_fed(cast: Cast) -> None:
    for second in range(0, 600, 10):
        beat(cast, after_s=second)
        seen_by(cast.bob, after_s=second)
    assert watches() == 1
    assert PlaceWatch.objects.get().last_shown_at >= NOW + 8 * MINUTE
    beat(cast, after_s=1500)
    seen_by(cast.bob, after_s=1510)
    assert watches() == 2, "who comes back after a quarter of an hour looks anew"


def test_another_driver_is_another_watch_and_a_day_long_one_is_asked_anew(cast: Cast) -> None:
    beat(cast)
    seen_by(cast.bob)
    give_role(cast.milo, cast.company, Membership.Role.DRIVER)
    services.start_shift(site=cast.van, driver=cast.milo, now=NOW + MINUTE)
    assert seen_by(cast.bob, after_s=61)["Van 12"] == (True, False), "the way of the shift before is gone"
    beat(cast, after_s=70)
    seen_by(cast.bob, after_s=71)
    assert set(PlaceWatch.objects.values_list("driver__display_name", flat=True)) == {"Dina", "Milo"}
    late_s = 71 + 12.5 * 3600
    PlaceWatch.objects.update(last_shown_at=NOW + timedelta(seconds=late_s))
    beat(cast, after_s=late_s)
    seen_by(cast.bob, after_s=late_s)
    assert watches() == 3


def test_a_row_without_its_entry_shows_no_place_unwritten(cast: Cast) -> None:
    beat(cast)
    forged = PlaceWatch(person=cast.bob, site=cast.van, shift_number=Shift.objects.get().pk, ledger_seq=0)
    forged.opened_at = forged.last_shown_at = NOW
    forged.save()
    assert seen_by(cast.bob)["Van 12"] == (True, True)
    assert watches() == 1


def test_a_row_that_was_made_younger_keeps_no_watch_open(cast: Cast) -> None:
    beat(cast)
    seen_by(cast.bob)
    late_s = 13 * 3600
    beat(cast, after_s=late_s)
    moment = NOW + timedelta(seconds=late_s)
    PlaceWatch.objects.update(opened_at=moment, last_shown_at=moment)
    seen_by(cast.bob, after_s=late_s)
    assert watches() == 2


def test_no_entry_no_place(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    beat(cast)

    def refuse(**_facts: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(ledger, "append", refuse)
    with pytest.raises(OSError, match="disk is full"):
        seen_by(cast.bob)
    assert not PlaceWatch.objects.exists()


def test_personal_time_is_not_kept_and_not_shown(cast: Cast) -> None:
    beat(cast)
    services.end_shift(shift=Shift.objects.get(), now=NOW + MINUTE)
    beat(cast, after_s=70)
    assert not TrailPoint.objects.exists()
    assert Unit.objects.get(pk=cast.van_unit.pk).last_lat_deg is None
    assert seen_by(cast.alice, after_s=80) == {"Van 12": (False, False), "Van 13": (False, False)}
    assert board.place_of(cast.alice, cast.van, clock=ManualClock(wall=NOW_NS + 80 * S)) is None
    services.start_shift(site=cast.van, driver=cast.dina, now=NOW + 2 * MINUTE)
    beat(cast, after_s=125, age_s=20)
    assert not TrailPoint.objects.exists(), "measured before the shift, told in it"
    beat(cast, after_s=130, age_s=2)
    assert TrailPoint.objects.count() == 1


def test_a_sites_page_asks_the_same_door(cast: Cast) -> None:
    beat(cast)
    clock = ManualClock(wall=NOW_NS + S)
    found = {name: board.place_of(person, cast.van, clock=clock) is not None for name, person in cast.people.items()}
    assert {name for name, told in found.items() if told} == {"manager", "dispatcher", "driver"}
    assert watches() == 3
    assert board.look(AnonymousUser()) == ()
    assert board.place_of(AnonymousUser(), cast.van, clock=clock) is None
    # As if the sweep had not come yet: the place is still in the row, but the shift is over.
    Shift.objects.update(ends_at=NOW)
    assert board.place_of(cast.alice, cast.van, clock=clock) is None


def test_a_shift_that_ends_by_itself_takes_the_places_along(cast: Cast) -> None:
    Shift.objects.update(ends_at=NOW + MINUTE)
    beat(cast)
    assert seen_by(cast.bob, after_s=59)["Van 12"] == (True, True)
    assert seen_by(cast.bob, after_s=60)["Van 12"] == (False, False), "before any sweep"
    assert positions.forget_due(now_ns=NOW_NS + 61 * S) == 1
    assert Unit.objects.get(pk=cast.van_unit.pk).last_lat_deg is None


def test_positions_are_kept_no_longer_than_the_settings_say(cast: Cast) -> None:
    beat(cast)
    beat(cast, after_s=3600)
    assert positions.forget_due(now_ns=NOW_NS + (12 * 3600 + 1) * S) == 1
    assert TrailPoint.objects.count() == 1


@pytest.mark.parametrize(("skew_s", "age_s", "kept"), [(0, 0, 1), (-86_400, 30, 1), (0, 121, 0), (0, -6, 0)])
def test_a_reading_counts_by_its_age_whatever_the_units_clock_says(
    cast: Cast, skew_s: float, age_s: float, kept: int
) -> None:
    beat(cast, skew_s=skew_s, age_s=age_s)
    assert TrailPoint.objects.count() == kept


def test_a_flood_of_heartbeats_is_one_point_in_five_seconds_and_none_without_a_fix(cast: Cast) -> None:
    for tenth in range(100):
        beat(cast, after_s=tenth / 10)
    beat(cast, after_s=20, lat_deg=None)
    assert TrailPoint.objects.count() == 2


def test_the_driver_reads_who_followed_them(cast: Cast) -> None:
    beat(cast)
    for person in (cast.bob, cast.dina):
        seen_by(person)
    Person.objects.filter(pk=cast.bob.pk).update(display_name="Robert")
    (told,) = followed.followers_of(cast.dina)
    assert (told.name, told.role, told.site, told.address) == ("Bob", "dispatcher", "Van 12", "192.0.2.7")
    assert followed.followers_of(cast.milo) == []


def collect(person: Person, *, lasts_s: float = 0.05) -> list[tuple[str, dict[str, object]]]:
    async def read() -> list[str]:
        feed = board_feed.events(person, address="", language="en", lasts_s=lasts_s)
        return [event async for event in feed]

    events = [event.split("\n") for event in asyncio.run(read()) if event.startswith("event:")]
    return [(lines[0].removeprefix("event: "), json.loads(lines[1].removeprefix("data: "))) for lines in events]


@pytest.mark.django_db(transaction=True)
def test_the_feed_tells_ones_own_vans_alone(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(board_feed, "LOOK_EVERY_S", 0.01)
    shift = Shift.objects.get()
    now = timezone.now()
    TrailPoint.objects.create(shift=shift, unit=cast.van_unit, at=now, lat_deg=48.85, lon_deg=2.35, speed_mps=9.0)
    told = {name: {body["van"] for _, body in collect(cast.people[name])} for name in ("dispatcher", "stranger")}
    assert told == {"dispatcher": {str(cast.van.pk), str(cast.other_van.pk)}, "stranger": set()}
    (van,) = [body for _, body in collect(cast.dina)]
    assert van["point"] == {"lat": 48.85, "lon": 2.35, "speed": "20 MPH", "old": False}
    assert "Dina" in str(van["html"])


@pytest.mark.django_db(transaction=True)
def test_a_feed_ends_with_its_session_before_it_tells_anything_more(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(board_feed, "LOOK_EVERY_S", 0.01)
    shift, now = Shift.objects.get(), timezone.now()
    cast.dina.open_session = OpenSession.objects.create(person=cast.dina, began_at=now, seen_at=now).pk
    place = {"shift": shift, "unit": cast.van_unit, "lat_deg": 48.85, "lon_deg": 2.35}

    def moves_on_after_signing_out() -> None:
        open_sessions.drop(cast.dina, keep=None)
        TrailPoint.objects.create(**place, at=now + timedelta(seconds=1))

    async def read() -> list[str]:
        feed = board_feed.events(cast.dina, address="", language="en", lasts_s=60)
        begun = [await anext(feed), await anext(feed)]
        await sync_to_async(moves_on_after_signing_out)()
        return begun + [event async for event in feed]

    assert [event.partition(":")[0] for event in asyncio.run(read())] == ["retry", "event", ""]


@pytest.mark.django_db(transaction=True)
def test_all_boards_of_one_person_are_one_reading(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    read, read_for = board_rows.read, []

    def counted(person: Person, *, address: str) -> list[board_rows.BoardRow]:
        read_for.append(str(person))
        return read(person, address=address)

    monkeypatch.setattr(board_rows, "read", counted)

    async def told(person: Person, watch: board_feed.FleetWatch) -> int:
        feed = board_feed.events(person, address="", language="en", watch=watch, lasts_s=60)
        events = [await anext(feed) for _ in range(3)]
        await feed.aclose()
        return sum(event.startswith("event: van") for event in events)

    async def all_of_them() -> list[int]:
        watch = board_feed.FleetWatch()
        return await asyncio.gather(*[told(person, watch) for person in (cast.bob, cast.bob, cast.bob, cast.alice)])

    assert asyncio.run(all_of_them()) == [2, 2, 2, 2]
    assert sorted(read_for) == ["Alice", "Bob"]


def test_a_session_holds_six_feeds_and_no_more(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    async def tell() -> AsyncGenerator[str, None]:
        for _ in range(2):
            yield ": here\n\n"

    async def open_seven() -> tuple[list[str], bool, bool]:
        held = [kept.counted(cast.bob, tell()) for _ in range(feeds.AT_ONCE)]
        for one in held:
            await anext(one)
        refused = [event async for event in kept.counted(cast.bob, tell())]
        full = kept.is_full(cast.bob)
        assert [event async for event in held[0]] == [": here\n\n"]
        return refused, full, kept.is_full(cast.bob)

    kept = feeds.OpenFeeds()
    assert asyncio.run(open_seven()) == (["retry: 30000\n\n"], True, False)
    client = Client()
    client.force_login(cast.bob, backend="allauth.account.auth_backends.AuthenticationBackend")
    monkeypatch.setattr(feeds, "AT_ONCE", 0)
    for address in ("/dispatch/feed/", "/inbox/feed/"):
        answer = client.get(address)
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "30")


def test_the_page_shows_a_van_to_who_may_know_and_says_so_to_who_may_not(cast: Cast) -> None:
    for name, words in (("dispatcher", "Van 12"), ("operator", "No van for you to follow")):
        client = Client()
        client.force_login(cast.people[name], backend="allauth.account.auth_backends.AuthenticationBackend")
        assert words in client.get("/dispatch/").content.decode()
    assert client.get(f"/dispatch/?organisation={cast.rival.pk}").status_code == 404
