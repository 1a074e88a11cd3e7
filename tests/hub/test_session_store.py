"""Who has the database, to read or to write, has nobody's session."""

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client

from cast import Cast
from custodes.hub.fleet.models import OpenSession, Person
from custodes.hub.fleet.session_store import row_name

pytestmark = pytest.mark.django_db
HERE = "/settings/"


def signed_in(person: Person) -> Client:
    client = Client()
    client.force_login(person)
    assert client.get(HERE).status_code == 200
    return client


def cookie_of(client: Client) -> str:
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def with_cookie(value: str) -> Client:
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = value
    return client


def test_what_stands_in_the_table_is_no_cookie(cast: Cast) -> None:
    client = signed_in(cast.alice)
    assert with_cookie(cookie_of(client)).get(HERE).status_code == 200, "the cookie itself opens"
    rows = list(Session.objects.values_list("session_key", flat=True))
    assert rows
    assert cookie_of(client) not in rows
    for row in rows:
        assert with_cookie(row).get(HERE).status_code == 302
    assert not any(cookie_of(client) in data for data in Session.objects.values_list("session_data", flat=True))


def test_the_content_of_another_session_opens_nothing(cast: Cast) -> None:
    victim, thief = signed_in(cast.alice), signed_in(cast.stranger)
    data = Session.objects.get(pk=row_name(cookie_of(victim))).session_data
    Session.objects.filter(pk=row_name(cookie_of(thief))).update(session_data=data)
    OpenSession.objects.filter(person=cast.stranger).update(person=cast.alice)
    assert thief.get(HERE).status_code == 302


def test_another_secret_opens_nothing(cast: Cast, settings) -> None:
    client = signed_in(cast.alice)
    settings.SECRET_KEY = "another hub's"
    assert client.get(HERE).status_code == 302


def test_signing_out_removes_the_row(cast: Cast) -> None:
    client = signed_in(cast.alice)
    row = row_name(cookie_of(client))
    assert Session.objects.filter(pk=row).exists()
    client.logout()
    assert not Session.objects.filter(pk=row).exists()
