"""Roles are given by leaders, end at once, and every act of it is in the ledger."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from cast import NOW, Cast, acts_since
from custodes.core.errors import BadInput, Denied
from custodes.hub.fleet import routes, selectors, services, setup, signin_links
from custodes.hub.fleet.models import Membership, Organisation, Person, Shift, SignInLink, Site

pytestmark = pytest.mark.django_db
R = Membership.Role


def role_of(person: Person) -> Membership:
    return Membership.objects.get(person=person)


def test_a_company_begins_with_its_name(hub_dir: object, db: None) -> None:
    company = services.create_organisation(name="  New   Vans ", kind="company", now=NOW, time_zone="Europe/Paris")
    site = services.create_site(organisation=company, name="Van 1", kind="vehicle", now=NOW)
    assert (company.name, company.undo_window_s, site.organisation) == ("New Vans", 600, company)
    assert acts_since(None) == ["organisation.created", "site.created"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": " "}, "name: give 1 to 120"),
        ({"kind": "club"}, "neither company nor household"),
        ({"time_zone": "Mars/Base"}, "not a time zone"),
        ({"time_zone": "../../etc/passwd"}, "not a time zone"),
        ({"speed_unit": "knots"}, "speed_unit"),
    ],
)
def test_wrong_facts_are_refused(db: None, changes: dict[str, str], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        services.create_organisation(**{"name": "A", "kind": "company", "now": NOW, **changes})
    assert not Organisation.objects.exists()
    assert acts_since(None) == []


@pytest.mark.parametrize("hidden", ["\u202e", "\u2066", "\u200b", "\x07", "\x00"])
def test_a_name_has_no_characters_that_nobody_sees(cast: Cast, hidden: str) -> None:
    name, company = f"Van{hidden}9", cast.company
    for named in (
        lambda: services.create_organisation(name=name, kind="company", now=NOW),
        lambda: services.create_site(organisation=company, name=name, kind="vehicle", now=NOW),
        lambda: services.invite_person(
            organisation=company, email="n@example.org", display_name=name, role="driver", now=NOW
        ),
        lambda: services.enrol_unit(code="x", public_key=bytes(32), unit_name=name, now=NOW),
        lambda: routes.keep_route(organisation=company, name=name, now=NOW),
    ):
        with pytest.raises(BadInput, match="control characters"):
            named()
    assert Person.objects.create_user("z@example.org", display_name=f" Z {hidden}\n\u2028 é ").display_name == "Z é"


def test_two_sites_of_one_name_are_refused(cast: Cast) -> None:
    with pytest.raises(BadInput, match="already has a site called 'Van 12'"):
        services.create_site(organisation=cast.company, name="Van 12", kind="vehicle", now=NOW)
    assert Site.objects.filter(organisation=cast.company).count() == 2


def test_a_link_is_good_for_its_time_only(cast: Cast) -> None:
    path = signin_links.make_signin_link(cast.bob, now=NOW)
    token = path.rsplit("/", maxsplit=1)[-1]
    assert len(token) == 43
    assert not SignInLink.objects.filter(token_sha256__contains=token).exists()
    assert signin_links.is_live(token, now=NOW + timedelta(minutes=59))
    with pytest.raises(Denied):
        signin_links.use(token, now=NOW + timedelta(hours=1))


def test_a_new_link_ends_the_one_before(cast: Cast) -> None:
    first, second = (signin_links.make_signin_link(cast.bob, now=NOW).rsplit("/", maxsplit=1)[-1] for _ in range(2))
    assert [signin_links.is_live(token, now=NOW) for token in (first, second)] == [False, True]


def test_a_link_of_a_closed_account_leads_nowhere(cast: Cast) -> None:
    token = signin_links.make_signin_link(cast.bob, now=NOW).rsplit("/", maxsplit=1)[-1]
    Person.objects.filter(pk=cast.bob.pk).update(is_active=False)
    with pytest.raises(Denied):
        signin_links.use(token, now=NOW)


@pytest.mark.parametrize("who", ["bob", "charlie", "dina", "oscar", "sam", "eve", "root", "stranger"])
def test_only_leaders_give_and_end_roles(cast: Cast, who: str) -> None:
    """An operator neither: they could give themselves a role that sees footage."""
    by = getattr(cast, who)
    with pytest.raises(Denied):
        services.invite_person(organisation=cast.company, email="x@example.org", role="driver", by=by, now=NOW)
    with pytest.raises(Denied):
        services.give_role(person=by, organisation=cast.company, role=R.MANAGER, by=by, now=NOW)
    with pytest.raises(Denied):
        services.end_membership(membership=role_of(cast.alice), by=by, now=NOW)
    assert acts_since(cast) == []


def test_a_role_ends_at_once_and_may_begin_anew(cast: Cast) -> None:
    services.end_membership(membership=role_of(cast.bob), by=cast.alice, now=NOW)
    services.end_membership(membership=role_of(cast.bob), by=cast.alice, now=NOW)
    assert not selectors.memberships_at(cast.bob, NOW).exists()
    services.give_role(person=cast.bob, organisation=cast.company, role=R.DISPATCHER, by=cast.alice, now=NOW)
    assert selectors.memberships_at(cast.bob, NOW).exists()
    assert acts_since(cast) == ["role.ended", "role.given"]


def test_the_last_leader_stays(cast: Cast) -> None:
    with pytest.raises(BadInput, match="nobody who gives roles"):
        services.end_membership(membership=role_of(cast.alice), by=cast.alice, now=NOW)
    services.give_role(person=cast.bob, organisation=cast.company, role=R.MANAGER, by=cast.alice, now=NOW)
    services.end_membership(membership=role_of(cast.alice), by=cast.bob, now=NOW)
    assert selectors.leads(cast.bob, cast.company, NOW)


def test_a_shift_ends_the_one_before(cast: Cast) -> None:
    services.give_role(person=cast.milo, organisation=cast.company, role=R.DRIVER, now=NOW)
    services.start_shift(site=cast.van, driver=cast.milo, by=cast.bob, now=NOW)
    assert Shift.objects.get(driver=cast.dina).ends_at == NOW
    assert selectors.driver_at(cast.van, NOW - timedelta(seconds=1)) == cast.dina
    assert selectors.driver_at(cast.van, NOW) == cast.milo
    assert selectors.driver_at(cast.van, NOW - timedelta(hours=2)) is None
    assert acts_since(cast) == ["role.given", "shift.ended", "shift.started"]


def test_a_driver_takes_a_free_vehicle_and_nobody_elses_shift(cast: Cast) -> None:
    """A shift says whose the clips are: who took it over could watch them, and the driver no more."""
    services.give_role(person=cast.milo, organisation=cast.company, role=R.DRIVER, now=NOW)
    with pytest.raises(BadInput, match="Somebody else drives now"):
        services.start_shift(site=cast.van, driver=cast.milo, by=cast.milo, now=NOW)
    assert Shift.objects.get(site=cast.van).ends_at is None
    services.start_shift(site=cast.other_van, driver=cast.milo, by=cast.milo, now=NOW)
    assert selectors.driver_at(cast.other_van, NOW) == cast.milo
    services.start_shift(site=cast.van, driver=cast.dina, by=cast.dina, now=NOW)  # her own anew
    services.start_shift(site=cast.van, driver=cast.milo, by=cast.bob, now=NOW)  # a dispatcher may
    assert selectors.driver_at(cast.van, NOW) == cast.milo


def test_who_is_no_driver_here_does_not_drive(cast: Cast) -> None:
    with pytest.raises(BadInput, match="is no driver of"):
        services.start_shift(site=cast.van, driver=cast.charlie, now=NOW)


@pytest.mark.parametrize("who", ["charlie", "sam", "eve", "stranger", "hanna"])
def test_who_has_no_say_starts_no_shift(cast: Cast, who: str) -> None:
    with pytest.raises(Denied):
        services.start_shift(site=cast.van, driver=cast.dina, by=getattr(cast, who), now=NOW)


FIRST = setup.FirstAdministrator("household", "Elm Street", "Europe/Paris", "Hanna", "hanna@example.org", "x" * 20)


def test_setup_makes_one_administrator_once(db: None) -> None:
    token = setup.make_token(now=NOW)
    assert token is not None
    person = setup.set_up(token, FIRST, now=NOW + timedelta(hours=23))
    assert sorted(person.memberships.values_list("role", flat=True)) == ["operator", "owner"]
    assert not person.is_superuser
    assert setup.make_token(now=NOW) is None
    with pytest.raises(Denied):
        setup.set_up(token, FIRST, now=NOW)
    assert acts_since(None) == ["hub.set_up", "organisation.created", "role.given", "role.given"]


def test_a_new_start_and_a_day_end_the_token(db: None) -> None:
    first, second = setup.make_token(now=NOW), setup.make_token(now=NOW)
    assert first is not None
    assert second is not None
    assert not setup.is_live(first, now=NOW)
    assert setup.is_live(second, now=NOW + timedelta(hours=23, minutes=59))
    assert not setup.is_live(second, now=NOW + timedelta(hours=24))


def test_a_second_factor_is_asked_for_after_a_link_too(cast: Cast, client: Client) -> None:
    from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret

    TOTP.activate(cast.bob, generate_totp_secret())
    answer = client.post(signin_links.make_signin_link(cast.bob, now=timezone.now()))
    assert answer.headers["Location"].startswith("/accounts/2fa/authenticate/")
    assert client.get("/").status_code == 302


def test_wrong_passwords_lock_one_name_for_a_while(cast: Cast, client: Client) -> None:
    for person in (cast.bob, cast.alice):
        person.set_password("correct horse battery staple")
        person.save()
    for number in range(8):
        name = cast.bob.email.upper() if number % 2 else cast.bob.email
        answer = client.post("/accounts/login/", {"login": name, "password": "wrong"})
        assert answer.status_code == (200 if number < 7 else 429)
    right = {"password": "correct horse battery staple"}
    locked = client.post("/accounts/login/", {"login": cast.bob.email, **right})
    assert locked.status_code == 429
    assert "15 minutes" in locked.content.decode()
    assert client.get("/").status_code == 302
    assert client.post("/accounts/login/", {"login": cast.alice.email, **right}).status_code == 302


@pytest.mark.parametrize("language", ["en", "fr"])
def test_pages_speak_the_persons_language(cast: Cast, client: Client, language: str) -> None:
    Person.objects.filter(pk=cast.bob.pk).update(language=language)
    client.force_login(cast.bob, backend="allauth.account.auth_backends.AuthenticationBackend")
    answer = client.get("/")
    assert answer.headers["Content-Language"] == language
    assert f'lang="{language}"' in answer.content.decode()
    assert answer.headers["Cache-Control"] == "private, no-store"


def set_up_with(client: Client, **changes: str) -> object:
    token = setup.make_token(now=timezone.now())
    form = {
        "organisation_kind": "company", "organisation_name": "Acme Vans", "time_zone": "Europe/Paris",
        "display_name": "Nia", "email": "nia@example.org", "password": "correct horse battery staple",
    }  # fmt: skip
    return client.post(f"/setup/{token}", form | changes)


def test_the_first_password_is_not_the_organisations_name(db: None, client: Client) -> None:
    page = set_up_with(client, password="acmevanscustodes").content.decode()
    assert "Not just the name of this hub, of your organisation" in page
    assert not Person.objects.exists()
    assert set_up_with(client, password="acmevanscustodes by the sea").status_code == 302


@pytest.mark.parametrize(("browsers", "spoken"), [("fr-FR,fr;q=0.9", "fr"), ("de-DE,de", "en"), ("", "en")])
def test_a_new_account_speaks_the_browsers_language(db: None, browsers: str, spoken: str) -> None:
    client = Client(headers={"accept-language": browsers})
    set_up_with(client)
    assert Person.objects.get().language == spoken


def test_only_the_first_sign_in_takes_the_browsers_language(cast: Cast) -> None:
    for last_login, spoken in ((None, "fr"), (timezone.now(), "en")):
        Person.objects.filter(pk=cast.bob.pk).update(last_login=last_login, language="en")
        Client(headers={"accept-language": "fr"}).post(signin_links.make_signin_link(cast.bob, now=timezone.now()))
        assert Person.objects.get(pk=cast.bob.pk).language == spoken


def test_a_hub_that_is_set_up_says_so_to_every_setup_link(db: None) -> None:
    token = setup.make_token(now=timezone.now())
    assert "This hub is set up" not in Client().get("/setup/guessed").content.decode()
    set_up_with(Client())
    pages = [Client().get(f"/setup/{one}") for one in (token, "guessed")]
    assert [page.status_code for page in pages] == [404, 404]
    said = [re.sub(r'nonce="[^"]*"|name="csrfmiddlewaretoken"[^>]*', "", page.content.decode()) for page in pages]
    assert said[0] == said[1]
    assert "This hub is set up" in said[0]
    assert 'href="/accounts/login/"' in said[0]


def test_the_door_speaks_plainly(cast: Cast, client: Client) -> None:
    for language, wrong in (("en", "Address or password is wrong."), ("fr", "L’adresse ou le mot de passe est faux.")):
        for address in (cast.dina.email, "nobody@example.org"):
            client = Client(headers={"accept-language": language})
            page = client.post("/accounts/login/", {"login": address, "password": "wrong, quite wrong"})
            assert wrong in page.content.decode()
    page = Client().post(signin_links.make_signin_link(cast.dina, now=timezone.now()), follow=True).content.decode()
    assert f"You are signed in as {cast.dina}." in page
