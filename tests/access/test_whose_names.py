"""The page of people names to each reader those whom their role and relation let them know, and nobody else."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from cast import NOW, Cast, make_person
from custodes.hub.access import acquaintance
from custodes.hub.fleet import services
from custodes.hub.fleet.models import Membership, Person, Shift

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
R = Membership.Role


@pytest.fixture
def dora(cast: Cast) -> Person:
    """A second driver: she drives the other van now, and drove the first one yesterday."""
    dora = make_person("dora")
    services.give_role(person=dora, organisation=cast.company, role=R.DRIVER, now=NOW)
    now = timezone.now()
    Shift.objects.update(starts_at=now - timedelta(hours=1))
    Shift.objects.create(site=cast.other_van, driver=dora, starts_at=now - timedelta(hours=1))
    Shift.objects.create(
        site=cast.van, driver=dora, starts_at=now - timedelta(hours=30), ends_at=now - timedelta(hours=20)
    )
    return dora


def named(person: Person) -> set[str]:
    client = Client()
    client.force_login(person, backend=BACKEND)
    html = client.get("/people/").content.decode()
    everybody = Person.objects.exclude(pk=person.pk)
    return {one.display_name for one in everybody if one.display_name in html or one.email in html}


def known(person: Person, cast: Cast) -> set[str]:
    rows = acquaintance.known_memberships(person, cast.company, now=timezone.now())
    return {row.person.display_name for row in rows} - {person.display_name}


@pytest.mark.parametrize("who", ["alice", "bob", "oscar"])
def test_who_leads_runs_or_plans_all_of_it_reads_all(cast: Cast, dora: Person, who: str) -> None:
    everybody = {"Alice", "Bob", "Dina", "Dora", "Oscar", "Petra", "Sam"}
    reader = getattr(cast, who)
    assert known(reader, cast) == everybody - {reader.display_name}
    assert named(reader) >= everybody - {reader.display_name}


def test_a_driver_reads_who_can_see_them_and_no_other_driver(cast: Cast, dora: Person) -> None:
    assert named(cast.dina) == {"Alice", "Bob"}
    assert named(dora) == {"Alice", "Bob", "Sam"}


def test_a_dispatcher_of_one_site_reads_its_people(cast: Cast, dora: Person) -> None:
    assert known(cast.sam, cast) == {"Alice", "Bob", "Dora"}
    Shift.objects.filter(driver=dora).delete()
    assert known(cast.sam, cast) == {"Alice", "Bob"}


def test_a_dispatcher_of_one_site_is_offered_its_drivers_alone(cast: Cast, dora: Person) -> None:
    client = Client()
    client.force_login(cast.sam, backend=BACKEND)
    plan = client.get("/dispatch/plan/").content.decode()
    assert ("Dora" in plan, "Dina" in plan) == (True, False)
    assert named(cast.sam) == {"Alice", "Bob", "Dora"}
    tomorrow = timezone.now() + timedelta(days=1)
    form = {"site": cast.other_van.pk, "day": f"{tomorrow:%Y-%m-%d}", "starts": "08:00", "ends": "09:00"}
    for driver, made in ((cast.dina, 0), (dora, 1)):
        client.post("/dispatch/plan/shifts/", {**form, "organisation": cast.company.pk, "driver": driver.pk})
        assert Shift.objects.filter(starts_at__gt=timezone.now()).count() == made
    client.force_login(cast.bob, backend=BACKEND)
    assert "Dina" in client.get("/dispatch/plan/").content.decode()


def test_a_dispatcher_whose_role_ended_reads_nobody(cast: Cast, dora: Person) -> None:
    assert known(cast.eve, cast) == set()
    assert named(cast.eve) == named(cast.stranger) == set()


def test_a_household_reads_itself(cast: Cast) -> None:
    assert named(cast.milo) == {"Hanna"}
    assert named(cast.hanna) == {"Milo", "Oscar"}


def test_who_drives_is_told_without_a_name_to_those_who_may_not_know(cast: Cast, dora: Person) -> None:
    client = Client()
    client.force_login(cast.dina, backend=BACKEND)
    html = client.get("/people/").content.decode()
    assert "somebody" in html, "the other van is out"
    assert f"/people/shifts/{Shift.objects.get(driver=cast.dina).pk}/end/" in html
    assert f"/people/shifts/{Shift.objects.get(driver=dora, ends_at=None).pk}/end/" not in html


def test_a_driver_offers_themself_alone_for_a_free_van(cast: Cast, dora: Person) -> None:
    Shift.objects.filter(site=cast.other_van).delete()
    client = Client()
    client.force_login(cast.dina, backend=BACKEND)
    html = client.get("/people/").content.decode()
    assert f'value="{cast.dina.pk}"' in html
    assert f'value="{dora.pk}"' not in html
