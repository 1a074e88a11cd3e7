"""What the authorisation matrix is made of: routes from the resolver, people and things from the cast."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.http import HttpResponseBase
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from cast import NOW, Cast, make_clip
from custodes.hub.access import gate
from custodes.hub.access.models import View
from custodes.hub.clips.models import Clip
from custodes.hub.fleet.models import Membership, Person, Shift

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
NOBODY = "nobody"


def routes(resolver: URLResolver | None = None, space: str = "") -> Iterator[str]:
    """Yield the name of every route, with its namespace; a route without a name by its pattern."""
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver):
            inner = f"{space}{entry.namespace}:" if entry.namespace else space
            yield from routes(entry, inner)
        elif isinstance(entry, URLPattern):
            yield f"{space}{entry.name}" if entry.name else f"{space}{entry.pattern}"


@dataclass(frozen=True, slots=True)
class Ask:
    """One request, as a row of the matrix makes it."""

    route: str
    kwargs: dict[str, Any] = field(default_factory=dict)
    method: str = "get"
    body: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scene:
    """The cast, and one of each thing that a route may lead to, by relation."""

    cast: Cast
    clips: dict[str, Clip]
    views: dict[str, View]
    """Name of the person who opened it -> view of the van's clip."""
    shift: Shift
    membership: Membership

    @property
    def people(self) -> dict[str, Person | None]:
        """Everybody, and nobody."""
        return {**self.cast.people, NOBODY: None}


def set_scene(cast: Cast) -> Scene:
    """Store clips in every relation and a view for each who may watch the van's clip."""
    clips = {
        "own van": make_clip(cast.van_unit, subject=cast.dina),
        "other van": make_clip(cast.other_van_unit),
        "home": make_clip(cast.home_unit),
        "rival": make_clip(cast.rival_unit),
        "deleted": make_clip(
            cast.van_unit,
            subject=cast.dina,
            state=Clip.State.DELETED,
            deleted_at=NOW,
            erase_after=timezone.now() + timedelta(hours=1),
        ),
    }
    views: dict[str, View] = {}
    for name, purpose in (("manager", "incident"), ("dispatcher", "incident"), ("driver", "own")):
        views[name] = gate.open_view(actor=cast.people[name], clip_id=clips["own van"].pk, purpose=purpose)
    driver = Membership.objects.get(person=cast.dina)
    return Scene(cast=cast, clips=clips, views=views, shift=Shift.objects.get(), membership=driver)


class Doors:
    """A signed-in browser for everybody."""

    def __init__(self, people: dict[str, Person | None]) -> None:
        self._people = people
        self._clients: dict[str, Client] = {}

    def client_of(self, name: str) -> Client:
        """Return one person's browser; it signs in when it is first used."""
        if name not in self._clients:
            client = self._clients[name] = Client()
            if (person := self._people[name]) is not None:
                client.force_login(person, backend=BACKEND)
        return self._clients[name]

    def answer(self, name: str, ask: Ask) -> tuple[int, str]:
        """Return status and redirect target of one request; whatever it changed is undone."""
        client = self.client_of(name)
        with transaction.atomic():
            call = getattr(client, ask.method)
            response: HttpResponseBase = call(reverse(ask.route, kwargs=ask.kwargs), ask.body)
            transaction.set_rollback(True)
        return response.status_code, response.headers.get("Location", "")

    def sign_everybody_in(self) -> None:
        """Open every browser now."""
        for name in self._people:
            self.client_of(name)

    def let_through(self, ask: Ask, *, among: Collection[str] | None = None) -> set[str]:
        """Return who gets through with one request: of everybody, or of those named."""
        return {name for name in among or self._people if passes(*self.answer(name, ask))}


def passes(status: int, target: str) -> bool:
    """Say whether a request got through: not refused, and not sent to the sign-in page."""
    return status < 400 and not target.startswith("/accounts/login")
