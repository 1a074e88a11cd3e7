"""Lists of clips by the same policies that decide on one clip.

The policies can tell clips apart only by what the schema gives them: organisation, site, subject, state, erased, and
for footage where the recorded people stand towards the purpose. Whether an open case keeps it, and whether it was
granted singly, is told apart where there is such a clip at all. For one membership that leaves few kinds of clip. Each
kind is shown to the policies once, as a made-up clip, and the kinds that they allow become a query. A property test
holds the query to the gate's own answers, clip by clip.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from itertools import product
from typing import NamedTuple
from uuid import UUID

from django.db.models import Q, QuerySet

from custodes.core.types import Purpose
from custodes.hub.access import decisions, granted, recorded
from custodes.hub.access.decisions import Actor
from custodes.hub.access.policies import book
from custodes.hub.access.requests import PURPOSED, Action, ClipFacts, MemberFacts, ask_all
from custodes.hub.audit import past
from custodes.hub.clips.cases import kept_by_open_cases
from custodes.hub.clips.models import CaseClip, Clip
from custodes.hub.consent import selectors as consent
from custodes.hub.consent.topics import State, Topic
from custodes.hub.fleet import founded
from custodes.hub.fleet.models import Site

_SELF = "self"
_OTHER = "other"
_NOBODY = "nobody"
_ANYBODY = "anybody"
_CONSENTS = tuple(state.value for state in State)
_NONE_KNOWN = State.NOBODY.value


class _Place(NamedTuple):
    """Where a kind of clip is, seen from one membership."""

    here: bool
    """At the membership's own site; for one without a site, always."""
    on_route: bool
    """On one of the membership's routes; for one that is bound to none, always."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of clip, seen from one membership."""

    place: _Place
    subject: str
    erased: bool
    state: str
    consent: str
    """Where its recorded people stand; for what shows no footage, always NOBODY."""
    in_case: bool = False
    """An open case keeps it."""
    granted: bool = False
    """It was opened to this membership singly."""
    recent: bool = True
    """It happens now; told apart for a membership that reaches only now, or only before."""


@dataclass(frozen=True, slots=True)
class _Singled:
    """Clips that stand apart from others of their kind, for one membership. None: there are none to tell apart."""

    in_case: set[UUID] | None
    granted: set[UUID] | None


_Apart = tuple[bool | None, bool | None]
"""In a case, granted; None: either."""
_Group = tuple[_Place, _Apart, bool, str, frozenset[str]]
"""Where, what sets it apart, erased, whose, and in which states of consent: what one part of a query asks for."""


class Sight:
    """Which clips one person may do something with at one moment: read once, for a page that lists several things.

    It is as old as its moment, as a `decisions.Question` is.
    """

    def __init__(self, actor: Actor, *, now: datetime) -> None:
        self.actor, self._now = actor, now
        self._whole = past.is_readable()
        self._members = decisions.member_facts(actor, now=now) if self._whole else []
        self._cases = _open_cases(self._members)
        self._grants = granted.clips_by_membership([one.membership_id for one in self._members], now=now)
        self._displaced = _displaced(self._members)

    def clips(self, action: Action) -> QuerySet[Clip]:
        """Return the clips with which the person may do `action` (VIEW, SHARE: for any purpose)."""
        if not self._members:
            return Clip.objects.none()
        purposes: list[Purpose | None] = list(Purpose) if action in PURPOSED else [None]
        wanted = Q(pk__in=[])
        for member in self._members:
            singled = _Singled(in_case=self._cases, granted=self._grants.get(member.membership_id))
            apart = (singled.in_case is not None, singled.granted is not None)
            for purpose in purposes:
                kinds = _allowed_kinds(_signature(member), action, purpose, apart)
                topic = recorded.topic_of(action, purpose)
                for when, those in _by_time(member, kinds, self._now):
                    wanted |= when & _query(member, those, singled, topic=topic)
        found = Clip.objects.filter(wanted)
        return found.exclude(site_id__in=self._displaced) if self._displaced else found


def _by_time(member: MemberFacts, kinds: frozenset[_Kind], now: datetime) -> Iterator[tuple[Q, frozenset[_Kind]]]:
    """Yield when what a membership may have began, with the kinds of that time."""
    if member.live and member.history:
        yield Q(), kinds
        return
    now_on = Q(onset_wall_ns__gte=decisions.live_since_ns(now))
    yield now_on, frozenset(kind for kind in kinds if kind.recent)
    yield ~now_on, frozenset(kind for kind in kinds if not kind.recent)


def _displaced(members: list[MemberFacts]) -> set[UUID]:
    """Return the sites that stand in an organisation of these memberships by their row alone."""
    mine = {member.organisation_id for member in members}
    return founded.displaced(Site.objects.filter(organisation_id__in=mine).values_list("pk", "organisation_id"))


def _open_cases(members: list[MemberFacts]) -> set[UUID] | None:
    mine = {member.organisation_id for member in members}
    return (kept_by_open_cases(CaseClip.objects.filter(clip__site__organisation_id__in=mine)) if mine else None) or None


def _signature(member: MemberFacts) -> MemberFacts:
    """Return the membership without names: what its kinds of clip depend on."""
    return replace(
        member,
        membership_id="m",
        person_id=_SELF,
        organisation_id="o",
        site_id=None if member.site_id is None else "s",
        route_ids=None if member.route_ids is None else frozenset({"r"}),
    )


@lru_cache(maxsize=1024)
def _allowed_kinds(
    signature: MemberFacts, action: Action, purpose: Purpose | None, apart: tuple[bool, bool]
) -> frozenset[_Kind]:
    """Return the kinds that the rules allow. `apart`: whether cases, and grants, are told apart."""
    matters = recorded.topic_of(action, purpose) is not None
    kinds = {_example(kind): kind for kind in _kinds(signature, consent_matters=matters, apart=apart)}
    verdicts = ask_all(book(), [signature], list(kinds), action=action, purpose=purpose)
    return frozenset(kinds[clip] for (_member, clip), verdict in verdicts.items() if verdict.allowed)


def _kinds(signature: MemberFacts, *, consent_matters: bool, apart: tuple[bool, bool]) -> Iterator[_Kind]:
    cases, grants = ((False, True) if told else (False,) for told in apart)
    for here, on_route, subject, erased, state, answer, in_case, opened, recent in product(
        (True,) if signature.site_id is None else (True, False),
        (True,) if signature.route_ids is None else (True, False),
        (_SELF, _OTHER, _NOBODY),
        (False, True),
        Clip.State.values,
        _CONSENTS if consent_matters else (_NONE_KNOWN,),
        cases,
        grants,
        (True,) if signature.live and signature.history else (True, False),
    ):
        yield _Kind(
            place=_Place(here, on_route),
            subject=subject,
            erased=erased,
            state=state,
            consent=answer,
            in_case=in_case,
            granted=opened,
            recent=recent,
        )


def _example(kind: _Kind) -> ClipFacts:
    return ClipFacts(
        clip_id=f"{kind.place}-{kind.subject}-{kind.erased}-{kind.state}-{kind.consent}-{kind.in_case}-{kind.granted}-{kind.recent}",
        organisation_id="o",
        site_id="s" if kind.place.here else "another",
        subject_id=None if kind.subject == _NOBODY else kind.subject,
        state=kind.state,
        erased=kind.erased,
        consent=kind.consent,
        in_case=kind.in_case,
        route_id="r" if kind.place.on_route else None,
        granted=frozenset({"m"}) if kind.granted else frozenset(),
        recent=kind.recent,
    )


def _query(member: MemberFacts, kinds: frozenset[_Kind], singled: _Singled, *, topic: Topic | None) -> Q:
    """Return the condition that a clip is of one of these kinds, with as few words as that takes."""
    consents: dict[tuple[_Place, _Apart, bool, str, str], frozenset[str]] = {}
    for kind in kinds:
        apart = _told_apart(kind, kinds, singled)
        key = (kind.place, apart, kind.erased, kind.subject, kind.state)
        consents[key] = consents.get(key, frozenset()) | {kind.consent}
    states: dict[_Group, frozenset[str]] = {}
    for (place, apart, erased, subject, state), answers in consents.items():
        group = (place, apart, erased, subject, answers)
        states[group] = states.get(group, frozenset()) | {state}
    query = Q(pk__in=[])
    for (place, apart, erased, subject, answers), allowed in _merged(states).items():
        where = _place(member, place) & _apart(singled, apart) & Q(erased_at__isnull=not erased)
        agreed = _agreed(member, subject, answers, topic=topic)
        query |= where & _subject(member, subject) & agreed & Q(state__in=sorted(allowed))
    return query


def _told_apart(kind: _Kind, kinds: frozenset[_Kind], singled: _Singled) -> _Apart:
    """Return what sets a kind apart, leaving out what makes no difference: never more than `kinds` allow."""
    other_case, other_grant = replace(kind, in_case=not kind.in_case), replace(kind, granted=not kind.granted)
    any_case = singled.in_case is None or other_case in kinds
    any_grant = singled.granted is None or other_grant in kinds
    if any_case and any_grant and singled.in_case is not None and singled.granted is not None:
        any_grant = replace(other_case, granted=not kind.granted) in kinds
    return (None if any_case else kind.in_case, None if any_grant else kind.granted)


def _apart(singled: _Singled, apart: _Apart) -> Q:
    in_case, opened = apart
    condition = Q()
    if in_case is not None and singled.in_case is not None:
        kept = Q(pk__in=singled.in_case)
        condition &= kept if in_case else ~kept
    if opened is not None and singled.granted is not None:
        given = Q(pk__in=singled.granted)
        condition &= given if opened else ~given
    return condition


def _merged(states: dict[_Group, frozenset[str]]) -> dict[_Group, frozenset[str]]:
    """Say ANYBODY once where the driver makes no difference at all."""
    merged = dict(states)
    for place, apart, erased, _subject_kind, answers in states:
        keys = [(place, apart, erased, subject, answers) for subject in (_SELF, _OTHER, _NOBODY)]
        indifferent = answers in {frozenset(_CONSENTS), frozenset({_NONE_KNOWN})}
        if indifferent and all(key in merged for key in keys) and len({merged[key] for key in keys}) == 1:
            allowed = merged[keys[0]]
            for key in keys:
                del merged[key]
            merged[place, apart, erased, _ANYBODY, answers] = allowed
    return merged


def _agreed(member: MemberFacts, subject: str, consents: frozenset[str], *, topic: Topic | None) -> Q:
    """Return the condition that the recorded people stand in one of `consents`."""
    if topic is None or consents == frozenset(_CONSENTS):
        return Q()
    organisation_id = UUID(member.organisation_id)
    if subject != _NOBODY:
        found = Q(pk__in=[])
        for name in sorted(consents):
            found |= consent.in_state(State(name), organisation_id, topic, field="subject_id")
        return found
    homes = Q(site_id__in=Site.objects.filter(organisation_id=organisation_id, kind=Site.Kind.HOME).values("pk"))
    household = consent.state_as_read(consent.household_of(organisation_id), organisation_id, topic)
    at_home = homes if household.value in consents else Q(pk__in=[])
    return at_home | ~homes if _NONE_KNOWN in consents else at_home


def _place(member: MemberFacts, place: _Place) -> Q:
    found = _site(member, here=place.here)
    if member.route_ids is None:
        return found
    own = Q(route_id__in=sorted(member.route_ids))
    return found & own if place.on_route else found & (~own | Q(route_id__isnull=True))


def _site(member: MemberFacts, *, here: bool) -> Q:
    if here and member.site_id is not None:
        return Q(site_id=member.site_id, site__organisation_id=member.organisation_id)
    # A subquery and not a join: the index on (site, onset) then serves the list.
    sites = Site.objects.filter(organisation_id=member.organisation_id)
    if member.site_id is not None:
        sites = sites.exclude(pk=member.site_id)
    return Q(site_id__in=sites.values("pk"))


def _subject(member: MemberFacts, subject: str) -> Q:
    if subject == _ANYBODY:
        return Q()
    if subject == _SELF:
        return Q(subject_id=member.person_id)
    if subject == _NOBODY:
        return Q(subject_id__isnull=True)
    return Q(subject_id__isnull=False) & ~Q(subject_id=member.person_id)
