"""Who may know where a site is now and who drives it: whoever could know it of a clip that happened this moment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils import timezone

from custodes.hub.access import decisions
from custodes.hub.access.decisions import Actor
from custodes.hub.access.policies import book
from custodes.hub.access.requests import Action, ask_all
from custodes.hub.clips.models import Clip
from custodes.hub.fleet import founded, selectors
from custodes.hub.fleet.models import Organisation, Shift, Site, Unit


@dataclass(frozen=True, slots=True)
class Located:
    """That somebody may know where a site is: by which rule, as what."""

    policy: str
    role: str


def may_locate(actor: Actor, site: Site) -> bool:
    """Return whether the policies let `actor` know where `site` is now and who drives it. Stores nothing."""
    now = timezone.now()
    this_moment = _this_moment(site, selectors.shift_at(site, now))
    return decisions.decide(actor, Action.LOCATE, this_moment, purpose=None, now=now).allowed


def locatable(
    actor: Actor, sites: Sequence[Site], shifts: Mapping[UUID, Shift], *, now: datetime
) -> dict[UUID, Located]:
    """Return those of `sites` of which `may_locate` says yes, each with its rule. `shifts`: by site, those of now."""
    members = decisions.member_facts(actor, now=now)
    moved = founded.displaced((site.pk, site.organisation_id) for site in sites)
    facts = {
        decisions.clip_facts(_this_moment(site, shifts.get(site.pk))): site.pk for site in sites if site.pk not in moved
    }
    found: dict[UUID, Located] = {}
    for (member, clip), verdict in ask_all(book(), members, list(facts), action=Action.LOCATE).items():
        if verdict.allowed:
            found.setdefault(facts[clip], Located(policy=verdict.policy_ids[0], role=member.role))
    return found


def clip_at_no_site(organisation: Organisation) -> Clip:
    """Return a clip that is never stored, for what concerns a whole organisation.

    A role that counts at one site only does not reach a site that there is not.
    """
    nowhere = Site(organisation=organisation, kind=Site.Kind.VEHICLE)
    return Clip(site=nowhere, unit=Unit(site=nowhere), state=Clip.State.READY)


def _this_moment(site: Site, shift: Shift | None) -> Clip:
    """Return a clip that is never stored: the policies speak of clips, which show the same place and driver."""
    if shift is None:
        return Clip(site=site, state=Clip.State.READY)
    return Clip(site=site, subject=shift.driver, route=shift.route, state=Clip.State.READY)
