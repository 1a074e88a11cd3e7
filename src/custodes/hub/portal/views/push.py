"""Notices in the browser: turned on from it, tried, removed; each person their own."""

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from custodes.core.errors import BadInput
from custodes.hub.fleet import push_browsers
from custodes.hub.portal import scope


@require_POST
@login_required
def turn_on(request: HttpRequest) -> HttpResponse:
    """Keep this browser as one that takes notices; answer with what is wrong, in a sentence, where it cannot be."""
    told = {name: request.POST.get(name, "") for name in ("endpoint", "p256dh", "auth")}
    browser = request.headers.get("User-Agent", "")
    try:
        push_browsers.keep(scope.actor(request), **told, browser=browser, now=timezone.now())
    except BadInput as error:
        return JsonResponse({"error": str(error)}, status=400)
    messages.success(request, _("Kept. A first notice is on its way to this browser."))
    return JsonResponse({})


@require_POST
@login_required
def remove(request: HttpRequest, browser_id: uuid.UUID) -> HttpResponse:
    """Send no more notices to one browser."""
    if not push_browsers.remove(scope.actor(request), browser_id):
        raise Http404
    messages.success(request, _("That browser gets no notices any more."))
    return redirect("portal:settings")


@require_POST
@login_required
def try_again(request: HttpRequest, browser_id: uuid.UUID) -> HttpResponse:
    """Send a notice to one browser now."""
    if not push_browsers.try_again(scope.actor(request), browser_id, now=timezone.now()):
        raise Http404
    messages.success(request, _("A notice is on its way to that browser."))
    return redirect("portal:settings")
