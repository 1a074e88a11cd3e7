"""Passwords: long, of any letters, hidden or pasted as one likes, counted to the last letter, never out of date."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from cast import PASSWORD, Cast
from custodes.hub.fleet.models import Person

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
LONG = "é🙂 long " * 12


def with_password(person: Person, password: str) -> Person:
    person.set_password(password)
    person.save()
    return person


def comes_in(person: Person, password: str) -> bool:
    cache.clear()
    return Client().post("/accounts/login/", {"login": person.email, "password": password}).status_code == 302


@pytest.mark.parametrize("password", ["elevencharx", "123456789012345", "q1w2e3r4t5y6", "dina@example.org"])
def test_short_common_and_own_ones_are_refused(cast: Cast, password: str) -> None:
    with pytest.raises(ValidationError):
        validate_password(password, cast.dina)


@pytest.mark.parametrize("password", ["tréfle à quatre", "aaaa bbbb cccc", "🙂" * 12, "only lower letters", LONG])
def test_any_letters_do(cast: Cast, password: str) -> None:
    validate_password(password, cast.dina)


def test_it_counts_to_the_last_letter(cast: Cast) -> None:
    assert len(LONG) > 64
    dina = with_password(cast.dina, LONG.strip())
    assert comes_in(dina, LONG.strip())
    for wrong in (LONG.strip()[:-1], LONG.strip().upper(), LONG.strip()[:64]):
        assert not comes_in(dina, wrong)


def test_the_fields_hide_and_let_paste(cast: Cast, client: Client) -> None:
    client.force_login(with_password(cast.dina, PASSWORD), backend=BACKEND)
    for page in ("/accounts/password/change/", "/accounts/reauthenticate/"):
        html = client.get(page).content.decode()
        fields = re.findall(r'<input[^>]*name="\w*password\w*"[^>]*>', html)
        assert fields, page
        assert all('type="password"' in one for one in fields), page
        assert "onpaste" not in html
        assert not [one for one in fields if 'autocomplete="off"' in one]
    assert 'autocomplete="current-password"' in Client().get("/accounts/login/").content.decode()


def test_it_is_changed_with_the_old_one(cast: Cast, client: Client) -> None:
    client.force_login(with_password(cast.dina, PASSWORD), backend=BACKEND)
    new = {"password1": "another good sentence", "password2": "another good sentence"}
    client.post("/accounts/password/change/", {"oldpassword": "wrong", **new})
    assert comes_in(cast.dina, PASSWORD)
    client.post("/accounts/password/change/", {"oldpassword": PASSWORD, **new})
    assert not comes_in(cast.dina, PASSWORD)
    assert comes_in(cast.dina, "another good sentence")
    assert cast.dina.account_notices.get().kind == "password_changed"


def test_nothing_makes_anybody_change_it(cast: Cast) -> None:
    dina = with_password(cast.dina, PASSWORD)
    Person.objects.filter(pk=dina.pk).update(date_joined=timezone.now() - timedelta(days=4000), last_login=None)
    client = Client()
    answer = client.post("/accounts/login/", {"login": dina.email, "password": PASSWORD})
    assert "password" not in answer.headers["Location"]
    assert client.get("/settings/").status_code == 200


def test_a_name_is_text_on_every_page(cast: Cast, client: Client) -> None:
    Person.objects.filter(pk=cast.bob.pk).update(display_name='<script src="//evil.example"></script>"><img src=x>')
    client.force_login(cast.alice, backend=BACKEND)
    html = client.get("/people/").content.decode()
    assert "&lt;script" in html
    assert '<script src="//evil' not in html
    assert "<img src=x>" not in html
