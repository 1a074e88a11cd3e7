"""Pages for when there is nothing to show: no way to the hub, or no way to a clip."""

from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from custodes.core.errors import Permanent


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """Show the page that the browser keeps for when the hub cannot be reached. It says nothing about anybody."""
    return render(request, "portal/offline.html")


@require_GET
def worker(request: HttpRequest) -> HttpResponse:  # Django's signature
    """Send the script that keeps that page, with the right to stand before every address of the hub."""
    path = finders.find("portal/worker.js")
    if not isinstance(path, str):
        raise Permanent("portal/worker.js is not among the static files: install the package again.")
    with open(path, encoding="utf-8") as script:  # noqa: PTH123  # finders gives a string
        text = script.read()
    headers = {"Service-Worker-Allowed": "/", "Cache-Control": "no-cache"}
    return HttpResponse(text, content_type="text/javascript; charset=utf-8", headers=headers)


@require_GET
def why_not(request: HttpRequest) -> HttpResponse:
    """Explain access in general, beside the menu for who is signed in. It never says whether a clip exists."""
    page = "portal/base.html" if request.user.is_authenticated else "portal/entrance.html"
    return render(request, "portal/why_not.html", {"page": page})
