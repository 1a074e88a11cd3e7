"""Alarms in words and as a picture: what was unusual, and when each viewing was opened."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from custodes.core.clock import NS_PER_S
from custodes.hub.access.alarm_entries import Alarm
from custodes.hub.access.models import View
from custodes.hub.access.snooping import DAY_NS, MINUTE_NS, Limits, Pattern, Viewing, is_night
from custodes.hub.portal import shown

WIDTH, TOP, LANE, LEFT = 720, 20, 26, 150
MOST_LANES = 8
MARKS = 5


@dataclass(frozen=True, slots=True)
class Dot:
    """One viewing in the picture: where it stands, and what it says."""

    x: float
    y: float
    says: str
    night: bool


@dataclass(frozen=True, slots=True)
class Picture:
    """The viewings of one alarm along the time, a lane for each recorded person; night is shaded."""

    width: int
    height: int
    lanes: tuple[tuple[str, float], ...]
    dots: tuple[Dot, ...]
    nights: tuple[tuple[float, float], ...]
    """Where a night begins in the picture, and how wide it is."""
    marks: tuple[tuple[float, str], ...]
    """Where a time is written below, and what."""


def title(alarm: Alarm) -> str:
    """Return what an alarm is about, in few words."""
    return {
        Pattern.MANY: _("Many clips fast"),
        Pattern.OFF_HOURS: _("At night"),
        Pattern.SAME_PERSON: _("The same person again and again"),
        Pattern.AGAIN: _("One clip again and again"),
        Pattern.OUTSIDE: _("Sites of others"),
        Pattern.BREAK_GLASS: _("Emergency access"),
    }[alarm.about.pattern]


def sentence(alarm: Alarm) -> str:
    """Say in one sentence what was unusual, with the limit beside it."""
    within = _within(alarm.window_ns)
    return {
        Pattern.MANY: _("%(n)d different clips or more were opened within %(within)s."),
        Pattern.OFF_HOURS: _("%(n)d different clips or more were opened in one night, by the clock of the site."),
        Pattern.SAME_PERSON: _(
            "%(n)d different clips or more of the same person were opened within %(within)s, far more than of others."
        ),
        Pattern.AGAIN: _("The same clip was opened %(n)d times or more within %(within)s."),
        Pattern.OUTSIDE: _(
            "%(n)d clips or more were opened within %(within)s of sites with which the watcher has nothing to do."
        ),
        Pattern.BREAK_GLASS: _("Somebody opened what the rules refuse, and gave an emergency as the reason."),
    }[alarm.about.pattern] % {"n": alarm.bound, "within": within}


def picture(views: Sequence[View], limits: Limits, zone: str, lane_of: Mapping[UUID, str]) -> Picture:
    """Draw viewings along their time. `lane_of`: who is recorded, by clip."""
    lanes = sorted({lane_of[view.clip_id] for view in views})[:MOST_LANES]
    first, last = views[0].opened_at, views[-1].opened_at
    span = max(last - first, timedelta(minutes=1))
    begin, width = first - span * 0.04, span * 1.08

    def x_of(moment: datetime) -> float:
        return round(LEFT + (moment - begin) / width * (WIDTH - LEFT), 1)

    def y_of(lane: str) -> float:
        at = lanes.index(lane) if lane in lanes else len(lanes) - 1
        return TOP + LANE * at + LANE / 2

    dots = tuple(
        Dot(
            x=x_of(view.opened_at),
            y=y_of(lane_of[view.clip_id]),
            says=f"{shown.local(view.opened_at, zone).moment:%Y-%m-%d %H:%M} · {view.clip.site.name}",
            night=is_night(_viewing(view), limits),
        )
        for view in views
    )
    height = TOP + LANE * len(lanes) + 28
    marks = tuple(
        (x_of(moment), _mark(moment, zone, span)) for moment in (first + span * n / (MARKS - 1) for n in range(MARKS))
    )
    nights = tuple(_nights(begin, begin + width, limits, zone, x_of)) if span < timedelta(days=15) else ()
    return Picture(WIDTH, height, tuple((lane, y_of(lane)) for lane in lanes), dots, nights, marks)


def _nights(
    begin: datetime, end: datetime, limits: Limits, zone: str, x_of: Callable[[datetime], float]
) -> Iterator[tuple[float, float]]:
    midnight = begin.astimezone(shown.zone_of(zone)).replace(hour=0, minute=0, second=0, microsecond=0)
    night_m = (limits.night_to_minute - limits.night_from_minute) % 1440
    for day in range(-1, (end - begin).days + 3):
        start = midnight + timedelta(days=day, minutes=limits.night_from_minute)
        left, right = max(start, begin), min(start + timedelta(minutes=night_m), end)
        if left < right:
            yield x_of(left), round(x_of(right) - x_of(left), 1)


def _mark(moment: datetime, zone: str, span: timedelta) -> str:
    local = shown.local(moment, zone).moment
    return f"{local:%H:%M}" if span < timedelta(hours=20) else f"{local:%d.%m. %H:%M}"


def _viewing(view: View) -> Viewing:
    site = view.clip.site
    opened_ns = round(view.opened_at.timestamp()) * NS_PER_S
    return Viewing(view.pk, view.clip_id, opened_ns, time_zone=site.time_zone or site.organisation.time_zone)


def _within(window_ns: int) -> str:
    if window_ns >= DAY_NS:
        days = window_ns // DAY_NS
        return ngettext("%(n)d day", "%(n)d days", days) % {"n": days}
    minutes = window_ns // MINUTE_NS
    return ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}
