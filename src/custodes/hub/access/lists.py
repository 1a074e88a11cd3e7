"""Lists of clips by the same policies that decide on one clip.

The policies can tell clips apart only by what the schema gives them: organisation, site, subject, state, erased.
For one membership that leaves few kinds of clip. Each kind is shown to the policies once, as a made-up clip, and
the kinds that they allow become a query. A property test holds the query to the gate's own answers, clip by clip.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import product

from django.db.models import Q, QuerySet

from custodes.core.types import Purpose
from custodes.hub.access.policies import book
from custodes.hub.access.requests import Action, ClipFacts, MemberFacts, ask_all
from custodes.hub.clips.models import Clip
from custodes.hub.fleet.models import Site

_SELF = "self"
_OTHER = "other"
_NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of clip, seen from one membership."""

    here: bool
    """At the membership's own site; for one without a site, always."""
    subject: str
    erased: bool
    state: str


def clips_for(members: list[MemberFacts], *, action: Action) -> QuerySet[Clip]:
    """Return the clips with which one of `members` may do `action` (VIEW: for any purpose)."""
    wanted = Q(pk__in=[])
    for member in members:
        wanted |= _query(member, _allowed_kinds(_signature(member), action))
    return Clip.objects.filter(wanted)


def _signature(member: MemberFacts) -> MemberFacts:
    """Return the membership without names: what its kinds of clip depend on."""
    return replace(
        member,
        membership_id="m",
        person_id=_SELF,
        organisation_id="o",
        site_id=None if member.site_id is None else "s",
    )


@lru_cache(maxsize=256)
def _allowed_kinds(signature: MemberFacts, action: Action) -> frozenset[_Kind]:
    kinds = {_example(kind): kind for kind in _kinds(scoped=signature.site_id is not None)}
    purposes: list[Purpose | None] = list(Purpose) if action is Action.VIEW else [None]
    allowed: set[_Kind] = set()
    for purpose in purposes:
        verdicts = ask_all(book(), [signature], list(kinds), action=action, purpose=purpose)
        allowed.update(kinds[clip] for (_member, clip), verdict in verdicts.items() if verdict.allowed)
    return frozenset(allowed)


def _kinds(*, scoped: bool) -> Iterator[_Kind]:
    for here, subject, erased, state in product(
        (True, False) if scoped else (True,), (_SELF, _OTHER, _NOBODY), (False, True), Clip.State.values
    ):
        yield _Kind(here=here, subject=subject, erased=erased, state=state)


def _example(kind: _Kind) -> ClipFacts:
    return ClipFacts(
        clip_id=f"{kind.here}-{kind.subject}-{kind.erased}-{kind.state}",
        organisation_id="o",
        site_id="s" if kind.here else "another",
        subject_id=None if kind.subject == _NOBODY else kind.subject,
        state=kind.state,
        erased=kind.erased,
    )


def _query(member: MemberFacts, kinds: frozenset[_Kind]) -> Q:
    states: dict[tuple[bool, str, bool], frozenset[str]] = {}
    for kind in kinds:
        key = (kind.here, kind.subject, kind.erased)
        states[key] = states.get(key, frozenset()) | {kind.state}
    query = Q(pk__in=[])
    for here, erased in product((True, False), (True, False)):
        by_subject = {s: states[here, s, erased] for s in (_SELF, _OTHER, _NOBODY) if (here, s, erased) in states}
        place = _place(member, here=here) & Q(erased_at__isnull=not erased)
        if len(by_subject) == 3 and len(set(by_subject.values())) == 1:
            query |= place & Q(state__in=sorted(by_subject[_SELF]))
            continue
        for subject, allowed_states in by_subject.items():
            query |= place & _subject(member, subject) & Q(state__in=sorted(allowed_states))
    return query


def _place(member: MemberFacts, *, here: bool) -> Q:
    if here and member.site_id is not None:
        return Q(site_id=member.site_id, site__organisation_id=member.organisation_id)
    # A subquery and not a join: the index on (site, onset) then serves the list.
    sites = Site.objects.filter(organisation_id=member.organisation_id)
    if member.site_id is not None:
        sites = sites.exclude(pk=member.site_id)
    return Q(site_id__in=sites.values("pk"))


def _subject(member: MemberFacts, subject: str) -> Q:
    if subject == _SELF:
        return Q(subject_id=member.person_id)
    if subject == _NOBODY:
        return Q(subject_id__isnull=True)
    return Q(subject_id__isnull=False) & ~Q(subject_id=member.person_id)
