"""Who may know where a site is now and who drives it: whoever could know it of a clip that happened this moment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils import timezone

from custodes.hub.access import decisions
from custodes.hub.access.decisions import Actor
from custodes.hub.access.policies import book
from custodes.hub.access.requests import Action, ClipFacts, ask_all
from custodes.hub.clips.models import Clip
from custodes.hub.fleet import founded, selectors
from custodes.hub.fleet.models import Organisation, Shift, Site


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


def whole_organisations(
    actor: Actor, action: Action, among: Sequence[Organisation], *, now: datetime
) -> list[Organisation]:
    """Return those of `among` in the whole of which `actor` may do `action`, in their order. Two queries.

    Asked of a clip at no site, which is never stored: a role that counts at one site only does not reach it, nobody is
    recorded in it, and no case and no grant holds it.
    """
    facts = {
        ClipFacts(
            clip_id=str(one.pk),  # of two with one id the policies would see one
            organisation_id=str(one.pk),
            site_id="none",
            subject_id=None,
            state=Clip.State.READY,
            erased=False,
        ): one
        for one in among
    }
    members = decisions.member_facts(actor, now=now) if facts else []
    verdicts = ask_all(book(), members, list(facts), action=action) if members else {}
    allowed = {clip for (_member, clip), verdict in verdicts.items() if verdict.allowed}
    return [one for clip, one in facts.items() if clip in allowed]


def _this_moment(site: Site, shift: Shift | None) -> Clip:
    """Return a clip that is never stored: the policies speak of clips, which show the same place and driver."""
    if shift is None:
        return Clip(site=site, state=Clip.State.READY)
    return Clip(site=site, subject=shift.driver, route=shift.route, state=Clip.State.READY)
