"""What people do to clips from the portal, each with the act that takes it back."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from custodes.core.errors import BadInput
from custodes.hub.access import gate
from custodes.hub.access.decisions import Question
from custodes.hub.access.requests import Action
from custodes.hub.clips import services
from custodes.hub.clips.models import Clip
from custodes.hub.fleet.models import Person

NOBODY = "nobody"
"""Whom to give a clip to, so that nobody looks after it. A form that names no one at all changes nothing."""


@dataclass(frozen=True, slots=True)
class Back:
    """The act that undoes another, as the inbox posts it."""

    act: str
    value: str = ""


def do(act: str, *, actor: Person, clip: Clip, value: str = "") -> Back:
    """Do one of the inbox's acts to one clip. Raises Denied, or BadInput for an act that nobody knows."""
    if act in Clip.Triage.values:
        before = clip.triage
        set_triage(actor=actor, clip=clip, triage=act)
        return Back("back", before)
    if act == "back" and value in Clip.Triage.values:
        return do(value, actor=actor, clip=clip)
    if act == "take":
        holder = str(clip.assignee_id or NOBODY)
        assign(actor=actor, clip=clip, assignee=actor)
        return Back("give", holder)
    if act == "give":
        whom = None if value == NOBODY else colleague(gate.question(actor, clip), value)
        assign(actor=actor, clip=clip, assignee=whom)
        return Back("take")
    if act == "restore":
        restore(actor=actor, clip=clip)
        return Back("delete")
    if act == "delete":
        delete(actor=actor, clip=clip)
        return Back("restore")
    raise BadInput(_("the inbox has no act called %(act)s") % {"act": act})


def colleagues(asked: Question) -> list[Person]:
    """Return the people of the site's organisation who may sort this clip."""
    return asked.who_may(Action.TRIAGE)


def colleague(asked: Question, text: str) -> Person:
    """Return the colleague whose id a form gives. Raises BadInput, which names nobody: the id may be a stranger's."""
    for person in colleagues(asked):
        if str(person.pk) == text:
            return person
    raise BadInput(_("Nobody of that name may look after this clip."))


def set_triage(*, actor: Person, clip: Clip, triage: str) -> None:
    """Say what people have done about a clip. Raises Denied, and BadInput for an unknown word."""
    services.set_triage(actor=actor, clip_id=clip.pk, triage=triage, among=gate.visible_clips(actor, Action.TRIAGE))


def assign(*, actor: Person, clip: Clip, assignee: Person | None) -> None:
    """Say who looks after a clip; None: nobody. Raises Denied, and BadInput for somebody who may not see it."""
    if assignee is not None and not gate.may(assignee, Action.LIST, clip).allowed:
        raise BadInput(_("%(person)s may not see this clip.") % {"person": assignee})
    services.assign(actor=actor, clip_id=clip.pk, assignee=assignee, among=gate.visible_clips(actor, Action.ASSIGN))


def delete(*, actor: Person, clip: Clip) -> None:
    """Take a clip away, to be destroyed after the undo window. Raises Denied, and BadInput while it arrives."""
    services.delete(actor=actor, clip_id=clip.pk, among=gate.visible_clips(actor, Action.DELETE))


def restore(*, actor: Person, clip: Clip) -> None:
    """Bring a deleted clip back. Raises Denied, and BadInput when the window has passed."""
    services.restore(actor=actor, clip_id=clip.pk, among=gate.visible_clips(actor, Action.RESTORE))
