"""What people are asked about, and what each topic needs of them. docs/design/consent.md has the table and the why."""

from enum import StrEnum

from custodes.core.types import Purpose
from custodes.hub.fleet.models import Membership, Organisation


class Topic(StrEnum):
    """The purposes for which somebody may watch, and biometrics, which are apart from watching."""

    OWN = Purpose.OWN.value
    INCIDENT = Purpose.INCIDENT.value
    COACHING = Purpose.COACHING.value
    TROUBLESHOOTING = Purpose.TROUBLESHOOTING.value
    REVIEW = Purpose.REVIEW.value
    SUBJECT_REQUEST = Purpose.SUBJECT_REQUEST.value
    LEAK_CASE = Purpose.LEAK_CASE.value
    TRAINING = Purpose.TRAINING.value
    BIOMETRICS = "biometrics"


class Need(StrEnum):
    """What a topic needs of a recorded person before anybody else may act on it."""

    NOTHING = "nothing"
    NOTICE = "notice"
    """The text was shown to them. It can be acknowledged, not refused."""
    YES = "yes"
    """A yes that stands."""


class State(StrEnum):
    """Where recorded people stand towards a topic, weakest first; NOBODY: none is known."""

    NOBODY = "nobody"
    UNSEEN = "unseen"
    NO = "no"
    SHOWN = "shown"
    YES = "yes"


NEEDS = {
    Topic.OWN: Need.NOTHING,
    Topic.INCIDENT: Need.NOTICE,
    Topic.COACHING: Need.YES,
    Topic.TROUBLESHOOTING: Need.YES,
    Topic.REVIEW: Need.YES,
    Topic.SUBJECT_REQUEST: Need.NOTHING,
    Topic.LEAK_CASE: Need.NOTICE,
    Topic.TRAINING: Need.YES,
    Topic.BIOMETRICS: Need.YES,
}
RECORDED_ROLES = {
    Organisation.Kind.COMPANY: (Membership.Role.DRIVER,),
    Organisation.Kind.HOUSEHOLD: (Membership.Role.OWNER, Membership.Role.MEMBER),
}
"""Who is on film by their role: the driver of a van, those who live in a home."""
_NOT_AT_HOME = frozenset({Topic.INCIDENT, Topic.COACHING})
_RANK = {state: rank for rank, state in enumerate(State)}


def topics_for(kind: str) -> tuple[Topic, ...]:
    """Return the topics that a company's driver, or somebody of a household, reads about, in their order."""
    return tuple(topic for topic in Topic if kind == Organisation.Kind.COMPANY or topic not in _NOT_AT_HOME)


def weakest(states: list[State]) -> State:
    """Return the state that counts for several people together: everybody's yes, or else the least."""
    return min(states, key=_RANK.__getitem__, default=State.NOBODY)
