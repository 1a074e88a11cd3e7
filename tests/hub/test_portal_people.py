"""People, shifts and settings: who may change what, and what is said when they may not."""

import json
import re

import pytest
from django.test import Client

from cast import Cast, tell_of_shifts
from custodes.hub.audit.models import LedgerBody, LedgerLeaf
from custodes.hub.audit.verify import Report, verify
from custodes.hub.fleet.models import Invitation, Membership, Organisation, Shift
from custodes.hub.portal.views.settings import MARKS
from signed_in import signed_in

pytestmark = pytest.mark.django_db


def test_people_of_ones_own_organisations_are_listed(cast: Cast) -> None:
    html = signed_in(cast.bob).get("/people/").content.decode()
    assert "Dina" in html
    assert "Charlie" not in html
    assert "Eve" not in html, "an ended role is not listed"
    assert "Invite somebody" not in html
    assert "You have no role yet" in signed_in(cast.stranger).get("/people/").content.decode()


def test_manager_invites_by_a_link_that_works_once(cast: Cast) -> None:
    wanted = {"email": "nora@example.org", "display_name": "Nora", "place": f"site:{cast.van.pk}", "role": "driver"}
    html = signed_in(cast.alice).post("/people/invite/", wanted).content.decode()
    link = re.search(r"http://testserver(/join/[\w-]+)", html)
    assert link
    assert not Membership.objects.filter(person__email="nora@example.org").exists()
    assert "Nora" in signed_in(cast.alice).get("/people/").content.decode(), "waits in the list of who leads"
    assert "Nora" not in signed_in(cast.bob).get("/people/").content.decode()
    newcomer = Client()
    assert newcomer.get(link[1]).status_code == 200
    newcomer.post(link[1])
    membership = Membership.objects.get(person__email="nora@example.org")
    assert (membership.role, membership.site) == ("driver", cast.van)
    assert newcomer.get("/settings/").status_code == 200
    assert Client().get(link[1]).status_code == 404


def test_a_lost_link_is_renewed_and_an_invitation_withdrawn_from_the_page(cast: Cast) -> None:
    wanted = {"email": "nora@example.org", "place": f"all:{cast.company.pk}", "role": "driver"}
    alice = signed_in(cast.alice)
    first = re.search(r"/join/[\w-]+", alice.post("/people/invite/", wanted).content.decode())
    waiting = Invitation.objects.get()
    second = re.search(r"/join/[\w-]+", alice.post(f"/people/invitations/{waiting.pk}/renew/").content.decode())
    assert first
    assert second
    assert [Client().get(link.group()).status_code for link in (first, second)] == [404, 200]
    assert "leads nowhere" in alice.post(f"/people/invitations/{waiting.pk}/withdraw/", follow=True).content.decode()
    assert Client().get(second.group()).status_code == 404


@pytest.mark.parametrize("who", ["bob", "oscar", "charlie"])
def test_invitation_is_for_who_leads_there(cast: Cast, who: str) -> None:
    wanted = {"email": "n@example.org", "place": f"all:{cast.company.pk}", "role": "manager"}
    signed_in(getattr(cast, who)).post("/people/invite/", wanted)
    assert not Invitation.objects.exists()


def test_ending_a_role(cast: Cast) -> None:
    of_bob = Membership.objects.get(person=cast.bob)
    assert signed_in(cast.charlie).post(f"/people/memberships/{of_bob.pk}/end/").status_code == 404
    assert signed_in(cast.dina).post(f"/people/memberships/{of_bob.pk}/end/").status_code == 404
    page = signed_in(cast.alice).post(f"/people/memberships/{of_bob.pk}/end/", follow=True).content.decode()
    assert "Bob is no longer Dispatcher." in page
    assert signed_in(cast.bob).get(f"/sites/{cast.van.pk}/").status_code == 404


def test_last_leader_stays(cast: Cast) -> None:
    of_alice = Membership.objects.get(person=cast.alice)
    page = signed_in(cast.alice).post(f"/people/memberships/{of_alice.pk}/end/", follow=True).content.decode()
    assert "would have nobody who gives roles" in page


def test_dispatcher_plans_shifts(cast: Cast) -> None:
    client = signed_in(cast.bob)
    running = Shift.objects.get(site=cast.van)
    assert (
        "The shift of Dina has ended." in client.post(f"/people/shifts/{running.pk}/end/", follow=True).content.decode()
    )
    page = client.post("/people/shifts/", {"site": cast.other_van.pk, "driver": cast.dina.pk}, follow=True)
    assert "Dina drives Van 13 from now on." in page.content.decode()
    assert client.post("/people/shifts/", {"site": cast.rival_van.pk, "driver": cast.dina.pk}).status_code == 404
    assert client.post("/people/shifts/", {"site": "x", "driver": "y"}).status_code == 404


def test_own_settings_are_kept_and_spoken(cast: Cast) -> None:
    client = signed_in(cast.dina)
    wanted = {"display_name": "Dina", "language": "fr", "time_zone": "America/Montreal", "speed_unit": "kmh"}
    page = client.post("/settings/", wanted, follow=True).content.decode()
    assert "Enregistré." in page
    assert '<html lang="fr">' in page
    cast.dina.refresh_from_db()
    assert (cast.dina.time_zone, cast.dina.speed_unit) == ("America/Montreal", "kmh")
    assert client.post("/settings/", wanted | {"time_zone": "Mars/Base"}).status_code == 200
    cast.dina.refresh_from_db()
    assert cast.dina.time_zone == "America/Montreal"


def test_organisation_is_changed_by_who_runs_it_and_written_down(cast: Cast) -> None:
    address, prefix = f"/settings/organisations/{cast.company.pk}/", str(cast.company.pk)
    wanted = {"name": "Harbour", "time_zone": "Europe/Lisbon", "speed_unit": "kmh", "undo_window_s": "3600"}
    wanted |= {name: str(getattr(cast.company, name)) for name in MARKS}
    form = {f"{prefix}-{name}": value for name, value in wanted.items()}
    assert signed_in(cast.bob).post(address, form).status_code == 403
    assert signed_in(cast.charlie).post(address, form).status_code == 404
    signed_in(cast.alice).post(address, form)
    changed = Organisation.objects.get(pk=cast.company.pk)
    assert (changed.name, changed.undo_window_s) == ("Harbour", 3600)
    assert LedgerLeaf.objects.filter(kind="organisation.changed").count() == 1


def test_ledger_is_verified_on_demand(cast: Cast) -> None:
    tell_of_shifts()
    client = signed_in(cast.alice)
    assert "Signed head" in client.get("/settings/").content.decode()
    assert "The ledger holds" in client.post("/settings/ledger/verify/").content.decode()
    LedgerLeaf.objects.update(kind="forged")
    assert "does not hold" in client.post("/settings/ledger/verify/").content.decode()


def test_the_ledger_is_walked_once_at_a_time(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    tell_of_shifts()
    client, said = signed_in(cast.alice), []

    def walk() -> Report:
        said.append(client.post("/settings/ledger/verify/").content.decode())
        return verify()

    monkeypatch.setattr("custodes.hub.portal.views.settings.verify_ledger", walk)
    assert "The ledger holds" in client.post("/settings/ledger/verify/").content.decode()
    assert len(said) == 1
    assert "is being verified already" in said[0]


def test_the_ledger_is_nothing_to_somebody_without_a_role(cast: Cast) -> None:
    assert 'id="ledger-title"' not in signed_in(cast.stranger).get("/settings/").content.decode()
    of_driver = signed_in(cast.dina).get("/settings/").content.decode()
    assert "Signed head" in of_driver
    assert "Verify now" not in of_driver


def test_a_new_name_is_written_down(cast: Cast) -> None:
    """Who watched is told by name, and everybody chooses their own."""
    wanted = {"display_name": "Somebody else", "language": "en", "time_zone": "", "speed_unit": ""}
    for _ in range(2):
        signed_in(cast.bob).post("/settings/", wanted)
    body = json.loads(LedgerBody.objects.get(leaf__kind="person.renamed").body_json)
    assert (body["person"], body["before"], body["after"]) == (str(cast.bob.pk), "Bob", "Somebody else")


def test_other_sessions_can_be_ended(cast: Cast) -> None:
    here, there = signed_in(cast.alice), signed_in(cast.alice)
    assert there.get("/settings/").status_code == 200
    here.post("/settings/sessions/end/")
    assert there.get("/settings/").status_code == 302
    assert here.get("/settings/").status_code == 200
