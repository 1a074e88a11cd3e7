"""How times, speeds and sizes are shown to one person."""

import re
import zoneinfo
from dataclasses import dataclass
from datetime import UTC, datetime

from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from custodes.core.clock import NS_PER_S
from custodes.core.rounding import whole
from custodes.hub.fleet.models import Organisation, Person, Site

MPH_PER_MPS = 3600 / 1609.344
"""Miles per hour in one metre per second; the international mile is 1609.344 m exactly (NIST SP 811, B.8)."""
KMH_PER_MPS = 3.6
M_PER_MILE = 1609.344
_POINT = re.compile(r"(?<=\d)\.(?=\d)")


@dataclass(frozen=True, slots=True)
class LocalTime:
    """One moment in one zone. `place` is the zone's city, as people say it."""

    moment: datetime
    zone_name: str

    @property
    def iso(self) -> str:
        """Return ISO 8601 with the offset, to the millisecond."""
        return self.moment.isoformat(timespec="milliseconds")

    @property
    def place(self) -> str:
        """Return the city of the zone: `Europe/Paris` is `Paris`."""
        return self.zone_name.rsplit("/", 1)[-1].replace("_", " ")

    @property
    def zone(self) -> str:
        """Return the zone as clocks write it: `GMT`, `CEST`, `+04`."""
        return self.moment.strftime("%Z")

    @property
    def exact(self) -> str:
        """Return date, time and zone in full, for a title."""
        offset = self.moment.strftime("%z")
        return f"{self.moment:%Y-%m-%d %H:%M:%S} {self.zone_name} (UTC{offset[:3]}:{offset[3:]})"


def zone_of(name: str) -> zoneinfo.ZoneInfo:
    """Return the zone called `name`, or UTC when there is none of that name."""
    try:
        return zoneinfo.ZoneInfo(name or "UTC")
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return zoneinfo.ZoneInfo("UTC")


def site_zone(site: Site) -> str:
    """Return the name of the zone in which a site's events are told."""
    return site.time_zone or site.organisation.time_zone or "UTC"


def person_zone(person: Person) -> str:
    """Return the name of the zone in which a person reads times that belong to no site."""
    if person.time_zone:
        return person.time_zone
    first = _first_organisation(person)
    return first.time_zone if first else "UTC"


def speed_unit(person: Person, organisation: Organisation) -> str:
    """Return the unit in which this person reads speed: their own choice, else the organisation's."""
    return person.speed_unit or organisation.speed_unit


def person_speed_unit(person: Person) -> str:
    """Return the unit in which a person reads speeds and ways that belong to no site."""
    first = None if person.speed_unit else _first_organisation(person)
    return first.speed_unit if first else person.speed_unit or Organisation.SpeedUnit.KMH


def _first_organisation(person: Person) -> Organisation | None:
    first = person.memberships.select_related("organisation").order_by("since").first()
    return first.organisation if first else None


def speed_words(speed_mps: float, unit: str) -> str:
    """Return a speed with its unit, rounded to a whole number."""
    if unit == Organisation.SpeedUnit.KMH:
        return f"{whole(speed_mps * KMH_PER_MPS)} km/h"
    return f"{whole(speed_mps * MPH_PER_MPS)} MPH"


def same_unit(said: str, unit: str) -> bool:
    """Say whether a unit's word for its unit of speed (`mph`, `km/h`) is the reader's."""
    return (said.lower() == "mph") == (unit != Organisation.SpeedUnit.KMH)


def speed_number(speed_mps: float, unit: str) -> str:
    """Return a speed without its unit, rounded to a whole number: for a second one beside `speed_words`."""
    return speed_words(speed_mps, unit).partition(" ")[0]


def distance_words(distance_m: float, unit: str) -> str:
    """Return a way in kilometres or miles, whichever go with the reader's unit of speed, to a tenth."""
    way = round(distance_m / distance_unit(unit)[1], 1)  # `number_format` would cut instead
    return f"{formats.number_format(way, 1)} {distance_unit(unit)[0]}"


def distance_unit(unit: str) -> tuple[str, float]:
    """Return the sign and the metres of the unit of distance that goes with a unit of speed."""
    return ("km", 1000.0) if unit == Organisation.SpeedUnit.KMH else ("mi", M_PER_MILE)


def figures(text: str) -> str:
    """Return text in which each decimal point stands as the reader's language writes it."""
    return _POINT.sub(formats.get_format("DECIMAL_SEPARATOR"), text)


def local_ns(wall_ns: int, zone_name: str) -> LocalTime:
    """Return nanoseconds since the epoch as a time in a zone."""
    moment = datetime.fromtimestamp(wall_ns / NS_PER_S, tz=UTC)
    return local(moment, zone_name)


def local(moment: datetime, zone_name: str) -> LocalTime:
    """Return an aware time in a zone."""
    return LocalTime(moment=moment.astimezone(zone_of(zone_name)), zone_name=zone_name or "UTC")


def relative(moment: datetime, now: datetime | None = None) -> str:
    """Return how long ago a moment was, in the largest unit that fits; the page keeps it current by itself.

    Nothing for a moment to come: the exact time beside it says it all.
    """
    seconds = round(((now or timezone.now()) - moment).total_seconds())
    if seconds < -60:
        return ""
    if seconds < 45:
        return _("just now")
    minutes = max(1, round(seconds / 60))
    if minutes < 60:
        return ngettext("%(n)d min ago", "%(n)d min ago", minutes) % {"n": minutes}
    hours = round(minutes / 60)
    if hours < 24:
        return ngettext("%(n)d h ago", "%(n)d h ago", hours) % {"n": hours}
    days = round(hours / 24)
    return ngettext("%(n)d day ago", "%(n)d days ago", days) % {"n": days}


def duration_words(seconds: float) -> str:
    """Return a length of time: `2.4 s`, `12 s`, `3 min 05 s`, `2 h 10 min`."""
    if seconds < 10 and not float(round(seconds, 1)).is_integer():
        return f"{formats.number_format(round(seconds, 1), decimal_pos=1)} s"
    if round(seconds) < 60:
        return f"{round(seconds)} s"
    total_s = round(seconds)
    if total_s < 3600:
        return f"{total_s // 60} min {total_s % 60:02d} s" if total_s % 60 else f"{total_s // 60} min"
    return f"{total_s // 3600} h {total_s % 3600 // 60:02d} min"


def period_words(minutes: int) -> str:
    """Return a length of time that somebody set, in the largest unit that gives a whole number of it."""
    if minutes % (24 * 60) == 0:
        return ngettext("%(n)d day", "%(n)d days", minutes // (24 * 60)) % {"n": minutes // (24 * 60)}
    if minutes % 60 == 0:
        return ngettext("%(n)d hour", "%(n)d hours", minutes // 60) % {"n": minutes // 60}
    return ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}


def size_words(size_bytes: int) -> str:
    """Return a size in decimal units, as disks are sold."""
    size = float(size_bytes)
    for unit, digits in ((_("B"), 0), (_("kB"), 0), (_("MB"), 1), (_("GB"), 1)):
        if size < 1000:
            return f"{formats.number_format(round(size, digits), digits)} {unit}"
        size /= 1000
    return formats.number_format(round(size, 1), 1) + " " + _("TB")
