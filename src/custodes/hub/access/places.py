"""Who may know where a site is now and who drives it: whoever could know it of a clip that happened this moment."""

from django.utils import timezone

from custodes.hub.access import decisions
from custodes.hub.access.decisions import Actor
from custodes.hub.access.requests import Action
from custodes.hub.clips.models import Clip
from custodes.hub.fleet import selectors
from custodes.hub.fleet.models import Site


def may_locate(actor: Actor, site: Site) -> bool:
    """Return whether the policies let `actor` know where `site` is now and who drives it. Stores nothing."""
    now = timezone.now()
    # A clip that is never stored: the policies speak of clips, and a clip shows the same place and the same driver.
    this_moment = Clip(site=site, subject=selectors.driver_at(site, now), state=Clip.State.READY)
    return decisions.decide(actor, Action.LOCATE, this_moment, purpose=None, now=now).allowed
