"""Shifts are planned: overlaps, midnight, clock changes, foreign ids, what has been; a day is copied to the next."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from cast import NOW, Cast, bind_to_routes, give_role
from custodes.core.errors import BadInput, Denied
from custodes.hub.audit.models import LedgerLeaf
from custodes.hub.fleet import local_times, roster, routes, services, shifts
from custodes.hub.fleet.models import Membership, Person, Route, Shift, Site, TrailPoint, Unit
from custodes.hub.fleet.shifts import Plan

pytestmark = pytest.mark.django_db
PARIS = ZoneInfo("Europe/Paris")
HOUR = timedelta(hours=1)


def plan(site: Site, driver: Person, begins_h: float, ends_h: float | None, route: Route | None = None) -> Plan:
    """Return a plan by hours from NOW."""
    ends_at = None if ends_h is None else NOW + ends_h * HOUR
    return Plan(site=site, driver=driver, starts_at=NOW + begins_h * HOUR, ends_at=ends_at, route=route)


def second_driver(cast: Cast) -> Person:
    give_role(cast.milo, cast.company, Membership.Role.DRIVER)
    return cast.milo


def test_a_planned_shift_says_who_drives_from_its_beginning_and_cuts_the_open_one(cast: Cast) -> None:
    milo = second_driver(cast)
    shifts.plan_shift(plan=plan(cast.van, milo, 4, 12), now=NOW, by=cast.bob)
    by_hour = {hour: services.selectors.driver_at(cast.van, NOW + hour * HOUR) for hour in (0, 3.99, 4, 11.99, 12)}
    assert by_hour == {0: cast.dina, 3.99: cast.dina, 4: milo, 11.99: milo, 12: None}


@pytest.mark.parametrize(
    ("begins_h", "ends_h", "fits"), [(4, 8, True), (12, 14, True), (7, 9, False), (11.99, 13, False), (9, 10, False)]
)
def test_no_van_and_no_driver_twice_at_one_moment(cast: Cast, begins_h: float, ends_h: float, fits: bool) -> None:
    milo = second_driver(cast)
    shifts.plan_shift(plan=plan(cast.van, milo, 8, 12), now=NOW, by=cast.bob)
    for site, driver, sentence in (
        (cast.van, cast.dina, "is taken: Milo"),
        (cast.other_van, milo, "they drive Van 12"),
    ):
        Shift.objects.filter(starts_at__lt=NOW + 8 * HOUR).delete()
        wanted = plan(site, driver, begins_h, ends_h)
        if fits:
            shifts.plan_shift(plan=wanted, now=NOW, by=cast.bob)
            continue
        with pytest.raises(BadInput, match=sentence):
            shifts.plan_shift(plan=wanted, now=NOW, by=cast.bob)


def test_an_open_shift_that_runs_is_not_planned_over_from_now(cast: Cast) -> None:
    milo = second_driver(cast)
    with pytest.raises(BadInput, match="without an end"):
        shifts.plan_shift(plan=plan(cast.van, milo, 0, 8), now=NOW, by=cast.bob)


@pytest.mark.parametrize(
    ("begins_h", "ends_h", "sentence"),
    [
        (-13, 2, "at most 12 hours after"),
        (-3, -1, "over already"),
        (5, 5, "after it begins"),
        (5, 4, "after it begins"),
        (5, 30, "at most 24 hours"),
        (24 * 61, 24 * 61 + 8, "60 days ahead"),
    ],
)
def test_times_that_are_none(cast: Cast, begins_h: float, ends_h: float, sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        shifts.plan_shift(plan=plan(cast.other_van, cast.dina, begins_h, ends_h), now=NOW, by=cast.bob)
    assert Shift.objects.count() == 1


def test_parts_that_do_not_belong_together(cast: Cast) -> None:
    theirs = Route.objects.create(organisation=cast.rival, name="Theirs")
    closed = Route.objects.create(organisation=cast.company, name="Old", closed_at=NOW)
    for wanted in (
        plan(cast.other_van, cast.bob, 5, 8),
        plan(cast.other_van, cast.charlie, 5, 8),
        plan(cast.home, cast.dina, 5, 8),
        plan(cast.other_van, cast.dina, 5, 8, theirs),
        plan(cast.other_van, cast.dina, 5, 8, closed),
    ):
        with pytest.raises(BadInput):
            shifts.plan_shift(plan=wanted, now=NOW, by=cast.alice if wanted.site != cast.home else None)
    for person in (cast.charlie, cast.dina, cast.sam, cast.eve, cast.stranger):
        with pytest.raises(Denied):
            shifts.plan_shift(plan=plan(cast.van, cast.dina, 5, 8), now=NOW, by=person)


def test_what_has_been_is_not_changed_and_what_is_coming_is(cast: Cast) -> None:
    running = Shift.objects.get()
    later = shifts.plan_shift(plan=plan(cast.other_van, second_driver(cast), 5, 8), now=NOW, by=cast.bob)
    ended = Plan(cast.van, cast.dina, running.starts_at, NOW + 6 * HOUR)
    shifts.change_shift(shift=running, plan=ended, now=NOW, by=cast.bob)
    with pytest.raises(BadInput, match="has begun"):
        shifts.change_shift(shift=running, plan=plan(cast.van, cast.dina, -2, 6), now=NOW, by=cast.bob)
    with pytest.raises(BadInput, match="is over"):
        shifts.change_shift(shift=running, plan=ended, now=NOW + 7 * HOUR, by=cast.bob)
    with pytest.raises(BadInput, match="End it instead"):
        shifts.cancel_shift(shift=running, now=NOW, by=cast.bob)
    moved = shifts.change_shift(shift=later, plan=plan(cast.other_van, cast.milo, 6, 9), now=NOW, by=cast.bob)
    assert moved.starts_at == NOW + 6 * HOUR
    shifts.cancel_shift(shift=later, now=NOW, by=cast.bob)
    assert list(Shift.objects.all()) == [running]


def test_setting_off_early_begins_the_planned_shift_and_a_later_one_ends_it(cast: Cast) -> None:
    services.end_shift(shift=Shift.objects.get(), now=NOW)
    own = shifts.plan_shift(plan=plan(cast.van, cast.dina, 1, 8), now=NOW, by=cast.bob)
    begun = services.start_shift(site=cast.van, driver=cast.dina, now=NOW, by=cast.dina)
    assert (begun.pk, begun.starts_at, begun.ends_at) == (own.pk, NOW, NOW + 8 * HOUR)
    shifts.plan_shift(plan=plan(cast.other_van, second_driver(cast), 9, 12), now=NOW, by=cast.bob)
    other = services.start_shift(site=cast.other_van, driver=cast.milo, now=NOW, by=cast.milo)
    assert other.ends_at == NOW + 9 * HOUR


def test_nobody_takes_a_driver_off_a_shift_that_is_not_theirs_to_plan(cast: Cast, client: Client) -> None:
    client.force_login(cast.sam)  # dispatches the second van alone; Dina drives the first
    answer = client.post("/people/shifts/", {"site": cast.other_van.pk, "driver": cast.dina.pk}, follow=True)
    assert "somebody else plans" in answer.content.decode()
    assert (Shift.objects.get().site_id, Shift.objects.get().ends_at) == (cast.van.pk, None)
    driver = shifts.start_shift(site=cast.other_van, driver=cast.dina, now=NOW, by=cast.dina)
    assert driver.site_id == cast.other_van.pk
    assert shifts.start_shift(site=cast.van, driver=cast.dina, now=NOW + HOUR, by=cast.bob).site_id == cast.van.pk


def test_the_end_of_a_shift_forgets_where_the_van_was(cast: Cast) -> None:
    shift = Shift.objects.get()
    TrailPoint.objects.create(shift=shift, unit=cast.van_unit, at=NOW, lat_deg=48.0, lon_deg=2.0)
    Unit.objects.filter(pk=cast.van_unit.pk).update(last_lat_deg=48.0, last_lon_deg=2.0, last_speed_mps=3.0)
    services.end_shift(shift=shift, now=NOW, by=cast.dina)
    assert not TrailPoint.objects.exists()
    assert Unit.objects.get(pk=cast.van_unit.pk).last_lat_deg is None


def test_the_hour_that_comes_twice_is_asked_about_and_the_one_that_is_skipped_is_refused() -> None:
    back, forth = date(2026, 10, 25), date(2026, 3, 29)
    with pytest.raises(local_times.TwiceThatDay, match="comes twice"):
        local_times.moment_at(back, time(2, 30), PARIS)
    first = local_times.moment_at(back, time(2, 30), PARIS, second=False)
    second = local_times.moment_at(back, time(2, 30), PARIS, second=True)
    assert (first, second) == (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC))
    assert [local_times.said(one, PARIS)[-4:] for one in (first, second)] == ["CEST", " CET"]
    with pytest.raises(BadInput, match="does not exist"):
        local_times.moment_at(forth, time(2, 30), PARIS)
    begins, ends = local_times.day_bounds(back, PARIS)
    assert ends - begins == 25 * HOUR


def test_a_day_is_copied_by_the_clock_over_midnight_and_a_clock_change(cast: Cast) -> None:
    now = datetime(2026, 10, 24, 4, 0, tzinfo=UTC)
    Shift.objects.all().delete()
    Membership.objects.filter(organisation=cast.company).update(until=None)
    late = {"starts_at": datetime(2026, 10, 24, 20, 0, tzinfo=UTC), "ends_at": datetime(2026, 10, 25, 0, 7, tzinfo=UTC)}
    Shift.objects.create(site=cast.van, driver=cast.dina, **late)  # 22:00 to 02:07, Paris in summer
    copied = roster.copy_day(
        organisation=cast.company,
        source=date(2026, 10, 24),
        target=date(2026, 10, 25),
        zone=PARIS,
        now=now,
        by=cast.bob,
    )
    assert copied == roster.Copied(1, ())
    made = Shift.objects.latest("starts_at")
    local = [moment.astimezone(PARIS) for moment in (made.starts_at, made.ends_at)]
    assert [f"{one:%d %H:%M %Z}" for one in local] == ["25 22:00 CET", "26 02:00 CET"]
    again = roster.copy_day(
        organisation=cast.company,
        source=date(2026, 10, 24),
        target=date(2026, 10, 25),
        zone=PARIS,
        now=now,
        by=cast.bob,
    )
    assert again.made == 0
    assert "is taken" in again.refused[0]


def test_a_bound_dispatcher_plans_their_own_routes_alone(cast: Cast) -> None:
    harbour, town = (Route.objects.create(organisation=cast.company, name=name) for name in ("Harbour", "Town"))
    bind_to_routes(cast.company, {harbour: list(Membership.objects.filter(person=cast.bob))})
    van = Site.objects.select_related("organisation").get(pk=cast.other_van.pk)
    for route in (town, None):
        with pytest.raises(Denied):
            shifts.plan_shift(plan=plan(van, cast.dina, 5, 8, route), now=NOW, by=cast.bob)
    with pytest.raises(BadInput, match="without an end"):
        shifts.plan_shift(plan=plan(van, cast.dina, 5, 8, harbour), now=NOW, by=cast.bob)
    Shift.objects.all().delete()
    made = shifts.plan_shift(plan=plan(van, cast.dina, 5, 8, harbour), now=NOW, by=cast.bob)
    assert made.route == harbour
    with pytest.raises(Denied):
        routes.keep_route(organisation=van.organisation, name="Mine", now=NOW, by=cast.bob)


def test_every_act_on_a_plan_is_in_the_ledger(cast: Cast) -> None:
    route = routes.keep_route(
        organisation=cast.company, name="Harbour", stops="Quai 3\n\n Rue 2 ", now=NOW, by=cast.bob
    )
    assert route.stops == "Quai 3\nRue 2"
    shift = shifts.plan_shift(plan=plan(cast.other_van, cast.dina, 5, 8, route), now=NOW, by=cast.bob)
    with pytest.raises(BadInput, match="planned on Harbour"):
        routes.close_route(route=route, now=NOW, by=cast.bob)
    shifts.cancel_shift(shift=shift, now=NOW, by=cast.bob)
    routes.close_route(route=route, now=NOW, by=cast.bob)
    routes.keep_route(organisation=cast.company, name="harbour", now=NOW, by=cast.alice)
    with pytest.raises(BadInput, match="already"):
        routes.keep_route(organisation=cast.company, name="HARBOUR", now=NOW, by=cast.alice)
    kinds = LedgerLeaf.objects.order_by("pk").values_list("kind", flat=True)
    told = [kind for kind in kinds if kind.startswith(("shift.", "route."))]
    assert told == [
        "route.created",
        "shift.changed",
        "shift.planned",
        "shift.cancelled",
        "route.closed",
        "route.created",
    ]
