"""People: who has which role where, who comes in, who goes, who drives."""

import uuid
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django import forms
from django.conf import settings as django_settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from custodes.core.errors import BadInput, Denied
from custodes.hub.access import acquaintance
from custodes.hub.fleet import invitations, selectors
from custodes.hub.fleet import services as fleet
from custodes.hub.fleet.models import Invitation, Membership, Organisation, Person, Shift, Site
from custodes.hub.fleet.roles import LIMITABLE
from custodes.hub.fleet.step_up import asks_anew
from custodes.hub.portal import scope, shown

PAST_ROWS = 10
PAST_LOOKED_AT = 100
ROLES_OF = {
    Organisation.Kind.COMPANY: (
        Membership.Role.DRIVER,
        Membership.Role.DISPATCHER,
        Membership.Role.MANAGER,
        Membership.Role.PRIVACY_OFFICER,
        Membership.Role.SUPPORT,
        Membership.Role.CONTRACTOR,
        Membership.Role.OPERATOR,
    ),
    Organisation.Kind.HOUSEHOLD: (
        Membership.Role.MEMBER,
        Membership.Role.OWNER,
        Membership.Role.SUPPORT,
        Membership.Role.CONTRACTOR,
        Membership.Role.OPERATOR,
    ),
}
ROLE_MEANS = {
    Membership.Role.MANAGER: gettext_lazy("Watches for incidents and coaching, deletes, gives roles."),
    Membership.Role.DISPATCHER: gettext_lazy("Watches for incidents, sorts clips, plans shifts."),
    Membership.Role.DRIVER: gettext_lazy("Sees the clips of their own shifts, and who watched them."),
    Membership.Role.OWNER: gettext_lazy("Watches, deletes, gives roles at home."),
    Membership.Role.MEMBER: gettext_lazy("Watches and sorts clips at home."),
    Membership.Role.PRIVACY_OFFICER: gettext_lazy("Sees who watched whom, and alarms about it. Film only by a case."),
    Membership.Role.SUPPORT: gettext_lazy("Sees single clips that are opened to them, to find a fault."),
    Membership.Role.CONTRACTOR: gettext_lazy("Sees single clips that are opened to them, to handle an incident."),
    Membership.Role.OPERATOR: gettext_lazy("Runs the hub and its units. Sees no footage."),
}


class InviteForm(forms.Form):
    """Who is invited, to what."""

    email = forms.EmailField(label=gettext_lazy("E-mail address"))
    display_name = forms.CharField(label=gettext_lazy("Name"), max_length=120, required=False)
    place = forms.ChoiceField(label=gettext_lazy("Where"))
    role = forms.ChoiceField(label=gettext_lazy("Role"), widget=forms.RadioSelect)

    def __init__(self, person: Person, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        places: list[tuple[str, str]] = []
        roles: dict[str, str] = {}
        for organisation in led_organisations(person):
            places.append((f"all:{organisation.pk}", _("All of %(name)s") % {"name": organisation.name}))
            places += [(f"site:{site.pk}", site.name) for site in organisation.sites.order_by("name")]
            for role in ROLES_OF[Organisation.Kind(organisation.kind)]:
                roles[role.value] = f"{role.label}: {ROLE_MEANS[role]}"
        self.fields["place"].choices = places  # type: ignore[attr-defined]  # a ChoiceField, declared above
        self.fields["role"].choices = list(roles.items())  # type: ignore[attr-defined]  # as above

    def where(self) -> tuple[Organisation, Site | None]:
        """Return the organisation, and the site if the role is for one only."""
        kind, _sep, key = self.cleaned_data["place"].partition(":")
        if kind == "site":
            site = Site.objects.select_related("organisation").get(pk=key)
            return site.organisation, site
        return Organisation.objects.get(pk=key), None


@dataclass(frozen=True, slots=True)
class Group:
    """The people of one organisation."""

    organisation: Organisation
    memberships: list[Membership]
    may_lead: bool
    invitations: list[Invitation]
    """Those that nobody took yet, for who leads here."""

    @property
    def explains_reach(self) -> bool:
        """Say whether the reader can hold somebody here to now or to before."""
        return self.may_lead and any(one.role in LIMITABLE for one in self.memberships)


@dataclass(frozen=True, slots=True)
class Van:
    """A vehicle, who drives it now, and who could. What this reader may not know is left out."""

    site: Site
    shift: Shift | None
    taken: bool
    """Somebody drives whom this reader may not know."""
    may_end: bool
    drivers: list[Person]
    zone: str


@require_GET
@login_required
def index(request: HttpRequest) -> HttpResponse:
    """List the people of one's organisations, and who drives what."""
    person = scope.actor(request)
    return render(request, "portal/people.html", _context(person))


@require_http_methods(["GET", "POST"])
@login_required
@asks_anew
def invite(request: HttpRequest) -> HttpResponse:
    """Invite somebody and show the link to hand over, this once."""
    person = scope.actor(request)
    if not led_organisations(person):
        raise PermissionDenied
    form = InviteForm(person, request.POST or None)
    if request.method == "POST" and form.is_valid():
        organisation, site = form.where()
        try:
            invited = fleet.invite_person(
                organisation=organisation,
                site=site,
                email=form.cleaned_data["email"],
                display_name=form.cleaned_data["display_name"],
                role=form.cleaned_data["role"],
                language=(get_language() or "en")[:2],
                by=person,
                now=timezone.now(),
            )
        except BadInput as error:
            form.add_error(None, str(error))
        else:
            return _show_link(request, invited)
    return render(request, "portal/invite.html", {"form": form})


@require_POST
@login_required
@asks_anew
def renew_invitation(request: HttpRequest, invitation_id: uuid.UUID) -> HttpResponse:
    """Make a new link for an invitation that was lost or has lapsed, and show it, this once."""
    person = scope.actor(request)
    try:
        invited = invitations.renew(invitation=_invitation(person, invitation_id), by=person, now=timezone.now())
    except BadInput as error:
        messages.error(request, str(error))
        return redirect("portal:people")
    return _show_link(request, invited)


@require_POST
@login_required
@asks_anew
def withdraw_invitation(request: HttpRequest, invitation_id: uuid.UUID) -> HttpResponse:
    """End an invitation that nobody took."""
    person = scope.actor(request)
    invitations.withdraw(invitation=_invitation(person, invitation_id), by=person, now=timezone.now())
    messages.success(request, _("The invitation was withdrawn. Its link leads nowhere."))
    return redirect("portal:people")


def _invitation(person: Person, invitation_id: uuid.UUID) -> Invitation:
    found = Invitation.objects.filter(pk=invitation_id, organisation__in=led_organisations(person)).first()
    if found is None:
        raise Http404
    return found


def _show_link(request: HttpRequest, invited: invitations.Invited) -> HttpResponse:
    public = django_settings.HUB.public_url
    link = f"{public}{invited.path}" if public else request.build_absolute_uri(invited.path)
    context = {
        "invitation": invited.invitation,
        "link": link,
        "hours": django_settings.HUB.sign_in.invitation_hours,
    }
    return render(request, "portal/invited.html", context)


@require_POST
@login_required
@asks_anew
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """End a role; it counts from the next byte on."""
    person = scope.actor(request)
    membership = (
        Membership.objects.select_related("person", "organisation")
        .filter(pk=pk, organisation__in=[m.organisation_id for m in scope.memberships(person)])
        .first()
    )
    if membership is None:
        raise Http404
    try:
        fleet.end_membership(membership=membership, by=person, now=timezone.now())
    except Denied:
        raise Http404 from None
    except BadInput as error:
        messages.error(request, str(error))
    else:
        said = _("%(person)s is no longer %(role)s.") % {
            "person": membership.person,
            "role": membership.get_role_display(),
        }
        messages.success(request, said)
    return redirect("portal:people")


@require_POST
@login_required
@asks_anew
def reach(request: HttpRequest, pk: int) -> HttpResponse:
    """Say which times a role reaches (form field `sees`); it counts from the next byte on."""
    person = scope.actor(request)
    led = led_organisations(person)
    membership = Membership.objects.select_related("person", "organisation").filter(pk=pk, organisation__in=led).first()
    if membership is None:
        raise Http404
    try:
        fleet.limit_role(membership=membership, sees=request.POST.get("sees", ""), by=person, now=timezone.now())
    except BadInput as error:
        messages.error(request, str(error))
    else:
        said = _("Saved. What %(person)s sees: %(times)s.") % {
            "person": membership.person,
            "times": Membership.Sees(membership.sees).label,
        }
        messages.success(request, said)
    return redirect("portal:people")


@require_POST
@login_required
def start_shift(request: HttpRequest) -> HttpResponse:
    """Put a driver on a vehicle."""
    person = scope.actor(request)
    site = scope.sites(person).filter(pk__in=_uuids(request.POST.get("site", ""))).first()
    driver = Person.objects.filter(pk__in=_uuids(request.POST.get("driver", ""))).first()
    if site is None or driver is None:
        raise Http404
    try:
        fleet.start_shift(site=site, driver=driver, by=person, now=timezone.now())
    except Denied:
        raise Http404 from None
    except BadInput as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("%(driver)s drives %(site)s from now on.") % {"driver": driver, "site": site})
    return redirect("portal:people")


@require_POST
@login_required
def end_shift(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a driver off a vehicle."""
    person = scope.actor(request)
    shift = Shift.objects.select_related("site", "driver").filter(pk=pk, site__in=scope.sites(person)).first()
    if shift is None:
        raise Http404
    try:
        fleet.end_shift(shift=shift, by=person, now=timezone.now())
    except Denied:
        raise Http404 from None
    messages.success(request, _("The shift of %(driver)s has ended.") % {"driver": shift.driver})
    return redirect("portal:people")


def led_organisations(person: Person) -> list[Organisation]:
    """Return the organisations in which a person gives and ends roles."""
    held = scope.memberships(person).filter(role__in=selectors.LEADERS, site=None)
    return list(Organisation.objects.filter(pk__in=held.values("organisation_id")).order_by("name"))


def _context(person: Person) -> dict[str, Any]:
    now = timezone.now()
    led = {organisation.pk for organisation in led_organisations(person)}
    groups = []
    for organisation in Organisation.objects.filter(
        pk__in=scope.memberships(person).values("organisation_id")
    ).order_by("name"):
        known = acquaintance.known_memberships(person, organisation, now=now)
        rows = known.select_related("person", "site").order_by("person__display_name", "person__email", "role")
        leads = organisation.pk in led
        waiting = list(invitations.open_invitations(organisation, now=now)) if leads else []
        groups.append(Group(organisation, list(rows), leads, waiting))
    vehicles = scope.sites(person).filter(kind=Site.Kind.VEHICLE)
    past = Shift.objects.filter(site__in=vehicles, ends_at__lte=now).select_related(
        "site__organisation", "driver", "route"
    )
    told = (one for one in past.order_by("-starts_at")[:PAST_LOOKED_AT] if _may_name(person, one))
    return {
        "groups": groups,
        "may_lead": bool(led),
        "limitable": LIMITABLE,
        "reaches": Membership.Sees.choices,
        "now": now,
        "vans": [_van(person, site) for site in vehicles],
        "zone": shown.person_zone(person),
        "past": list(islice(told, PAST_ROWS)),
    }


def _may_name(person: Person, shift: Shift) -> bool:
    return acquaintance.may_name_driver(person, shift.site, shift.driver, now=timezone.now(), route=shift.route)


def _van(person: Person, site: Site) -> Van:
    now = timezone.now()
    plans = acquaintance.plans(person, site, now=now)
    if plans:
        held = acquaintance.known_memberships(person, site.organisation, now=now)
    else:
        held = selectors.memberships_at(person, now).filter(organisation=site.organisation)
    drives = held.filter(Q(site=None) | Q(site=site), role=Membership.Role.DRIVER).select_related("person")
    drivers = sorted({row.person for row in drives if row.person.is_active}, key=str)
    running = selectors.shift_at(site, now)
    named = running if running and _may_name(person, running) else None
    may_end = named is not None and (plans or named.driver_id == person.pk)
    return Van(site, named, running is not None and named is None, may_end, drivers, shown.site_zone(site))


def _uuids(text: str) -> list[uuid.UUID]:
    """Return the id that a form names, or nothing when it names none."""
    try:
        return [uuid.UUID(text)]
    except ValueError:
        return []
