"""Letters about alarms: to privacy officers when one is raised, to recorded people when they are told. No names.

They leave in the background and are kept in memory alone: whatever they say stands on a page as well.
"""

from collections.abc import Iterable

from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from custodes.hub.access.alarm_entries import Alarm
from custodes.hub.fleet import mailroom
from custodes.hub.fleet.models import Person


def to_officers(alarm: Alarm, officers: Iterable[Person]) -> None:
    """Send each officer but the watcher a note that an alarm waits, once the transaction is durable."""
    for officer in officers:
        if officer.pk == alarm.watcher_id:
            continue
        with translation.override(officer.language):
            sentence = _("somebody of %(organisation)s watched in a way that you wanted to hear of. Who, what and why:")
            mailroom.write(
                officer,
                subject=_("An alarm about watching waits for you"),
                sentence=sentence % {"organisation": alarm.organisation},
                path=reverse("portal:alarm", args=[alarm.pk]),
            )


def to_recorded(alarm: Alarm, people: Iterable[Person]) -> None:
    """Tell each of these recorded people that an alarm is about viewings of them, once the transaction is durable."""
    for person in people:
        with translation.override(person.language):
            sentence = _("an alarm about viewings of you was raised at %(organisation)s. What it is about:")
            mailroom.write(
                person,
                subject=_("Somebody watched clips of you in an unusual way"),
                sentence=sentence % {"organisation": alarm.organisation},
                path=reverse("portal:watched_me"),
            )
