"""Sessions: begun by a sign-in, ended by hand, by silence or by age. The server keeps the time, not the cookie."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.db.models import QuerySet
from django.http import HttpRequest

from custodes.hub import proxies
from custodes.hub.audit import ledger
from custodes.hub.fleet.models import OpenSession, Person
from custodes.hub.fleet.push_models import PushBrowser
from custodes.hub.fleet.times import moment_of, wall_ns_of

KEY = "open_session"
SEEN_EVERY = timedelta(minutes=1)
"""How exactly `seen_at` is kept: a write for every page would cost more than the page."""


@dataclass(frozen=True, slots=True)
class Left:
    """How long a session has (s): until it ends by silence, and until it ends whatever is done."""

    idle_s: int
    whole_s: int


def begin(request: HttpRequest, person: Person, *, now: datetime) -> OpenSession:
    """Store a session that begins now, and name it in the request's session."""
    address, browser = _origin(request)
    row = OpenSession.objects.create(person=person, began_at=now, seen_at=now, address=address, browser=browser)
    request.session[KEY] = row.pk
    return row


def find(session: SessionBase, person: Person, *, now: datetime) -> OpenSession | None:
    """Return the open session of `person` that this cookie stands for; None when it was ended or has run out."""
    row = OpenSession.objects.filter(pk=session.get(KEY) or 0, person=person).first()
    if row is None or min(left(row, now=now).idle_s, left(row, now=now).whole_s) <= 0:
        return None
    return row


def still_open(person: Person, *, now: datetime) -> bool:
    """Return whether the session by which `person` asks has not ended meanwhile. True where none stands for them."""
    if person.open_session is None:
        return True
    row = OpenSession.objects.filter(pk=person.open_session).first()
    return row is not None and left(row, now=now).idle_s > 0


def left(row: OpenSession, *, now: datetime) -> Left:
    """Return how long a session has."""
    idle = row.seen_at + timedelta(minutes=settings.HUB.sign_in.idle_minutes) - now
    whole = row.began_at + timedelta(hours=settings.HUB.sign_in.session_hours) - now
    return Left(idle_s=int(min(idle, whole).total_seconds()), whole_s=int(whole.total_seconds()))


def touch(row: OpenSession, request: HttpRequest, *, now: datetime) -> None:
    """Note that its person did something, and from where."""
    origin = _origin(request)
    if now - row.seen_at >= SEEN_EVERY or (row.address, row.browser) != origin:
        row.seen_at, (row.address, row.browser) = now, origin
        row.save(update_fields=["seen_at", "address", "browser"])


def of(person: Person, *, now: datetime) -> QuerySet[OpenSession]:
    """Return the sessions of `person` that have not run out, the last used first."""
    idle = now - timedelta(minutes=settings.HUB.sign_in.idle_minutes)
    whole = now - timedelta(hours=settings.HUB.sign_in.session_hours)
    return OpenSession.objects.filter(person=person, seen_at__gt=idle, began_at__gt=whole).order_by("-seen_at")


def end_others(
    person: Person, *, keep: int | None, now: datetime, only: int | None = None, by_command: bool = False
) -> int:
    """End the sessions of `person` but `keep`, or `only` one of them; return how many. An entry in the ledger."""
    ended = drop(person, keep=keep, only=only)
    if ended:
        body = {"person": person.pk, "sessions": ended, "by": None if by_command else person.pk}
        ledger.append(kind="sessions.ended", body=body, now_ns=wall_ns_of(now))
    return ended


def drop(person: Person, *, keep: int | None, only: int | None = None) -> int:
    """Delete the sessions of `person` but `keep`, or `only` one of them: each ends at its next request.

    Browsers that got notices get none any more: whoever held such a session may have turned them on in theirs.
    """
    PushBrowser.objects.filter(person=person).delete()
    rows = OpenSession.objects.filter(person=person)
    if keep is not None:
        rows = rows.exclude(pk=keep)
    if only is not None:
        rows = rows.filter(pk=only)
    return rows.delete()[0]


def forget_ended(*, now_ns: int) -> int:
    """Delete the rows of sessions that have run out; return how many."""
    whole = moment_of(now_ns) - timedelta(hours=settings.HUB.sign_in.session_hours)
    return OpenSession.objects.filter(began_at__lte=whole).delete()[0]


def _origin(request: HttpRequest) -> tuple[str | None, str]:
    return proxies.address_of(request) or None, request.headers.get("User-Agent", "")[:200]
