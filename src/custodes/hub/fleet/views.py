"""Setup by the first administrator, and one-time links."""

from allauth.account.internal.flows.login import perform_login
from allauth.account.models import Login
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from custodes.core.errors import BadInput, Denied
from custodes.hub.fleet import setup, signin_links
from custodes.hub.fleet.forms import SetupForm
from custodes.hub.fleet.models import Person, SignInLink


@require_http_methods(["GET", "HEAD", "POST"])
def set_up(request: HttpRequest, token: str) -> HttpResponse:
    """Ask the first administrator for a name, an address and a password, and sign them in."""
    if not setup.is_live(token, now=timezone.now()):
        raise Denied("no such setup link")
    form = SetupForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            person = setup.set_up(token, form.first_administrator(), now=timezone.now())
        except BadInput as error:
            form.add_error(None, str(error))
        else:
            return _sign_in(request, person, reverse("mfa_index"))
    return render(request, "fleet/setup.html", {"form": form}, status=400 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def enter(request: HttpRequest, token: str) -> HttpResponse:
    """Show a button; its POST uses the link up and signs its person in."""
    if request.method != "POST":
        live = signin_links.is_live(token, now=timezone.now())
        return render(request, "fleet/enter.html", {"live": live}, status=200 if live else 404)
    try:
        link = signin_links.use(token, now=timezone.now())
    except Denied:
        return render(request, "fleet/enter.html", {"live": False}, status=404)
    invited = link.kind == SignInLink.Kind.INVITATION and not link.person.has_usable_password()
    return _sign_in(request, link.person, reverse("account_set_password") if invited else "/")


def locked(request: HttpRequest, *_: object, **__: object) -> HttpResponse:
    """Say that a name is locked after too many wrong passwords, and for how long at most."""
    return render(request, "fleet/locked.html", {"minutes": settings.HUB.sign_in.lock_minutes}, status=429)


def _sign_in(request: HttpRequest, person: Person, path: str) -> HttpResponse:
    # Through allauth: who has a second factor is asked for it here too.
    response: HttpResponse = perform_login(request, Login(user=person, redirect_url=path))
    return response
