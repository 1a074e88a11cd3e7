"""A drive's chart of speed, and where on it there is film."""

from collections.abc import Iterable
from dataclasses import dataclass

from custodes.core.clock import NS_PER_S
from custodes.core.wire import Manifest
from custodes.hub.clips.models import Clip
from custodes.hub.portal.drive_map import Drawing

WIDTH, HEIGHT, TOP = 1000, 150, 12


@dataclass(frozen=True, slots=True)
class Span:
    """Where in the chart a clip lies, and which it is."""

    clip: Clip
    x: float
    width: float
    number: int


@dataclass(frozen=True, slots=True)
class Chart:
    """Speed over the time of a drive, as SVG wants it."""

    width: int
    height: int
    line: str
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Roll:
    """One lens's film beside the map: its part, and when its first frame was (s of the drive's way)."""

    part: str
    facing: str
    width_px: int
    height_px: int
    first_s: float
    duration_s: float
    frames: int


def chart_of(drawing: Drawing, clips: Iterable[tuple[int, Clip]]) -> Chart:
    """Return the chart; `clips` are (number of the event, its clip)."""
    lasts_s = max(drawing.lasts_s, 1.0)
    most = max([1.0, *(spot.speed_mps for spot in drawing.track)])
    points = [
        f"{WIDTH * spot.at_s / lasts_s:.1f},{HEIGHT - (HEIGHT - TOP) * spot.speed_mps / most:.1f}"
        for spot in drawing.track
    ]
    spans = []
    for number, clip in clips:
        start_s = (clip.kept_start_wall_ns - drawing.first_wall_ns) / NS_PER_S
        end_s = (clip.kept_end_wall_ns - drawing.first_wall_ns) / NS_PER_S
        left, right = (WIDTH * min(max(one, 0.0), lasts_s) / lasts_s for one in (start_s, end_s))
        if right > left:
            spans.append(Span(clip, round(left, 1), round(max(right - left, 6.0), 1), number))
    return Chart(WIDTH, HEIGHT, " ".join(points), tuple(spans))


def rolls_of(manifest: Manifest, drawing: Drawing) -> list[Roll]:
    """Return the films of a clip on the time of the drive's way."""
    return [
        Roll(
            part=lens.part,
            facing=lens.facing.value,
            width_px=lens.width_px,
            height_px=lens.height_px,
            first_s=(lens.first_frame_wall_ns - drawing.first_wall_ns) / NS_PER_S,
            duration_s=lens.duration_ns / NS_PER_S,
            frames=lens.frames,
        )
        for lens in manifest.lenses
    ]
