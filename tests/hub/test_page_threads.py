"""Requests in threads that outlive them: one each, never shared at a time, few of them kept."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from asgiref.sync import SyncToAsync, sync_to_async
from django.db import connection
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.test import override_settings
from django.urls import path

from custodes.hub.page_threads import AT_REST, PagesInThreads

pytestmark = pytest.mark.django_db(transaction=True)
RUSH = AT_REST + 4
meeting = threading.Barrier(RUSH, timeout=30)
connections_seen: dict[int, object] = {}


def _where() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    connections_seen[threading.get_ident()] = connection.connection
    return f"{threading.get_ident()} {id(connection.connection)}"


def here(_request: HttpRequest) -> HttpResponse:
    return HttpResponse(_where())


def together(_request: HttpRequest) -> HttpResponse:
    meeting.wait()
    return HttpResponse(_where())


def broken(_request: HttpRequest) -> HttpResponse:
    raise RuntimeError("a view that fails")


async def feed(_request: HttpRequest) -> StreamingHttpResponse:
    async def told() -> AsyncIterator[str]:
        for _ in range(3):
            yield f"{threading.get_ident()} {await sync_to_async(_where)()}\n"

    return StreamingHttpResponse(told())


urlpatterns = [path("here", here), path("together", together), path("broken", broken), path("feed", feed)]


@pytest.fixture
def pages() -> Iterator[PagesInThreads]:
    with override_settings(ROOT_URLCONF=__name__):
        yield PagesInThreads()


async def ask(pages: PagesInThreads, address: str) -> tuple[int, str]:
    """Return status and text of the answer."""
    sent: list[dict[str, Any]] = []
    asked = iter([{"type": "http.request", "body": b"", "more_body": False}])

    async def receive() -> dict[str, Any]:
        return next(asked, None) or await asyncio.Event().wait()

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": address, "headers": [(b"host", b"localhost")]}
    await asyncio.wait_for(pages(scope, receive, send), 30)
    return sent[0]["status"], b"".join(one.get("body", b"") for one in sent[1:]).decode()


def test_requests_one_after_another_meet_the_same_thread_and_connection(pages: PagesInThreads) -> None:
    async def three() -> set[tuple[int, str]]:
        return {await ask(pages, "/here") for _ in range(3)}

    answers = asyncio.run(three())

    assert len(answers) == 1
    status, where = answers.pop()
    assert status == 200
    assert int(where.split()[0]) != threading.get_ident()


def test_a_request_crosses_into_its_thread_three_times(pages: PagesInThreads, monkeypatch: pytest.MonkeyPatch) -> None:
    crossings: list[object] = []
    plain = SyncToAsync.__call__

    async def counted(self: Any, *args: Any, **kwargs: Any) -> Any:
        crossings.append(self.func)
        return await plain(self, *args, **kwargs)

    monkeypatch.setattr(SyncToAsync, "__call__", counted)
    asyncio.run(ask(pages, "/here"))

    assert len(crossings) == 3, f"its beginning, its chain and its end; got {crossings}"


def test_requests_at_a_time_share_no_thread_and_few_are_kept(pages: PagesInThreads) -> None:
    connections_seen.clear()

    async def rush() -> tuple[list[tuple[int, str]], set[str]]:
        answers = await asyncio.gather(*(ask(pages, "/together") for _ in range(RUSH)))
        return answers, {(await ask(pages, "/here"))[1]}

    answers, after = asyncio.run(rush())

    assert {status for status, _where in answers} == {200}
    assert len({where for _status, where in answers}) == RUSH
    assert after <= {where for _status, where in answers}
    kept = [thread for thread in threading.enumerate() if thread.ident in connections_seen]
    for thread in kept:
        thread.join(timeout=0.5)
    assert sum(thread.is_alive() for thread in kept) == AT_REST


def test_a_failing_view_answers_500_and_its_thread_goes_on(pages: PagesInThreads) -> None:
    async def both() -> list[tuple[int, str]]:
        return [await ask(pages, address) for address in ("/here", "/broken", "/here")]

    before, failed, after = asyncio.run(both())

    assert failed[0] == 500
    assert before == after


def test_a_feed_streams_on_the_event_loop_and_asks_the_database_from_its_one_thread(pages: PagesInThreads) -> None:
    async def streamed() -> list[str]:
        return (await ask(pages, "/feed"))[1].splitlines()

    lines = asyncio.run(streamed())

    assert len(lines) == 3
    assert len(set(lines)) == 1
    loop, asked_from, _connection = lines[0].split()
    assert int(loop) == threading.get_ident()
    assert asked_from != loop


def test_what_is_not_http_is_refused(pages: PagesInThreads) -> None:
    async def nothing() -> dict[str, Any]:
        raise AssertionError("was asked")

    with pytest.raises(ValueError, match="HTTP only"):
        asyncio.run(pages({"type": "websocket"}, nothing, nothing))
