"""Tell recorded people that somebody watched them: an outbox, filled with the view, emptied by the hub.

By mail, and by a word to the browsers in which they want it.
"""

import logging
from collections.abc import Collection
from dataclasses import dataclass
from smtplib import SMTPException
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMessage
from django.urls import reverse
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from custodes.core.clock import NS_PER_S
from custodes.hub.consent.models import ViewToTell
from custodes.hub.consent.topics import Topic
from custodes.hub.consent.words import topic_words
from custodes.hub.fleet import push_post
from custodes.hub.fleet.models import Membership, Person
from custodes.hub.fleet.names import on_one_line
from custodes.hub.fleet.times import moment_of

PEOPLE_A_SWEEP = 50
VIEWS_A_MAIL = 50
FIRST_PAUSE_NS = 30 * NS_PER_S
LONGEST_PAUSE_NS = 3600 * NS_PER_S
GIVE_UP_AFTER_NS = 7 * 24 * 3600 * NS_PER_S
NOWHERE = "django.core.mail.backends.dummy.EmailBackend"
ALWAYS_TOLD = frozenset({Topic.REVIEW, Topic.LEAK_CASE, Topic.TROUBLESHOOTING, Topic.TRAINING})
SHARED = "share"
"""The role of a view that a named person opened by a share. Never routine."""
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Watching:
    """One view, as the recorded person is told of it."""

    view_id: UUID
    clip_id: UUID
    watcher: str
    watcher_id: UUID | None
    """None: the named person of a share."""
    role: str
    purpose: str
    site: str
    opened_wall_ns: int


def is_routine(*, role: str, purpose: str) -> bool:
    """Say whether nobody expects a letter about this: a dispatcher handling an incident, or one's own footage."""
    if purpose in ALWAYS_TOLD or role == SHARED:
        return False
    return purpose == Topic.OWN or (role == Membership.Role.DISPATCHER and purpose == Topic.INCIDENT)


def tell(people: Collection[UUID], watching: Watching) -> None:
    """Put a letter to each of these people but the watcher into the outbox, unless the view is routine.

    Call it in the transaction that stores the view: there is neither without the other.
    """
    if is_routine(role=watching.role, purpose=watching.purpose):
        return
    ViewToTell.objects.bulk_create(
        ViewToTell(
            person_id=person,
            view_id=watching.view_id,
            clip_id=watching.clip_id,
            watcher=watching.watcher[:254],
            role=watching.role,
            purpose=watching.purpose,
            site=watching.site,
            opened_wall_ns=watching.opened_wall_ns,
        )
        for person in people
        if person != watching.watcher_id
    )


def send_due(*, now_ns: int) -> int:
    """Send what waits, one mail a person; return how many mails went out. A mail that fails waits, longer each time."""
    due = ViewToTell.objects.filter(sent_at=None, given_up_at=None, try_after_ns__lte=now_ns)
    people = Person.objects.filter(pk__in=due.order_by().values("person_id"))[:PEOPLE_A_SWEEP]
    sent = 0
    for person in people:
        waiting = list(due.filter(person=person).order_by("opened_wall_ns", "pk")[:VIEWS_A_MAIL])
        sent += _send(person, waiting, now_ns)
    return sent


def _send(person: Person, waiting: list[ViewToTell], now_ns: int) -> bool:
    rows = ViewToTell.objects.filter(pk__in=[one.pk for one in waiting])
    now = moment_of(now_ns)
    if any(one.tries == 0 for one in waiting):
        push_post.knock(person, path=reverse("portal:watched_me"), now_ns=now_ns)
    if settings.EMAIL_BACKEND == NOWHERE or not person.is_active:
        rows.update(given_up_at=now)
        return False
    try:
        letter(person, waiting).send()
    except (OSError, SMTPException) as error:
        late = now_ns - waiting[0].opened_wall_ns > GIVE_UP_AFTER_NS
        pause_ns = min(LONGEST_PAUSE_NS, FIRST_PAUSE_NS << min(waiting[0].tries, 20))
        log.warning("mail about %d views to %s: %s%s", len(waiting), person.pk, error, "; given up" if late else "")
        rows.update(tries=waiting[0].tries + 1, try_after_ns=now_ns + pause_ns, given_up_at=now if late else None)
        return False
    rows.update(sent_at=now)
    return True


def role_words(role: str) -> str:
    """Return what somebody was who watched, in words."""
    return _("by a share") if role == SHARED else str(dict(Membership.Role.choices).get(role, role))


def letter(person: Person, views: list[ViewToTell]) -> EmailMessage:
    """Return the mail in the person's language: who, as what, when, at which site, for what; no picture, no place."""
    with translation.override(person.language):
        count = len(views)
        subject = ngettext("Somebody watched a clip of you", "%(n)d viewings of clips of you", count) % {"n": count}
        lines = [_("Hello %(name)s,") % {"name": person}, "", _("you are on film in what was watched:"), ""]
        for one in views:
            moment = moment_of(one.opened_wall_ns)
            lines.append(
                _("- %(when)s UTC, %(site)s: %(who)s (%(role)s), purpose: %(purpose)s")
                % {
                    "when": f"{date_format(moment, 'j F Y')} {moment:%H:%M}",
                    "site": on_one_line(one.site),
                    "who": on_one_line(one.watcher),
                    "role": role_words(one.role),
                    "purpose": topic_words(one.purpose),
                }
            )
        lines += ["", _("All viewings, with reasons and proofs, and what you can do about them:")]
        lines += [f"{settings.HUB.base_url}{reverse('portal:watched_me')}", ""]
        lines.append(_("You get this because the hub tells everybody who is recorded. Nobody can turn it off for you."))
        return EmailMessage(subject=subject, body="\n".join(lines), to=[person.email])
