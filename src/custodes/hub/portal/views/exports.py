"""Exports: ask for a copy of a clip's film with facts burnt in, see how far it is, take it."""

import logging
import uuid
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from custodes.core.errors import BadInput, Denied, Temporary
from custodes.hub import proxies
from custodes.hub.access import exports, gate, views
from custodes.hub.clips import marked
from custodes.hub.clips.models import Clip
from custodes.hub.fleet.models import Person
from custodes.hub.fleet.step_up import asks_anew
from custodes.hub.portal import leak_words, scope, shown, words
from custodes.hub.process import runtime

log = logging.getLogger(__name__)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@asks_anew
def ask(request: HttpRequest, clip_id: uuid.UUID) -> HttpResponse:
    """Show a person's copies of a clip, and ask for one: `film`, `purpose`, `reason`, `boxes`, `timecode`, `speed`."""
    person = scope.actor(request)
    clip = Clip.objects.select_related("site__organisation").get(pk=exports.find_clip(person, clip_id).pk)
    error = ""
    if request.method == "POST":
        try:
            _begin(request, person, clip)
        except BadInput as refused:
            error = str(refused)
        else:
            messages.success(request, _("The copy is being made. The viewing is in the ledger."))
            return redirect("portal:export", clip_id)
    return render(request, "portal/export.html", _context(request, person, clip, error), status=400 if error else 200)


@require_GET
@login_required
def state(request: HttpRequest, clip_id: uuid.UUID) -> HttpResponse:
    """Return how far a person's copies of a clip are."""
    person = scope.actor(request)
    clip = exports.find_clip(person, clip_id)
    return render(request, "portal/_export_rows.html", _rows(person, clip))


@require_POST
@login_required
def take(request: HttpRequest, export_id: uuid.UUID) -> HttpResponseBase:
    """Send a finished copy."""
    opened = exports.take(actor=scope.actor(request), export_id=export_id, address=proxies.address_of(request))
    headers = {
        "Content-Disposition": f'attachment; filename="custodes-export-{export_id}.mp4"',
        "Content-Length": str(opened.size_bytes),
        "Cache-Control": "private, no-store",
    }
    sent = views.in_hops(opened.chunks) if isinstance(request, ASGIRequest) else opened.chunks
    return StreamingHttpResponse(sent, content_type=opened.media_type, headers=headers)


@require_POST
@login_required
def drop(request: HttpRequest, export_id: uuid.UUID) -> HttpResponse:
    """Remove a copy before its time."""
    person = scope.actor(request)
    clip_id = exports.find(person, export_id).clip_id
    exports.drop(actor=person, export_id=export_id)
    messages.success(request, _("The copy is removed from the hub."))
    return redirect("portal:export", clip_id)


def _begin(request: HttpRequest, person: Person, clip: Clip) -> None:
    said = request.POST
    wishes = exports.Wishes(
        film=said.get("film", ""),
        boxes="boxes" in said,
        timecode="timecode" in said,
        speed="speed" in said,
        unit=shown.speed_unit(person, clip.site.organisation),
    )
    try:
        export = exports.begin(
            actor=person,
            clip_id=clip.pk,
            purpose=said.get("purpose", ""),
            reason=said.get("reason", ""),
            wishes=wishes,
            address=proxies.address_of(request),
        )
    except Denied:
        raise BadInput(_("You may not watch this clip for that purpose.")) from None
    try:
        runtime.make_export(export.pk)
    except Temporary as error:
        log.warning("export %s waits: %s", export.pk, error)


def _rows(person: Person, clip: Clip) -> dict[str, Any]:
    rows = [(one, leak_words.sentence(one.told), words.lens_words(one.film)) for one in exports.list_of(person, clip)]
    return {
        "clip": clip,
        "rows": rows,
        "under_way": any(one.is_under_way for one, *_ in rows),
        "zone": shown.person_zone(person),
    }


def _context(request: HttpRequest, person: Person, clip: Clip, error: str) -> dict[str, Any]:
    films = [(film, words.lens_words(film)) for film in marked.marked_films_of(clip.pk)]
    purposes = [(one.value, words.purpose_words(one.value)) for one in gate.purposes_for(person, clip)]
    return _rows(person, clip) | {"films": films, "purposes": purposes, "error": error, "said": request.POST}
