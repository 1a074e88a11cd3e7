"""What an event is called in a list and above its page: who or what, by which lens, how fast."""

from collections.abc import Iterable
from uuid import UUID

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from custodes.hub.access import gate
from custodes.hub.access.decisions import Question
from custodes.hub.access.lists import Sight
from custodes.hub.access.requests import Action
from custodes.hub.clips.headline import Headline
from custodes.hub.clips.models import Clip
from custodes.hub.fleet.models import Person
from custodes.hub.portal import shown, words


def names_of(person: Person, clips: Iterable[Clip], seen: Sight | None = None) -> dict[UUID, str]:
    """Return what each clip is called to `person`: the same on every page, also while a deleted one can come back.

    `seen`: what they see, where a page has asked already.
    """
    asked, seen = {clip.pk: clip for clip in clips}, seen or gate.sight(person)
    gone = [clip for clip in asked.values() if clip.state == Clip.State.DELETED]
    found = gate.read_headlines(seen, asked.values()) | gate.read_headlines(seen, gone, action=Action.RESTORE)
    return {
        clip.pk: title(clip.kind, found.get(clip.pk), shown.speed_unit(person, clip.site.organisation))
        for clip in asked.values()
    }


def name_of(person: Person, asked: Question) -> str:
    """Return what the clip that a page asks about is called to `person`: as `names_of`."""
    headline = gate.read_headline(asked, *((Action.RESTORE,) if asked.clip.state == Clip.State.DELETED else ()))
    return title(asked.clip.kind, headline, shown.speed_unit(person, asked.clip.site.organisation))


def title(kind: str, headline: Headline | None, unit: str) -> str:
    """Return a few words for an event, speeds in `unit`; without a headline just what kind it is."""
    if headline is None:
        return str(words.kind_words(kind))
    if headline.speed_mps is not None and headline.limit_mps is not None:
        return _("%(speed)s where the limit is %(limit)s") % {
            "speed": shown.speed_words(headline.speed_mps, unit),
            "limit": shown.speed_number(headline.limit_mps, unit),
        }
    if headline.seen:
        seen = capfirst(str(words.class_words(headline.seen)))
        return _("%(what)s, %(lens)s camera") % {"what": seen, "lens": lens(headline)} if headline.lens else seen
    if headline.note:
        return _("%(kind)s: “%(note)s”") % {"kind": words.kind_words(kind), "note": headline.note}
    return str(words.kind_words(kind))


def speed(headline: Headline | None, unit: str) -> str:
    """Return how fast the vehicle was, where the title does not say it; else nothing."""
    if headline is None or headline.speed_mps is None or headline.limit_mps is not None:
        return ""
    return shown.speed_words(headline.speed_mps, unit)


def lens(headline: Headline) -> str:
    """Return where the lens looks, and its own name where that says more."""
    if headline.facing is None:
        return headline.lens
    looks = str(words.facing_words(headline.facing))
    return looks if headline.lens == headline.facing.value else f"{looks} ({headline.lens})"
