"""Every rule counts: turn one around or take it out, and a decision about the cast changes."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from django.db import transaction
from pytest_django import DjangoDbBlocker

from cast import NOW, Cast, give_role, grant_to, make_cast, make_clip, put_in_case
from custodes.core.types import Purpose
from custodes.hub.access import decisions, policies
from custodes.hub.access.policies import POLICY_DIR, Policy, PolicyBook, Verdict, load_book
from custodes.hub.access.requests import (
    CONSENTED,
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
from custodes.hub.clips.models import Clip
from custodes.hub.consent.topics import State
from custodes.hub.fleet.models import Membership, Person
from hub_fixtures import give_hub

pytestmark = pytest.mark.django_db  # without a test that wants one, no database is made for the module
SCHEMA = (POLICY_DIR / policies.SCHEMA_FILE).read_text()
RULES = list(load_book(POLICY_DIR).policies.values())


ONLY_SAYS_WHY = {"operator-sees-no-footage"}
"""Rules that forbid what nothing permits: they give the reason, and hold against a permit that is yet to be written."""
PURPOSES = (Purpose.OWN, Purpose.INCIDENT, Purpose.COACHING, Purpose.LEAK_CASE, Purpose.TROUBLESHOOTING)


def scenes(cast: Cast) -> Iterator[Clip]:
    """Yield clips that differ in all that a rule may look at."""
    for state in Clip.State.values:
        yield make_clip(cast.van_unit, subject=cast.dina, state=state)
    yield make_clip(cast.other_van_unit)
    yield make_clip(cast.van_unit, subject=cast.alice)  # a manager who drove
    yield make_clip(cast.home_unit)
    yield make_clip(cast.home_unit, state=Clip.State.DELETED)
    yield make_clip(cast.van_unit, state=Clip.State.DELETED, erased_at=NOW)
    cased = make_clip(cast.van_unit)
    put_in_case(cased)
    yield cased
    granted = make_clip(cast.van_unit)
    for role in ("support", "contractor"):
        guest = give_role(cast.milo, cast.company, role)
        lasts = {"given_at": guest.since, "ends_at": guest.since + timedelta(days=9999)}
        grant_to(guest, granted, by=cast.alice, **lasts)
    yield granted


@dataclass(frozen=True, slots=True)
class Question:
    """One request, and what the rules as they stand answer."""

    who: MemberFacts | ShareFacts | UnsealingFacts
    clip: ClipFacts
    action: Action
    purpose: Purpose | None
    verdict: Verdict

    def allowed_by(self, book: PolicyBook) -> bool:
        """Return what another set of rules answers."""
        if isinstance(self.who, ShareFacts):
            return ask_share(
                book, self.who, self.clip, action=self.action, purpose=self.purpose or Purpose.INCIDENT
            ).allowed
        if isinstance(self.who, UnsealingFacts):
            return ask_unsealing(book, self.who, self.clip, purpose=self.purpose or Purpose.INCIDENT).allowed
        (verdict,) = ask_all(book, [self.who], [self.clip], action=self.action, purpose=self.purpose).values()
        return verdict.allowed


def every_question(members: list[MemberFacts], clips: list[ClipFacts]) -> Iterator[Question]:
    book = load_book(POLICY_DIR)
    asked: list[tuple[Action, Purpose | None]] = [(action, None) for action in Action if action not in PURPOSED]
    asked += [(action, purpose) for action in sorted(PURPOSED) for purpose in PURPOSES]
    for action, purpose in asked:
        told_apart = clips if action in CONSENTED else clips[:: len(State)]  # of others nobody's consent is told
        for (member, clip), verdict in ask_all(book, members, told_apart, action=action, purpose=purpose).items():
            yield Question(member, clip, action, purpose, verdict)
    for clip in clips:
        for share in shares_of(clip):
            verdict = ask_share(book, share, clip, action=Action.VIEW, purpose=Purpose.INCIDENT)
            yield Question(share, clip, Action.VIEW, Purpose.INCIDENT, verdict)
        for unsealing in unsealings_of(clip):
            verdict = ask_unsealing(book, unsealing, clip, purpose=Purpose.INCIDENT)
            yield Question(unsealing, clip, Action.ORIGINAL, Purpose.INCIDENT, verdict)


def unsealings_of(clip: ClipFacts) -> Iterator[UnsealingFacts]:
    """Yield requests for an original, each with one thing in its way, and two with none."""
    good = UnsealingFacts("u", clip.clip_id, "incident", "asks", "says yes", granted=True, used=False, ended=False)
    wrong = ({}, {"decided_by": None}, {"decided_by": "asks"}, {"used": True}, {"ended": True}, {"granted": False})
    return (replace(good, **one) for one in (*wrong, {"purpose": "own"}))


def shares_of(clip: ClipFacts) -> Iterator[ShareFacts]:
    """Yield shares of one clip, each with one thing in its way, and one with none."""
    good = ShareFacts(
        "s", clip.clip_id, "incident", revoked=False, ended=False, used_up=False, outside=True, released=True
    )
    wrong = ({}, {"revoked": True}, {"ended": True}, {"used_up": True}, {"released": False}, {"purpose": "own"})
    return (replace(good, **one) for one in wrong)


@pytest.fixture(scope="module")
def questions(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, list[Question]]:
    """Return, for each rule, the requests that it had a part in deciding."""
    with pytest.MonkeyPatch.context() as patch, django_db_blocker.unblock(), transaction.atomic():
        give_hub(tmp_path_factory.mktemp("rules") / "hub", patch)
        cast = make_cast()
        # An account that is closed though its role lasts: only the rule about accounts stands in its way.
        give_role(cast.stranger, cast.company, Membership.Role.DISPATCHER)
        Person.objects.filter(pk=cast.stranger.pk).update(is_active=False)
        facts = [decisions.clip_facts(clip, now=NOW) for clip in scenes(cast)]
        members = [facts for person in cast.people.values() for facts in decisions.member_facts(person, now=NOW)]
        # One bound to a route, seen by clips that were driven on it and on none.
        bound = decisions.member_facts(cast.bob, now=NOW)[0]
        members.append(replace(bound, membership_id=f"{bound.membership_id}-bound", route_ids=frozenset({"r"})))
        facts.append(replace(facts[0], clip_id=f"{facts[0].clip_id}-routed", route_id="r"))
        # One that reaches only now, and one only before, seen by clips of now and of before.
        members.append(replace(bound, membership_id=f"{bound.membership_id}-now", history=False))
        members.append(replace(bound, membership_id=f"{bound.membership_id}-before", live=False))
        earlier = {one.organisation_id: one for one in facts if one.state == "ready"}.values()
        facts += [replace(one, clip_id=f"{one.clip_id}-before", recent=False) for one in earlier]
        transaction.set_rollback(True)
    one_of_each_role = {one.role: one for one in members}.values()
    members += [replace(one, membership_id=f"{one.membership_id}-weak", proven=False) for one in one_of_each_role]
    clips = [replace(one, clip_id=f"{one.clip_id}-{state}", consent=state.value) for one in facts for state in State]
    decided: dict[str, list[Question]] = {rule.policy_id: [] for rule in RULES}
    for question in every_question(members, clips):
        for policy_id in question.verdict.policy_ids:
            decided[policy_id].append(question)
    return decided


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.policy_id)
def test_a_rule_is_missed_when_gone_and_when_turned(questions: dict[str, list[Question]], rule: Policy) -> None:
    others = [policy for policy in RULES if policy.policy_id != rule.policy_id]
    effect, turned_effect = ("permit", "forbid") if rule.effect == "permit" else ("forbid", "permit")
    turned = replace(rule, text=rule.text.replace(f"{effect} (", f"{turned_effect} (", 1))
    assert turned.text != rule.text
    asked = questions[rule.policy_id]
    without, with_turned = PolicyBook(others, SCHEMA), PolicyBook([*others, turned], SCHEMA)
    assert any(one.allowed_by(with_turned) != one.verdict.allowed for one in asked)
    missed = any(one.allowed_by(without) != one.verdict.allowed for one in asked)
    assert missed != (rule.policy_id in ONLY_SAYS_WHY)
