"""Who may read which entries of the ledger, in words: one's own, and those of what one looks after. No footage.

Officers read all of their organisations; who leads, what they lead, but no sign-ins of others, and in a company neither
alarms, leaks nor refusals, which may be about themselves; operators what concerns the hub. What an entry is about is
read from its body: a clip, a site, a unit, an organisation, else the people that it names.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from math import inf
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from custodes.core.clock import Clock, SystemClock
from custodes.hub.audit import trusted
from custodes.hub.audit.models import LedgerBody
from custodes.hub.clips.models import Clip
from custodes.hub.driving.models import Trip
from custodes.hub.fleet import selectors
from custodes.hub.fleet.models import Membership, Organisation, Person, Site, Unit
from custodes.hub.fleet.times import now_of, wall_ns_of
from custodes.hub.leak.models import Leak

_CLOCK = SystemClock()
BATCH = 200
LOOKED_AT = 4000
"""A page looks through this many entries at most; "older" goes on from there."""


class Group(StrEnum):
    """What an entry is about, as pages filter by it."""

    SIGN_IN = "sign_in"
    REFUSED = "refused"
    WATCHED = "watched"
    CLIPS = "clips"
    PEOPLE = "people"
    PLACES = "places"
    CONSENT = "consent"
    GIVEN = "given"
    SHARED = "shared"
    DRIVES = "drives"
    ALARMS = "alarms"
    HUB = "hub"


_REFUSALS = ("sign_in.failed", "sign_in.locked", "access.refused")
_PREFIXES: Mapping[Group, tuple[str, ...]] = {
    Group.SIGN_IN: ("sign_in", "sign_out", "password", "recovery_codes", "second_factor", "sessions", "provider"),
    Group.REFUSED: _REFUSALS,
    Group.WATCHED: ("view", "posters", "place", "original", "glass", "export"),
    Group.CLIPS: ("clip", "retention", "case"),
    Group.PEOPLE: ("person", "invitation", "role", "shift", "grant"),
    Group.PLACES: ("organisation", "site", "unit", "camera", "enrolment", "route"),
    Group.CONSENT: ("consent", "subject"),
    Group.GIVEN: ("tester",),
    Group.SHARED: ("share",),
    Group.DRIVES: ("trip", "driver", "dispute", "coaching", "report"),
    Group.ALARMS: ("alarm", "leak", "canary"),
    Group.HUB: ("hub", "ledger", "clock"),
}
_THINGS = ("organisation", "site", "unit", "trip", "leak")
"""What a body may name whose organisation is looked up; and clips."""
_FURTHER = ("clip", "clips", "event", "dispute", "share", "case", "route", "alarm", "talk", "export", "unsealing")
"""What else it may name: an entry about something that cannot be looked up is nobody's but who did it."""
_ALL = frozenset(Group)
_LEADER = _ALL - {Group.SIGN_IN, Group.REFUSED, Group.ALARMS, Group.GIVEN}
"""Who gives clips of themselves, and who does not, is not for whom they depend on."""
_OWNER = _ALL - {Group.SIGN_IN, Group.GIVEN}
"""A household has no officer: who owns it sees what was refused."""
_OPERATOR = frozenset({Group.PLACES, Group.HUB})
_OWN = frozenset({Group.SIGN_IN, Group.REFUSED, Group.WATCHED, Group.CONSENT, Group.GIVEN, Group.PEOPLE, Group.DRIVES})
_RIGHTS: Mapping[str, frozenset[Group]] = {
    Membership.Role.PRIVACY_OFFICER: _ALL,
    Membership.Role.MANAGER: _LEADER,
    Membership.Role.OWNER: _OWNER,
    Membership.Role.OPERATOR: _OPERATOR,
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry as somebody may read it."""

    seq: int
    kind: str
    group: Group
    recorded_wall_ns: int
    body: Mapping[str, Any]
    is_own: bool
    """The hub's own code fits what its columns say now, or it is from before there were codes."""
    clips: tuple[Clip, ...]
    """Clips that it names, of what the reader looks after."""


@dataclass(frozen=True, slots=True)
class Page:
    """Entries, newest first. `older`: where to go on; None: nothing is left."""

    entries: tuple[Entry, ...]
    older: int | None
    people: Mapping[UUID, str]
    """Whom the reader may know, by id. Anybody else is somebody from outside."""
    places: Mapping[UUID, str]
    """The names of sites, by the id of the site, of its units and of the drives that the page names."""


@dataclass(slots=True)
class _Reach:
    """What a person looks after, read once a page."""

    person: Person
    groups: dict[UUID, frozenset[Group]]
    is_operator: bool
    of_person: dict[UUID, dict[UUID, float]] = field(default_factory=dict)
    """Of whom which organisations read, and until when (ns): who has left is theirs no more from then on."""
    of_thing: dict[UUID, UUID] = field(default_factory=dict)
    people: dict[UUID, str] = field(default_factory=dict)
    places: dict[UUID, str] = field(default_factory=dict)

    @classmethod
    def of(cls, person: Person, *, clock: Clock) -> "_Reach":
        groups: dict[UUID, frozenset[Group]] = {}
        is_operator = False
        if person.second_factor_shown:
            held = selectors.memberships_at(person, now_of(clock)).filter(site=None)
            for role, organisation in held.values_list("role", "organisation_id"):
                groups[organisation] = groups.get(organisation, frozenset()) | _RIGHTS.get(role, frozenset())
                is_operator |= role == Membership.Role.OPERATOR
        reach = cls(person, {one: found for one, found in groups.items() if found}, is_operator)
        reach.people[person.pk] = str(person)
        mine = list(reach.groups)
        for row in Membership.objects.filter(organisation__in=mine).select_related("person"):
            until = reach.of_person.setdefault(row.person_id, {})
            ends_ns = inf if row.until is None else wall_ns_of(row.until)
            until[row.organisation_id] = max(until.get(row.organisation_id, ends_ns), ends_ns)
            reach.people[row.person_id] = str(row.person)
        for site in Site.objects.filter(organisation__in=mine):
            reach.of_thing[site.pk], reach.places[site.pk] = site.organisation_id, site.name
        reach.learn(Unit.objects.filter(site__organisation__in=mine))
        reach.of_thing.update({one: one for one in mine})
        return reach

    def learn(self, rows: "QuerySet[Unit] | QuerySet[Trip]") -> None:
        """Learn whose units or drives are, and of which site."""
        for thing, whose, name in rows.values_list("pk", "site__organisation_id", "site__name"):
            self.of_thing[thing], self.places[thing] = whose, name


def organisations(person: Person, *, clock: Clock = _CLOCK) -> list[Organisation]:
    """Return whose entries `person` may read besides their own, by name."""
    return list(Organisation.objects.filter(pk__in=_Reach.of(person, clock=clock).groups).order_by("name"))


def groups(person: Person, *, clock: Clock = _CLOCK) -> list[Group]:
    """Return the groups of which `person` may read entries, in a fixed order."""
    reach = _Reach.of(person, clock=clock)
    found = _OWN.union(*reach.groups.values())
    return [one for one in Group if one in found]


def page(
    person: Person,
    *,
    group: Group | None = None,
    about: UUID | None = None,
    own_only: bool = False,
    before_seq: int | None = None,
    limit: int = 50,
    clock: Clock = _CLOCK,
) -> Page:
    """Return entries that `person` may read, newest first. `about`: those alone that name this person;
    `own_only`: those filed under the reader.
    """
    reach = _Reach.of(person, clock=clock)
    rows = LedgerBody.objects.select_related("leaf").order_by("-pk")
    if group is not None:
        rows = rows.filter(_kinds(group))
    if own_only or not reach.groups:
        rows = rows.filter(person_id=person.pk)
    if about is not None:
        rows = rows.filter(body_json__contains=str(about))
    found: list[Entry] = []
    looked_at, before = 0, before_seq
    while looked_at < LOOKED_AT:
        batch = list((rows if before is None else rows.filter(pk__lt=before))[:BATCH])
        for entry in _entries(batch, reach):
            if len(found) == limit:
                return Page(tuple(found), found[-1].seq, reach.people, reach.places)
            found.append(entry)
        if len(batch) < BATCH:
            return Page(tuple(found), None, reach.people, reach.places)
        looked_at, before = looked_at + len(batch), batch[-1].pk
    return Page(tuple(found), before, reach.people, reach.places)


def _entries(batch: Sequence[LedgerBody], reach: _Reach) -> Iterable[Entry]:
    bodies = [_body(row) for row in batch]
    clips = _clips(bodies, reach)
    _look_up(bodies, reach)
    for row, body in zip(batch, bodies, strict=True):
        named = tuple(clips[one] for one in _clip_ids(body) if one in clips)
        group = group_of(row.leaf.kind)
        if group is not None and _may_read(group, row, body, named, reach):
            told = trusted.is_own(row)
            yield Entry(row.pk, row.leaf.kind, group, row.leaf.recorded_wall_ns, body, told, named)


def group_of(kind: str) -> Group | None:
    """Return what an entry of a kind is about; None for a kind that no page knows."""
    if kind in _REFUSALS:
        return Group.REFUSED
    prefix = kind.split(".", maxsplit=1)[0]
    return next((one for one, prefixes in _PREFIXES.items() if prefix in prefixes), None)


def _kinds(group: Group) -> Q:
    if group == Group.REFUSED:
        return Q(leaf__kind__in=_REFUSALS)
    wanted = Q()
    for prefix in _PREFIXES[group]:
        wanted |= Q(leaf__kind__startswith=f"{prefix}.")
    return wanted & ~Q(leaf__kind__in=_REFUSALS)


def _may_read(group: Group, row: LedgerBody, body: Mapping[str, Any], clips: Sequence[Clip], reach: _Reach) -> bool:
    if row.person_id == reach.person.pk and group in _OWN:
        return True
    if group == Group.HUB:
        return bool(reach.groups)
    things = {clip.site.organisation_id for clip in clips}
    things |= {reach.of_thing[one] for one in _ids(body, *_THINGS) if one in reach.of_thing}
    people = _ids(body, "person", "by", "driver", "subject")
    if group == Group.REFUSED and not people:
        return bool(things) or reach.is_operator or any(Group.REFUSED in one for one in reach.groups.values())
    if group == Group.REFUSED or not any(body.get(key) for key in (*_THINGS, *_FURTHER)):
        # What names nothing is about its people: of two companies that share one, each reads it.
        at_ns = row.leaf.recorded_wall_ns
        for one in people:
            things |= {whose for whose, ends_ns in reach.of_person.get(one, {}).items() if at_ns <= ends_ns}
    return any(group in reach.groups[one] for one in things)


def _clips(bodies: Iterable[Mapping[str, Any]], reach: _Reach) -> dict[UUID, Clip]:
    wanted = {one for body in bodies for one in _clip_ids(body)}
    rows: QuerySet[Clip] = Clip.objects.filter(pk__in=wanted, site__organisation__in=list(reach.groups))
    return {clip.pk: clip for clip in rows.select_related("site__organisation")}


def _look_up(bodies: Iterable[Mapping[str, Any]], reach: _Reach) -> None:
    """Learn whose the trips and leaks of a batch are, of what the reader looks after."""
    wanted = {one for body in bodies for one in _ids(body, "trip", "leak")} - set(reach.of_thing)
    mine = list(reach.groups)
    if not wanted or not mine:
        return
    reach.learn(Trip.objects.filter(pk__in=wanted, site__organisation__in=mine))
    reach.of_thing.update(
        Leak.objects.filter(pk__in=wanted, organisation__in=mine).values_list("pk", "organisation_id")
    )


def _clip_ids(body: Mapping[str, Any]) -> list[UUID]:
    listed = [one for key in ("clips", "asked") for one in (body.get(key) or ()) if isinstance(one, str)]
    return [*_ids(body, "clip"), *_ids({str(at): one for at, one in enumerate(listed)})]


def _ids(body: Mapping[str, Any], *keys: str) -> list[UUID]:
    found = []
    for key in keys or body:
        try:
            found.append(UUID(str(body.get(key))))
        except ValueError:
            continue
    return found


def _body(row: LedgerBody) -> Mapping[str, Any]:
    try:
        body = json.loads(row.body_json)
    except ValueError:
        return {}  # edited: the mark beside the entry says so
    return body if isinstance(body, dict) else {}
