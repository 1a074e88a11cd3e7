"""Whose names somebody may read: a list of colleagues is a list of people too."""

from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from custodes.hub.access import decisions
from custodes.hub.access.grant_models import Grant
from custodes.hub.access.policies import book
from custodes.hub.access.requests import Action, ask_all
from custodes.hub.clips.models import Clip
from custodes.hub.fleet import given_roles, selectors
from custodes.hub.fleet.models import Membership, Organisation, Person, Route, Shift, Site

RECENT = timedelta(days=30)
"""Who drove at a site within this time is one of its people."""
SITES_LOOKED_AT = 20
"""A driver of more vehicles than these in a month is shown who sees those driven last."""
GUESTS = (Membership.Role.SUPPORT, Membership.Role.CONTRACTOR)
_PLANNERS = (Membership.Role.DISPATCHER, *selectors.RUNNERS)
_READERS = (*_PLANNERS, Membership.Role.PRIVACY_OFFICER)
"""Of the whole of an organisation they read who has which role."""


def known_memberships(person: Person, organisation: Organisation, *, now: datetime) -> QuerySet[Membership]:
    """Return the roles in `organisation` that `person` may read, with the names of who holds them.

    Who leads, runs or oversees all of it reads all. Who dispatches reads the people of their sites and who leads them.
    Everybody reads themselves and those whom the policies let watch them; a guest, who opens clips to them.
    """
    own = list(selectors.memberships_at(person, now).filter(organisation=organisation))
    held = Membership.objects.filter(Q(until=None) | Q(until__gt=now), organisation=organisation)
    if any(role.role in _READERS and role.site_id is None for role in own):
        return held
    if all(role.role in GUESTS for role in own):
        # A guest drives nothing and lives nowhere here: who opened clips to them is whom their role concerns.
        opened = Grant.objects.filter(membership__in=own, revoked_at=None, ends_at__gt=now).values("given_by_id")
        return held.filter(Q(person=person) | Q(person__in=opened))
    known = Q(person=person) | Q(person__in=_watchers(person, organisation, own, now))
    for role in own:
        if role.role in _PLANNERS:
            drove = Shift.objects.filter(_recent(now), site=role.site_id).values("driver_id")
            leads = Q(role__in=selectors.LEADERS, site=None)
            known |= Q(site=role.site_id) | leads | Q(person__in=drove, role=Membership.Role.DRIVER)
    return held.filter(known)


def may_name_driver(person: Person, site: Site, driver: Person, *, now: datetime, route: Route | None = None) -> bool:
    """Return whether `person` may read that `driver` drives, or drove, at `site` on `route`."""
    if driver.pk == person.pk or selectors.runs(person, site.organisation, now):
        return True
    this_moment = Clip(site=site, subject=driver, route=route, state=Clip.State.READY)
    return decisions.decide(person, Action.LOCATE, this_moment, purpose=None, now=now).allowed


def plans(person: Person, site: Site, *, now: datetime) -> bool:
    """Return whether `person` plans the shifts of `site`, and so reads who could drive there."""
    roles = selectors.memberships_at(person, now).filter(organisation=site.organisation_id, role__in=_PLANNERS)
    return roles.filter(Q(site=None) | Q(site=site)).exists()


def _watchers(person: Person, organisation: Organisation, own: list[Membership], now: datetime) -> set[Person]:
    """Return who would learn of a clip of this person, were there one of this moment, whatever they may watch of it."""
    if not own:
        return set()
    driven = Shift.objects.filter(_recent(now), driver=person).order_by("-starts_at").values_list("site_id", flat=True)
    places = Q(pk__in=list(driven)[:SITES_LOOKED_AT]) | Q(pk__in=[role.site_id for role in own if role.site_id])
    if not organisation.sites.filter(places).exists() or organisation.kind == Organisation.Kind.HOUSEHOLD:
        first = organisation.sites.order_by("pk").values("pk")[:1]  # nobody's site yet: who sees every site sees this
        places |= Q(pk__in=first)
    sites = organisation.sites.filter(places)
    clips = [decisions.clip_facts(Clip(site=site, subject=person, state=Clip.State.READY)) for site in sites]
    held = list(Membership.objects.filter(organisation=organisation).select_related("person", "organisation"))
    given = given_roles.given_to_each([row.person_id for row in held])
    rows = {decisions.facts_of(row, given[row.person_id], now=now): row.person for row in held}
    verdicts = ask_all(book(), list(rows), clips, action=Action.LIST)
    return {rows[member] for (member, _clip), verdict in verdicts.items() if verdict.allowed}


def _recent(now: datetime) -> Q:
    return Q(ends_at=None) | Q(ends_at__gt=now - RECENT)
