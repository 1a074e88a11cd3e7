"""What a named person sees of a clip that was shared with them: a page before, a page with the film, no portal."""

import uuid
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from custodes.core.errors import Denied
from custodes.hub import proxies
from custodes.hub.access import shared
from custodes.hub.access.models import Share
from custodes.hub.access.share_views import COOKIE, session_of
from custodes.hub.fleet import link_guard
from custodes.hub.fleet.views import locked
from custodes.hub.portal import film, headings, shown

MAX_TOKEN = 64


@require_http_methods(["GET", "HEAD", "POST"])
@csrf_protect
def index(request: HttpRequest) -> HttpResponse:
    """Say what was shared, by whom and until when; a POST uses the link's token up for a session of this share."""
    if request.method == "POST":
        return _exchange(request)
    try:
        share = shared.find(session_of(request))
    except Denied:
        return render(request, "portal/shared.html", {"share": None})
    return render(request, "portal/shared.html", _context(share))


@require_POST
def watch(request: HttpRequest) -> HttpResponse:
    """Open one of the viewings and lead to it."""
    try:
        view = shared.open_view(session=session_of(request), address=proxies.address_of(request))
    except Denied:
        return _dead(request)
    return redirect("portal:shared_view", view.pk)


@require_safe
def show(request: HttpRequest, view_id: uuid.UUID) -> HttpResponse:
    """Show the film of an open viewing. Reloading it opens no other."""
    session = session_of(request)
    manifest = shared.read_manifest(session=session, view_id=view_id)
    share = shared.find(session)
    context = _context(share) | {
        "view_id": view_id,
        "lenses": film.lens_lines(manifest),
        "title": headings.title(
            share.clip.kind,
            shared.read_headline(session=session, view_id=view_id),
            share.clip.site.organisation.speed_unit,
        ),
        "zone": shown.site_zone(share.clip.site),
        "onset": shown.local_ns(manifest.event.onset_wall_ns, shown.site_zone(share.clip.site)),
        "speed_unit": share.clip.site.organisation.speed_unit,
        "mark_view": str(view_id)[:8],
    }
    return render(request, "portal/shared_view.html", context)


def _exchange(request: HttpRequest) -> HttpResponse:
    if link_guard.is_locked(request):
        return locked(request)
    token = request.POST.get("token", "")
    try:
        entered = shared.exchange(token[:MAX_TOKEN])
    except Denied:
        link_guard.count_failure(request)
        return _dead(request)
    response = redirect("portal:shared")
    response.set_cookie(
        COOKIE,
        entered.session,
        path=reverse("portal:shared"),
        expires=entered.share.ends_at,
        httponly=True,
        secure=settings.HUB.is_https,
        samesite="Lax",
    )
    return response


def _dead(request: HttpRequest) -> HttpResponse:
    return render(request, "portal/shared.html", {"share": None, "dead": True}, status=404)


def _context(share: Share) -> dict[str, Any]:
    return {
        "share": share,
        "left": max(share.max_views - share.views_used, 0),
        "open_views": shared.open_views(share),
        "organisation": share.clip.site.organisation,
        "share_zone": shown.site_zone(share.clip.site),
    }
