"""Dangerous acts want a fresh password or second factor; what was sent is done once it is given."""

import time

import pytest
from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from django.conf import settings as django_settings
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from cast import PASSWORD, Cast, make_clip
from custodes.hub.clips.models import Clip
from custodes.hub.fleet import services
from custodes.hub.fleet.models import Invitation, Membership, OpenSession, Person

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@pytest.fixture(autouse=True)
def _no_count_from_before() -> None:
    cache.clear()


def stale(person: Person, *, minutes: float = 11, password: str = PASSWORD) -> Client:
    """Return a browser whose person showed both factors some minutes ago."""
    if password:
        person.set_password(password)
        person.save()
    client = Client()
    client.force_login(person, backend=BACKEND)
    session = client.session
    records = session[AUTHENTICATION_METHODS_SESSION_KEY]
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [{**one, "at": time.time() - minutes * 60} for one in records]
    session.save()
    return client


def acts(cast: Cast) -> dict[str, tuple[str, dict[str, str]]]:
    """Return each dangerous act: its address and its form."""
    clip = make_clip(cast.van_unit)
    waiting = services.invite_person(
        organisation=cast.company, email="x@example.org", role="driver", now=timezone.now()
    ).invitation
    other = OpenSession.objects.create(person=cast.alice, began_at=timezone.now(), seen_at=timezone.now())
    invited = {"email": "n@example.org", "place": f"all:{cast.company.pk}", "role": "driver"}
    of_bob = Membership.objects.get(person=cast.bob)
    return {
        "delete": (f"/clips/{clip.pk}/delete/", {}),
        "delete several": ("/inbox/bulk/", {"act": "delete", "clip": str(clip.pk)}),
        "invite": ("/people/invite/", invited),
        "renew": (f"/people/invitations/{waiting.pk}/renew/", {}),
        "withdraw": (f"/people/invitations/{waiting.pk}/withdraw/", {}),
        "end a role": (f"/people/memberships/{of_bob.pk}/end/", {}),
        "end a session": (f"/settings/sessions/{other.pk}/end/", {}),
        "end all sessions": ("/settings/sessions/end/", {}),
    }


def test_each_asks_anew_and_does_nothing_before(cast: Cast) -> None:
    for name, (address, form) in acts(cast).items():
        answer = stale(cast.alice).post(address, form)
        assert answer.headers.get("Location", "").startswith("/accounts/reauthenticate/?next="), name
        piece = stale(cast.alice).post(address, form, headers={"HX-Request": "true"})
        assert piece.headers.get("HX-Redirect", "").startswith("/accounts/reauthenticate/?next="), name
    assert not Clip.objects.filter(state=Clip.State.DELETED).exists()
    assert Invitation.objects.filter(withdrawn_at=None).count() == 1
    assert Membership.objects.get(person=cast.bob).until is None


def test_within_the_minutes_nothing_is_asked(cast: Cast) -> None:
    address, form = acts(cast)["delete"]
    assert stale(cast.alice, minutes=9.9).post(address, form).headers["Location"] == address.removesuffix("delete/")
    assert Clip.objects.filter(state=Clip.State.DELETED).exists()


def test_what_was_sent_is_done_once_the_password_is_given(cast: Cast) -> None:
    address, form = acts(cast)["delete"]
    client = stale(cast.alice)
    door = client.post(address, form).headers["Location"]
    assert client.post(door, {"password": "wrong"}).status_code == 200
    assert not Clip.objects.filter(state=Clip.State.DELETED).exists()
    client.post(door, {"password": PASSWORD})
    assert Clip.objects.filter(state=Clip.State.DELETED).exists()


def test_who_has_a_second_factor_shows_it(cast: Cast) -> None:
    from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret

    TOTP.activate(cast.alice, generate_totp_secret())
    address, form = acts(cast)["invite"]
    assert stale(cast.alice).post(address, form).headers["Location"].startswith("/accounts/2fa/reauthenticate/?next=")


def test_who_has_neither_is_told_what_to_do(cast: Cast) -> None:
    address, form = acts(cast)["invite"]
    client = stale(cast.alice, password="")
    assert client.post(address, form).headers["Location"] == "/prove/"
    assert "Add a passkey" in client.get("/prove/").content.decode()


def test_the_setting_holds(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    longer = django_settings.HUB.sign_in.model_copy(update={"step_up_minutes": 30})
    monkeypatch.setattr(django_settings, "HUB", django_settings.HUB.model_copy(update={"sign_in": longer}))
    address, form = acts(cast)["delete"]
    assert stale(cast.alice).post(address, form).headers["Location"] == address.removesuffix("delete/")


def test_a_time_to_come_proves_nothing(cast: Cast) -> None:
    address, form = acts(cast)["delete"]
    assert "reauthenticate" in stale(cast.alice, minutes=-5).post(address, form).headers["Location"]


def test_where_the_page_was_leads_nowhere_else(cast: Cast) -> None:
    address, form = acts(cast)["delete"]
    headers = {"HX-Request": "true", "HX-Current-URL": "https://evil.example/"}
    assert stale(cast.alice).post(address, form, headers=headers).headers["HX-Redirect"].endswith("?next=%2F")


@pytest.mark.parametrize("page", ["/accounts/2fa/totp/activate/", "/accounts/2fa/webauthn/add/"])
def test_ways_in_change_after_a_proof_of_these_minutes_alone(cast: Cast, page: str) -> None:
    cast.dina.set_password(PASSWORD)
    cast.dina.save()
    client = Client()
    client.force_login(cast.dina, backend=BACKEND, factors=("password",))
    assert client.get(page).status_code == 200, "the password was typed a moment ago: it is not asked for again"
    session = client.session
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": "password", "at": time.time() - 301}]
    session.save()
    assert client.get(page).headers["Location"].startswith("/accounts/reauthenticate/")
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": "link", "at": time.time()}]
    session.save()
    assert client.get(page).headers["Location"].startswith("/accounts/reauthenticate/"), "a link is no password"
