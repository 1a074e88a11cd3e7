"""What each role may do, said once more in other words, and held against the rules for every mix of circumstances.

The rules are in Cedar, one permission or one refusal each. Here the same is a table of roles and a list of fences. Who
changes a rule changes this too, and says by it that the change is meant.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from custodes.core.types import Purpose
from custodes.hub.access.policies import book
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
from custodes.hub.consent.topics import State
from custodes.hub.fleet.models import Membership

May = dict[Action, frozenset[Purpose]]

NO_PURPOSE: frozenset[Purpose] = frozenset()
SEES = (Action.LIST, Action.HISTORY, Action.POSTER, Action.LOCATE)
SORTS = (*SEES, Action.TRIAGE, Action.ASSIGN)
DECIDES_DRIVES = (Action.ANSWER_DISPUTE, Action.SET_DISPUTE_TIME)
ENDS = (Action.DELETE, Action.RESTORE, Action.HOLD)
BY_ITSELF = (Action.VIEW, Action.POSTER, Action.SHARE, Action.ORIGINAL, Action.BREAK_GLASS, Action.EXPORT)
"""What wants a clip that has come in whole and was let through; giving it to the tester programme does as well."""
WORKS = frozenset({"manager", "dispatcher", "owner", "member", "privacy_officer", "support", "contractor"})
"""Who sees others' film, and shows a second factor first."""
ASKS_FIRST = frozenset({Purpose.COACHING, Purpose.TROUBLESHOOTING, Purpose.REVIEW, Purpose.TRAINING})
"""What wants a yes of everybody on film."""
TELLS_FIRST = frozenset({Purpose.INCIDENT, Purpose.LEAK_CASE})
"""What wants a notice that was shown to them."""

ME, SOMEBODY = "me", "somebody else"
GOOD_SHARE = ShareFacts(
    "share", "plain", "own", revoked=False, ended=False, used_up=False, outside=False, released=False
)
PLAIN_CLIP = ClipFacts("clip", "company", "van", None, "ready", erased=False)


def may(*actions: Action, **purposed: set[Purpose]) -> May:
    return dict.fromkeys(actions, NO_PURPOSE) | {Action(name): frozenset(one) for name, one in purposed.items()}


def permitted(who: MemberFacts, clip: ClipFacts) -> May:
    """Return what the role allows by itself, and for which purposes."""
    own, driven = clip.subject_id == who.person_id, clip.subject_id is not None
    granted = who.membership_id in clip.granted
    of_home = may() if driven else may(Action.VOLUNTEER)
    roles: dict[str, May] = {
        "operator": may(),
        "manager": may(
            *(*SORTS, *ENDS, *DECIDES_DRIVES, Action.EXPORT, Action.APPROVE, Action.BREAK_GLASS, Action.GRANT),
            *((Action.COACH,) if driven else ()),
            view={Purpose.INCIDENT, Purpose.COACHING},
            share={Purpose.INCIDENT, Purpose.COACHING},
            original={Purpose.INCIDENT, Purpose.LEAK_CASE},
        ),
        "dispatcher": may(*SORTS, view={Purpose.INCIDENT}),
        "driver": may(*SEES, Action.EXPORT, Action.VOLUNTEER, view={Purpose.OWN}) if own else may(),
        "owner": of_home
        | may(
            *(*SORTS, *ENDS, Action.EXPORT, Action.GRANT, Action.TRACE_LEAK),
            view={Purpose.OWN, Purpose.LEAK_CASE},
            share={Purpose.OWN},
        ),
        "member": of_home | may(*SORTS, view={Purpose.OWN}),
        "privacy_officer": may(Action.HISTORY, Action.TRACE_LEAK, Action.PLANT_CANARY, Action.APPROVE)
        | (may(Action.LIST, view={Purpose.LEAK_CASE}, original={Purpose.LEAK_CASE}) if clip.in_case else may()),
        "support": may(Action.LIST, view={Purpose.TROUBLESHOOTING}) if granted else may(),
        "contractor": may(Action.LIST, view={Purpose.INCIDENT}) if granted else may(),
    }
    return roles[who.role]


def out_of_reach(who: MemberFacts, clip: ClipFacts) -> bool:
    """Return whether the role does not reach the clip at all."""
    return (
        who.organisation_id != clip.organisation_id
        or who.site_id not in {None, clip.site_id}
        or (who.route_ids is not None and clip.route_id not in who.route_ids)
        or not (who.live if clip.recent else who.history)
        or who.ended
        or not who.active
        or (who.role in WORKS and not who.proven)
        or who.role == "operator"
    )


def gone(clip: ClipFacts, action: Action) -> bool:
    """Return whether the clip's own state stands against it, whoever asks."""
    deleted = clip.state == "deleted"
    if clip.erased or deleted != (action is Action.RESTORE):
        return True
    return clip.state in {"quarantined", "receiving", "processing"} and action in (*BY_ITSELF, Action.VOLUNTEER)


def unasked(clip: ClipFacts, action: Action, purpose: Purpose | None) -> bool:
    """Return whether the people on film stand against watching or sharing it."""
    if action not in {Action.VIEW, Action.SHARE}:
        return False
    return (purpose in TELLS_FIRST and clip.consent == "unseen") or (purpose in ASKS_FIRST and clip.consent != "yes")


def refused_for_them(who: MemberFacts, clip: ClipFacts, action: Action, purpose: Purpose | None) -> bool:
    """Return whether what the people on film said, or that it is oneself, stands against it."""
    own = clip.subject_id == who.person_id
    match action:
        case Action.POSTER:
            return clip.consent == "unseen" and not own and who.role not in {"owner", "member"}
        case Action.COACH:
            return clip.consent != "yes" or own
        case Action.VOLUNTEER:
            return clip.consent != "yes"
        case Action.ORIGINAL:
            return clip.consent == "unseen"
        case Action.ANSWER_DISPUTE:
            return own
        case _:
            return unasked(clip, action, purpose)


def expected(who: MemberFacts, clip: ClipFacts, action: Action, purpose: Purpose | None) -> bool:
    """Return what ought to be the answer."""
    given = permitted(who, clip)
    if action not in given or (purpose is not None and purpose not in given[action]):
        return False
    return not (out_of_reach(who, clip) or gone(clip, action) or refused_for_them(who, clip, action, purpose))


def members() -> list[MemberFacts]:
    """Return every role, as it usually is and with one thing about it otherwise."""
    otherwise: dict[str, dict[str, object]] = {
        "": {},
        "elsewhere": {"organisation_id": "rival"},
        "of the van": {"site_id": "van"},
        "of another van": {"site_id": "other van"},
        "on the route": {"route_ids": frozenset({"route"})},
        "on another": {"route_ids": frozenset({"other route"})},
        "on none": {"route_ids": frozenset()},
        "ended": {"ended": True},
        "closed": {"active": False},
        "unproven": {"proven": False},
        "only before": {"live": False},
        "only now": {"history": False},
    }
    return [
        replace(
            MemberFacts(
                f"{role} {name}", ME, active=True, role=role, organisation_id="company", site_id=None, ended=False
            ),
            **one,  # type: ignore[arg-type]
        )
        for role in Membership.Role.values
        for name, one in otherwise.items()
    ]


def clips() -> list[ClipFacts]:
    """Return clips that differ in one thing, or in two that a rule holds together."""
    otherwise: dict[str, dict[str, object]] = {
        "plain": {},
        "of me": {"subject_id": ME},
        "of somebody": {"subject_id": SOMEBODY},
        "in a case": {"in_case": True},
        "in a case, of me": {"in_case": True, "subject_id": ME},
        "granted": {"granted": frozenset(one.membership_id for one in members())},
        "on a route": {"route_id": "route", "subject_id": ME},
        "before": {"recent": False, "subject_id": ME},
        "erased": {"erased": True, "state": "deleted", "subject_id": ME},
        "erased in mid-air": {"erased": True, "subject_id": ME},
        **{f"{state}, of me": {"state": state, "subject_id": ME} for state in ("receiving", "processing")},
        **{state: {"state": state} for state in ("receiving", "processing", "quarantined", "deleted")},
        **{f"{state}, in a case": {"state": state, "in_case": True} for state in ("quarantined", "deleted")},
    }
    return [replace(PLAIN_CLIP, clip_id=name, consent="yes", **one) for name, one in otherwise.items()]  # type: ignore[arg-type]


def asked(actions: Iterable[Action]) -> Iterator[tuple[Action, Purpose | None]]:
    """Yield each action, with every purpose where it has one."""
    for action in actions:
        yield from ((action, purpose) for purpose in (Purpose if action in PURPOSED else (None,)))


def wrong(people: list[MemberFacts], films: list[ClipFacts], actions: Iterable[Action] = Action) -> list[str]:
    """Return what the rules answer otherwise than they ought to."""
    found: list[str] = []
    for action, purpose in asked(actions):
        for (who, clip), verdict in ask_all(book(), people, films, action=action, purpose=purpose).items():
            if verdict.allowed != expected(who, clip, action, purpose):
                rule = ", ".join(verdict.policy_ids) or "no rule"
                answer = "may" if verdict.allowed else "may not"
                found.append(f"{who.membership_id} {answer} {action} {purpose or ''} {clip.clip_id}: {rule}")
    return found


def test_each_role_as_it_usually_is_may_with_any_clip_what_the_table_says() -> None:
    usual = [one for one in members() if one.membership_id.endswith(" ")]
    assert len(usual) == len(Membership.Role.values)
    assert wrong(usual, clips()) == []


def test_a_role_that_does_not_reach_a_clip_may_nothing_and_one_that_does_no_less() -> None:
    reached = [
        one for one in clips() if one.clip_id in {"of me", "granted", "in a case, of me", "on a route", "before"}
    ]
    # Whatever is asked is refused by the same fences: each role is asked for something that it may.
    assert wrong(members(), reached, (Action.LIST, Action.VIEW, Action.HISTORY, Action.PLANT_CANARY)) == []


def test_what_the_people_on_film_said_counts_for_every_role() -> None:
    usual = [one for one in members() if one.membership_id.endswith(" ")]
    films = [
        replace(one, clip_id=f"{one.clip_id} {state}", consent=state)
        for one in clips()
        if one.clip_id in {"plain", "of me", "of somebody", "in a case", "granted"}
        for state in ("nobody", *(state.value for state in State))
    ]
    assert wrong(usual, films) == []


def test_a_share_opens_its_clip_for_its_purpose_and_nothing_else() -> None:
    good = GOOD_SHARE
    stops: list[dict[str, object]] = [{"revoked": True}, {"ended": True}, {"used_up": True}, {"outside": True}]
    for share in (good, replace(good, outside=True, released=True), *(replace(good, **one) for one in stops)):  # type: ignore[arg-type]
        stopped = share.revoked or share.ended or share.used_up or (share.outside and not share.released)
        for clip in clips():
            for purpose in Purpose:
                for consent in ("unseen", "yes"):
                    film = replace(clip, consent=consent)
                    of_it = share.clip_id == clip.clip_id and share.purpose == purpose
                    open_ = of_it and not (stopped or gone(film, Action.VIEW) or unasked(film, Action.VIEW, purpose))
                    verdict = ask_share(book(), share, film, action=Action.VIEW, purpose=purpose)
                    assert verdict.allowed == open_, (share, film, purpose)


def test_a_share_stands_behind_the_same_fences_as_a_role() -> None:
    for clip in clips():
        for purpose in Purpose:
            for consent in ("unseen", "shown", "yes"):
                film = replace(clip, consent=consent)
                share = ShareFacts(
                    "share",
                    clip.clip_id,
                    purpose,
                    revoked=False,
                    ended=False,
                    used_up=False,
                    outside=False,
                    released=False,
                )
                open_ = not (gone(film, Action.VIEW) or unasked(film, Action.VIEW, purpose))
                verdict = ask_share(book(), share, film, action=Action.VIEW, purpose=purpose)
                assert verdict.allowed == open_, (film, purpose)


def test_an_original_opens_to_two_people_once() -> None:
    stops: list[dict[str, object]] = [
        {"decided_by": None},
        {"decided_by": "asks"},
        {"used": True},
        {"ended": True},
        {"granted": False},
        {"clip_id": "another"},
    ]
    for clip in clips():
        good = UnsealingFacts(
            "ask", clip.clip_id, "incident", "asks", "says yes", granted=True, used=False, ended=False
        )
        for one in ({}, *stops):
            unsealing = replace(good, **one)  # type: ignore[arg-type]
            twice = unsealing.decided_by == unsealing.asked_by
            for purpose in (Purpose.INCIDENT, Purpose.LEAK_CASE):
                opens = (unsealing.clip_id, unsealing.purpose) == (clip.clip_id, purpose) and unsealing.granted
                opens = opens and not (twice or unsealing.used or unsealing.ended or gone(clip, Action.ORIGINAL))
                assert ask_unsealing(book(), unsealing, clip, purpose=purpose).allowed == opens, (unsealing, clip)


def test_the_table_names_every_action_and_every_role() -> None:
    named = {action for who in members() for clip in clips() for action in permitted(who, clip)}
    assert named == set(Action)
    assert set(CONSENTED) <= named
