"""What a list says about a clip: what was seen, by which lens, how fast. Sealed under the clip's own key.

A list of forty clips cannot open forty manifests, and what a camera saw must not stand in the database in the clear.
So `process` keeps these few facts beside the clip, sealed; they become noise with its key when the clip is erased.
"""

import io
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from custodes.core import seal
from custodes.core.clock import NS_PER_S
from custodes.core.errors import Corrupt
from custodes.core.types import Facing
from custodes.core.wire import Manifest, WireEvidence, WireLens
from custodes.hub.clips.footage import context_of
from custodes.hub.clips.models import Clip
from custodes.hub.vault import keys

PART = "headline"
"""What it is sealed for; no blob of the vault has this name."""
MPS_PER = {"m/s": 1.0, "mps": 1.0, "km/h": 1 / 3.6, "kmh": 1 / 3.6, "mph": 0.44704}
"""One of each unit of speed in m/s; the mile an hour is 0.44704 m/s exactly (NIST SP 811, B.8)."""
NEAR_NS = 2 * NS_PER_S
"""A sample further than this from the onset does not tell how fast the vehicle was then."""
NOTE_LETTERS = 80


class Headline(BaseModel):
    """The few facts of a clip's manifest that a list shows. Empty where the manifest does not tell."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    seen: Annotated[str, Field(max_length=32)] = ""
    """Class of object that the event is about."""
    lens: str = ""
    facing: Facing | None = None
    speed_mps: float | None = None
    """The highest speed of an event about speed, the speed at the onset of any other."""
    limit_mps: float | None = None
    note: Annotated[str, Field(max_length=NOTE_LETTERS)] = ""
    """What somebody said when they marked the moment."""


def of_manifest(manifest: Manifest) -> Headline:
    """Return what a list says about the clip of a manifest."""
    facts = {one.name: one for one in manifest.event.evidence}
    lens = _lens(manifest)
    peak_mps = _speed_mps(facts.get("peak speed")) or _speed_mps(facts.get("speed"))
    return Headline(
        seen=_text(facts.get("class"))[:32],
        lens=lens.lens if lens else "",
        facing=lens.facing if lens else None,
        speed_mps=_onset_mps(manifest) if peak_mps is None else peak_mps,
        limit_mps=_speed_mps(facts.get("limit")),
        note=_text(facts.get("note"))[:NOTE_LETTERS],
    )


def keep(clip: Clip, headline: Headline) -> None:
    """Seal a headline under the clip's key and store it beside the clip. Raises KeyDestroyed."""
    plain = headline.model_dump_json(exclude_defaults=True).encode()
    pieces = seal.seal_pieces(
        io.BytesIO(plain), plain_bytes=len(plain), content_key=keys.get(clip.pk), context=context_of(clip, PART)
    )
    clip.sealed_headline = b"".join(pieces)
    clip.save(update_fields=["sealed_headline"])


def read(clip: Clip) -> Headline | None:
    """Open a clip's headline. None: it has none, as clips that older hubs took in. Raises Corrupt, KeyDestroyed."""
    sealed = bytes(clip.sealed_headline)
    if not sealed:
        return None
    plain = seal.open_whole(sealed, content_key=keys.get(clip.pk), context=context_of(clip, PART))
    try:
        return Headline.model_validate_json(plain)
    except ValidationError as error:
        raise Corrupt(f"the headline of clip {clip.pk} is not one that this hub understands") from error


def _lens(manifest: Manifest) -> WireLens | None:
    """Return the lens that saw it; an event that belongs to no lens has none."""
    return next((one for one in manifest.lenses if one.lens == manifest.event.lens), None)


def _speed_mps(one: WireEvidence | None) -> float | None:
    if one is None or isinstance(one.value, str) or one.unit.lower() not in MPS_PER:
        return None
    return float(one.value) * MPS_PER[one.unit.lower()]


def _text(one: WireEvidence | None) -> str:
    return one.value if one is not None and isinstance(one.value, str) else ""


def _onset_mps(manifest: Manifest) -> float | None:
    onset_ns = manifest.event.onset_wall_ns
    near = [one for one in manifest.samples if one.speed_mps is not None and abs(one.wall_ns - onset_ns) <= NEAR_NS]
    return min(near, key=lambda one: abs(one.wall_ns - onset_ns)).speed_mps if near else None
