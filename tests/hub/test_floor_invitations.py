"""An invitation is good once and for its time; it lets nobody in as somebody else and tells of no account."""

import json
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from cast import NOW, NOW_NS, Cast, acts_since
from custodes.core.errors import BadInput, Denied
from custodes.hub.audit.models import LedgerBody
from custodes.hub.fleet import invitations, roles, selectors, services
from custodes.hub.fleet.invitations import Invited
from custodes.hub.fleet.models import Invitation, Membership, Person

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
NEW = "new@example.org"


def token_of(invited: Invited) -> str:
    return invited.path.rsplit("/", maxsplit=1)[-1]


def ask(cast: Cast, **changes: object) -> Invited:
    wanted = {"organisation": cast.company, "email": NEW, "role": "dispatcher", "by": cast.alice, "now": NOW}
    return services.invite_person(**{**wanted, **changes})  # type: ignore[arg-type]


def ask_rival(cast: Cast, email: str, **changes: object) -> Invited:
    return ask(cast, organisation=cast.rival, by=cast.charlie, email=email, now=timezone.now(), **changes)


def test_a_stranger_comes_in_once(cast: Cast, client: Client) -> None:
    invited = ask(cast, email=" New@Example.org", now=timezone.now(), display_name="Nora")
    assert not Person.objects.filter(email=NEW).exists()
    for _ in range(2):  # looking uses nothing up
        assert client.get(invited.path).status_code == 200
    answer = client.post(invited.path)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/accounts/password/set/")
    nora = Person.objects.get(email=NEW)
    assert (nora.display_name, nora.has_usable_password()) == ("Nora", False)
    assert acts_since(cast) == ["person.invited", "invitation.accepted", "role.given", "sign_in.done"]
    second = Client()
    assert second.post(invited.path).status_code == second.get(invited.path).status_code == 404
    assert second.get("/").status_code == 302


def test_the_answer_is_the_same_for_an_address_that_is_known(cast: Cast) -> None:
    known, unknown = ask_rival(cast, cast.bob.email), ask_rival(cast, NEW)
    assert len(known.path) == len(unknown.path)
    assert str(known.invitation) == cast.bob.email, "not the name that Bob goes by elsewhere"
    assert not selectors.memberships_at(cast.bob, NOW).filter(organisation=cast.rival).exists()
    texts = [Client().get(one.path).content.decode().replace(cast.bob.email, NEW) for one in (known, unknown)]
    assert texts[0].partition("<form")[0] == texts[1].partition("<form")[0]


def test_who_holds_the_link_of_somebody_known_does_not_come_in_as_them(cast: Cast, client: Client) -> None:
    invited = ask_rival(cast, cast.bob.email, role="manager")
    answer = client.post(invited.path)
    assert answer.headers["Location"] == f"/accounts/login/?next={invited.path}"
    assert client.get("/").status_code == 302
    client.force_login(cast.charlie, backend=BACKEND)
    assert "sign out first" in client.post(invited.path).content.decode()
    client.force_login(cast.bob, backend=BACKEND)
    assert client.post(invited.path).headers["Location"] == "/"
    assert selectors.leads(cast.bob, cast.rival, timezone.now())
    assert not selectors.leads(cast.charlie, cast.company, timezone.now())


def test_an_invitation_lapses_and_is_renewed_by_who_leads(cast: Cast) -> None:
    lost = ask(cast)
    late = NOW + timedelta(hours=72)
    assert invitations.find_live(token_of(lost), now=late - timedelta(seconds=1))
    assert invitations.find_live(token_of(lost), now=late) is None
    for who in (cast.bob, cast.charlie, cast.oscar):
        with pytest.raises(Denied):
            invitations.renew(invitation=lost.invitation, now=late, by=who)
    fresh = invitations.renew(invitation=lost.invitation, now=late, by=cast.alice)
    assert invitations.find_live(token_of(lost), now=late) is None
    assert invitations.find_live(token_of(fresh), now=late)
    entry = LedgerBody.objects.get(leaf__kind="invitation.renewed")
    assert json.loads(entry.body_json)["by"] == str(cast.alice.pk)


def test_a_taken_or_withdrawn_invitation_is_not_renewed(cast: Cast) -> None:
    taken, withdrawn = ask(cast), ask(cast, email="other@example.org")
    invitations.accept(token_of(taken), person=None, now=NOW)
    invitations.withdraw(invitation=withdrawn.invitation, now=NOW, by=cast.alice)
    for one in (taken, withdrawn):
        with pytest.raises(BadInput, match="taken or withdrawn"):
            invitations.renew(invitation=one.invitation, now=NOW, by=cast.alice)
        assert invitations.find_live(token_of(one), now=NOW) is None


def test_an_invitation_of_who_leads_no_more_leads_nowhere(cast: Cast) -> None:
    invited = ask(cast)
    roles.give_role(person=cast.bob, organisation=cast.company, role=Membership.Role.MANAGER, now=NOW)
    roles.end_membership(membership=Membership.objects.get(person=cast.alice), now=NOW)
    assert invitations.find_live(token_of(invited), now=NOW + timedelta(seconds=1)) is None


def test_a_second_invitation_ends_the_first(cast: Cast) -> None:
    first, second = ask(cast), ask(cast)
    assert invitations.find_live(token_of(first), now=NOW) is None
    assert invitations.find_live(token_of(second), now=NOW)
    assert list(invitations.open_invitations(cast.company, now=NOW)) == [second.invitation]


def test_only_the_hash_of_a_token_is_kept(cast: Cast) -> None:
    token = token_of(ask(cast))
    assert len(token) == 43
    assert not [row for row in Invitation.objects.values_list() if token in str(row)]


def test_who_did_not_come_is_forgotten_after_a_month(cast: Cast) -> None:
    ask(cast)
    day_ns = 86_400 * 10**9
    assert invitations.forget_lapsed(now_ns=NOW_NS + 32 * day_ns) == 0
    assert invitations.forget_lapsed(now_ns=NOW_NS + 34 * day_ns) == 1
