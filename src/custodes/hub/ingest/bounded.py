"""Bodies of requests to the pages: short, and in good time. Django would read any body whole, to a file in the clear.

Only the request is bounded: an answer (a film, the live feed) may take as long as it likes.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
Application: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

MAX_BODY_BYTES = 2 * 1024**2
"""The bound up to which Django keeps a body in memory (`FILE_UPLOAD_MAX_MEMORY_SIZE`): none reaches a disk."""
SILENCE_S = 30.0
"""A body that brings nothing for so long is given up."""
DEADLINE_S = 120.0
"""A body that is not whole after so long is given up."""
_TOO_LONG = (413, b"The request is too large for this hub.\n")
_TOO_SLOW = (408, b"The request took too long to arrive. Send it again.\n")


class BoundedBodies:
    """ASGI application: refuses bodies that are too long (413) or too slow (408) before the one behind sees them."""

    def __init__(
        self,
        behind: Application,
        *,
        max_bytes: int = MAX_BODY_BYTES,
        silence_s: float = SILENCE_S,
        deadline_s: float = DEADLINE_S,
    ) -> None:
        self._behind = behind
        self._max_bytes = max_bytes
        self._silence_s = silence_s
        self._deadline_s = deadline_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._behind(scope, receive, send)
            return
        if _announced_bytes(scope) > self._max_bytes:
            await _refuse(send, *_TOO_LONG)
            return
        body = _Body(receive, max_bytes=self._max_bytes, silence_s=self._silence_s, deadline_s=self._deadline_s)
        answering = _Answering(send)
        await self._behind(scope, body.receive, answering.send)
        if body.refusal is not None and not answering.begun:
            await _refuse(send, *body.refusal)


class _Body:
    """Passes a body on while it keeps its bounds; beyond them the sender counts as gone, and `refusal` says why."""

    def __init__(self, receive: Receive, *, max_bytes: int, silence_s: float, deadline_s: float) -> None:
        self._receive = receive
        self._bytes_left = max_bytes
        self._silence_s = silence_s
        self._ends_at = asyncio.get_running_loop().time() + deadline_s
        self._whole = False
        self.refusal: tuple[int, bytes] | None = None

    async def receive(self) -> Message:
        if self.refusal is not None:
            return {"type": "http.disconnect"}
        if self._whole:
            return await self._receive()  # from here on only waits for the sender to go
        left_s = self._ends_at - asyncio.get_running_loop().time()
        try:
            message = await asyncio.wait_for(self._receive(), min(self._silence_s, max(left_s, 0.0)))
        except TimeoutError:
            self.refusal = _TOO_SLOW
            return {"type": "http.disconnect"}
        self._bytes_left -= len(message.get("body", b""))
        if self._bytes_left < 0:
            self.refusal = _TOO_LONG
            return {"type": "http.disconnect"}
        self._whole = not message.get("more_body", False)
        return message


class _Answering:
    """Remembers whether an answer has begun."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.begun = False

    async def send(self, message: Message) -> None:
        self.begun = True
        await self._send(message)


def _announced_bytes(scope: Scope) -> int:
    """Return the largest Content-Length; one that is no number is the server's to refuse."""
    values = [value.strip() for name, value in scope["headers"] if name.lower() == b"content-length"]
    return max((int(value[:20]) for value in values if value.isdigit()), default=0)


async def _refuse(send: Send, status: int, text: bytes) -> None:
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(text)).encode()),
        (b"cache-control", b"no-store"),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text})
