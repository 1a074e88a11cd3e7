"""A clip's manifest as the clip page tells it: why, how long, where, by which model."""

from dataclasses import dataclass

from custodes.core.clock import NS_PER_S
from custodes.core.wire import Manifest, WireLens, WireModelIdentity, WireSample
from custodes.hub.clips import headline
from custodes.hub.clips.models import Clip
from custodes.hub.portal import headings, reasons, shown
from custodes.hub.portal.reasons import EvidenceLine


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
    title: str
    rule: str
    why: str
    own_unit: str
    began: str
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


def tell(manifest: Manifest, clip: Clip, unit: str) -> FilmFacts:
    """Turn a manifest into what the page says, speeds in `unit`."""
    lenses = lens_lines(manifest)
    at_onset = _nearest(manifest, manifest.event.onset_wall_ns)
    placed = [one for one in manifest.samples if one.lat_deg is not None and one.lon_deg is not None]
    return FilmFacts(
        lenses=lenses,
        title=headings.title(clip.kind, headline.of_manifest(manifest), unit),
        rule=reasons.rule(manifest.event.rule, unit),
        why=reasons.why(manifest, clip, unit),
        own_unit=reasons.own_unit(manifest, unit),
        began=reasons.began(manifest, unit, shown.site_zone(clip.site)),
        evidence=reasons.evidence(manifest, unit),
        models=tuple(manifest.models),
        policy_version=manifest.policy_version,
        software=manifest.software,
        notes=(*reasons.of_the_clock(clip), *(reasons.note(one) for one in manifest.notes)),
        kept_s=(manifest.kept_end_wall_ns - manifest.kept_start_wall_ns) / NS_PER_S,
        place=f"{at_onset.lat_deg:.5f}, {at_onset.lon_deg:.5f}" if at_onset else "",
        places=len(placed) > 1,
        speeds=any(one.speed_mps is not None for one in manifest.samples),
        accels=any(one.accel_mps2_xyz for one in manifest.samples),
        has_sound=any(one.has_sound for one in lenses),
        same_facing=len({one.facing for one in lenses}) < len(lenses),
    )


def lens_lines(manifest: Manifest) -> tuple[LensLine, ...]:
    """Return the lenses of a clip, as a page lays them out."""
    return tuple(_lens(one) for one in manifest.lenses)


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
