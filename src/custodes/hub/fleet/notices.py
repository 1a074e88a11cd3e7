"""Tell people what was done to the ways by which they sign in: at the next sign-in, on the settings page, by mail."""

import zoneinfo
from datetime import datetime, timedelta, tzinfo

from django.conf import settings
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from custodes.hub.fleet import mailroom
from custodes.hub.fleet.models import AccountNotice, Person

LISTED_FOR = timedelta(days=90)
Kind = AccountNotice.Kind


def tell(person: Person, kind: str, *, now: datetime) -> None:
    """Store a notice, and tell of it by mail and in browsers. Durable when the caller's transaction commits."""
    notice = AccountNotice.objects.create(person=person, kind=Kind(kind), at=now)
    with translation.override(person.language):
        text = _("%(what)s If that was not you, tell whoever runs the hub at once: %(address)s") % {
            "what": notice.get_kind_display(),
            "address": settings.HUB.base_url,
        }
        subject = _("%(hub)s: a change to your account") % {"hub": settings.HUB.name}
    mailroom.tell(person, subject=subject, text=text, path=reverse("portal:settings"))


def recent(person: Person, *, now: datetime) -> QuerySet[AccountNotice]:
    """Return what the settings page lists, newest first."""
    return AccountNotice.objects.filter(person=person, at__gt=now - LISTED_FOR).order_by("-at")


def say_unshown(request: HttpRequest, person: Person, *, now: datetime) -> None:
    """Put what this person has not been told yet on the next page."""
    unshown = AccountNotice.objects.filter(person=person, shown_at=None).order_by("at")
    # Said while they sign in: the request still speaks the browser's language, and the hub's time.
    with translation.override(person.language):
        for notice in unshown:
            at = timezone.localtime(notice.at, _zone(person))
            when = f"{date_format(at, 'j F Y')} {at:%H:%M}"  # no 11/12: which of them is the month?
            messages.warning(request, f"{when}: {notice.get_kind_display()}")
    unshown.update(shown_at=now)


def _zone(person: Person) -> tzinfo:
    first = person.memberships.select_related("organisation").order_by("since").first()
    name = person.time_zone or (first.organisation.time_zone if first else "")
    try:
        return zoneinfo.ZoneInfo(name) if name else timezone.get_default_timezone()
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return timezone.get_default_timezone()
