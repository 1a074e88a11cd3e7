"""Who writes the database's file and holds no key becomes nobody by it: rows made at home lead nowhere."""

import hashlib
import json
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from cast import Cast, tell_of_roles
from custodes.hub.audit import ledger
from custodes.hub.audit.models import LedgerBody, LedgerLeaf
from custodes.hub.audit.verify import verify
from custodes.hub.fleet import invitations, own_rows, setup, signin_links
from custodes.hub.fleet.models import Invitation, Membership, Person, SetupToken, SignInLink

pytestmark = pytest.mark.django_db
TOKEN = "the attacker knows this one"
PLAIN = hashlib.sha256(TOKEN.encode()).hexdigest()


def path_of(token: str) -> str:
    return f"/join/{token}"


def invited(cast: Cast, role: str = "driver") -> str:
    asked = {"organisation": cast.company, "email": "mallory@example.org", "role": role}
    return invitations.invite_person(**asked, by=cast.alice, now=timezone.now()).path  # type: ignore[arg-type]


def nothing_happens(path: str) -> None:
    """Hold a link to leading nowhere: the page of every link that is not there, and not a word in the ledger."""
    size, people = LedgerLeaf.objects.count(), Person.objects.count()
    client = Client()
    here, nowhere = client.get(path), client.get(path.rsplit("/", 1)[0] + "/nobody-made-this")
    assert (here.status_code, here.content) == (nowhere.status_code, nowhere.content)
    assert client.post(path).status_code == 404
    assert client.get("/settings/").status_code == 302
    assert (LedgerLeaf.objects.count(), Person.objects.count()) == (size, people)


@pytest.mark.parametrize("kept", [PLAIN, "by the hub"])
def test_an_invitation_made_at_home_is_nobodys(cast: Cast, kept: str) -> None:
    """Also with a hash that the hub made: of the token of another row, which its holder knows."""
    now, path = timezone.now(), path_of(TOKEN)
    if kept != PLAIN:
        path = invited(cast)
        kept = Invitation.objects.get().token_sha256
        Invitation.objects.all().delete()
    Invitation.objects.create(
        organisation=cast.company,
        role="manager",
        email="mallory@example.org",
        token_sha256=kept,
        made_by=None,
        made_at=now,
        expires_at=now + timedelta(hours=20),
    )
    nothing_happens(path)
    assert "invitation_edited" in {one.kind for one in verify().problems}


def test_an_invitation_gives_what_was_promised_and_once(cast: Cast) -> None:
    tell_of_roles()
    path = invited(cast)
    row = Invitation.objects.values().get()
    edits = {
        "role": "manager",
        "email": "other@example.org",
        "organisation_id": cast.rival.pk,
        "site_id": cast.van.pk,
        "made_by_id": None,
        "expires_at": timezone.now() + timedelta(days=300),
    }
    for name, value in edits.items():
        Invitation.objects.update(**{name: value})
        nothing_happens(path)
        assert [one.kind for one in verify().problems] == ["invitation_edited"], name
        Invitation.objects.update(**{name: row[name]})
    assert Client().post(path).status_code == 302
    assert verify().ok
    Membership.objects.filter(person__email="mallory@example.org").delete()
    Person.objects.filter(email="mallory@example.org").delete()
    Invitation.objects.update(accepted_at=None)
    nothing_happens(path)


def test_an_entry_by_hand_makes_no_invitation(cast: Cast) -> None:
    """The hub's code of an entry is asked for, not its words."""
    path = invited(cast)
    Invitation.objects.update(role="manager")
    body = LedgerBody.objects.get(leaf__kind="person.invited")
    said = json.loads(body.body_json) | {"code": invitations.code_of(Invitation.objects.get()), "role": "manager"}
    LedgerBody.objects.update(body_json=json.dumps(said))
    nothing_happens(path)
    facts = {"invitation": Invitation.objects.get().pk, "code": said["code"]}
    ledger.append(kind="person.invited", body=facts, now_ns=1)
    LedgerLeaf.objects.order_by("-seq").update(mac=b"\0" * 32)
    nothing_happens(path)


def test_a_sign_in_link_made_at_home_is_nobodys(cast: Cast) -> None:
    now = timezone.now()
    link = {"kind": "sign_in", "created_at": now, "expires_at": now + timedelta(hours=1)}
    SignInLink.objects.create(person=cast.bob, token_sha256=PLAIN, **link)
    nothing_happens(f"/enter/{TOKEN}")
    mine = signin_links.make_signin_link(cast.dina, now=now)
    SignInLink.objects.filter(person=cast.dina).update(person=cast.alice)
    nothing_happens(mine)
    SignInLink.objects.filter(person=cast.alice).update(person=cast.dina)
    assert Client().post(mine).status_code == 302
    SignInLink.objects.filter(person=cast.dina).update(used_at=None)
    nothing_happens(mine)


def test_a_setup_token_made_at_home_sets_nothing_up(db: None) -> None:
    SetupToken.objects.create(token_sha256=PLAIN, expires_at=timezone.now() + timedelta(hours=1))
    assert not setup.is_live(TOKEN, now=timezone.now())
    token = setup.make_token(now=timezone.now())
    assert token
    assert setup.is_live(token, now=timezone.now())
    assert SetupToken.objects.get().token_sha256 != own_rows.token_code(token, "invitation"), "of one use each"
