"""Letters about shares: the link to the named person, the question to whoever is recorded. No picture, no place.

They leave in the background and are kept in memory alone: whatever they say stands on a page as well.
"""

from collections.abc import Callable, Collection
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from custodes.hub.access import share_states
from custodes.hub.access.models import Share
from custodes.hub.fleet import mailroom
from custodes.hub.fleet.models import Person
from custodes.hub.fleet.names import on_one_line


def link_of(token: str) -> str:
    """Return a share's link. What stands behind `#` no server and no log ever sees."""
    return f"{settings.HUB.base_url}{reverse('portal:shared')}#{token}"


def goes_by_mail() -> bool:
    """Say whether links reach the named person by mail, and nobody else."""
    return share_states.goes_by_mail()


def after_making(share: Share, token: str, *, asked: Collection[UUID], now: datetime) -> None:
    """Send the question to those who are asked, or, where nobody has to be, the link to the named person."""
    for person in Person.objects.filter(pk__in=asked):
        transaction.on_commit(lambda person=person: _ask(share, person))  # type: ignore[misc]  # its own default
    if not share_states.is_outside(share, now=now) or share_states.is_released(share):
        transaction.on_commit(lambda: send_link(share, token))


def after_release(share: Share, new_token: Callable[[], str]) -> None:
    """Send the named person a link that opens now. Without mail whoever shared makes one on the clip's page."""
    if goes_by_mail():
        token = new_token()
        transaction.on_commit(lambda: send_link(share, token))


def send_link(share: Share, token: str) -> None:
    """Send the named person their link, in the language that was chosen for them."""
    with translation.override(share.language):
        lines = [
            _("Hello %(name)s,") % {"name": on_one_line(share.recipient_name)},
            "",
            _("%(who)s of %(organisation)s shares a film with you, until %(end)s, for %(n)d viewings. Reason: %(why)s")
            % {
                "who": share.made_by,
                "organisation": share.clip.site.organisation,
                "end": date_format(share.ends_at, "j F Y"),
                "n": share.max_views,
                "why": on_one_line(share.reason),
            },
            "",
            link_of(token),
            "",
            _("It is for you alone and works once, in the browser in which you open it first."),
            _("Every viewing is recorded under your name and shown to whoever is on film."),
        ]
        subject = _("%(who)s shares a film with you") % {"who": share.made_by}
    mailroom.send(subject=subject, text="\n".join(lines), to=share.recipient_email)


def _ask(share: Share, person: Person) -> None:
    with translation.override(person.language):
        lines = [
            _("Hello %(name)s,") % {"name": person},
            "",
            _("%(who)s wants to show a clip of you to somebody outside: %(name)s (%(email)s). Reason: %(why)s")
            % {
                "who": share.made_by,
                "name": on_one_line(share.recipient_name),
                "email": share.recipient_email,
                "why": on_one_line(share.reason),
            },
            *(
                []
                if share.masked
                else [_("Heads of people are shown in it. %(why)s") % {"why": on_one_line(share.bare_reason)}]
            ),
            _("They see nothing unless you say yes, and nothing more once you take it back:"),
            f"{settings.HUB.base_url}{reverse('portal:watched_me')}",
        ]
        subject = _("May a clip of you be shown to somebody outside?")
    mailroom.tell(person, subject=subject, text="\n".join(lines), path=reverse("portal:watched_me"))
