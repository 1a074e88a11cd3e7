"""A clip's manifest as the clip page tells it: why, how long, where, by which model."""

from dataclasses import dataclass

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from custodes.core.clock import NS_PER_S
from custodes.core.wire import Manifest, WireEvidence, WireLens, WireModelIdentity, WireSample
from custodes.hub.clips.models import Clip
from custodes.hub.portal import words

UNITS = {"mph": "MPH", "kmh": "km/h", "mps": "m/s", "m/s2": "m/s²", "mps2": "m/s²"}


@dataclass(frozen=True, slots=True)
class EvidenceLine:
    """One measured value beside its limit, both with their unit, in words."""

    name: str
    value: str
    threshold: str


@dataclass(frozen=True, slots=True)
class LensLine:
    """One lens of a clip, as the page lays it out."""

    lens: str
    facing: str
    part: str
    codec: str
    width_px: int
    height_px: int
    duration_s: float
    film_bytes: int
    has_sound: bool


@dataclass(frozen=True, slots=True)
class FilmFacts:
    """What the clip page says about a film before a script runs."""

    lenses: tuple[LensLine, ...]
    rule: str
    why: str
    evidence: tuple[EvidenceLine, ...]
    models: tuple[WireModelIdentity, ...]
    policy_version: str
    software: str
    notes: tuple[str, ...]
    kept_s: float
    place: str
    places: bool
    speeds: bool
    accels: bool
    has_sound: bool
    same_facing: bool


def tell(manifest: Manifest, clip: Clip) -> FilmFacts:
    """Turn a manifest into what the page says."""
    lenses = tuple(_lens(one) for one in manifest.lenses)
    at_onset = _nearest(manifest, manifest.event.onset_wall_ns)
    placed = [one for one in manifest.samples if one.lat_deg is not None and one.lon_deg is not None]
    return FilmFacts(
        lenses=lenses,
        rule=manifest.event.rule,
        why=_why(manifest, clip),
        evidence=tuple(_evidence(one) for one in manifest.event.evidence),
        models=tuple(manifest.models),
        policy_version=manifest.policy_version,
        software=manifest.software,
        notes=tuple(manifest.notes),
        kept_s=(manifest.kept_end_wall_ns - manifest.kept_start_wall_ns) / NS_PER_S,
        place=f"{at_onset.lat_deg:.5f}, {at_onset.lon_deg:.5f}" if at_onset else "",
        places=len(placed) > 1,
        speeds=any(one.speed_mps is not None for one in manifest.samples),
        accels=any(one.accel_mps2_xyz for one in manifest.samples),
        has_sound=any(one.has_sound for one in lenses),
        same_facing=len({one.facing for one in lenses}) < len(lenses),
    )


def _lens(lens: WireLens) -> LensLine:
    return LensLine(
        lens=lens.lens,
        facing=lens.facing.value,
        part=lens.part,
        codec=lens.codec,
        width_px=lens.width_px,
        height_px=lens.height_px,
        duration_s=lens.duration_ns / NS_PER_S,
        film_bytes=lens.film_bytes,
        has_sound=lens.has_sound,
    )


def _nearest(manifest: Manifest, wall_ns: int) -> WireSample | None:
    placed = [one for one in manifest.samples if one.lat_deg is not None and one.lon_deg is not None]
    return min(placed, key=lambda one: abs(one.wall_ns - wall_ns), default=None)


def _why(manifest: Manifest, clip: Clip) -> str:
    """Say in one sentence why there is a clip: from the evidence that the rule gave, else from its kind."""
    evidence = {one.name: one for one in manifest.event.evidence}
    kind = manifest.event.kind
    if kind == "presence" and "class" in evidence:
        seen = str(words.class_words(str(evidence["class"].value)))
        stayed = evidence.get("stayed")
        if stayed and isinstance(stayed.value, int | float) and isinstance(stayed.threshold, int | float):
            return _("%(what)s in the picture for %(stayed)s s; the rule asks for %(wanted)s s.") % {
                "what": seen.capitalize(),
                "stayed": _number(stayed.value),
                "wanted": _number(stayed.threshold),
            }
        return _("%(what)s in the picture.") % {"what": seen.capitalize()}
    if kind == "speed" and "speed" in evidence:
        line = _evidence(evidence["speed"])
        return _("Speed of %(value)s, above the threshold of %(limit)s.") % {
            "value": line.value,
            "limit": line.threshold,
        }
    if kind == "mark":
        return _("Somebody at %(site)s pressed the button.") % {"site": clip.site.name}
    count = len(manifest.event.evidence)
    return ngettext(
        "The rule below decided on %(n)d measured value.", "The rule below decided on %(n)d measured values.", count
    ) % {"n": count}


def _evidence(one: WireEvidence) -> EvidenceLine:
    unit = UNITS.get(one.unit.lower(), one.unit)
    return EvidenceLine(
        name=str(words.evidence_words(one.name)),
        value=_measured(one.value, unit),
        threshold="" if one.threshold is None else _measured(one.threshold, unit),
    )


def _measured(value: float | str, unit: str) -> str:
    if isinstance(value, str):
        return str(words.class_words(value)) if " or " not in value else _alternatives(value)
    return f"{_number(value)} {unit}".strip()


def _alternatives(value: str) -> str:
    return _(" or ").join(str(words.class_words(one)) for one in value.split(" or "))


def _number(value: float) -> str:
    whole = float(value).is_integer()
    return number_format(int(value) if whole else round(value, 2), decimal_pos=None)
