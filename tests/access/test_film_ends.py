"""A right that ends while a film flows ends the film: deletion, a role taken, a view closed, a session ended."""

from collections.abc import Callable
from pathlib import Path

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.test import AsyncClient
from django.utils import timezone

from cast import NOW, Cast, make_clip
from custodes.core.errors import Denied
from custodes.hub.access import gate, watching
from custodes.hub.access.models import View
from custodes.hub.clips.models import Clip
from custodes.hub.fleet import open_sessions, services
from custodes.hub.fleet.models import OpenSession
from marked_clip import made_up_twins, store_parts, store_twins

MIB = 1024**2
SIZE = 6 * MIB


@pytest.fixture
def clip(cast: Cast, tmp_path: Path) -> Clip:
    clip = make_clip(cast.van_unit)
    store_parts(clip, {"film.road": b"the original"}, tmp_path)
    store_twins(clip, "film.road", made_up_twins(SIZE))
    return clip


@pytest.fixture
def view(cast: Cast, clip: Clip) -> View:
    return gate.open_view(actor=cast.bob, clip_id=clip.pk, purpose="incident")


def delete(cast: Cast, view: View) -> None:
    Clip.objects.filter(pk=view.clip_id).update(state=Clip.State.DELETED)


def withdraw(cast: Cast, view: View) -> None:
    for membership in cast.bob.memberships.all():
        services.end_membership(membership=membership, now=NOW)


def close(cast: Cast, view: View) -> None:
    gate.close_view(actor=cast.bob, view_id=view.pk)


def sign_out(cast: Cast, view: View) -> None:
    open_sessions.drop(cast.bob, keep=None)


@pytest.mark.django_db
@pytest.mark.parametrize("end", [delete, withdraw, close, sign_out])
def test_the_film_stops_within_a_mebibyte(cast: Cast, view: View, end: Callable[[Cast, View], None]) -> None:
    now = timezone.now()
    cast.bob.open_session = OpenSession.objects.create(person=cast.bob, began_at=now, seen_at=now).pk
    chunks = gate.read_part(actor=cast.bob, view_id=view.pk, part="film.road").chunks
    before = len(next(chunks))
    end(cast, view)
    after = sum(map(len, chunks))
    assert before + after <= MIB + 65_536


@pytest.mark.django_db
def test_nothing_ends_an_allowed_film(cast: Cast, view: View) -> None:
    chunks = gate.read_part(actor=cast.bob, view_id=view.pk, part="film.road").chunks
    assert sum(map(len, chunks)) == SIZE


def test_a_slow_film_asks_by_the_clock() -> None:
    now = iter(range(100))

    def ask() -> None:
        raise Denied("no more")

    chunks = watching.asked_again(iter([b"x"] * 10), ask, monotonic=lambda: float(next(now)))
    assert len(list(chunks)) == 1


@pytest.mark.django_db(transaction=True)
def test_under_asgi_a_deletion_cuts_the_film(cast: Cast, view: View) -> None:
    async def watch() -> int:
        client = AsyncClient()
        await client.aforce_login(cast.bob, backend="allauth.account.auth_backends.AuthenticationBackend")
        answer = await client.get(f"/views/{view.pk}/film/film.road")
        received = 0
        async for piece in answer.streaming_content:
            if not received:
                await sync_to_async(delete)(cast, view)
            received += len(piece)
        return received

    assert 0 < async_to_sync(watch)() <= 2 * MIB
