"""Every rule counts: turn one around or take it out, and a decision about the cast changes."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from django.db import transaction
from pytest_django import DjangoDbBlocker

from cast import NOW, Cast, make_cast, make_clip
from custodes.core.types import Purpose
from custodes.hub.access import decisions, policies
from custodes.hub.access.policies import POLICY_DIR, Policy, PolicyBook, Verdict, load_book
from custodes.hub.access.requests import (
    FOOTAGE,
    PURPOSED,
    Action,
    ClipFacts,
    MemberFacts,
    ShareFacts,
    ask_all,
    ask_share,
)
from custodes.hub.clips.models import Case, CaseClip, Clip
from custodes.hub.consent.topics import State
from custodes.hub.fleet.models import Membership, Person

pytestmark = pytest.mark.django_db  # without a test that wants one, no database is made for the module's scene
SCHEMA = (POLICY_DIR / policies.SCHEMA_FILE).read_text()
RULES = list(load_book(POLICY_DIR).policies.values())


PURPOSES = (Purpose.OWN, Purpose.INCIDENT, Purpose.COACHING, Purpose.LEAK_CASE)


def scenes(cast: Cast) -> Iterator[Clip]:
    """Yield clips that differ in all that a rule may look at."""
    for state in Clip.State.values:
        yield make_clip(cast.van_unit, subject=cast.dina, state=state)
    yield make_clip(cast.other_van_unit)
    yield make_clip(cast.home_unit)
    yield make_clip(cast.home_unit, state=Clip.State.DELETED)
    yield make_clip(cast.van_unit, state=Clip.State.DELETED, erased_at=NOW)
    cased = make_clip(cast.van_unit)
    CaseClip.objects.create(
        case=Case.objects.create(organisation=cast.company, opened_at=NOW), clip=cased, added_at=NOW
    )
    yield cased


def decided(book: PolicyBook, members: list[MemberFacts], clips: list[ClipFacts]) -> Iterator[list[Verdict]]:
    """Yield what a book says to everybody, one action after the other: whoever has seen enough stops."""
    yield [
        ask_share(book, share, clip, action=Action.VIEW, purpose=Purpose.INCIDENT)
        for clip in clips
        for share in shares_of(clip)
    ]
    asked = [(action, None) for action in Action if action not in FOOTAGE]
    asked += [(action, purpose) for purpose in PURPOSES for action in sorted(PURPOSED)] + [(Action.POSTER, None)]
    for action, purpose in asked:
        told_apart = clips if action in FOOTAGE else clips[:: len(State)]  # of others nobody's consent is told
        yield list(ask_all(book, members, told_apart, action=action, purpose=purpose).values())


def shares_of(clip: ClipFacts) -> Iterator[ShareFacts]:
    """Yield shares of one clip, each with one thing in its way, and one with none."""
    good = ShareFacts(
        "s", clip.clip_id, "incident", revoked=False, ended=False, used_up=False, outside=True, released=True
    )
    wrong = ({}, {"revoked": True}, {"ended": True}, {"used_up": True}, {"released": False}, {"purpose": "own"})
    return (replace(good, **one) for one in wrong)


@pytest.fixture(scope="module")
def scene(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> tuple[list[MemberFacts], list[ClipFacts], list[list[Verdict]]]:
    """Members, clips, and what the book as it is says of them."""
    with django_db_blocker.unblock(), transaction.atomic():
        cast = make_cast()
        # An account that is closed though its role lasts: only the rule about accounts stands in its way.
        Membership.objects.create(person=cast.stranger, organisation=cast.company, role=Membership.Role.DISPATCHER)
        Person.objects.filter(pk=cast.stranger.pk).update(is_active=False)
        members = [facts for person in cast.people.values() for facts in decisions.member_facts(person, now=NOW)]
        members += [replace(one, membership_id=f"{one.membership_id}-weak", proven=False) for one in members]
        facts = [decisions.clip_facts(clip) for clip in scenes(cast)]
        transaction.set_rollback(True)
    clips = [replace(one, clip_id=f"{one.clip_id}-{state}", consent=state.value) for one in facts for state in State]
    return members, clips, list(decided(load_book(POLICY_DIR), members, clips))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.policy_id)
def test_a_rule_is_missed_when_gone_and_when_turned(
    scene: tuple[list[MemberFacts], list[ClipFacts], list[list[Verdict]]], rule: Policy
) -> None:
    members, clips, honest = scene
    others = [policy for policy in RULES if policy.policy_id != rule.policy_id]
    effect, turned_effect = ("permit", "forbid") if rule.effect == "permit" else ("forbid", "permit")
    turned = replace(rule, text=rule.text.replace(f"{effect} (", f"{turned_effect} (", 1))
    assert turned.text != rule.text
    for changed in (PolicyBook(others, SCHEMA), PolicyBook([*others, turned], SCHEMA)):
        told = zip(honest, decided(changed, members, clips), strict=True)
        assert any(before != after for before, after in told)
