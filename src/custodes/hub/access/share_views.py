"""Shared footage over HTTP: for the one browser that exchanged the link of a share, and for that share alone."""

import uuid

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.views.decorators.http import require_POST, require_safe

from custodes.hub.access import shared
from custodes.hub.access.views import send_film

COOKIE = "custodes_share"
INLINE = {"Content-Disposition": "inline"}


def session_of(request: HttpRequest) -> str:
    """Return what the browser holds of a share; empty: nothing."""
    return request.COOKIES.get(COOKIE, "")


@require_safe
def film(request: HttpRequest, view_id: uuid.UUID, part: str) -> HttpResponseBase:
    """Send one shared film of an open view, whole or one byte range of it."""
    session = session_of(request)
    facts = shared.describe_part(session=session, view_id=view_id, part=part)
    return send_film(
        request,
        facts,
        lambda span: shared.read_part(session=session, view_id=view_id, part=part, start=span.start, stop=span.stop),
        INLINE,
    )


@require_safe
def manifest(request: HttpRequest, view_id: uuid.UUID) -> HttpResponse:
    """Send the facts of what is shared."""
    facts = shared.read_manifest(session=session_of(request), view_id=view_id)
    return HttpResponse(facts.model_dump_json(), content_type="application/json")


@require_POST
def progress(request: HttpRequest, view_id: uuid.UUID) -> HttpResponse:
    """Keep how much film the player has shown: form field `watched_ms`."""
    text = request.POST.get("watched_ms", "")
    if not (text.isascii() and text.isdigit() and len(text) <= 12):
        return HttpResponse(
            "watched_ms: a whole number of milliseconds.\n", status=400, content_type="text/plain; charset=utf-8"
        )
    shared.report_progress(session=session_of(request), view_id=view_id, watched_ms=int(text))
    return HttpResponse(status=204)
