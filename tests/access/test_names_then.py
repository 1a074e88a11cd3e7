"""A watcher is told by the name of that moment: renaming the account later changes no history."""

import pytest
from django.test import Client

from cast import Cast, make_clip, tell_of_shifts
from custodes.hub.access import gate
from custodes.hub.access.history import NameThen, names_then
from custodes.hub.access.models import View
from custodes.hub.audit.models import LedgerBody
from custodes.hub.audit.verify import verify
from custodes.hub.fleet.models import Person

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@pytest.fixture
def cast(cast: Cast) -> Cast:
    """The cast, with its roles in the ledger: the check of the ledger looks for them there."""
    tell_of_shifts()
    return cast


@pytest.fixture
def view(cast: Cast) -> View:
    return gate.open_view(actor=cast.bob, clip_id=make_clip(cast.van_unit, subject=cast.dina).pk, purpose="incident")


def rename(person: Person) -> None:
    person.display_name, person.email = "Somebody Else", "else@example.org"
    person.set_password(None)  # its code binds the address too
    person.save()


def test_the_name_stands_in_the_entry_and_not_in_the_account(cast: Cast, view: View) -> None:
    rename(cast.bob)
    again = View.objects.select_related("person").get(pk=view.pk)
    assert names_then([again])[view.pk] == NameThen("Bob", "bob@example.org")
    assert verify().ok


def test_the_pages_tell_the_name_of_then(cast: Cast, view: View, client: Client) -> None:
    rename(cast.bob)
    client.force_login(cast.dina, backend=BACKEND)
    page = client.get("/").content.decode()
    assert "bob@example.org" in page
    assert "Somebody Else" not in page


def test_a_name_whose_entry_lost_its_body_is_gone(cast: Cast, view: View) -> None:
    LedgerBody.objects.filter(pk=view.ledger_seq).delete()
    rename(cast.bob)
    again = View.objects.select_related("person").get(pk=view.pk)
    assert names_then([again])[view.pk].name == "Somebody Else"
