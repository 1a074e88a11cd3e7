"""Make a clip's facts fit the wire: what was seen is thinned evenly over time, and the manifest says so."""

from collections.abc import Sequence
from typing import TypeVar

from custodes.core.wire import MAX_MANIFEST_BYTES, MAX_OBJECTS, Manifest, WireLens

SEAL_ROOM_BYTES = 64 * 1024
"""Left free for what sealing adds (16 bytes for each 64 KiB, and a head)."""
MAX_NOTES = 32
NOTE = "too much was seen to send it all: boxes and readings are kept at even distances in time"
T = TypeVar("T")


def fit_lenses(lenses: Sequence[WireLens], *, at_most: int = MAX_OBJECTS) -> tuple[list[WireLens], bool]:
    """Return lenses whose frames hold at most `at_most` objects together, and whether some had to go."""
    kept, thinned = list(lenses), False
    while (objects := sum(len(frame.objects) for lens in kept for frame in lens.seen)) > at_most:
        kept, thinned = _thin_lenses(kept, share_0_1=0.95 * at_most / objects), True
    return kept, thinned


def fit_manifest(manifest: Manifest, *, at_most: int = MAX_MANIFEST_BYTES - SEAL_ROOM_BYTES) -> Manifest:
    """Return the manifest, with frames and samples thinned evenly until its JSON has at most `at_most` bytes.

    Films, events and times stay. One that is too long even without frames and samples comes back without them.
    """
    while (size := len(manifest.model_dump_json().encode())) > at_most:
        if not manifest.samples and not any(lens.seen for lens in manifest.lenses):
            break
        share = 0.95 * at_most / size
        manifest = manifest.model_copy(
            update={
                "lenses": _thin_lenses(manifest.lenses, share_0_1=share),
                "samples": _every(manifest.samples, share_0_1=share),
                "notes": with_note(manifest.notes),
            }
        )
    return manifest


def with_note(notes: Sequence[str]) -> list[str]:
    """Return the notes with the one about thinning, once, within the wire's bound."""
    return [*[one for one in notes if one != NOTE][: MAX_NOTES - 1], NOTE]


def _thin_lenses(lenses: Sequence[WireLens], *, share_0_1: float) -> list[WireLens]:
    return [lens.model_copy(update={"seen": _every(lens.seen, share_0_1=share_0_1)}) for lens in lenses]


def _every(moments: Sequence[T], *, share_0_1: float) -> list[T]:
    """Return that share of the moments (rounded down), evenly spread."""
    count = int(len(moments) * share_0_1)
    return [moments[number * len(moments) // count] for number in range(count)]
