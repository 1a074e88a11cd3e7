"""Routes: the rounds that vans drive, and the dispatchers who are bound to them."""

import uuid
from datetime import datetime

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from custodes.core.errors import BadInput, Denied
from custodes.hub.fleet import given_roles, routes, selectors
from custodes.hub.fleet.models import Membership, Organisation, Person, Route, Shift
from custodes.hub.fleet.step_up import asks_anew
from custodes.hub.portal import scope
from custodes.hub.portal.plan_forms import RouteForm
from custodes.hub.portal.views.plan import companies, company


@require_http_methods(["GET", "POST"])
@login_required
def index(request: HttpRequest) -> HttpResponse:
    """List the routes of one organisation; make one."""
    person, now = scope.actor(request), timezone.now()
    organisation = company(request)
    form = RouteForm(request.POST or None)
    if request.method == "POST":
        _must_keep(person, organisation)
        if form.is_valid():
            try:
                made = routes.keep_route(organisation=organisation, now=now, by=person, **form.cleaned_data)
            except BadInput as error:
                form.add_error("name", str(error))
            else:
                messages.success(request, _("%(route)s is a route now.") % {"route": made})
                return redirect(_address(organisation))
    dispatchers = list(_dispatchers(organisation).select_related("person", "site").order_by("person__display_name"))
    leads = selectors.leads(person, organisation, now)
    keeps = routes.may_keep(person, organisation, now)
    reach = selectors.plan_reach(person, organisation, now)
    driven = set(_own_shifts(person, now).values_list("route_id", flat=True))
    there = organisation.routes.filter(closed_at=None).order_by("name")
    shown = [one for one in there if reach.covers_route(one.pk) or one.pk in driven]
    context = {
        "organisation": organisation,
        "organisations": companies(person),
        "routes": [_row(route, dispatchers) for route in shown],
        "form": form if keeps else None,
        "keeps": keeps,
        "leads": leads,
        "dispatchers": dispatchers if leads else [],
    }
    return render(request, "portal/routes.html", context)


@require_POST
@login_required
def change(request: HttpRequest, route_id: uuid.UUID) -> HttpResponse:
    """Change a route, or close it (`close`)."""
    person, route = _route(request, route_id)
    _must_keep(person, route.organisation)
    now = timezone.now()
    form = RouteForm(request.POST, prefix=str(route.pk))
    try:
        if "close" in request.POST:
            routes.close_route(route=route, now=now, by=person)
            said = _("%(route)s is closed. Shifts that were driven on it keep it.") % {"route": route}
            messages.success(request, said)
        elif form.is_valid():
            routes.keep_route(organisation=route.organisation, route=route, now=now, by=person, **form.cleaned_data)
            messages.success(request, _("Saved."))
        else:
            messages.error(request, " ".join(str(error) for errors in form.errors.values() for error in errors))
    except BadInput as error:
        messages.error(request, str(error))
    return redirect(_address(route.organisation))


@require_POST
@login_required
@asks_anew
def dispatchers(request: HttpRequest, route_id: uuid.UUID) -> HttpResponse:
    """Say whose route it is: those of `dispatcher` and nobody else."""
    person, route = _route(request, route_id)
    wanted = set(request.POST.getlist("dispatcher"))
    numbers = {text for text in wanted if text.isascii() and text.isdigit() and len(text) < 19}
    chosen = list(_dispatchers(route.organisation).filter(pk__in=numbers))
    if len(chosen) != len(wanted):
        raise Http404
    try:
        routes.bind_dispatchers(route=route, dispatchers=chosen, now=timezone.now(), by=person)
    except Denied:
        raise PermissionDenied from None
    messages.success(request, _("Saved."))
    return redirect(_address(route.organisation))


@require_POST
@login_required
@asks_anew
def bind(request: HttpRequest, organisation_id: uuid.UUID) -> HttpResponse:
    """Say whether dispatchers see their own routes alone (`bind`)."""
    person = scope.actor(request)
    organisation = next((one for one in companies(person) if one.pk == organisation_id), None)
    if organisation is None:
        raise Http404
    try:
        bound = request.POST.get("bind") == "yes"
        routes.bind_to_routes(organisation=organisation, bind=bound, now=timezone.now(), by=person)
    except Denied:
        raise PermissionDenied from None
    messages.success(request, _("Saved."))
    return redirect(_address(organisation))


def _own_shifts(person: Person, now: datetime) -> QuerySet[Shift]:
    return Shift.objects.filter(Q(ends_at=None) | Q(ends_at__gt=now), driver=person)


def _row(route: Route, everybody: list[Membership]) -> dict[str, object]:
    own = set(route.dispatchers.values_list("pk", flat=True))
    now = timezone.now()
    return {
        "route": route,
        "stops": route.stops.splitlines(),
        "dispatchers": [(one, one.pk in own) for one in everybody],
        "own": [one for one in everybody if one.pk in own],
        "running": route.shifts.filter(Q(ends_at=None) | Q(ends_at__gt=now), starts_at__lte=now).count(),
        "form": RouteForm(initial={"name": route.name, "area": route.area, "stops": route.stops}, prefix=str(route.pk)),
    }


def _route(request: HttpRequest, route_id: uuid.UUID) -> tuple[Person, Route]:
    person = scope.actor(request)
    route = Route.objects.select_related("organisation").filter(pk=route_id, closed_at=None).first()
    if route is None or route.organisation not in companies(person):
        raise Http404
    return person, route


def _must_keep(person: Person, organisation: Organisation) -> None:
    if not routes.may_keep(person, organisation, timezone.now()):
        raise PermissionDenied


def _dispatchers(organisation: Organisation) -> QuerySet[Membership]:
    held = Membership.objects.filter(organisation=organisation, role=Membership.Role.DISPATCHER)
    return given_roles.counting(held.filter(Q(until=None) | Q(until__gt=timezone.now()), person__is_active=True))


def _address(organisation: Organisation) -> str:
    return f"{reverse('portal:routes')}?organisation={organisation.pk}"
