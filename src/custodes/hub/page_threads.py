"""Django behind ASGI with one crossing into a thread a request, and threads that outlive requests.

Django's own handler crosses at every middleware that is not written twice, at every `process_view` and at the view,
and starts a thread, and so a database connection, for each request. Ours are plain functions: the whole chain runs in
one thread, taken from those at rest. See ADR 0057 and `bench/page_requests.py`.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

from asgiref.sync import ThreadSensitiveContext, sync_to_async
from django.core.handlers.asgi import ASGIHandler
from django.db import connections
from django.http import HttpRequest
from django.http.response import HttpResponseBase

# As django-stubs has them: narrower than what the applications in front pass on.
Scope: TypeAlias = dict[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Mapping[str, Any]]]
Send: TypeAlias = Callable[[Mapping[str, Any]], Awaitable[None]]
AT_REST = 8
"""So many threads, each with its database connection, wait for requests; what a rush needs beyond them goes again."""


class PagesInThreads(ASGIHandler):
    """ASGI application: the pages. An async view still runs on the event loop, its streams too."""

    def __init__(self) -> None:
        super().__init__()
        self._threads = _Threads()

    def load_middleware(self, is_async: bool = False) -> None:  # noqa: FBT001, FBT002  # Django's signature
        """Load the chain as plain functions, whatever Django's ASGI handler asks for."""
        super().load_middleware(is_async=False)

    async def get_response_async(self, request: HttpRequest) -> HttpResponseBase:
        """Answer `request` in the thread that its call holds."""
        return await sync_to_async(self.get_response)(request)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request. Raises ValueError for what is not HTTP."""
        if scope["type"] != "http":
            raise ValueError(f"the pages speak HTTP only, not {scope['type']}")
        async with self._threads.one():
            await self.handle(scope, receive, send)


class _Threads:
    """Single threads at rest, the last used first. Only the event loop's thread touches the list."""

    def __init__(self) -> None:
        self._at_rest: list[ThreadPoolExecutor] = []

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """Within it, all that asks for "the request's thread" (`sync_to_async`) gets the same one, nobody else's."""
        thread = self._at_rest.pop() if self._at_rest else ThreadPoolExecutor(1, thread_name_prefix="pages")
        try:
            async with ThreadSensitiveContext(executor=thread):
                yield
        finally:
            if len(self._at_rest) < AT_REST:
                self._at_rest.append(thread)
            else:
                thread.submit(connections.close_all)
                thread.shutdown(wait=False)
