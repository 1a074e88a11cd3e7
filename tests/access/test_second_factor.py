"""No session without a second factor sees others' film; it is led to where one is set up, and a driver is not."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.conf import settings as django_settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from matrix import BACKEND, Scene, set_scene

from cast import Cast, give_role, grant_to
from custodes.hub.access import decisions
from custodes.hub.access.decisions import member_facts
from custodes.hub.access.policies import book
from custodes.hub.access.requests import Action, ask_all
from custodes.hub.fleet import second_factor, signin_links
from custodes.hub.fleet.models import Membership

pytestmark = pytest.mark.django_db
SEES_OTHERS = ("manager", "dispatcher", "owner", "member", "rival manager", "dispatcher elsewhere")


def client_of(scene_or_cast: Cast, name: str, *factors: str) -> Client:
    client = Client()
    client.force_login(scene_or_cast.people[name], backend=BACKEND, factors=factors)  # type: ignore[call-arg]
    return client


@pytest.fixture
def scene(cast: Cast) -> Scene:
    return set_scene(cast)


def footage_of(scene: Scene, name: str) -> list[str]:
    """Return every address of footage that this person may use with both factors."""
    found = [reverse("access:poster", args=[clip.pk]) for clip in scene.clips.values()]
    found += [reverse("portal:clip", args=[clip.pk]) for clip in scene.clips.values()]
    if (view := scene.views.get(name)) is not None:
        found += [reverse("access:film", args=[view.pk, "film.road"]), reverse("access:manifest", args=[view.pk])]
        found += [reverse("access:proof", args=[view.pk])]
    return found


@pytest.mark.parametrize("name", SEES_OTHERS)
@pytest.mark.parametrize("factors", [("password",), (), ("link",), ("socialaccount",), ("password_reset",)])
def test_no_footage_without_a_second_factor(scene: Scene, name: str, factors: tuple[str, ...]) -> None:
    client = client_of(scene.cast, name, *factors)
    for address in footage_of(scene, name):
        answer = client.get(address)
        assert answer.status_code == 404 or answer.headers.get("Location") == "/second-factor/", address
    for page in ("/", "/inbox/", "/inbox/rows/", "/sites/", "/people/"):
        assert client.get(page).headers.get("Location") == "/second-factor/", page
    posted = client.post("/inbox/bulk/", {"act": "done", "clip": [str(one.pk) for one in scene.clips.values()]})
    assert posted.headers["Location"] == "/second-factor/"


def test_a_piece_of_a_page_leads_the_whole_page_there(cast: Cast) -> None:
    answer = client_of(cast, "manager", "password").get("/inbox/", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, "/second-factor/")


def test_who_sees_only_themself_needs_none(scene: Scene) -> None:
    client = client_of(scene.cast, "driver", "password")
    assert client.get("/settings/").status_code == client.get("/inbox/").status_code == 200
    assert client.get(reverse("access:proof", args=[scene.views["driver"].pk])).status_code == 200


def test_the_page_offers_what_the_person_lacks(cast: Cast) -> None:
    from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret

    client = client_of(cast, "manager", "password")
    page = client.get("/second-factor/").content.decode()
    assert reverse("mfa_add_webauthn") in page
    assert reverse("mfa_activate_totp") in page
    TOTP.activate(cast.alice, generate_totp_secret())
    assert reverse("mfa_reauthenticate") in client.get("/second-factor/").content.decode()
    assert client_of(cast, "manager", "mfa").get("/second-factor/").headers["Location"] == "/"
    assert client.get("/settings/").status_code == 200


def test_a_link_counts_only_where_the_settings_say_so(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    link = signin_links.make_signin_link(scene.cast.bob, now=timezone.now())
    client = Client()
    client.post(link)
    assert client.get("/inbox/").headers["Location"] == "/second-factor/"
    lenient = django_settings.HUB.sign_in.model_copy(update={"second_factor": "link-counts"})
    monkeypatch.setattr(django_settings, "HUB", django_settings.HUB.model_copy(update={"sign_in": lenient}))
    assert client.get("/inbox/").status_code == 200
    assert "a one-time link counts as a second factor" in client.get("/settings/").content.decode()
    assert client_of(scene.cast, "manager", "password").get("/inbox/").headers["Location"] == "/second-factor/"


@pytest.mark.django_db(transaction=True)
def test_enrolling_lets_this_session_in_and_ends_the_others(cast: Cast) -> None:
    from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time

    here, elsewhere = client_of(cast, "manager", "password"), client_of(cast, "manager", "password")
    page = here.get(reverse("mfa_activate_totp"))
    assert page.status_code == 200, page.headers
    secret = page.context["form"].secret
    code = format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))
    assert here.post(reverse("mfa_activate_totp"), {"code": code}).status_code == 302
    assert here.get("/inbox/").status_code == 200
    assert elsewhere.get("/settings/").status_code == 302, "a session without the factor does not go on"


def test_the_rule_and_the_pages_name_the_same_roles(cast: Cast, scene: Scene) -> None:
    """A role is led to enrolment if and only if the rule would refuse it something."""
    differ = set()
    clip = scene.clips["own van"]
    for role in (Membership.Role.SUPPORT, Membership.Role.CONTRACTOR):
        guest = give_role(cast.stranger, cast.company, role)
        lasts = {"given_at": timezone.now(), "ends_at": timezone.now() + timedelta(days=1)}
        grant_to(guest, clip, by=cast.alice, **lasts)
    clips = [decisions.clip_facts(clip, now=timezone.now()) for clip in scene.clips.values()]
    for person in cast.people.values():
        for facts in member_facts(person, now=timezone.now()):
            for action in (Action.LIST, Action.HISTORY):
                strong = ask_all(book(), [facts], clips, action=action)
                weak = ask_all(book(), [replace(facts, proven=False)], clips, action=action)
                if [one.allowed for one in strong.values()] != [one.allowed for one in weak.values()]:
                    differ.add(facts.role)
    assert differ == {role.value for role in second_factor.SEES_OTHERS}
    assert differ < set(Membership.Role.values)
