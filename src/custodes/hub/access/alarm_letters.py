"""Letters about alarms: to privacy officers when one is raised, to recorded people when they are told. No names.

They leave in the background and are kept in memory alone: whatever they say stands on a page as well.
"""

from collections.abc import Iterable

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from custodes.hub.access.models import Alarm
from custodes.hub.fleet import mailroom
from custodes.hub.fleet.models import Person


def to_officers(alarm: Alarm, officers: Iterable[Person]) -> None:
    """Send each officer but the watcher a note that an alarm waits, once the transaction is durable."""
    for officer in officers:
        if officer.pk == alarm.watcher_id:
            continue
        with translation.override(officer.language):
            subject = _("An alarm about watching waits for you")
            lines = [
                _("Hello %(name)s,") % {"name": officer},
                "",
                _("somebody of %(organisation)s watched in a way that you wanted to hear of. Who, what and why:")
                % {"organisation": alarm.organisation},
                f"{settings.HUB.base_url}{reverse('portal:alarm', args=[alarm.pk])}",
            ]
        _send(officer, subject, lines)


def to_recorded(alarm: Alarm, people: Iterable[Person]) -> None:
    """Tell each of these recorded people that an alarm is about viewings of them, once the transaction is durable."""
    for person in people:
        with translation.override(person.language):
            subject = _("Somebody watched clips of you in an unusual way")
            lines = [
                _("Hello %(name)s,") % {"name": person},
                "",
                _("an alarm about viewings of you was raised at %(organisation)s. What it is about:")
                % {"organisation": alarm.organisation},
                f"{settings.HUB.base_url}{reverse('portal:watched_me')}",
            ]
        _send(person, subject, lines)


def _send(person: Person, subject: str, lines: list[str]) -> None:
    text, to = "\n".join(lines), person.email
    transaction.on_commit(lambda: mailroom.send(subject=subject, text=text, to=to))
