"""The inbox: which clips a filter lets through, in which order, one page at a time."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from custodes.core.clock import NS_PER_S
from custodes.core.types import Severity
from custodes.hub.access import gate
from custodes.hub.access.lists import Sight
from custodes.hub.access.requests import Action
from custodes.hub.clips.models import Clip, Reading
from custodes.hub.fleet.models import Person
from custodes.hub.portal import scope, shown, words

PAGE_ROWS = 40
LOOK_BACK_CLIPS = (500, 10_000)
"""How many clips of the whole hub a page looks through for its rows before it asks for everything."""
COUNTED = 1000
"""A list with more says so: nobody reads the number, and counting them all would read every row."""
WAITING = "waiting"
ANY = "all"
DELETED = "deleted"
CHOICES = (
    (WAITING, _("Waiting")),
    (Clip.Triage.NEW, _("New")),
    (Clip.Triage.OPEN, _("Open")),
    (Clip.Triage.DONE, _("Done")),
    (Clip.Triage.DISMISSED, _("Dismissed")),
    (ANY, _("All")),
    (DELETED, _("Deleted, can be restored")),
)


@dataclass(frozen=True, slots=True)
class InboxFilter:
    """What the address asks for. Dates are days in the reader's zone, both ends included."""

    state: str = WAITING
    kind: str = ""
    site: str = ""
    severity: str = ""
    since: str = ""
    until: str = ""
    mine: str = ""
    unread: str = ""

    @classmethod
    def read(cls, query: QueryDict) -> "InboxFilter":
        """Read a filter from an address; a value that makes no sense is left out."""
        values = {f.name: query.get(f.name, "").strip()[:64] for f in fields(cls)}
        if values["state"] not in {value for value, _words in CHOICES}:
            values["state"] = WAITING
        if values["severity"] not in {s.value for s in Severity}:
            values["severity"] = ""
        if values["site"] and _uuid(values["site"]) is None:
            values["site"] = ""
        for name in ("since", "until"):
            if values[name] and _day(values[name]) is None:
                values[name] = ""
        for name in ("mine", "unread"):
            values[name] = "1" if values[name] else ""
        return cls(**values)

    def query(self) -> str:
        """Return the filter as an address carries it, without what is the default."""
        found = QueryDict(mutable=True)
        for part in fields(self):
            value = getattr(self, part.name)
            if value and not (part.name == "state" and value == WAITING):
                found[part.name] = value
        return found.urlencode()

    @property
    def narrows(self) -> bool:
        """Say whether anything but the state is asked for."""
        return any(getattr(self, f.name) for f in fields(self) if f.name != "state")


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page ended: keyset on onset, then id."""

    onset_wall_ns: int
    clip_id: uuid.UUID

    @classmethod
    def read(cls, text: str) -> "Cursor | None":
        """Read a cursor from an address; None when it is not one."""
        onset, _sep, clip = text.partition("_")
        clip_id = _uuid(clip)
        if not onset.isascii() or not onset.isdigit() or len(onset) > 19 or clip_id is None:
            return None
        return cls(int(onset), clip_id)

    def __str__(self) -> str:
        return f"{self.onset_wall_ns}_{self.clip_id}"


@dataclass(frozen=True, slots=True)
class Page:
    """Rows of one page, newest first, and where the next one begins."""

    clips: list[Clip]
    next_cursor: Cursor | None


def matching(person: Person, seen: Sight, wanted: InboxFilter) -> QuerySet[Clip]:
    """Return the clips that a person may see and that the filter lets through, each with `is_read`."""
    action = Action.RESTORE if wanted.state == DELETED else Action.LIST
    clips = seen.clips(action).filter(_state(wanted.state))
    clips = clips.select_related("site__organisation", "unit", "subject", "assignee")
    if wanted.kind:
        clips = clips.filter(kind=wanted.kind)
    if wanted.site:
        clips = clips.filter(site_id=wanted.site)
    if wanted.severity:
        clips = clips.filter(severity=wanted.severity)
    if wanted.mine:
        clips = clips.filter(assignee=person)
    clips = clips.filter(_days(wanted, shown.person_zone(person)))
    clips = clips.annotate(is_read=Exists(Reading.objects.filter(clip=OuterRef("pk"), person=person)))
    return clips.filter(is_read=False) if wanted.unread else clips


def touchable(person: Person) -> QuerySet[Clip]:
    """Return the clips that a person may list or may bring back: what a page must hear of when it changes."""
    seen = gate.sight(person)
    return seen.clips(Action.LIST) | seen.clips(Action.RESTORE)


def page(person: Person, seen: Sight, wanted: InboxFilter, before: Cursor | None) -> Page:
    """Read one page of rows after a cursor."""
    clips = matching(person, seen, wanted)
    if before:
        clips = clips.filter(
            Q(onset_wall_ns__lt=before.onset_wall_ns) | Q(onset_wall_ns=before.onset_wall_ns, pk__lt=before.clip_id)
        )
    rows = _newest(clips, before)
    more = len(rows) > PAGE_ROWS
    rows = rows[:PAGE_ROWS]
    return Page(rows, Cursor(rows[-1].onset_wall_ns, rows[-1].pk) if more else None)


def _newest(clips: QuerySet[Clip], before: Cursor | None) -> list[Clip]:
    """Return the newest rows of one page and one more, looking back in steps.

    Asked for everything at once, a database sorts all rows of a site for the forty newest; within a span of time the
    index on (site, onset) gives them as they lie. How far back a span reaches says the index on onset: so many clips
    of the whole hub.
    """
    newest = clips.order_by(F("onset_wall_ns").desc(), F("pk").desc())
    hub = Clip.objects.filter(onset_wall_ns__lte=before.onset_wall_ns) if before else Clip.objects.all()
    onsets = hub.order_by("-onset_wall_ns").values_list("onset_wall_ns", flat=True)
    for reach in LOOK_BACK_CLIPS:
        since_wall_ns = onsets[reach : reach + 1].first()
        if since_wall_ns is None:
            break  # the hub has no more than that
        rows = list(newest.filter(onset_wall_ns__gte=since_wall_ns)[: PAGE_ROWS + 1])
        if len(rows) > PAGE_ROWS:
            return rows
    return list(newest[: PAGE_ROWS + 1])


def count(person: Person, seen: Sight, wanted: InboxFilter) -> str:
    """Return how many clips the filter lets through: exact up to a thousand."""
    found = matching(person, seen, wanted).order_by()[: COUNTED + 1].count()
    return f"{COUNTED}+" if found > COUNTED else str(found)


def kinds(wanted: InboxFilter, clips: Iterable[Clip]) -> list[tuple[str, str]]:
    """Return the kinds of event that a filter can ask for, with their words: known ones and those on the page."""
    found = {*words.KINDS, *(clip.kind for clip in clips), *filter(None, [wanted.kind])}
    return sorted(((name, str(words.kind_words(name))) for name in found), key=lambda pair: pair[1])


def _state(state: str) -> Q:
    if state == DELETED:
        return Q(state=Clip.State.DELETED, erased_at=None)
    alive = ~Q(state=Clip.State.DELETED)
    if state == ANY:
        return alive
    if state == WAITING:
        return alive & Q(triage__in=scope.WAITING)
    return alive & Q(triage=state)


def _days(wanted: InboxFilter, zone_name: str) -> Q:
    found = Q()
    zone = shown.zone_of(zone_name)
    since, until = _day(wanted.since), _day(wanted.until)
    if since:
        found &= Q(onset_wall_ns__gte=_midnight_ns(since, zone))
    if until:
        found &= Q(onset_wall_ns__lt=_midnight_ns(until + timedelta(days=1), zone))
    return found


def _midnight_ns(day: date, zone: ZoneInfo) -> int:
    return round(datetime.combine(day, time.min, tzinfo=zone).timestamp()) * NS_PER_S


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if date(1971, 1, 1) <= found <= date(2200, 1, 1) else None


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
