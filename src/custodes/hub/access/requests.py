"""What is asked of the policies: by which membership, to do what, with which clip."""

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
    LOCATE = "locate"
    """Know where it was and who drove; asked of a clip of this moment, where a site is now and who drives it."""


FOOTAGE = frozenset({Action.VIEW, Action.POSTER})
"""What shows somebody: the policies are told what the recorded people agreed to."""
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


@dataclass(frozen=True, slots=True)
class ClipFacts:
    """One clip, as the policies see it."""

    proven: bool = True
    """The session that asks has shown a second factor. True where no session asks: the role alone is judged."""
    clip_id: str
    organisation_id: str
    site_id: str
    subject_id: str | None
    state: str
    erased: bool
    consent: str = NOBODY_RECORDED
    """Where the recorded people stand towards what is asked; only `FOOTAGE` actions look at it."""


def ask_all(
    book: PolicyBook,
    members: list[MemberFacts],
    clips: list[ClipFacts],
    *,
    action: Action,
    purpose: Purpose | None = None,
) -> dict[tuple[MemberFacts, ClipFacts], Verdict]:
    """Ask for every membership with every clip. `purpose` goes with VIEW and with no other action."""
    if (action is Action.VIEW) != (purpose is not None):
        raise ValueError(f"action {action} with purpose {purpose}")
    asked = {} if purpose is None else {"purpose": _entity("Purpose", purpose.value)}
    pairs = [(member, clip) for member in members for clip in clips]
    requests = [
        {
            "principal": {"type": "Membership", "id": member.membership_id},
            "action": {"type": "Action", "id": action.value},
            "resource": {"type": "Clip", "id": clip.clip_id},
            "context": asked | ({"consent": _entity("Consent", clip.consent)} if action in FOOTAGE else {}),
        }
        for member, clip in pairs
    ]
    entities = [_member_entity(member) for member in members] + [_clip_entity(clip) for clip in clips]
    return dict(zip(pairs, book.ask(requests, entities), strict=True)) if pairs else {}


def _member_entity(member: MemberFacts) -> Mapping[str, object]:
    attributes: dict[str, Any] = {
        "person": _entity("Person", member.person_id),
        "active": member.active,
        "role": _entity("Role", member.role),
        "organisation": _entity("Organisation", member.organisation_id),
        "ended": member.ended,
    }
    if member.site_id is not None:
        attributes["site"] = _entity("Site", member.site_id)
    return {"uid": {"type": "Membership", "id": member.membership_id}, "attrs": attributes, "parents": []}


def _clip_entity(clip: ClipFacts) -> Mapping[str, object]:
    attributes: dict[str, Any] = {
        "organisation": _entity("Organisation", clip.organisation_id),
        "site": _entity("Site", clip.site_id),
        "state": _entity("State", clip.state),
        "erased": clip.erased,
    }
    if clip.subject_id is not None:
        attributes["subject"] = _entity("Person", clip.subject_id)
    return {"uid": {"type": "Clip", "id": clip.clip_id}, "attrs": attributes, "parents": []}


def _entity(kind: str, name: str) -> dict[str, dict[str, str]]:
    return {"__entity": {"type": kind, "id": name}}
        "proven": member.proven,
