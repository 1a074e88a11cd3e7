"""Film over HTTP: ranges as the standard wants them, no byte for others, no film in memory."""

import json
import random
import tracemalloc
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from asgiref.sync import async_to_sync
from django.test import AsyncClient, Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cast import Cast, make_clip
from custodes.hub.access import gate
from custodes.hub.access.crosscheck import views_against_ledger
from custodes.hub.access.models import View
from custodes.hub.audit.models import LedgerBody
from custodes.hub.clips import marked
from custodes.hub.clips.models import Clip, ViewWord
from custodes.hub.fleet.models import Person
from custodes.hub.vault import keys
from marked_clip import made_up_twins, served, store_parts, store_twins

pytestmark = pytest.mark.django_db
ORIGINAL = random.Random(6).randbytes(70_000)
TWINS = made_up_twins(300_000)


@pytest.fixture
def clip(cast: Cast, tmp_path: Path) -> Clip:
    clip = make_clip(cast.van_unit)
    store_parts(clip, {"film.road": ORIGINAL, "poster": b"\xff\xd8 picture"}, tmp_path)
    store_twins(clip, "film.road", TWINS)
    return clip


@pytest.fixture
def view(cast: Cast, clip: Clip) -> View:
    return gate.open_view(actor=cast.bob, clip_id=clip.pk, purpose="incident")


@pytest.fixture
def signed_in(client: Client) -> Callable[[Person], Client]:
    def sign_in(person: Person) -> Client:
        client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return sign_in


def address(view: View, part: str = "film.road") -> str:
    return f"/views/{view.pk}/film/{part}"


def test_a_whole_film(cast: Cast, view: View, signed_in: Callable[[Person], Client]) -> None:
    answer = signed_in(cast.bob).get(address(view))
    assert answer.status_code == 200
    assert b"".join(answer.streaming_content) == served(view, "film.road", TWINS)
    assert answer.headers["Content-Length"] == "300000"
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.headers["Content-Type"] == "video/mp4"


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [
        ("bytes=0-", 0, 300_000),
        ("bytes=0-0", 0, 1),
        ("bytes=65530-65545", 65_530, 65_546),
        ("bytes=299999-", 299_999, 300_000),
        ("bytes=299990-999999999", 299_990, 300_000),
        ("bytes=-10", 299_990, 300_000),
        ("bytes=-999999999", 0, 300_000),
    ],
)
def test_one_range(
    cast: Cast, view: View, signed_in: Callable[[Person], Client], asked: str, start: int, stop: int
) -> None:
    answer = signed_in(cast.bob).get(address(view), headers={"range": asked})
    assert answer.status_code == 206
    assert b"".join(answer.streaming_content) == served(view, "film.road", TWINS)[start:stop]
    assert answer.headers["Content-Range"] == f"bytes {start}-{stop - 1}/300000"
    assert answer.headers["Content-Length"] == str(stop - start)


@pytest.mark.parametrize("asked", ["bytes=300000-", "bytes=999999-1000000", "bytes=-0"])
def test_a_range_behind_the_end(cast: Cast, view: View, signed_in: Callable[[Person], Client], asked: str) -> None:
    answer = signed_in(cast.bob).get(address(view), headers={"range": asked})
    assert (answer.status_code, answer.headers["Content-Range"], answer.content) == (416, "bytes */300000", b"")


@pytest.mark.parametrize(
    "asked", ["bytes=5-2", "bytes=a-b", "bytes=-", "bytes=0-1,5-6", "lines=0-1", "bytes 0-1", "bytes=0-" + "9" * 40]
)
def test_a_range_not_understood_is_passed_over(
    cast: Cast, view: View, signed_in: Callable[[Person], Client], asked: str
) -> None:
    answer = signed_in(cast.bob).get(address(view), headers={"range": asked})
    assert answer.status_code == 200
    assert answer.headers["Content-Length"] == "300000"


def test_a_range_of_another_version_is_the_whole(cast: Cast, view: View, signed_in: Callable[[Person], Client]) -> None:
    client = signed_in(cast.bob)
    tag = client.head(address(view)).headers["ETag"]
    same, other = (
        client.get(address(view), headers={"range": "bytes=0-9", "if-range": it}) for it in (tag, '"another"')
    )
    assert (same.status_code, other.status_code) == (206, 200)


def test_head_tells_all_and_opens_nothing(
    cast: Cast, view: View, signed_in: Callable[[Person], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("HEAD opened the film")

    monkeypatch.setattr(gate, "read_part", refuse)
    whole = signed_in(cast.bob).head(address(view))
    part = signed_in(cast.bob).head(address(view), headers={"range": "bytes=1-2"})
    assert (whole.status_code, whole.headers["Content-Length"], whole.content) == (200, "300000", b"")
    assert (part.status_code, part.headers["Content-Length"], part.content) == (206, "2", b"")


@pytest.mark.parametrize("who", ["charlie", "alice", "sam", "oscar", "root", "nobody"])
def test_missing_and_forbidden_look_the_same(
    cast: Cast, view: View, clip: Clip, signed_in: Callable[[Person], Client], client: Client, who: str
) -> None:
    """Neither status, body nor headers tell a stranger that a view or a clip is there."""
    asking = client if who == "nobody" else signed_in(getattr(cast, who))
    pairs = [(address(view), f"/views/{uuid.uuid4()}/film/film.road")]
    pairs += [(f"/views/{view.pk}/manifest.json", f"/views/{uuid.uuid4()}/manifest.json")]
    if who != "alice":  # who may see the clip, though not through Bob's view
        pairs += [(f"/clips/{clip.pk}/poster", f"/clips/{uuid.uuid4()}/poster")]
    for there, nowhere in pairs:
        first, second = asking.get(there), asking.get(nowhere)
        assert first.status_code == second.status_code == 404
        assert first.content.replace(there.encode(), b"") == second.content.replace(nowhere.encode(), b"")
        assert dict(first.headers) == dict(second.headers)


def test_a_poster_and_a_proof(cast: Cast, view: View, clip: Clip, signed_in: Callable[[Person], Client]) -> None:
    client = signed_in(cast.bob)
    picture = client.get(f"/clips/{clip.pk}/poster")
    assert (picture.content, picture.headers["Content-Type"]) == (b"\xff\xd8 picture", "image/jpeg")
    assert picture.headers["Cache-Control"] == "private, no-store"
    proof = client.get(f"/views/{view.pk}/proof.json")
    assert proof.json()["seq"] == view.ledger_seq
    assert "attachment" in proof.headers["Content-Disposition"]


@pytest.mark.parametrize(("text", "status"), [("1500", 204), ("", 400), ("-1", 400), ("1e3", 400), ("9" * 13, 400)])
def test_progress(cast: Cast, view: View, signed_in: Callable[[Person], Client], text: str, status: int) -> None:
    answer = signed_in(cast.bob).post(f"/views/{view.pk}/progress", {"watched_ms": text})
    assert answer.status_code == status
    assert View.objects.get(pk=view.pk).watched_ms == (1500 if status == 204 else 0)


def test_progress_wants_the_forms_token(cast: Cast, view: View) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(cast.bob, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert strict.post(f"/views/{view.pk}/progress", {"watched_ms": "1"}).status_code == 403


def test_a_film_that_is_not_marked_is_not_served(
    cast: Cast, tmp_path: Path, signed_in: Callable[[Person], Client]
) -> None:
    """Neither before its variants are there nor, for a view that was opened before, afterwards."""
    clip = make_clip(cast.van_unit)
    store_parts(clip, {"film.road": ORIGINAL}, tmp_path)
    early = gate.open_view(actor=cast.bob, clip_id=clip.pk, purpose="incident")
    assert signed_in(cast.bob).get(address(early)).status_code == 404
    store_twins(clip, "film.road", TWINS)
    assert signed_in(cast.bob).get(address(early)).status_code == 404
    later = gate.open_view(actor=cast.bob, clip_id=clip.pk, purpose="incident")
    assert signed_in(cast.bob).get(address(later)).status_code == 200


@pytest.mark.parametrize("part", ["a.film.road", "b.film.road", "cut.film.road"])
def test_a_variant_has_no_address(cast: Cast, view: View, signed_in: Callable[[Person], Client], part: str) -> None:
    assert signed_in(cast.bob).get(address(view, part)).status_code == 404


def test_two_views_share_no_tag_and_those_of_two_people_no_bytes(
    cast: Cast, clip: Clip, view: View, signed_in: Callable[[Person], Client]
) -> None:
    other = gate.open_view(actor=cast.bob, clip_id=clip.pk, purpose="incident")
    client = signed_in(cast.bob)
    first, second, again = (client.get(address(one)) for one in (view, other, view))
    bodies = [b"".join(answer.streaming_content) for answer in (first, second, again)]
    alices = gate.open_view(actor=cast.alice, clip_id=clip.pk, purpose="incident")
    theirs = b"".join(gate.read_part(actor=cast.alice, view_id=alices.pk, part="film.road").chunks)
    assert bodies[0] == bodies[1] == bodies[2] != theirs, "within a day one word a person"
    assert first.headers["ETag"] != second.headers["ETag"]
    assert first.headers["ETag"] == again.headers["ETag"]


def test_the_ledger_holds_a_views_word_without_telling_it(cast: Cast, clip: Clip, view: View) -> None:
    word = ViewWord.objects.get(view_id=view.pk)
    said = LedgerBody.objects.get(pk=view.ledger_seq).body_json
    assert word.letters not in said
    assert json.loads(said)["word"] == marked.commitment(clip.pk, view.pk, marked.words_of_view(clip.pk, view.pk))
    assert list(views_against_ledger()) == []
    turned = word.letters.translate(str.maketrans("AB", "BA"))
    ViewWord.objects.filter(pk=word.pk).update(letters=turned)
    assert [problem.kind for problem in views_against_ledger()] == ["view_edited"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ends=st.tuples(st.integers(0, 300_000), st.integers(0, 300_000)))
def test_any_range_is_the_slice_of_the_whole(cast: Cast, view: View, ends: tuple[int, int]) -> None:
    start, stop = sorted(ends)
    opened = gate.read_part(actor=cast.bob, view_id=view.pk, part="film.road", start=start, stop=stop)
    assert b"".join(opened.chunks) == served(view, "film.road", TWINS)[start:stop]


def test_an_erased_clip_is_not_there(cast: Cast, view: View, clip: Clip, signed_in: Callable[[Person], Client]) -> None:
    keys.destroy(clip.pk)
    assert signed_in(cast.bob).get(address(view)).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_under_asgi_a_film_flows_piece_by_piece(cast: Cast, tmp_path: Path) -> None:
    """As the real server does it: an asynchronous stream, of which a few chunks are in memory at a time."""
    size = 24 * 1024 * 1024
    clip = make_clip(cast.van_unit)
    store_parts(clip, {"film.road": ORIGINAL}, tmp_path)
    store_twins(clip, "film.road", made_up_twins(size, fragments=60))
    view = gate.open_view(actor=cast.bob, clip_id=clip.pk, purpose="incident")

    async def watch() -> tuple[int, int, int]:
        client = AsyncClient()
        await client.aforce_login(cast.bob, backend="allauth.account.auth_backends.AuthenticationBackend")
        await client.head(address(view))  # loads what the first request loads
        tracemalloc.start()
        try:
            answer = await client.get(address(view), headers={"range": "bytes=100-"})
            received = largest = 0
            async for piece in answer.streaming_content:
                received += len(piece)
                largest = max(largest, len(piece))
            assert answer.status_code == 206
            return received, largest, tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    received, largest, peak = async_to_sync(watch)()
    assert received == size - 100
    assert largest <= 8 * 65_536
    assert peak < 8 * 1024 * 1024
