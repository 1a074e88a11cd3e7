"""How long somebody watched is what left the gate where the player is silent: the larger of the two counts."""

from pathlib import Path

import pytest
from asgiref.sync import async_to_sync
from django.test import AsyncClient

from cast import Cast, make_clip
from custodes.hub.access import gate, watched
from custodes.hub.access.models import View
from custodes.hub.clips import marked
from custodes.hub.clips.models import Clip
from marked_clip import made_up_twins, store_parts, store_twins

SIZE = 3 * 1024**2


@pytest.fixture
def view(cast: Cast, tmp_path: Path) -> View:
    clip = make_clip(cast.van_unit, subject=cast.dina, lenses=("road", "driver"))
    store_parts(clip, {"film.road": b"the original", "film.driver": b"another"}, tmp_path)
    for part in ("film.road", "film.driver"):
        store_twins(clip, part, made_up_twins(SIZE))
    return gate.open_view(actor=cast.bob, clip_id=clip.pk, purpose="incident")


def length_s(view: View) -> float:
    index = marked.read_cut(Clip.objects.get(), "film.road")
    return sum(span.duration_ticks for span in index.a) / index.ticks_per_s


def told_s(cast: Cast) -> float:
    [told] = watched.viewings_of(cast.dina)
    return told.watched_s


@pytest.mark.django_db
def test_a_silent_player_is_counted_at_the_gate(cast: Cast, view: View) -> None:
    whole_s = length_s(view)
    assert told_s(cast) == 0
    for part in ("film.road", "film.driver"):
        assert sum(map(len, gate.read_part(actor=cast.bob, view_id=view.pk, part=part).chunks)) == SIZE
    assert told_s(cast) == pytest.approx(whole_s, abs=0.01), "two lenses in step are not twice the time"
    half = gate.read_part(actor=cast.bob, view_id=view.pk, part="film.road", start=SIZE // 2)
    assert sum(map(len, half.chunks)) == SIZE - SIZE // 2
    assert told_s(cast) == pytest.approx(whole_s * 1.5, abs=0.01), "what is fetched again is watched again"
    gate.report_progress(actor=cast.bob, view_id=view.pk, watched_ms=90_000)
    assert told_s(cast) == 90, "the player's word counts where it is more"
    gate.report_progress(actor=cast.bob, view_id=view.pk, watched_ms=1)
    assert told_s(cast) == 90


@pytest.mark.django_db
def test_a_reader_who_leaves_is_counted_for_what_was_sent(cast: Cast, view: View) -> None:
    chunks = gate.read_part(actor=cast.bob, view_id=view.pk, part="film.road").chunks
    sent = len(next(chunks)) + len(next(chunks))
    chunks.close()  # type: ignore[attr-defined]  # a generator
    assert told_s(cast) == pytest.approx(length_s(view) * sent / SIZE, abs=0.001)


@pytest.mark.django_db(transaction=True)
def test_under_asgi_too(cast: Cast, view: View) -> None:
    async def watch() -> int:
        client = AsyncClient()
        await client.aforce_login(cast.bob, backend="allauth.account.auth_backends.AuthenticationBackend")
        answer = await client.get(f"/views/{view.pk}/film/film.road")
        stream = aiter(answer.streaming_content)
        received = len(await anext(stream))
        await stream.aclose()
        return received

    received = async_to_sync(watch)()
    assert told_s(cast) == pytest.approx(length_s(view) * received / SIZE, abs=0.001)
