"""An entry of the ledger in words: what was done, by whom, about whom, with what."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from custodes.hub.access.entries import Entry, Group, Page
from custodes.hub.clips.models import Clip
from custodes.hub.consent.telling import role_words
from custodes.hub.fleet.models import Camera, Membership, Person
from custodes.hub.portal import sessions, words
from custodes.hub.portal.entry_titles import TITLES

GROUPS: Mapping[Group, str | Promise] = {
    Group.SIGN_IN: gettext_lazy("Sign-ins and accounts"),
    Group.REFUSED: gettext_lazy("Failures and refusals"),
    Group.WATCHED: gettext_lazy("Watching"),
    Group.CLIPS: gettext_lazy("Clips and cases"),
    Group.PEOPLE: gettext_lazy("People, roles and shifts"),
    Group.PLACES: gettext_lazy("Organisations, sites and units"),
    Group.CONSENT: gettext_lazy("Consent and requests"),
    Group.GIVEN: gettext_lazy("Tester programme"),
    Group.SHARED: gettext_lazy("Shares"),
    Group.DRIVES: gettext_lazy("Drives"),
    Group.ALARMS: gettext_lazy("Alarms and leaks"),
    Group.HUB: gettext_lazy("The hub itself"),
}
WAYS: Mapping[str, str | Promise] = {
    "password": gettext_lazy("password"),
    "totp": gettext_lazy("authenticator app"),
    "webauthn": gettext_lazy("passkey"),
    "passkey": gettext_lazy("passkey"),
    "recovery_codes": gettext_lazy("recovery code"),
    "code": gettext_lazy("one-time code"),
    "mfa": gettext_lazy("second factor"),
    "link": gettext_lazy("one-time link"),
    "shared_link": gettext_lazy("link of a share"),
    "socialaccount": gettext_lazy("provider"),
    "reset": gettext_lazy("by a reset mail"),
    "set": gettext_lazy("for the first time"),
    "changed": gettext_lazy("with the old one"),
}
PAGES: Mapping[str, str | Promise] = {
    "clip": gettext_lazy("a clip's page"),
    "film": gettext_lazy("film"),
    "poster": gettext_lazy("a still picture"),
    "manifest": gettext_lazy("what a clip says"),
    "drive": gettext_lazy("a drive"),
    "driver": gettext_lazy("a driver's page"),
    "site": gettext_lazy("a site's page"),
    "oversight": gettext_lazy("oversight"),
    "cases": gettext_lazy("cases"),
}
NAMED = 4


@dataclass(frozen=True, slots=True)
class Line:
    """One entry as a page writes it."""

    seq: int
    title: str | Promise
    who: str
    whom: str
    facts: tuple[str, ...]
    clips: tuple[Clip, ...]
    more_clips: int
    address: str
    at_wall_ns: int
    is_refusal: bool
    is_own: bool


def lines(page: Page, *, reader: Person) -> list[Line]:
    """Return the lines of a page, newest first."""
    return [_line(entry, page, reader) for entry in page.entries]


def _line(entry: Entry, page: Page, reader: Person) -> Line:
    body = entry.body
    actor = body.get("by") if "by" in body else body.get("person")
    whom = body.get("person") if "by" in body and body.get("person") != actor else None
    if "driver" in body and body["driver"] != actor and whom is None:
        whom = body["driver"]
    return Line(
        seq=entry.seq,
        title=TITLES.get(entry.kind, entry.kind),
        who=_name(actor, body, page, reader, is_actor=True),
        whom=_name(whom, body, page, reader) if whom else "",
        facts=tuple(_facts(entry, page)),
        clips=entry.clips[:NAMED],
        more_clips=max(0, len(entry.clips) - NAMED),
        address=str(body.get("address") or ""),
        at_wall_ns=entry.recorded_wall_ns,
        is_refusal=entry.group == Group.REFUSED,
        is_own=entry.is_own,
    )


def _name(person: object, body: Mapping[str, Any], page: Page, reader: Person, *, is_actor: bool = False) -> str:
    """Return what a person is called here: today's name, for whom the reader may know."""
    if person is None or person == "":
        if is_actor and body.get("name") and body.get("email"):
            return _("%(name)s, by a share") % {"name": body["name"]}
        return _("nobody who has an account") if "count" in body else _("the hub")
    try:
        known = page.people.get(UUID(str(person)))
    except ValueError:
        known = None
    if str(person) == str(reader.pk):
        return _("you")
    if known is None and is_actor and body.get("name") and body.get("email"):
        return str(body["name"])  # as the entry has it: whom it concerns may read who did it
    return known or (_("somebody from outside") if len(page.people) > 1 else _("somebody else"))


def _facts(entry: Entry, page: Page) -> list[str]:
    body = entry.body
    facts = []
    if "count" in body:
        facts.append(ngettext("%(n)d time", "%(n)d times", int(body["count"])) % {"n": int(body["count"])})
        facts += [str(_what(name)) for name in list(body.get("what") or ())[:NAMED]]
    ways = [*(body.get("ways") or ()), *([body["way"]] if body.get("way") else [])] if _is_door(entry) else []
    if ways:
        facts.append(", ".join(str(WAYS.get(str(way), way)) for way in ways))
    if body.get("factor"):
        facts.append(str(WAYS.get(str(body["factor"]), body["factor"])))
    if body.get("browser"):
        facts.append(sessions.device_words(str(body["browser"])))
    if entry.group == Group.PEOPLE and body.get("role"):
        facts.append(role_words(str(body["role"])))
    if entry.kind == "role.limited":
        facts.append(str(dict(Membership.Sees.choices).get(str(body.get("sees")), "")))
    if body.get("purpose"):
        facts.append(str(words.purpose_words(str(body["purpose"]))))
    if entry.group == Group.WATCHED and body.get("reason"):
        facts.append(f"“{body['reason']}”")
    if entry.kind == "camera.changed":
        facts.append(_camera(body))
    place = "" if entry.clips else _place(body, page)
    return [*facts, place] if place else facts


def _is_door(entry: Entry) -> bool:
    return entry.group in {Group.SIGN_IN, Group.REFUSED}


def _what(name: str) -> str | Promise:
    if name in WAYS:
        return WAYS[name]
    return PAGES.get(name.rsplit(":", maxsplit=1)[-1], _("another page"))


def _camera(body: Mapping[str, Any]) -> str:
    """Return which camera changed, and how: `road: Connecting → Recording`."""
    states = dict(Camera.State.choices)
    change = " → ".join(str(states.get(one, one)) for one in (body.get("from"), body.get("to")) if one)
    return f"{words.facing_words(str(body.get('lens')))}: {change}"


def _place(body: Mapping[str, Any], page: Page) -> str:
    """Return the site that an entry names, by itself or by a unit or a drive of it."""
    for key in ("site", "unit", "trip"):
        try:
            name = page.places.get(UUID(str(body.get(key))))
        except ValueError:
            continue
        if name:
            return name
    return ""
