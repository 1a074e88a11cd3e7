"""Setup by the first administrator, one-time links, and invitations."""

from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from custodes.core.errors import BadInput, Denied
from custodes.hub.fleet import door_entries, invitations, open_sessions, second_factor, selectors, setup, signin_links
from custodes.hub.fleet.forms import SetupForm
from custodes.hub.fleet.models import Person, SignInLink
from custodes.hub.fleet.session_rules import session_of


@require_http_methods(["GET", "HEAD", "POST"])
def set_up(request: HttpRequest, token: str) -> HttpResponse:
    """Ask the first administrator for a name, an address and a password, and sign them in.

    Of a hub that is set up every link tells the same, whether it was once right or never.
    """
    if selectors.administrator_exists():
        door_entries.failed(request, way="link")
        return render(request, "fleet/is_set_up.html", status=404)
    if not setup.is_live(token, now=timezone.now()):
        raise Denied("no such setup link")
    form = SetupForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            person = setup.set_up(token, form.first_administrator(), now=timezone.now())
        except BadInput as error:
            form.add_error(None, str(error))
        else:
            record_authentication(request, person, "password")  # typed twice, a moment ago
            return _sign_in(request, person, reverse("mfa_index"))
    return render(request, "fleet/setup.html", {"form": form}, status=400 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def enter(request: HttpRequest, token: str) -> HttpResponse:
    """Show a button; its POST uses the link up and signs its person in."""
    if request.method != "POST":
        live = signin_links.is_live(token, now=timezone.now())
        if not live:
            door_entries.failed(request, way="link")
        return render(request, "fleet/enter.html", {"live": live}, status=200 if live else 404)
    try:
        link = signin_links.use(token, now=timezone.now())
    except Denied:
        door_entries.failed(request, way="link")
        return render(request, "fleet/enter.html", {"live": False}, status=404)
    record_authentication(request, link.person, second_factor.LINK)
    # Invitations of earlier versions were links of this kind.
    invited = link.kind == SignInLink.Kind.INVITATION and not link.person.has_usable_password()
    return _sign_in(request, link.person, reverse("account_set_password") if invited else "/")


@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, token: str) -> HttpResponse:
    """Show who invites to what; the POST takes the role. Who has an account here signs in first."""
    now = timezone.now()
    invitation = invitations.find_live(token, now=now)
    person = request.user if isinstance(request.user, Person) else None
    if invitation is None:
        door_entries.failed(request, way="link")
    foreign = invitation is not None and person is not None and person.email.lower() != invitation.email.lower()
    if invitation is None or foreign or request.method != "POST":
        context = {"invitation": invitation, "foreign": foreign, "person": person}
        return render(request, "fleet/join.html", context, status=404 if invitation is None else 200)
    try:
        taker = invitations.accept(token, person=person, now=now)
    except invitations.SignInFirst:
        return redirect_to_login(request.path)
    except Denied:
        return render(request, "fleet/join.html", {"invitation": None}, status=404)
    except BadInput as error:  # a role that does not go with another that they have: the invitation stays open
        messages.error(request, str(error))
        return redirect("/")
    if person is not None:
        return redirect("/")
    record_authentication(request, taker, second_factor.LINK)
    return _sign_in(request, taker, reverse("account_set_password"))


@require_safe
@login_required
def second_factor_page(request: HttpRequest) -> HttpResponse:
    """Tell why a second factor is wanted, and lead to setting one up, or to showing the one that there is."""
    person = request.user
    if not isinstance(person, Person) or person.second_factor_shown:
        return redirect("/")
    told = {"has_one": second_factor.has_one(person), "is_owed": second_factor.is_owed(request)}
    return render(request, "fleet/second_factor.html", told)


@require_safe
@login_required
def no_proof(request: HttpRequest) -> HttpResponse:
    """Tell somebody without password and second factor what to do before a dangerous act."""
    return render(request, "fleet/no_proof.html", {"minutes": settings.HUB.sign_in.step_up_minutes})


@require_http_methods(["GET", "HEAD", "POST"])
def session(request: HttpRequest) -> HttpResponse:
    """Return how long this session has (s); a POST says that somebody is there, which GET does not."""
    row, now = session_of(request), timezone.now()
    if row is None:
        return JsonResponse({"idle_s": 0, "whole_s": 0}, status=403)
    if request.method == "POST":
        open_sessions.touch(row, request, now=now)
    left = open_sessions.left(row, now=now)
    return JsonResponse({"idle_s": left.idle_s, "whole_s": left.whole_s})


def locked(request: HttpRequest, *_: object, **__: object) -> HttpResponse:
    """Say that a name is locked after too many wrong passwords, and for how long at most."""
    return render(request, "fleet/locked.html", {"minutes": settings.HUB.sign_in.lock_minutes}, status=429)


def _sign_in(request: HttpRequest, person: Person, path: str) -> HttpResponse:
    if person.last_login is None:  # nobody has chosen a language yet
        person.language = request.LANGUAGE_CODE
        person.save(update_fields=["language"])
    # Through allauth: who has a second factor is asked for it here too.
    response: HttpResponse = perform_login(request, Login(user=person, redirect_url=path))
    return response
