"""Bodies of requests to the pages: a long or slow one is refused before a page, memory or a disk takes it."""

import asyncio
from collections.abc import Awaitable, Callable

from custodes.hub.asgi import application
from custodes.hub.ingest.bounded import MAX_BODY_BYTES, BoundedBodies

Take = Callable[[], Awaitable[dict[str, object]]]


def ask(app: object, take: Take, *headers: tuple[bytes, bytes]) -> list[int]:
    """Post through `app`; return the statuses that it answered."""
    sent: list[dict[str, object]] = []

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/accounts/login/",
        "headers": [(b"host", b"127.0.0.1"), *headers],
        "query_string": b"",
        "client": None,
    }
    asyncio.run(asyncio.wait_for(app(scope, take, send), 20))
    return [int(str(one["status"])) for one in sent if one["type"] == "http.response.start"]


async def pages(scope, receive, send) -> None:
    """Read the whole body as Django does, then answer."""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        if not message.get("more_body", False):
            break
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def pieces(size: int, *, gap_s: float = 0.0, last: bool = False) -> Take:
    async def take() -> dict[str, object]:
        await asyncio.sleep(gap_s)
        return {"type": "http.request", "body": b"x" * size, "more_body": not last}

    return take


async def never() -> dict[str, object]:
    raise AssertionError("the body was read")


def test_an_announced_long_body_is_refused_unread_by_the_hub_itself() -> None:
    assert ask(application, never, (b"content-length", b"314572800")) == [413]


def test_a_long_body_in_chunks_is_refused_on_its_way() -> None:
    assert ask(BoundedBodies(pages), pieces(256 * 1024)) == [413]


def test_a_stalling_body_is_given_up() -> None:
    assert ask(BoundedBodies(pages, silence_s=0.05), pieces(1, gap_s=30)) == [408]


def test_a_dripping_body_is_given_up() -> None:
    assert ask(BoundedBodies(pages, deadline_s=0.2), pieces(1, gap_s=0.01)) == [408]


def test_a_body_within_the_bounds_passes() -> None:
    assert ask(BoundedBodies(pages), pieces(MAX_BODY_BYTES, last=True)) == [200]


def test_an_answer_may_take_longer_than_its_request_might() -> None:
    async def long_answer(scope, receive, send) -> None:
        await receive()
        gone = asyncio.ensure_future(receive())  # as Django waits for the sender to go
        await asyncio.sleep(0.3)
        gone.cancel()
        await send({"type": "http.response.start", "status": 200, "headers": []})

    first = iter([True])

    async def take() -> dict[str, object]:
        if not next(first, False):
            await asyncio.sleep(30)
        return {"type": "http.request", "body": b"", "more_body": False}

    assert ask(BoundedBodies(long_answer, silence_s=0.05, deadline_s=0.1), take) == [200]
