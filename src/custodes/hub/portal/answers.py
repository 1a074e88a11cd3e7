"""How pages that fill live are answered."""

from collections.abc import AsyncIterator

from django.http import HttpResponse, StreamingHttpResponse


def event_stream(told: AsyncIterator[str]) -> StreamingHttpResponse:
    """Return server-sent events for as long as the page listens; nothing on the way may keep or gather them."""
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingHttpResponse(told, content_type="text/event-stream", headers=headers)


def too_many(come_back_s: int) -> HttpResponse:
    """Refuse a feed to a session that holds as many as it may."""
    return HttpResponse(status=429, headers={"Retry-After": str(come_back_s)})


def no_stream() -> HttpResponse:
    """Tell an EventSource of nobody not to come back."""
    return HttpResponse(status=204)
