"""Footage over HTTP. Translates requests into calls of the gate, and nothing else."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable, Generator, Iterator, Mapping
from itertools import islice

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.db import connections
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.views.decorators.http import require_POST, require_safe

from custodes.hub.access import gate, ranges

CHUNKS_A_HOP = 8
"""Decrypted chunks (64 KiB) fetched for one hop between the event loop and a thread."""


@require_safe
def film(request: HttpRequest, view_id: uuid.UUID, part: str) -> HttpResponseBase:
    """Send one film of an open view, whole or one byte range of it."""
    facts = gate.describe_part(actor=request.user, view_id=view_id, part=part)
    return send_film(
        request,
        facts,
        lambda span: gate.read_part(actor=request.user, view_id=view_id, part=part, start=span.start, stop=span.stop),
    )


def send_film(
    request: HttpRequest,
    facts: gate.PartFacts,
    read: Callable[[ranges.ByteRange], gate.OpenedPart],
    more: Mapping[str, str] | None = None,
) -> HttpResponseBase:
    """Send what `read` opens, whole or one byte range of it, with `more` headers."""
    headers = {**(more or {}), "Accept-Ranges": "bytes", "Cache-Control": "private, no-store"}
    headers["ETag"] = f'"{facts.version}"'
    wanted = None
    if request.headers.get("If-Range", headers["ETag"]) == headers["ETag"]:
        try:
            wanted = ranges.parse(request.headers.get("Range", ""), facts.size_bytes)
        except ranges.Unsatisfiable:
            headers["Content-Range"] = f"bytes */{facts.size_bytes}"
            return HttpResponse(status=416, headers=headers, content_type=facts.media_type)
    status = 200 if wanted is None else 206
    span = wanted or ranges.ByteRange(0, facts.size_bytes)
    headers["Content-Length"] = str(span.stop - span.start)
    if wanted is not None:
        headers["Content-Range"] = f"bytes {span.start}-{span.stop - 1}/{facts.size_bytes}"
    if request.method == "HEAD":
        return HttpResponse(status=status, headers=headers, content_type=facts.media_type)
    opened = read(span)
    return StreamingHttpResponse(
        _stream(request, opened.chunks), status=status, headers=headers, content_type=opened.media_type
    )


@require_safe
def poster(request: HttpRequest, clip_id: uuid.UUID) -> HttpResponse:
    """Send a clip's still picture."""
    picture = gate.read_poster(actor=request.user, clip_id=clip_id)
    return HttpResponse(picture, content_type="image/jpeg", headers={"Cache-Control": "private, no-store"})


@require_safe
def manifest(request: HttpRequest, view_id: uuid.UUID) -> HttpResponse:
    """Send the facts of an open view's clip."""
    facts = gate.read_manifest(actor=request.user, view_id=view_id)
    return HttpResponse(facts.model_dump_json(), content_type="application/json")


def proof_file(view_id: uuid.UUID, proof_json: str) -> HttpResponse:
    """Return the proof that a viewing stands in the ledger, as a file to keep."""
    headers = {"Content-Disposition": f'attachment; filename="custodes-view-{view_id}.proof.json"'}
    return HttpResponse(proof_json, content_type="application/json", headers=headers)


@require_safe
def proof(request: HttpRequest, view_id: uuid.UUID) -> HttpResponse:
    """Send the proof that a view stands in the ledger, as a file to keep."""
    return proof_file(view_id, gate.prove_view(actor=request.user, view_id=view_id).as_json())


@require_POST
def progress(request: HttpRequest, view_id: uuid.UUID) -> HttpResponse:
    """Keep how much film the player has shown: form field `watched_ms`."""
    text = request.POST.get("watched_ms", "")
    if not (text.isascii() and text.isdigit() and len(text) <= 12):
        return HttpResponse(
            "watched_ms: a whole number of milliseconds.\n", status=400, content_type="text/plain; charset=utf-8"
        )
    gate.report_progress(actor=request.user, view_id=view_id, watched_ms=int(text))
    return HttpResponse(status=204)


def _stream(request: HttpRequest, chunks: Iterator[bytes]) -> Iterator[bytes] | AsyncIterator[bytes]:
    # Under ASGI Django would read a plain iterator to its end before it sends a byte.
    return in_hops(chunks) if isinstance(request, ASGIRequest) else chunks


async def in_hops(chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Yield what `chunks` yields, drawn in the request's thread, so that the event loop waits for no disk."""

    def draw() -> bytes:
        return b"".join(islice(chunks, CHUNKS_A_HOP))

    def end() -> None:
        try:
            if isinstance(chunks, Generator):
                chunks.close()  # here, and not where the loop collects it: the gate still writes down what was sent
        finally:
            connections.close_all()  # this thread belongs to no request: the request may be over

    try:
        while batch := await sync_to_async(draw)():
            yield batch
    finally:
        await asyncio.to_thread(end)
