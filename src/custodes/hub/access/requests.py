"""What is asked of the policies: by which membership or share, to do what, with which clip."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from custodes.core.types import Purpose
from custodes.hub.access.policies import PolicyBook, Verdict


class Action(StrEnum):
    """What somebody may want with a clip."""

    LIST = "list"
    """See that it exists, with kind, time, site and state; no footage."""
    HISTORY = "history"
    """See who watched it, and take the proof."""
    POSTER = "poster"
    """See its still picture."""
    VIEW = "view"
    """Watch film and manifest, for one purpose."""
    TRIAGE = "triage"
    ASSIGN = "assign"
    DELETE = "delete"
    RESTORE = "restore"
    HOLD = "hold"
    """Place a legal hold, and release it."""
    SHARE = "share"
    """Let a named person watch it, for one purpose."""
    ORIGINAL = "original"
    """Ask for the unmarked film, for one purpose; it opens once somebody else has said yes."""
    EXPORT = "export"
    """Take a marked copy out that others can play: on top of the right to watch it for that purpose."""
    APPROVE = "approve"
    """Say yes or no to what somebody else asks for."""
    BREAK_GLASS = "break_glass"
    """Take the original at once in an emergency."""
    GRANT = "grant"
    """Open it to support or to a contractor, singly."""
    LOCATE = "locate"
    """Know where it was and who drove; asked of a clip of this moment, where a site is now and who drives it."""
    ANSWER_DISPUTE = "answer_dispute"
    """Say whether an event of somebody's drive counts; asked of a clip of the trip's moment."""
    COACH = "coach"
    """Take up with the driver what happened, to talk about it or because it was well driven; asked of that moment."""
    SET_DISPUTE_TIME = "set_dispute_time"
    """Say how long an answer may take; asked of a clip at no site, for the whole organisation."""
    TRACE_LEAK = "trace_leak"
    """Hold a film from outside against its views; asked of a clip at no site, work at an organisation's leak desk."""
    PLANT_CANARY = "plant_canary"
    """Make it a canary, and know which clips are."""
    VOLUNTEER = "volunteer"
    """Give a clip of oneself to the tester programme."""


PURPOSED = frozenset({Action.VIEW, Action.SHARE, Action.ORIGINAL})
"""What is asked for one purpose."""
FOOTAGE = frozenset({Action.VIEW, Action.POSTER, Action.SHARE, Action.ORIGINAL})
"""What shows somebody: the policies are told what the recorded people agreed to."""
FILM = FOOTAGE | {Action.EXPORT, Action.BREAK_GLASS, Action.GRANT, Action.PLANT_CANARY, Action.VOLUNTEER}
"""What leads to footage: of a clip that no entry says arrived there is none."""
CONSENTED = FOOTAGE | {Action.COACH, Action.VOLUNTEER}
"""What the policies are told for, where the recorded people stand."""
NOBODY_RECORDED = "nobody"


@dataclass(frozen=True, slots=True)
class MemberFacts:
    """One membership, as the policies see it."""

    membership_id: str
    person_id: str
    active: bool
    role: str
    organisation_id: str
    site_id: str | None
    ended: bool
    proven: bool = True
    """The session that asks has shown a second factor. True where no session asks: the role alone is judged."""
    route_ids: frozenset[str] | None = None
    """The routes to which it is bound; None: to none in particular."""
    live: bool = True
    """It reaches what happens now."""
    history: bool = True
    """It reaches what was."""


@dataclass(frozen=True, slots=True)
class ClipFacts:
    """One clip, as the policies see it."""

    clip_id: str
    organisation_id: str
    site_id: str
    subject_id: str | None
    state: str
    erased: bool
    in_case: bool = False
    """An open case keeps it."""
    granted: frozenset[str] = frozenset()
    """Memberships to which it was opened singly."""
    consent: str = NOBODY_RECORDED
    """Where the recorded people stand towards what is asked; only `CONSENTED` actions look at it."""
    route_id: str | None = None
    recent: bool = True
    """It happens now, or a moment ago. True of what is asked for this moment."""


@dataclass(frozen=True, slots=True)
class ShareFacts:
    """One share, as the policies see it: the grant of one clip to one named person."""

    share_id: str
    clip_id: str
    purpose: str
    revoked: bool
    ended: bool
    used_up: bool
    outside: bool
    released: bool


@dataclass(frozen=True, slots=True)
class UnsealingFacts:
    """One request for an original, as the policies see it."""

    unsealing_id: str
    clip_id: str
    purpose: str
    asked_by: str
    decided_by: str | None
    granted: bool
    used: bool
    ended: bool


def ask_all(
    book: PolicyBook,
    members: list[MemberFacts],
    clips: list[ClipFacts],
    *,
    action: Action,
    purpose: Purpose | None = None,
) -> dict[tuple[MemberFacts, ClipFacts], Verdict]:
    """Ask for every membership with every clip, each clip with an id of its own.

    `purpose` goes with `PURPOSED` actions and with no other.
    """
    if (action in PURPOSED) != (purpose is not None):
        raise ValueError(f"action {action} with purpose {purpose}")
    if len({clip.clip_id for clip in clips}) < len(set(clips)):
        raise ValueError("two clips with one id: the policies would judge one by the other")
    asked = {} if purpose is None else {"purpose": _entity("Purpose", purpose.value)}
    pairs = [(member, clip) for member in members for clip in clips]
    requests = [
        {
            "principal": {"type": "Membership", "id": member.membership_id},
            "action": {"type": "Action", "id": action.value},
            "resource": {"type": "Clip", "id": clip.clip_id},
            "context": asked | ({"consent": _entity("Consent", clip.consent)} if action in CONSENTED else {}),
        }
        for member, clip in pairs
    ]
    entities = [_member_entity(member) for member in members] + [_clip_entity(clip) for clip in clips]
    return dict(zip(pairs, book.ask(requests, entities), strict=True)) if pairs else {}


def ask_share(book: PolicyBook, share: ShareFacts, clip: ClipFacts, *, action: Action, purpose: Purpose) -> Verdict:
    """Ask for a share with a clip. Of all actions only VIEW takes a share."""
    request = {
        "principal": {"type": "Share", "id": share.share_id},
        "action": {"type": "Action", "id": action.value},
        "resource": {"type": "Clip", "id": clip.clip_id},
        "context": {"purpose": _entity("Purpose", purpose.value), "consent": _entity("Consent", clip.consent)},
    }
    (verdict,) = book.ask([request], [_share_entity(share), _clip_entity(clip)])
    return verdict


def ask_unsealing(book: PolicyBook, unsealing: UnsealingFacts, clip: ClipFacts, *, purpose: Purpose) -> Verdict:
    """Ask whether a request for an original opens it."""
    request = {
        "principal": {"type": "Unsealing", "id": unsealing.unsealing_id},
        "action": {"type": "Action", "id": Action.ORIGINAL.value},
        "resource": {"type": "Clip", "id": clip.clip_id},
        "context": {"purpose": _entity("Purpose", purpose.value), "consent": _entity("Consent", clip.consent)},
    }
    attributes: dict[str, Any] = {
        "clip": _entity("Clip", unsealing.clip_id),
        "purpose": _entity("Purpose", unsealing.purpose),
        "asked_by": _entity("Person", unsealing.asked_by),
        "granted": unsealing.granted,
        "used": unsealing.used,
        "ended": unsealing.ended,
    }
    if unsealing.decided_by is not None:
        attributes["decided_by"] = _entity("Person", unsealing.decided_by)
    entity = {"uid": {"type": "Unsealing", "id": unsealing.unsealing_id}, "attrs": attributes, "parents": []}
    (verdict,) = book.ask([request], [entity, _clip_entity(clip)])
    return verdict


def _share_entity(share: ShareFacts) -> Mapping[str, object]:
    attributes: dict[str, Any] = {
        "clip": _entity("Clip", share.clip_id),
        "purpose": _entity("Purpose", share.purpose),
        "revoked": share.revoked,
        "ended": share.ended,
        "used_up": share.used_up,
        "outside": share.outside,
        "released": share.released,
    }
    return {"uid": {"type": "Share", "id": share.share_id}, "attrs": attributes, "parents": []}


def _member_entity(member: MemberFacts) -> Mapping[str, object]:
    attributes: dict[str, Any] = {
        "person": _entity("Person", member.person_id),
        "active": member.active,
        "role": _entity("Role", member.role),
        "organisation": _entity("Organisation", member.organisation_id),
        "ended": member.ended,
        "proven": member.proven,
        "live": member.live,
        "history": member.history,
    }
    if member.site_id is not None:
        attributes["site"] = _entity("Site", member.site_id)
    if member.route_ids is not None:
        attributes["routes"] = [_entity("Route", one) for one in sorted(member.route_ids)]
    return {"uid": {"type": "Membership", "id": member.membership_id}, "attrs": attributes, "parents": []}


def _clip_entity(clip: ClipFacts) -> Mapping[str, object]:
    attributes: dict[str, Any] = {
        "organisation": _entity("Organisation", clip.organisation_id),
        "site": _entity("Site", clip.site_id),
        "state": _entity("State", clip.state),
        "erased": clip.erased,
        "in_case": clip.in_case,
        "recent": clip.recent,
        "granted": [_entity("Membership", one) for one in sorted(clip.granted)],
    }
    if clip.subject_id is not None:
        attributes["subject"] = _entity("Person", clip.subject_id)
    if clip.route_id is not None:
        attributes["route"] = _entity("Route", clip.route_id)
    return {"uid": {"type": "Clip", "id": clip.clip_id}, "attrs": attributes, "parents": []}


def _entity(kind: str, name: str) -> dict[str, dict[str, str]]:
    return {"__entity": {"type": kind, "id": name}}
