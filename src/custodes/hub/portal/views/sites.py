"""Sites, their units and cameras, and how a unit joins."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.conf import settings as django_settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from custodes.core.errors import BadInput, Denied
from custodes.hub import proxies
from custodes.hub.access import places
from custodes.hub.access.requests import Action
from custodes.hub.clips.models import Clip
from custodes.hub.dispatch import board
from custodes.hub.fleet import selectors
from custodes.hub.fleet import services as fleet
from custodes.hub.fleet.models import Membership, Organisation, Person, Site, Unit
from custodes.hub.portal import health as wellbeing
from custodes.hub.portal import inbox, rows, scope, shown

LAST_CLIPS = 6


class SiteForm(forms.Form):
    """What a new site needs: whose, which kind, which name."""

    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=Site.Kind.choices, widget=forms.RadioSelect)
    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=120, help_text=gettext_lazy("As people call it: Van 12, Elm Street 4.")
    )
    organisation = forms.ModelChoiceField(label=gettext_lazy("Belongs to"), queryset=Organisation.objects.none())

    def __init__(self, person: Person, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        mine = scope.run_organisations(person)
        field = self.fields["organisation"]
        if isinstance(field, forms.ModelChoiceField):
            field.queryset = mine
            field.empty_label = None
        self.one_organisation = mine.count() == 1
        if self.one_organisation:
            first = mine.first()
            field.widget = forms.HiddenInput()
            self.initial.setdefault("organisation", first.pk if first else None)
            self.initial.setdefault(
                "kind",
                Site.Kind.HOME if first and first.kind == Organisation.Kind.HOUSEHOLD else Site.Kind.VEHICLE,
            )


@dataclass(frozen=True, slots=True)
class Ticket:
    """A code on the page: how long it holds, and the unit that came in by it."""

    code: str
    command: str
    issued_at: datetime
    expires_at: datetime
    picture: SafeString


@require_GET
@login_required
def index(request: HttpRequest) -> HttpResponse:
    """List the sites with the health of their units."""
    person = scope.actor(request)
    now = timezone.now()
    context = {
        "sites": [wellbeing.of_site(site, now) for site in scope.sites(person)],
        "may_run": scope.run_organisations(person).exists(),
    }
    return render(request, "portal/sites.html", context)


@require_http_methods(["GET", "POST"])
@login_required
def new(request: HttpRequest) -> HttpResponse:
    """Add a site, and go on to enrol its unit."""
    person = scope.actor(request)
    if not scope.run_organisations(person).exists():
        raise PermissionDenied
    form = SiteForm(person, request.POST or None)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            site = fleet.create_site(
                organisation=values["organisation"],
                name=values["name"],
                kind=values["kind"],
                by=person,
                now=timezone.now(),
            )
        except BadInput as error:
            form.add_error("name", str(error).partition(": ")[2] or str(error))
        else:
            return redirect("portal:site", site.pk)
    return render(request, "portal/site_new.html", {"form": form})


@require_GET
@login_required
def show(request: HttpRequest, site_id: uuid.UUID) -> HttpResponse:
    """Show one site: its units, cameras, losses, last clips and where it is."""
    return render(request, "portal/site.html", _context(request, _site(request, site_id)))


@require_GET
@login_required
def health(request: HttpRequest, site_id: uuid.UUID) -> HttpResponse:
    """Return only the part of the page that changes by itself."""
    return render(request, "portal/_site_health.html", _context(request, _site(request, site_id)))


@require_POST
@login_required
def enrol(request: HttpRequest, site_id: uuid.UUID) -> HttpResponse:
    """Issue a code and show it, this once."""
    person = scope.actor(request)
    site = _site(request, site_id)
    now = timezone.now()
    try:
        issued = fleet.issue_code(site=site, by=person, now=now)
    except Denied:
        raise PermissionDenied from None
    address = hub_address(request)
    ticket = Ticket(
        code=issued.code,
        command=f"custodes unit enroll {address} {issued.code}",
        issued_at=now,
        expires_at=issued.expires_at,
        picture=qr_of(f"{address} {issued.code}"),
    )
    context = {"site": site, "ticket": ticket, "joined": None, "since": now.isoformat()}
    return render(request, "portal/enrol.html", context)


@require_GET
@login_required
def enrol_state(request: HttpRequest, site_id: uuid.UUID) -> HttpResponse:
    """Say whether a unit has joined the site since a moment."""
    site = _site(request, site_id)
    since = parse_datetime(request.GET.get("since", "")) or timezone.now()
    if timezone.is_naive(since):
        since = since.replace(tzinfo=timezone.get_current_timezone())
    joined = site.units.filter(enrolled_at__gte=since, revoked_at=None).order_by("-enrolled_at").first()
    over = since + timedelta(minutes=10) < timezone.now()
    context = {"site": site, "joined": joined, "since": since.isoformat(), "over": over and not joined}
    return render(request, "portal/_enrol_state.html", context)


@require_POST
@login_required
def revoke(request: HttpRequest, unit_id: uuid.UUID) -> HttpResponse:
    """Turn a unit away for good."""
    person = scope.actor(request)
    unit = Unit.objects.select_related("site__organisation").filter(pk=unit_id, site__in=scope.sites(person)).first()
    if unit is None:
        raise Http404
    try:
        fleet.revoke_unit(unit=unit, by=person, now=timezone.now())
    except Denied:
        raise PermissionDenied from None
    messages.success(request, _("%(unit)s is turned away. Its clips stay.") % {"unit": unit.name})
    return redirect("portal:site", unit.site_id)


def _site(request: HttpRequest, site_id: uuid.UUID) -> Site:
    site = scope.sites(scope.actor(request)).filter(pk=site_id).first()
    if site is None:
        raise Http404
    return site


def _context(request: HttpRequest, site: Site) -> dict[str, Any]:
    person = scope.actor(request)
    found = wellbeing.of_site(site)
    seen = scope.sight(request)
    clips = seen.clips(Action.LIST).filter(site=site).exclude(state=Clip.State.DELETED)
    last = list(
        inbox.matching(person, seen, inbox.InboxFilter(state=inbox.ANY, site=str(site.pk))).order_by("-onset_wall_ns")[
            :LAST_CLIPS
        ]
    )
    may_locate = places.may_locate(person, site)
    placed = board.place_of(person, site, address=proxies.address_of(request))
    unit_words = shown.speed_unit(person, site.organisation)
    speed = placed.last_speed_mps if placed else None
    return {
        "site": site,
        "health": found,
        "zone": shown.site_zone(site),
        "stones": [(stone, wellbeing.lost_words(stone, site)) for unit in found.units for stone in unit.tombstones],
        "bundles": rows.bundled(rows.Namer(person).rows(seen, last))[:LAST_CLIPS],
        "clip_count": clips.count(),
        "placed": placed,
        "place_lat": None if placed is None else f"{placed.last_lat_deg:.6f}",
        "place_lon": None if placed is None else f"{placed.last_lon_deg:.6f}",
        "place_speed": None if speed is None else shown.speed_words(speed, unit_words),
        "speed_unit": unit_words,
        "may_run": scope.runs(person, site.organisation),
        "sticks_code": site.kind == Site.Kind.VEHICLE
        and selectors.plan_reach(person, site.organisation, timezone.now()).covers_some(site.pk),
        "people": Membership.objects.filter(organisation=site.organisation, until=None)
        .filter(site__in=[site])
        .select_related("person"),
        "shift": selectors.shift_at(site, timezone.now()) if may_locate else None,
        "turned_away": site.units.exclude(revoked_at=None).order_by("-revoked_at")[:5],
    }


def hub_address(request: HttpRequest) -> str:
    """Return the address under which people reach this hub, without a slash at its end."""
    public = django_settings.HUB.public_url
    return str(public) if public else request.build_absolute_uri("/").rstrip("/")


def qr_of(text: str) -> SafeString:
    """Return a QR picture as SVG."""
    import qrcode  # with its picture libraries 15 MB, for a page that is opened once per unit
    import qrcode.image.svg

    picture = qrcode.make(text, image_factory=qrcode.image.svg.SvgPathImage, border=0, box_size=10)
    drawn: str = picture.to_string().decode()
    return mark_safe(drawn)  # noqa: S308  # made by the library from the hub's address and a code of its own alphabet
