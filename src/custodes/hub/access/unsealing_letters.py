"""Letters about originals: to those who may say yes or review, and to who asked. Recorded people are not named."""

from collections.abc import Iterable

from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from custodes.hub.access.models import Unsealing
from custodes.hub.fleet import mailroom
from custodes.hub.fleet.models import Person
from custodes.hub.fleet.names import on_one_line


def to_approvers(unsealing: Unsealing, people: Iterable[Person]) -> None:
    """Ask each of these people for a yes or a no, or for the review of an emergency, once it is durable."""
    for person in people:
        with translation.override(person.language):
            asks = _("Somebody asks for an unmarked original")
            subject = _("Emergency access: please review it") if unsealing.is_glass else asks
            why = _("%(who)s gives this reason: %(why)s") % {
                "who": unsealing.asked_by,
                "why": on_one_line(unsealing.reason),
            }
        _send(person, subject, why)


def to_asker(unsealing: Unsealing) -> None:
    """Tell who asked what became of it."""
    with translation.override(unsealing.asked_by.language):
        subject = _("Somebody has answered what you asked for")
        became = f"{unsealing.get_state_display()}. {on_one_line(unsealing.words)}".strip()
    _send(unsealing.asked_by, subject, became)


def _send(person: Person, subject: str, what: str) -> None:
    with translation.override(person.language):
        mailroom.write(person, subject=subject, sentence=what, path=reverse("portal:originals"))
