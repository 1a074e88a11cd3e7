"""Decide: may this person do this with this clip, by which rule, and in which words."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from custodes.core.types import Purpose
from custodes.hub.access import granted, recorded
from custodes.hub.access.policies import PolicyBook, Verdict, book
from custodes.hub.access.requests import (
    FILM,
    PURPOSED,
    Action,
    ClipFacts,
    MemberFacts,
    ShareFacts,
    UnsealingFacts,
    ask_all,
    ask_share,
    ask_unsealing,
)
from custodes.hub.audit import past
from custodes.hub.clips import arrivals, cases
from custodes.hub.clips.models import CaseClip, Clip
from custodes.hub.consent.topics import Topic
from custodes.hub.fleet import given_roles, given_routes
from custodes.hub.fleet.given_roles import Where
from custodes.hub.fleet.models import Membership, Person
from custodes.hub.fleet.times import wall_ns_of

Actor = Person | AnonymousUser


LIVE = timedelta(minutes=15)
"""How long what began counts as happening now: as long as a look at the board goes on as one (`dispatch/board.py`)."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer to one question, with the rule that gave it.

    `policy` is empty when no rule spoke; `why` is a sentence for people; `role` is the one that counted.
    """

    allowed: bool
    policy: str
    why: str
    role: str = ""


@dataclass(frozen=True, slots=True)
class Audience:
    """Who may watch a clip by one rule, and for what: a line of "who may see this"."""

    policy: str
    says: str
    purposes: tuple[Purpose, ...]
    people: tuple[Person, ...]
    roles: tuple[str, ...]
    """Of each of the people, the role that counted."""


class Question:
    """What stands between one person and one clip at one moment, read once, for answers that belong together.

    It is as old as its moment: who acts upon an answer asks anew. With a clip that is not where, whose and of whom it
    arrived by its entry nobody may do anything, nor with any where the ledger is not as the hub wrote it.
    """

    def __init__(self, actor: Actor, clip: Clip, *, now: datetime) -> None:
        self.actor, self.clip, self.now = actor, clip, now
        whole = past.is_readable()
        self.arrived = whole and arrivals.stands(clip)
        self._listed = whole and (self.arrived or arrivals.stands(clip, footage=False))
        self._members = member_facts(actor, now=now) if self._listed else []
        self._agreed: dict[Topic | None, str] = {}

    def decide(self, action: Action, purpose: Purpose | None = None) -> Decision:
        """Return whether the person may do `action`. VIEW, SHARE, ORIGINAL without a purpose: for any at all."""
        if not self._members or not (self.arrived if action in FILM else self._listed):
            return _refused([])
        purposes = list(Purpose) if action in PURPOSED and purpose is None else [purpose]
        refusals: list[Verdict] = []
        for asked in purposes:
            verdicts = ask_all(book(), self._members, [self._as_asked(action, asked)], action=action, purpose=asked)
            for (member, _clip), verdict in verdicts.items():
                if verdict.allowed:
                    return _allowed(verdict, member)
                refusals.append(verdict)
        return _refused(refusals)

    def purposes(self, action: Action = Action.VIEW) -> tuple[Purpose, ...]:
        """Return the purposes for which the person may do `action`, in the order of `Purpose`."""
        return tuple(purpose for purpose in Purpose if self.decide(action, purpose).allowed)

    def nearest_refusal(self) -> Decision:
        """Return why the person may watch for no purpose: the first refusal, in the order of `Purpose`, with a rule."""
        refusals = [self.decide(Action.VIEW, purpose) for purpose in Purpose]
        return next((one for one in refusals if one.policy and not one.allowed), refusals[0])

    def audience(self) -> tuple[Audience, ...]:
        """Return who may watch the clip, by rule, whoever asks: the policies judge each role of its organisation."""
        if not self._listed:
            return ()
        found: dict[str, tuple[list[Purpose], dict[Person, str]]] = {}
        for purpose in Purpose:
            for row, verdict in self._allowed_among(Action.VIEW, purpose):
                purposes, people = found.setdefault(verdict.policy_ids[0], ([], {}))
                if purpose not in purposes:
                    purposes.append(purpose)
                people.setdefault(row.person, row.role)
        return tuple(
            Audience(policy, _says(book(), policy), tuple(purposes), tuple(people), tuple(people.values()))
            for policy, (purposes, people) in sorted(found.items())
        )

    def who_may(self, action: Action) -> list[Person]:
        """Return who of the clip's organisation may do `action`, which asks for no purpose, whoever asks; by name."""
        if not (self.arrived if action in FILM else self._listed):
            return []
        people = {row.person for row, _verdict in self._allowed_among(action, None)}
        return sorted(people, key=lambda one: (one.display_name, one.email))

    def _allowed_among(self, action: Action, purpose: Purpose | None) -> Iterator[tuple[Membership, Verdict]]:
        facts = [self._as_asked(action, purpose)]
        verdicts = ask_all(book(), list(self._others), facts, action=action, purpose=purpose)
        for (member, _clip), verdict in verdicts.items():
            if verdict.allowed:
                yield self._others[member], verdict

    @cached_property
    def _others(self) -> dict[MemberFacts, Membership]:
        """Every role in the clip's organisation, by how the policies see it."""
        rows = Membership.objects.filter(organisation_id=self.clip.site.organisation_id)
        held = list(rows.select_related("person", "organisation").order_by("pk"))
        given = given_roles.given_to_each([row.person_id for row in held])
        return {facts_of(row, given[row.person_id], now=self.now): row for row in held}

    @cached_property
    def _facts(self) -> ClipFacts:
        return clip_facts(self.clip, now=self.now)

    def _as_asked(self, action: Action, purpose: Purpose | None) -> ClipFacts:
        topic = recorded.topic_of(action, purpose)
        if topic not in self._agreed:
            self._agreed[topic] = recorded.consent_for(self.clip, action, purpose)
        return replace(self._facts, consent=self._agreed[topic])


def decide(actor: Actor, action: Action, clip: Clip, *, purpose: Purpose | None, now: datetime) -> Decision:
    """Return whether `actor` may do `action` with `clip`, by what holds now: see `Question`."""
    return Question(actor, clip, now=now).decide(action, purpose)


def decide_share(share: ShareFacts, clip: Clip, *, purpose: Purpose, now: datetime) -> Decision:
    """Return whether a share may watch `clip` for `purpose`."""
    if not past.is_readable() or not arrivals.stands(clip):
        return _refused([])
    facts = replace(clip_facts(clip, now=now), consent=recorded.consent_for(clip, Action.VIEW, purpose))
    verdict = ask_share(book(), share, facts, action=Action.VIEW, purpose=purpose)
    if not verdict.allowed:
        return _refused([verdict])
    policy = verdict.policy_ids[0]
    return Decision(allowed=True, policy=policy, why=_says(book(), policy))


def decide_unsealing(facts: UnsealingFacts, clip: Clip, *, purpose: Purpose) -> Decision:
    """Return whether a request for an original opens it. That who asked still may is asked apart."""
    if not past.is_readable() or not arrivals.stands(clip):
        return _refused([])
    verdict = ask_unsealing(book(), facts, clip_facts(clip), purpose=purpose)
    if not verdict.allowed:
        return _refused([verdict])
    policy = verdict.policy_ids[0]
    return Decision(allowed=True, policy=policy, why=_says(book(), policy))


def member_facts(actor: Actor, *, now: datetime) -> list[MemberFacts]:
    """Return every membership that `actor` has or had, as the policies see them. A stranger has none."""
    if not isinstance(actor, Person):
        return []
    # From the database, not from the object in the session: a closed account counts from the next request on.
    rows = Membership.objects.filter(person_id=actor.pk).select_related("person", "organisation").order_by("pk")
    proven, given = actor.second_factor_shown, given_roles.given_to(actor.pk)
    return [replace(facts_of(row, given, now=now), proven=proven) for row in rows]


def clip_facts(clip: Clip, *, now: datetime | None = None) -> ClipFacts:
    """Return a clip as the policies see it; without `now`, as one that is granted to nobody.

    What of it rests on entries is as of the last reading of the ledger (`past.read_on`).
    """
    return ClipFacts(
        clip_id=str(clip.pk),
        organisation_id=str(clip.site.organisation_id),
        site_id=str(clip.site_id),
        subject_id=_text(clip.subject_id),
        state=clip.state,
        erased=clip.erased_at is not None,
        granted=frozenset() if now is None else granted.memberships_for(clip.pk, now=now),
        in_case=clip.pk in cases.kept_by_open_cases(CaseClip.objects.filter(clip_id=clip.pk)),
        route_id=_text(clip.route_id),
        recent=now is None or clip.onset_wall_ns is None or clip.onset_wall_ns >= live_since_ns(now),
    )


def live_since_ns(now: datetime) -> int:
    """Return from when on (wall ns) what began counts as happening now."""
    return wall_ns_of(now - LIVE)


def facts_of(row: Membership, given: Mapping[Where, str], *, now: datetime) -> MemberFacts:
    """Return one membership as the policies see it. One that the ledger does not give its person has ended."""
    reach = given_roles.reach(row, given)
    return MemberFacts(
        membership_id=str(row.pk),
        person_id=str(row.person_id),
        active=row.person.is_active,
        role=row.role,
        organisation_id=str(row.organisation_id),
        site_id=_text(row.site_id),
        ended=Where.of(row) not in given or (row.until is not None and row.until <= now),
        route_ids=_bound_to(row),
        live=Membership.Sees.LIVE in reach,
        history=Membership.Sees.HISTORY in reach,
    )


def _bound_to(row: Membership) -> frozenset[str] | None:
    """Return the routes to which a membership is bound; None where it is bound to none in particular."""
    if row.role != Membership.Role.DISPATCHER or not given_routes.bind(row.organisation):
        return None
    return frozenset(map(str, given_routes.routes_of(row)))


def _allowed(verdict: Verdict, member: MemberFacts) -> Decision:
    policy = verdict.policy_ids[0]
    return Decision(allowed=True, policy=policy, why=_says(book(), policy), role=member.role)


def _refused(refusals: list[Verdict]) -> Decision:
    """Name the refusal that came closest: the one with the fewest rules against it."""
    spoken = [verdict for verdict in refusals if verdict.policy_ids]
    silent = len(spoken) < len(refusals)
    if not spoken or silent:
        return Decision(allowed=False, policy="", why=_("No rule allows it to any of your roles."))
    nearest = min(spoken, key=lambda verdict: len(verdict.policy_ids))
    policy = nearest.policy_ids[0]
    return Decision(allowed=False, policy=policy, why=_says(book(), policy))


def _says(policies: PolicyBook, policy_id: str) -> str:
    return policies.says(policy_id, (get_language() or "en").split("-")[0])


def _text(value: UUID | None) -> str | None:
    return None if value is None else str(value)
