"""Where a person is signed in: which browser, from which address, since when."""

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from custodes.hub.fleet import open_sessions
from custodes.hub.fleet.models import Person
from custodes.hub.fleet.session_rules import session_of

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


def places(request: HttpRequest, person: Person) -> list[Place]:
    """Return where a person is signed in: here first, then the last used."""
    here = session_of(request)
    found = [
        Place(
            pk=one.pk,
            device=device_words(one.browser),
            address=one.address or "",
            since=one.began_at,
            seen_at=one.seen_at,
            here=one == here,
        )
        for one in open_sessions.of(person, now=timezone.now())
    ]
    return sorted(found, key=lambda one: (not one.here, -one.seen_at.timestamp()))


def end_one(person: Person, pk: int) -> bool:
    """Sign a person out of one browser. False: they have no such session."""
    return bool(open_sessions.end_others(person, keep=None, only=pk, now=timezone.now()))


def end_others(request: HttpRequest, person: Person) -> None:
    """Sign a person out everywhere but here."""
    here = session_of(request)
    open_sessions.end_others(person, keep=None if here is None else here.pk, now=timezone.now())


def device_words(agent: str) -> str:
    """Return browser and system in words, as far as the browser tells."""
    browser = next((words for mark, words in BROWSERS if mark in agent), "")
    system = next((words for mark, words in SYSTEMS if mark in agent), "")
    if browser and system:
        return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    return browser or system or agent[:40] or _("an unnamed program")
