"""Where a person is signed in: which browser, from which address, since when; kept up to date a few times an hour."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from custodes.hub.fleet.models import Person

NOTED_EVERY_S = 300.0
"""How exactly `last seen` is kept. A write for every byte range of a film would cost more than the range."""
REMEMBERED = 10_000
BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrom", "Chrome"), ("Safari", "Safari"))
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


@dataclass(frozen=True, slots=True)
class Place:
    """One browser in which a person is signed in."""

    pk: int
    device: str
    address: str
    since: datetime
    seen_at: datetime
    here: bool


class LastSeen:
    """Middleware: writes down that a session is used, at its first request and then every five minutes."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self._noted_s: dict[str, float] = {}

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Note who comes from where, then answer."""
        key = request.session.session_key
        if key and request.user.is_authenticated and self._due(key):
            UserSession.objects.create_from_request(request)
        return self.get_response(request)

    def _due(self, key: str) -> bool:
        now_s = time.monotonic()
        if now_s - self._noted_s.get(key, float("-inf")) < NOTED_EVERY_S:
            return False
        if len(self._noted_s) >= REMEMBERED:
            self._noted_s.clear()
        self._noted_s[key] = now_s
        return True


def places(request: HttpRequest, person: Person) -> list[Place]:
    """Return where a person is signed in: here first, then the last used. Sessions that have ended are forgotten."""
    own = request.session.session_key
    found = [
        Place(
            pk=one.pk,
            device=device_words(one.user_agent),
            address=one.ip,
            since=one.created_at,
            seen_at=one.last_seen_at,
            here=one.session_key == own,
        )
        for one in UserSession.objects.purge_and_list(person)
    ]
    return sorted(found, key=lambda one: (not one.here, -one.seen_at.timestamp()))


def end_one(person: Person, pk: int) -> bool:
    """Sign a person out of one browser. False: they have no such session."""
    found = UserSession.objects.filter(user=person, pk=pk).first()
    if found is None:
        return False
    found.end()
    return True


def end_others(request: HttpRequest, person: Person) -> None:
    """Sign a person out everywhere but here, also where no request was seen since this list is kept."""
    own = request.session.session_key
    UserSession.objects.filter(user=person).exclude(session_key=own).delete()
    for session in Session.objects.filter(expire_date__gt=timezone.now()).exclude(session_key=own):
        if session.get_decoded().get("_auth_user_id") == str(person.pk):
            session.delete()


def device_words(agent: str) -> str:
    """Return browser and system in words, as far as the browser tells."""
    browser = next((words for mark, words in BROWSERS if re.search(rf"\b{mark}", agent)), "")
    system = next((words for mark, words in SYSTEMS if mark in agent), "")
    if browser and system:
        return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    return browser or system or agent[:40] or _("an unnamed program")
