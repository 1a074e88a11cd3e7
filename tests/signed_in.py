"""Browsers and sessions that are signed in already, as the sign-in pages leave them."""

import time

from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.test import Client, RequestFactory
from django.utils import timezone

from custodes.hub.fleet import open_sessions
from custodes.hub.fleet.models import Person
from custodes.hub.fleet.session_store import SessionStore

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


def session_of(person: Person, *, factors: tuple[str, ...] = ("password", "mfa")) -> str:
    """Store a session and return its cookie's value."""
    request = RequestFactory().get("/", headers={"user-agent": "Stage"})
    request.session = SessionStore()
    request.session[SESSION_KEY] = str(person.pk)
    request.session[BACKEND_SESSION_KEY] = BACKEND
    request.session[HASH_SESSION_KEY] = person.get_session_auth_hash()
    request.session[AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": one, "at": time.time()} for one in factors]
    request.session[f"{AUTHENTICATION_METHODS_SESSION_KEY}_user"] = str(person.pk)
    open_sessions.begin(request, person, now=timezone.now())
    request.session.save()
    return str(request.session.session_key)


def signed_in(person: Person) -> Client:
    """Return a browser in which somebody is signed in; with what factors says `hub_fixtures.sign_in_with_both`."""
    client = Client()
    client.force_login(person, backend=BACKEND)
    return client
