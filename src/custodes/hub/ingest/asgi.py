"""The unit API in front of Django: heads are checked before bodies are read, films stream to disk.

Django reads a whole body before a view runs; here an unsigned request costs no byte of it, and a film passes in the
server's own pieces. Everything that blocks (database, fsync) runs in a few threads of its own.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeAlias, TypeVar

from custodes.core.clock import Clock, SystemClock
from custodes.core.errors import Temporary
from custodes.hub.ingest.exchange import Answer, Refusal, UnitRequest
from custodes.hub.ingest.gatehouse import Gatehouse
from custodes.hub.ingest.operations import PREFIX
from custodes.hub.ingest.routes import Opened, UnitApi
from custodes.hub.ingest.uploads import Append

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]
T = TypeVar("T")

THREADS = 4
SILENCE_S = 30.0
"""A body that brings nothing for so long is taken as cut."""
DEADLINE_S = 60.0
"""A JSON body that is not whole after so long is given up."""
FILM_DEADLINE_S = 600.0
"""A piece of film that is not whole after so long is cut; what came is kept, and the unit goes on from there."""
log = logging.getLogger(__name__)


class _LineCut(Exception):
    """The sender is gone or silent."""


class _TooSlow(_LineCut):
    """The sender is there, but its body does not end in time."""


class _Body:
    """A request's body, in pieces, within its time."""

    def __init__(self, receive: Receive, *, deadline_s: float) -> None:
        self._receive = receive
        self._ends_at = asyncio.get_running_loop().time() + deadline_s

    async def pieces(self) -> AsyncIterator[bytes]:
        """Yield the body's pieces. Raises _LineCut when the sender is gone or silent, _TooSlow after the deadline."""
        loop = asyncio.get_running_loop()
        more = True
        while more:
            silent_at = loop.time() + SILENCE_S
            try:
                async with asyncio.timeout_at(min(silent_at, self._ends_at)):
                    message = await self._receive()
            except TimeoutError:
                raise (_TooSlow if self._ends_at <= silent_at else _LineCut) from None
            if message["type"] == "http.disconnect":
                raise _LineCut
            more = message.get("more_body", False)
            yield message.get("body", b"")


class UnitDoor:
    """ASGI application: the unit API itself, everything else to the application behind."""

    def __init__(self, behind: Application, *, clock: Clock | None = None) -> None:
        self._behind = behind
        self.api = UnitApi(Gatehouse(clock or SystemClock()))
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="ingest")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or not scope["path"].startswith(PREFIX):
            await self._behind(scope, receive, send)
            return
        request = _request_of(scope)
        try:
            answer = await self._answer(request, receive)
        except Refusal as refusal:
            answer = self.api.refuse(request, refusal)
        except Temporary as error:
            answer = Refusal(503, "temporary", str(error), retry=True).answer()
        except _TooSlow:
            headers = {"connection": "close"}
            late = Refusal(408, "too_slow", "the body did not end in time; send the rest", retry=True, headers=headers)
            answer = self.api.refuse(request, late)
        except _LineCut:
            return
        except Exception:
            log.exception("%s %s failed", scope["method"], scope["path"])
            answer = Refusal(500, "internal", "the hub failed at this request; its log says why", retry=True).answer()
        await _send(answer, send, is_head=scope["method"] == "HEAD")

    async def _answer(self, request: UnitRequest, receive: Receive) -> Answer:
        opened = await self._run(lambda: self.api.open(request))
        if isinstance(opened, Answer):
            return opened
        if isinstance(opened, Append):
            return await self._take_film(opened, receive)
        body = await _whole_body(receive, at_most=opened.max_body_bytes)
        return await self._run(lambda: _answered(opened, body))

    async def _take_film(self, append: Append, receive: Receive) -> Answer:
        try:
            async for piece in _Body(receive, deadline_s=FILM_DEADLINE_S).pieces():
                append.write(piece)
        except (_LineCut, asyncio.CancelledError):
            await asyncio.shield(self._run(append.cut))
            raise
        return await self._run(lambda: self.api.finish(append))

    async def _run(self, call: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, call)


def _answered(opened: Opened, body: bytes) -> Answer:
    return opened.answer(body)


def _request_of(scope: Scope) -> UnitRequest:
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1").strip()
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    client = scope.get("client")
    return UnitRequest(
        method=scope["method"],
        path=scope["path"],
        headers=headers,
        query=scope.get("query_string", b"").decode("latin-1"),
        address=client[0] if client else None,
    )


async def _whole_body(receive: Receive, *, at_most: int) -> bytes:
    pieces: list[bytes] = []
    size = 0
    async for piece in _Body(receive, deadline_s=DEADLINE_S).pieces():
        size += len(piece)
        if size > at_most:
            raise Refusal(413, "too_long", f"the body has more than {at_most} bytes")
        pieces.append(piece)
    return b"".join(pieces)


async def _send(answer: Answer, send: Send, *, is_head: bool) -> None:
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers.items()]
    if answer.status != 204:
        headers.append((b"content-length", str(len(answer.body)).encode()))
    headers.append((b"cache-control", b"no-store"))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if is_head else answer.body})
