"""Who drives: my number, PIN and card; the van's page on a phone; drives that were not mine, and those that were."""

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from custodes.core.errors import BadInput
from custodes.hub.driving import owners, passes, wheel
from custodes.hub.driving.identity_models import SignOn, TripClaim
from custodes.hub.driving.models import Trip
from custodes.hub.fleet import selectors
from custodes.hub.fleet.models import Membership, Person, Site
from custodes.hub.fleet.step_up import asks_anew
from custodes.hub.portal import scope, shown
from custodes.hub.portal.views.sites import hub_address, qr_of

LISTED = 12


@require_GET
@login_required
def index(request: HttpRequest) -> HttpResponse:
    """Show a driver what they sign on with, when they did, and drives of nobody; a planner the claims that wait."""
    person, now = scope.actor(request), timezone.now()
    drives = scope.memberships(person, now).filter(role=Membership.Role.DRIVER).exists()
    own = SignOn.objects.filter(person=person).select_related("site__organisation").order_by("-received_at")[:LISTED]
    claims = TripClaim.objects.filter(person=person).select_related("trip__site__organisation", "answered_by")
    context = {
        "drives": drives,
        "driver_pass": passes.pass_of(person, now) if drives else None,
        "now": now,
        "sign_ons": [(one, SignOn.Outcome(one.outcome).label) for one in own],
        "vans": _vans(person) if drives else [],
        "claimable": owners.claimable(person, now) if drives else [],
        "claims": claims.order_by("-made_at")[:LISTED],
        "to_answer": owners.claims_to_answer(person, now),
        "zone": shown.person_zone(person),
        "lock_every": passes.LOCK_EVERY,
    }
    return render(request, "portal/driving_me.html", context)


@require_POST
@login_required
@asks_anew
def pin(request: HttpRequest) -> HttpResponse:
    """Set my PIN (form fields `pin`, `again`)."""
    person = _driver(request)
    try:
        passes.set_pin(person, pin=request.POST.get("pin", ""), again=request.POST.get("again", ""), now=timezone.now())
    except BadInput as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Your PIN is set. The hub keeps it as a hash; no unit ever has it."))
    return redirect("portal:driving_me")


@require_POST
@login_required
@asks_anew
def card(request: HttpRequest) -> HttpResponse:
    """Register my card (form field `card`); empty: take it away."""
    person = _driver(request)
    try:
        passes.set_card(person, card=request.POST.get("card", ""), now=timezone.now())
    except BadInput as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Saved."))
    return redirect("portal:driving_me")


@require_http_methods(["GET", "POST"])
@login_required
def wheel_page(request: HttpRequest, site_id: uuid.UUID) -> HttpResponse:
    """Let a driver say on their phone that they drive this van now, or no longer (form field `act`: on, off)."""
    person, now = scope.actor(request), timezone.now()
    site = Site.objects.select_related("organisation").filter(pk=site_id, kind=Site.Kind.VEHICLE).first()
    if site is None or not selectors.drives_at(person, site, now):
        raise Http404
    if request.method == "POST":
        act = wheel.Act(uuid.uuid4(), site, None, SignOn.Way.PHONE, now, now)
        try:
            if request.POST.get("act") == "off":
                kept = wheel.sign_off(act, person)
            else:
                kept = wheel.sign_on(act, person, SignOn.Outcome.COUNTS)
        except BadInput as error:
            messages.error(request, str(error))
        else:
            _say(request, kept)
        return redirect("portal:wheel", site.pk)
    shift = selectors.shift_at(site, now)
    context = {
        "site": site,
        "mine": shift is not None and shift.driver_id == person.pk,
        "taken": shift is not None and shift.driver_id != person.pk,
        "since": shift.starts_at if shift is not None and shift.driver_id == person.pk else None,
        "zone": shown.site_zone(site),
    }
    return render(request, "portal/wheel.html", context)


@require_GET
@login_required
def wheel_code(request: HttpRequest, site_id: uuid.UUID) -> HttpResponse:
    """Show the code to stick into a van: a picture of the address of its page."""
    person, now = scope.actor(request), timezone.now()
    site = Site.objects.select_related("organisation").filter(pk=site_id, kind=Site.Kind.VEHICLE).first()
    if site is None or not selectors.plan_reach(person, site.organisation, now).covers_some(site.pk):
        raise Http404
    address = hub_address(request) + reverse("portal:wheel", args=[site.pk])
    picture: SafeString = qr_of(address)
    return render(request, "portal/wheel_code.html", {"site": site, "address": address, "picture": picture})


@require_POST
@login_required
def deny(request: HttpRequest, trip_id: uuid.UUID) -> HttpResponse:
    """Say that a drive that counts as mine was somebody else's."""
    try:
        owners.deny(trip=_trip(trip_id), by=scope.actor(request), now=timezone.now())
    except BadInput as error:
        messages.error(request, str(error))
        return redirect("portal:drive", trip_id)
    messages.success(
        request, _("The drive and its film are nobody’s now, and it counts for no score of yours. It is in the ledger.")
    )
    return redirect("portal:driving_me")


@require_POST
@login_required
def claim(request: HttpRequest, trip_id: uuid.UUID) -> HttpResponse:
    """Say that a drive of nobody was mine."""
    try:
        owners.claim(trip=_trip(trip_id), by=scope.actor(request), now=timezone.now())
    except BadInput as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Kept. It is yours once somebody who plans there confirms."))
    return redirect("portal:driving_me")


@require_POST
@login_required
def answer(request: HttpRequest, claim_id: uuid.UUID) -> HttpResponse:
    """Confirm that somebody drove a drive of nobody, or not (form field `confirmed`: yes, no)."""
    made = TripClaim.objects.select_related("trip__site__organisation", "trip__route").filter(pk=claim_id).first()
    said = request.POST.get("confirmed", "")
    if made is None or not owners.may_answer(made, scope.actor(request), timezone.now()):
        raise Http404
    if said not in {"yes", "no"}:
        messages.error(request, _("Say whether they drove."))
        return redirect("portal:driving_me")
    try:
        owners.answer_claim(made=made, by=scope.actor(request), confirmed=said == "yes", now=timezone.now())
    except BadInput as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Answered. The driver sees it on their page."))
    return redirect("portal:driving_me")


def _driver(request: HttpRequest) -> Person:
    """Return who is signed in, if they drive anywhere."""
    person = scope.actor(request)
    if not scope.memberships(person).filter(role=Membership.Role.DRIVER).exists():
        raise Http404
    return person


def _trip(trip_id: uuid.UUID) -> Trip:
    trip = Trip.objects.filter(pk=trip_id).first()
    if trip is None:
        raise Http404
    return trip


def _vans(person: Person) -> list[Site]:
    now = timezone.now()
    vans = scope.sites(person).filter(kind=Site.Kind.VEHICLE)
    return [site for site in vans if selectors.drives_at(person, site, now)]


def _say(request: HttpRequest, kept: SignOn) -> None:
    if kept.outcome == SignOn.Outcome.COUNTS:
        messages.success(request, wheel.said(kept))
    elif kept.outcome == SignOn.Outcome.OVERLAP:
        messages.error(request, _("Somebody else drives now. Ask them to sign off, or sign on at the unit."))
    else:
        messages.error(request, wheel.said(kept))
