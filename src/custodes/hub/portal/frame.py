"""What stands around every page: the navigation and the keys that a page listens to."""

from dataclasses import dataclass, replace
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from custodes.hub.access import leaks
from custodes.hub.fleet import selectors
from custodes.hub.fleet.models import Membership
from custodes.hub.portal import scope

DESK = "portal:leaks"
"""A line that only those see who may work at a leak desk."""
ON_PHONE = 5
"""How many lines a phone of 390 px has room for; where there are more, the last place is the menu's."""


@dataclass(frozen=True, slots=True)
class NavItem:
    """One line of the navigation. `count` None: this line never has one."""

    words: str | Promise
    icon: str
    address: str
    current: bool
    count: int | None = None
    beyond: bool = False
    """On a phone it stands in the menu at the end of the row: there is no room beside the others."""


@dataclass(frozen=True, slots=True)
class Shortcut:
    """Keys of a page and what they do."""

    keys: tuple[str, ...]
    words: str | Promise


INBOX_KEYS = (
    Shortcut(("j", "k"), _("Next, previous clip")),
    Shortcut(("enter",), _("Open the clip")),
    Shortcut(("x",), _("Select the clip")),
    Shortcut(("e",), _("Show or hide those like it")),
    Shortcut(("/",), _("Go to the filter")),
)
CLIP_KEYS = (
    Shortcut(("space", "k"), _("Play or pause")),
    Shortcut(("j", "l"), _("Back or forward 5 seconds")),
    Shortcut((",", "."), _("One frame back or forward")),
    Shortcut(("←", "→"), _("Back or forward 1 second")),
    Shortcut(("<", ">"), _("Slower or faster")),
    Shortcut(("o",), _("Go to where the event began")),
    Shortcut(("b",), _("Show or hide the boxes")),
    Shortcut(("s",), _("Show or hide time and speed")),
    Shortcut(("m",), _("Sound on or off")),
    Shortcut(("f",), _("Full screen")),
)

_LINES: tuple[tuple[Any, str, str, tuple[str, ...]], ...] = (
    (_("Today"), "today", "portal:today", ("today",)),
    (_("Inbox"), "inbox", "portal:inbox", ("inbox", "clip", "export")),
    (_("Drives"), "van", "portal:drives", ("drives", "drive", "driver", "disputes", "driving_me", "wheel")),
    (_("Sites"), "sites", "portal:sites", ("sites", "site", "site_new", "enrol")),
    (_("Dispatch"), "dispatch", "portal:board", ("board", "plan", "shift_plan", "routes")),
    (_("Cases"), "lock", "portal:cases", ("cases", "case")),
    (_("People"), "people", "portal:people", ("people",)),
    (_("Leaks"), "leak", DESK, ("leaks", "leak", "canaries")),
    (_("About me"), "eye", "portal:watched_me", ("watched_me", "consents", "consents_sign", "consents_overview")),
    (_("Oversight"), "scales", "portal:oversight", ("oversight", "alarm", "alarm_limits", "originals")),
    (_("Settings"), "settings", "portal:settings", ("settings", "ledger")),
)


def navigation(request: HttpRequest) -> dict[str, Any]:
    """Return the lines of the navigation, with the number of clips that wait for this person."""
    person = scope.person_of(request)
    held = list(scope.memberships(person)) if person else []
    at_large = {one.role for one in held if one.site_id is None}
    officer = Membership.Role.PRIVACY_OFFICER in at_large
    shown = {
        DESK: person is not None and bool(leaks.desks_among(person, [one.organisation for one in held])),
        "portal:oversight": officer,
        "portal:cases": officer or not at_large.isdisjoint(selectors.LEADERS),
        "portal:board": any(scope.is_on_the_road(one) for one in held),
    }
    name = request.resolver_match.url_name if request.resolver_match else ""
    items = [
        NavItem(
            words=words,
            icon=picture,
            address=reverse(address),
            current=name in pages,
            count=scope.waiting_count(scope.sight(request)) if address == "portal:inbox" and person else None,
        )
        for words, picture, address, pages in _LINES
        if shown.get(address, True)
    ]
    if len(items) > ON_PHONE:
        items[ON_PHONE - 1 :] = [replace(item, beyond=True) for item in items[ON_PHONE - 1 :]]
    beyond = [item for item in items if item.beyond]
    return {
        "items": items,
        "beyond": beyond,
        "current_beyond": any(item.current for item in beyond),
        "person": person,
        "request": request,
    }
