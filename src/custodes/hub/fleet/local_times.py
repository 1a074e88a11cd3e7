"""From a day and a time on somebody's wall clock to a moment, and what a clock change makes of that."""

import zoneinfo
from datetime import UTC, date, datetime, time, timedelta

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from custodes.core.errors import BadInput


class TwiceThatDay(BadInput):
    """The clocks go back and the time comes twice: somebody must say which is meant."""


def zone_named(name: str) -> zoneinfo.ZoneInfo:
    """Return the zone called `name`, or UTC when there is none of that name."""
    try:
        return zoneinfo.ZoneInfo(name or "UTC")
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return zoneinfo.ZoneInfo("UTC")


def moment_at(day: date, clock: time, zone: zoneinfo.ZoneInfo, *, second: bool | None = None) -> datetime:
    """Return the moment at which clocks in `zone` show `clock` on `day`, in UTC.

    `second`: of a time that comes twice, whether the second is meant. Raises TwiceThatDay when that is not said, and
    BadInput for a time that the clocks jump over or a day at the end of the calendar.
    """
    try:
        first = datetime.combine(day, clock, tzinfo=zone)
        moments = [first.astimezone(UTC), first.replace(fold=1).astimezone(UTC)]
        there = [one for one in moments if one.astimezone(zone).replace(tzinfo=None) == first.replace(tzinfo=None)]
    except OverflowError:
        raise BadInput(_("That day is beyond the calendar.")) from None
    shown = {"time": f"{clock:%H:%M}", "day": date_format(day, "SHORT_DATE_FORMAT")}
    if not there:
        raise BadInput(_("%(time)s does not exist on %(day)s: the clocks go forward then.") % shown)
    if len(set(there)) == 1:
        return there[0]
    if second is None:
        raise TwiceThatDay(_("%(time)s comes twice on %(day)s: the clocks go back then. Say which is meant.") % shown)
    return there[1] if second else there[0]


def nearest_at(day: date, clock: time, zone: zoneinfo.ZoneInfo) -> datetime:
    """Return that moment without asking: the first of two, and after a jump the time that the clocks jump to."""
    return datetime.combine(day, clock, tzinfo=zone).astimezone(UTC)


def day_bounds(day: date, zone: zoneinfo.ZoneInfo) -> tuple[datetime, datetime]:
    """Return the moments at which `day` begins and ends in `zone`; it has 23 to 25 hours."""
    return nearest_at(day, time.min, zone), nearest_at(day + timedelta(days=1), time.min, zone)


def said(moment: datetime, zone: zoneinfo.ZoneInfo) -> str:
    """Return a moment as a sentence tells it: day, time and, where the time comes twice, the zone's letters."""
    local = moment.astimezone(zone)
    words = date_format(local.replace(tzinfo=None), "D j M, H:i")
    twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    return f"{words} {local:%Z}" if twice else words
