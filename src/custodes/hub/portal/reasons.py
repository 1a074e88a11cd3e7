"""Why there is a clip, in the reader's words and in one unit of speed: sentence, measured values, rule, notes.

Units say rules and notes in English, from a handful of patterns. Those are said again in the reader's language; what
a person wrote (a rule's own name), and what a newer unit says, stays as it came.
"""

import re
from dataclasses import dataclass

from django.utils.formats import number_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from custodes.core.wire import Manifest, WireEvidence
from custodes.hub.clips.headline import MPS_PER
from custodes.hub.clips.models import Clip
from custodes.hub.portal import shown, words

OTHER_UNITS = {"m/s2": "m/s²", "mps2": "m/s²"}
SPEED_RULE = re.compile(r"above ([\d.]+) (mph|km/h) for ([\d.]+) s \(limit ([\d.]+)\)")
PRESENCE_RULE = re.compile(r"([a-z]+(?: or [a-z]+)*)(?: in (.+))? for ([\d.]+) s")
FILM_NOTE = re.compile(r"film of (\S+) (.+)")
SECONDS = re.compile(r"([\d.]+) s\b")


@dataclass(frozen=True, slots=True)
class EvidenceLine:
    """One measured value beside what the rule asks for, in words."""

    name: str
    value: str
    asked: str


def why(manifest: Manifest, clip: Clip, unit: str) -> str:
    """Say in one sentence why there is a clip: from the evidence that the rule gave, else from its kind."""
    evidence = {one.name: one for one in manifest.event.evidence}
    kind = manifest.event.kind
    if kind == "presence" and "class" in evidence:
        return _seen(evidence)
    if kind == "speed" and {"speed", "limit"} <= evidence.keys():
        return _too_fast(evidence, unit)
    if kind == "mark":
        return _("Somebody at %(site)s pressed the button.") % {"site": clip.site.name}
    count = len(manifest.event.evidence)
    return ngettext(
        "The rule below decided on %(n)d measured value.", "The rule below decided on %(n)d measured values.", count
    ) % {"n": count}


def own_unit(manifest: Manifest, unit: str) -> str:
    """Return in which unit the rule counts where that is not the reader's, with its limit; else nothing."""
    limit = next((one for one in manifest.event.evidence if one.name == "limit" and one.unit.lower() in MPS_PER), None)
    if limit is None or isinstance(limit.value, str) or shown.same_unit(limit.unit, unit):
        return ""
    return _("The rule itself counts in %(unit)s: its limit is %(limit)s.") % {
        "unit": _unit_words(limit.unit),
        "limit": number(limit.value),
    }


def evidence(manifest: Manifest, unit: str) -> tuple[EvidenceLine, ...]:
    """Return the measured values, each beside what the rule asks for; a limit stands in the sentence already."""
    said_above = manifest.event.kind == "speed"
    return tuple(_line(one, unit) for one in manifest.event.evidence if not (said_above and one.name == "limit"))


def began(manifest: Manifest, unit: str, zone: str) -> str:
    """Return since when it was too fast: an event about speed begins only after some seconds of it. Else nothing."""
    facts = {one.name: one for one in manifest.event.evidence}
    above, speed, end_ns = facts.get("time above"), facts.get("speed"), manifest.event.end_wall_ns
    if manifest.event.kind != "speed" or above is None or speed is None or end_ns is None:
        return ""
    if isinstance(above.value, str) or not isinstance(above.threshold, int | float):
        return ""
    since = shown.local_ns(end_ns - round(above.value * 1e9), zone).moment
    return _("Too fast from %(since)s on, %(time)s in all. The event begins once it has lasted %(asked)s.") % {
        "since": f"{since:%H:%M:%S}",
        "time": f"{number(above.value)} s",
        "asked": f"{number(above.threshold)} s",
    }


def rule(text: str, unit: str) -> str:
    """Return a rule as the unit said it, in the reader's words where it is one of the patterns."""
    if found := SPEED_RULE.fullmatch(text):
        threshold, said, seconds, limit = found.groups()
        return _("above %(threshold)s for %(seconds)s s (limit %(limit)s)") % {
            "threshold": _speed(float(threshold), said, unit),
            "seconds": number(float(seconds)),
            "limit": _speed(float(limit), said, unit),
        }
    if found := PRESENCE_RULE.fullmatch(text):
        seen, where, seconds = found.groups()
        told = {"what": _alternatives(seen), "seconds": number(float(seconds)), "where": where}
        return _("%(what)s in %(where)s for %(seconds)s s") % told if where else _("%(what)s for %(seconds)s s") % told
    return _("marked by hand") if text == "marked by hand" else text


def of_the_clock(clip: Clip) -> tuple[str, ...]:
    """Return what the hub notes by itself where it does not believe when the clip was, or nothing."""
    if not clip.clock_doubt:
        return ()
    why = _("The camera's clock was wrong: %(why)s.") % {"why": clip.get_clock_doubt_display()}
    if clip.subject_id is None:
        return (why,)
    return (why, _("Who drove is therefore taken from when the clip came, where somebody drove then."))


def note(text: str) -> str:
    """Return a note as the unit said it, in the reader's words where it is one of the patterns."""
    found = FILM_NOTE.fullmatch(text)
    if not found:
        return text
    lens, rest = found.groups()
    ways = {
        "begins … late: there was none before": _("%(lens)s: the film begins %(time)s late; there was none before."),
        "begins … late: the disk holds none before": _(
            "%(lens)s: the film begins %(time)s late; the disk holds none before."
        ),
        "has a gap of …": _("%(lens)s: the film has a gap of %(time)s."),
        "ends early: the camera changed its picture": _(
            "%(lens)s: the film ends early; the camera changed its picture."
        ),
        "ends early: the camera was lost or changed its picture": _(
            "%(lens)s: the film ends early; the camera was lost or changed its picture."
        ),
        "ends early: the unit's clock was set back": _("%(lens)s: the film ends early; the unit's clock was set back."),
        "ends early: the source ended": _("%(lens)s: the film ends early; the source ended."),
        "was cut short: recording stopped before it was finished": _(
            "%(lens)s: the film was cut short; recording stopped before it was finished."
        ),
    }
    seconds = SECONDS.search(rest)
    way = ways.get(SECONDS.sub("…", rest))
    if way is None:
        return text
    time = f"{number(float(seconds.group(1)))} s" if seconds else ""
    return way % {"lens": capfirst(str(words.facing_words(lens))), "time": time}


def number(value: float) -> str:
    """Return a number as the reader's language writes it, with at most two decimals."""
    whole = float(value).is_integer()
    return number_format(int(value) if whole else round(value, 2), decimal_pos=None)


def _seen(facts: dict[str, WireEvidence]) -> str:
    seen = capfirst(str(words.class_words(str(facts["class"].value))))
    stayed = facts.get("stayed")
    if stayed and isinstance(stayed.value, int | float) and isinstance(stayed.threshold, int | float):
        return _("%(what)s in the picture for %(stayed)s s; the rule asks for %(wanted)s s.") % {
            "what": seen,
            "stayed": number(stayed.value),
            "wanted": number(stayed.threshold),
        }
    return _("%(what)s in the picture.") % {"what": seen}


def _too_fast(facts: dict[str, WireEvidence], unit: str) -> str:
    limit, speed = facts["limit"], facts["speed"]
    peak = facts.get("peak speed", speed)
    told = {
        "limit": _speed(limit.value, limit.unit, unit),
        "threshold": "" if speed.threshold is None else _speed(speed.threshold, speed.unit, unit),
        "reached": _speed(peak.value, peak.unit, unit),
    }
    if isinstance(limit.value, str) or not isinstance(speed.threshold, int | float) or limit.value < 1:
        return _("Limit %(limit)s, reached %(reached)s.") % told
    over = round((speed.threshold / limit.value - 1) * 100)
    if over <= 0:
        return _("Limit %(limit)s, alerts above it; reached %(reached)s.") % told
    return _("Limit %(limit)s, alerts from %(threshold)s (%(over)s %% over), reached %(reached)s.") % {
        **told,
        "over": over,
    }


def _line(one: WireEvidence, unit: str) -> EvidenceLine:
    asked = "" if one.threshold is None else _measured(one.threshold, one.unit, unit)
    if isinstance(one.threshold, int | float):
        pattern = _("over %(value)s") if one.unit.lower() in MPS_PER else _("at least %(value)s")
        if one.name in words.LESS_IS_GRAVER:
            pattern = _("less than %(value)s")
        asked = pattern % {"value": asked}
    return EvidenceLine(
        name=str(words.evidence_words(one.name)), value=_measured(one.value, one.unit, unit), asked=asked
    )


def _measured(value: float | str, said: str, unit: str) -> str:
    if isinstance(value, str):
        return _alternatives(value)
    if said.lower() in MPS_PER:
        return _speed(value, said, unit)
    return f"{number(value)} {OTHER_UNITS.get(said.lower(), said)}".strip()


def _speed(value: float | str, said: str, unit: str) -> str:
    """Return a speed in the reader's unit, whole, as the player and the lists show it."""
    if isinstance(value, str):
        return value
    return shown.speed_words(value * MPS_PER[said.lower()], unit)


def _unit_words(said: str) -> str:
    return "MPH" if said.lower() == "mph" else "km/h"


def _alternatives(value: str) -> str:
    return _(" or ").join(str(words.value_words(one)) for one in value.split(" or "))
