"""Tags of the portal's templates: icons, times, words with shapes, the navigation."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django import template
from django.templatetags.static import static
from django.utils.formats import date_format, number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from custodes.hub.audit import past
from custodes.hub.clips.models import Clip
from custodes.hub.consent.telling import SHARED, role_words
from custodes.hub.consent.words import topic_words
from custodes.hub.fleet.models import Site
from custodes.hub.portal import scope, shown, words

register = template.Library()
_SPEED = re.compile(r"\d{1,4}(\.\d{1,3})? m/s")

STATE_SHAPES = {
    Clip.State.RECEIVING: ("wait", "plain"),
    Clip.State.PROCESSING: ("wait", "plain"),
    Clip.State.READY: ("good", "good"),
    Clip.State.QUARANTINED: ("warning", "warning"),
    Clip.State.DELETED: ("off", "bad"),
}
TRIAGE_SHAPES = {
    Clip.Triage.NEW: ("new", "act"),
    Clip.Triage.OPEN: ("open", "act"),
    Clip.Triage.DONE: ("good", "good"),
    Clip.Triage.DISMISSED: ("off", "plain"),
}


@register.simple_tag
def icon(name: str, css: str = "") -> SafeString:
    """Draw one picture of the sprite; it says nothing to a screen reader, so that its neighbour must."""
    address = f"{static('portal/icons.svg')}#{name}"
    return format_html('<svg class="icon {}" aria-hidden="true"><use href="{}"/></svg>', css, address)


@register.simple_tag
def tag(shape: str, css: str, text: object) -> SafeString:
    """Write a word with its shape and colour."""
    address = f"{static('portal/icons.svg')}#shape-{shape}"
    return format_html(
        '<span class="tag {}"><svg class="shape" aria-hidden="true"><use href="{}"/></svg>{}</span>', css, address, text
    )


@register.simple_tag
def severity_tag(severity: str) -> SafeString:
    """Write a severity as shape, word and colour."""
    css = "note-severity" if severity == "note" else severity
    return tag(severity, css, words.severity_words(severity))


@register.simple_tag
def state_tag(clip: Clip) -> SafeString:
    """Write where a clip stands: people's word once it is ready, the hub's until then."""
    if clip.state == Clip.State.READY:
        shape, css = TRIAGE_SHAPES[Clip.Triage(clip.triage)]
        return tag(shape, css, clip.get_triage_display())
    shape, css = STATE_SHAPES[Clip.State(clip.state)]
    return tag(shape, css, clip.get_state_display())


@register.simple_tag
def kind(name: str) -> str:
    """Write what people call a kind of event."""
    return str(words.kind_words(name))


@register.simple_tag
def facing(name: str) -> str:
    """Write where a lens looks."""
    return str(words.facing_words(name))


@register.simple_tag
def purpose(name: str, role: str = "") -> str:
    """Write why somebody watches; `role` "share": as whoever was shared with."""
    return str(words.shared_purpose_words(name) if role == SHARED else words.purpose_words(name))


@register.simple_tag
def topic_name(name: str) -> str:
    """Write what people call a topic of consent."""
    return topic_words(name)


@register.simple_tag
def role_name(name: str) -> str:
    """Write what a person was there."""
    return role_words(name)


@register.simple_tag
def lost_because(reason: str) -> str:
    """Write why footage could not be kept."""
    return str(words.tombstone_words(reason))


@register.simple_tag
def event_time(clip: Clip) -> SafeString:
    """Write a clip's onset: relative, and exact in the site's zone, with the zone on hover."""
    return _time(shown.local_ns(clip.onset_wall_ns, shown.site_zone(clip.site)), seconds=True)


@register.simple_tag
def site_time(wall_ns: int, site: Site) -> SafeString:
    """Write a moment at a site, in its zone."""
    return _time(shown.local_ns(wall_ns, shown.site_zone(site)), seconds=True)


@register.simple_tag
def when_ns(wall_ns: int, zone_name: str) -> SafeString:
    """Write a moment: relative, and exact to the second in a zone."""
    return _time(shown.local_ns(wall_ns, zone_name), seconds=True)


@register.simple_tag
def clock_ns(wall_ns: int, zone_name: str) -> SafeString:
    """Write only the time of day of a moment, with the rest on hover."""
    local = shown.local_ns(wall_ns, zone_name)
    return format_html('<time datetime="{}" title="{}">{}</time>', local.iso, local.exact, f"{local.moment:%H:%M:%S}")


@register.simple_tag
def short_day(day: date) -> str:
    """Write a day as lists do: `Mon 23 Nov`."""
    return date_format(day, pgettext("short day, in letters of the date filter", "D j M"))


@register.simple_tag
def when(moment: datetime | None, zone_name: str = "UTC") -> SafeString:
    """Write an aware time: relative, and exact in a zone; `never` when there is none."""
    if moment is None:
        return format_html('<span class="muted">{}</span>', _("never"))
    return _time(shown.local(moment, zone_name), seconds=False)


def _time(local: shown.LocalTime, *, seconds: bool) -> SafeString:
    clock = f"{local.moment:%H:%M:%S}" if seconds else f"{local.moment:%H:%M}"
    day = date_format(local.moment.replace(tzinfo=None), pgettext("short day, in letters of the date filter", "D j M"))
    return format_html(
        '<time class="when" datetime="{}" title="{}"><span class="ago" data-ago>{}</span> '
        '<span class="exact">{} {} <span class="zone">{}</span></span></time>',
        local.iso,
        local.exact,
        shown.relative(local.moment),
        day,
        clock,
        local.zone,
    )


@register.simple_tag(takes_context=True)
def evidence_value(context: dict[str, Any], value: str, site: Site) -> str:
    """Return a measured value of an event as people read it: speeds in the reader's unit."""
    if _SPEED.fullmatch(value):
        return shown.speed_words(float(value.removesuffix(" m/s")), _speed_unit(context, site))
    return str(words.VALUES.get(value) or shown.figures(value))


@register.simple_tag
def evidence_name(name: str) -> str:
    """Write what a measured value is called."""
    return str(words.evidence_words(name))


@register.simple_tag(takes_context=True)
def distance(context: dict[str, Any], distance_m: float, site: Site) -> str:
    """Write a way in the reader's unit."""
    return shown.distance_words(distance_m, _speed_unit(context, site))


def _speed_unit(context: dict[str, Any], site: Site) -> str:
    person = scope.person_of(context["request"])
    return shown.speed_unit(person, site.organisation) if person else site.organisation.speed_unit


@register.filter
def figures(text: object) -> str:
    """Write a text with the decimal points of the reader's language."""
    return shown.figures(str(text))


@register.filter
def unlocal(value: float) -> str:
    """Write a number as a drawing needs it, whatever the reader's language."""
    return f"{value:g}"


@register.filter
def called(clip: Clip, names: Mapping[UUID, str]) -> str:
    """Write what a clip is called on every page (`headings.names_of`)."""
    return names.get(clip.pk) or str(words.kind_words(clip.kind))


@register.filter
def size(value: int | None) -> str:
    """Write a number of bytes."""
    return shown.size_words(value or 0)


@register.filter
def seconds(value: float | None) -> str:
    """Write a length of time given in seconds."""
    return shown.duration_words(value or 0)


@register.filter
def thousandth(value: int) -> float:
    """Return milliseconds as seconds."""
    return value / 1000


@register.filter
def figure(value: str) -> str:
    """Write a number that a program writes (`0.5`) as the reader's language does (`0,5`)."""
    return number_format(Decimal(value))


@register.filter
def short_hash(value: str) -> str:
    """Write the first seven letters of a hash."""
    return value[:7]


@register.simple_tag(takes_context=True)
def rights_are_refused(context: dict[str, Any]) -> bool:
    """Say whether lists are empty and links dead because the ledger is not as the hub wrote it (`past`)."""
    return context["request"].user.is_authenticated and not past.is_readable()


@register.inclusion_tag("portal/_nav.html", takes_context=True)
def nav(context: dict[str, Any]) -> dict[str, Any]:
    """Draw the one column of navigation for the person who is signed in."""
    from custodes.hub.portal.frame import navigation

    return navigation(context["request"])
