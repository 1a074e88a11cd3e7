"""The plan in the portal: forms with foreign ids, nonsense and the hour that comes twice; who is shown what."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone

from cast import Cast, give_role
from custodes.hub.fleet import shifts
from custodes.hub.fleet.models import Membership, Person, Route, Shift
from custodes.hub.portal import plan_forms
from custodes.hub.portal.views import plan as plan_view

pytestmark = pytest.mark.django_db


def signed_in(person: Person) -> Client:
    client = Client()
    client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


@pytest.fixture
def wanted(cast: Cast) -> dict[str, str]:
    """Return a form that fits: tomorrow, the other van, its driver."""
    tomorrow = timezone.now() + timedelta(days=1)
    return {
        "organisation": str(cast.company.pk),
        "site": str(cast.other_van.pk),
        "driver": str(cast.dina.pk),
        "route": "",
        "day": f"{tomorrow:%Y-%m-%d}",
        "starts": "22:00",
        "ends": "06:00",
    }


def test_a_shift_over_midnight_is_planned_and_stands_on_both_days(cast: Cast, wanted: dict[str, str]) -> None:
    bob = signed_in(cast.bob)
    said = bob.post("/dispatch/plan/shifts/", wanted | {"starts_at": "2020-01-01", "pk": "1"}, follow=True)
    assert "Dina drives Van 13 from" in said.content.decode()
    made = Shift.objects.latest("starts_at")
    assert made.ends_at - made.starts_at == timedelta(hours=8)
    next_day = (made.ends_at).strftime("%Y-%m-%d")
    page = bob.get(f"/dispatch/plan/?day={next_day}").content.decode()
    assert re.search(
        r'<span class="mono">22:00 <span class="muted">\(\w+\)</span> – 06:00</span>', page
    )  # in Paris, and not UTC


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *((name, "rival") for name in ("site", "driver", "route")),
        *((name, "x" * 500) for name in ("site", "driver", "route", "day", "starts", "ends", "which_end")),
        ("day", "0001-01-01"),
        ("day", "9999-12-31"),
        ("driver", "nobody"),
    ],
)
def test_a_field_that_names_nothing_of_ours_is_refused(
    cast: Cast, wanted: dict[str, str], field: str, value: str
) -> None:
    theirs = Route.objects.create(organisation=cast.rival, name="Theirs")
    rival = {"site": str(cast.rival_van.pk), "driver": str(cast.charlie.pk), "route": str(theirs.pk)}
    sent = wanted | {field: {"rival": rival.get(field, ""), "nobody": str(cast.bob.pk)}.get(value, value)}
    assert signed_in(cast.bob).post("/dispatch/plan/shifts/", sent).status_code == 200
    assert Shift.objects.count() == 1


def test_another_organisation_is_not_there(cast: Cast, wanted: dict[str, str]) -> None:
    shift = Shift.objects.get()
    for person, body in ((cast.bob, wanted | {"organisation": str(cast.rival.pk)}), (cast.charlie, wanted)):
        assert signed_in(person).post("/dispatch/plan/shifts/", body).status_code == 404
    charlie = signed_in(cast.charlie)
    for path in (f"plan/shifts/{shift.pk}/", f"plan/shifts/{shift.pk}/cancel/", "plan/shifts/987654/cancel/"):
        assert charlie.post(f"/dispatch/{path}", wanted).status_code == 404
    assert charlie.get(f"/dispatch/plan/?organisation={cast.company.pk}").status_code == 404


def test_the_hour_that_comes_twice_is_asked_about(cast: Cast, wanted: dict[str, str], monkeypatch) -> None:
    Shift.objects.all().delete()
    now = datetime(2026, 10, 24, 12, 0, tzinfo=UTC)
    monkeypatch.setattr(plan_view.timezone, "now", lambda: now)
    bob = signed_in(cast.bob)
    sent = wanted | {"day": "2026-10-24", "starts": "22:00", "ends": "02:30"}
    asked = bob.post("/dispatch/plan/shifts/", sent).content.decode()
    assert "comes twice" in asked
    assert 'name="which_end"' in asked
    assert not Shift.objects.exists()
    bob.post("/dispatch/plan/shifts/", sent | {"which_end": plan_forms.SECOND})
    assert Shift.objects.get().ends_at == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


def test_a_driver_reads_their_own_shifts_alone(cast: Cast) -> None:
    give_role(cast.milo, cast.company, Membership.Role.DRIVER)
    now = timezone.now()
    plan = shifts.Plan(cast.other_van, cast.milo, now + timedelta(minutes=1), now + timedelta(minutes=31))
    shifts.plan_shift(plan=plan, now=now)
    page = signed_in(cast.dina).get("/dispatch/plan/").content.decode()
    assert ("Dina" in page, "Milo" in page, "Van 13" in page) == (True, False, False)
    assert "Plan a shift" not in page


def test_a_change_that_does_not_fit_keeps_its_dialog_open_with_what_was_typed(
    cast: Cast, wanted: dict[str, str]
) -> None:
    bob = signed_in(cast.bob)
    bob.post("/dispatch/plan/shifts/", wanted)
    bob.post("/dispatch/plan/shifts/", wanted | {"starts": "08:00", "ends": "12:00"})
    shift = Shift.objects.get(starts_at__hour=plan_hour(wanted, 22))
    sent = {f"{shift.pk}-{name}": value for name, value in wanted.items() if name != "organisation"}
    for typed, said in (({"ends": "nonsense"}, "field-error"), ({"starts": "09:00", "ends": "11:00"}, "is taken")):
        body = sent | {f"{shift.pk}-{name}": value for name, value in typed.items()}
        answer = bob.post(f"/dispatch/plan/shifts/{shift.pk}/", body | {"shown_day": wanted["day"]})
        page = answer.content.decode()
        dialog = page.partition(f'<dialog id="shift-{shift.pk}" open data-open-now')[2].partition("</dialog>")[0]
        assert said in dialog
        assert all(f'value="{value}"' in dialog for value in typed.values())
        assert page.count("data-open-now") == 1
    assert Shift.objects.get(pk=shift.pk).starts_at == shift.starts_at


def plan_hour(wanted: dict[str, str], hour: int) -> int:
    """Return the hour in UTC of an hour on the company's clock that day."""
    local = datetime.fromisoformat(f"{wanted['day']}T{hour:02}:00").replace(tzinfo=ZoneInfo("Europe/Paris"))
    return local.astimezone(UTC).hour


def test_a_phone_has_five_places_in_its_navigation_and_the_rest_in_a_menu(cast: Cast) -> None:
    def placed(person: Person) -> tuple[int, int]:
        page = signed_in(person).get("/settings/").content.decode()
        nav = page.partition('<nav class="nav"')[2].partition("</nav>")[0]
        row, _, menu = nav.partition('class="only-phone"')
        return row.count("<li") - row.count('class="beyond"') - bool(menu), menu.count("<a ")

    for person in (cast.alice, cast.dina, cast.petra, cast.hanna):
        in_row, in_menu = placed(person)
        assert in_row <= 4
        assert in_menu >= 2
