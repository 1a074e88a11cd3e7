"""Play a film through capture and perception as a lens of a unit does, and find the detectors for it."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from custodes.core.clock import NS_PER_S, ManualClock
from custodes.core.errors import CustodesError
from custodes.core.types import Observation
from custodes.edge.capture import DecodeMode, Decoder, LensSource, Source, open_source
from custodes.edge.capture.picture import DecodedPicture
from custodes.edge.perceive import Looker
from custodes.vision.objects import Detector, obtain_detector

KNOWS_MORE = "yolox-nano"
"""The least detector that knows phones, signs and lights."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One look: when in the film (s), and what was seen."""

    at_s: float
    observation: Observation


def detector_that_knows_more(say: Callable[[str], None]) -> Detector | None:
    """Return a detector that knows phones, signs and lights; None where its weights are not here."""
    try:
        return obtain_detector(KNOWS_MORE, say=say)
    except CustodesError as error:
        say(str(error))
        return None


def play(film: Path, perceiver: Looker, *, detect_fps: float = 5.0, until_s: float = math.inf) -> Iterator[Seen]:
    """Yield each look at the film, idling and waking as `edge.lens` does, up to `until_s` (s) of it."""
    source = open_source(LensSource(source=str(film)), clock=ManualClock())
    try:
        yield from _looks(source, perceiver, detect_fps, until_s)
    finally:
        source.close()


def _looks(source: Source, perceiver: Looker, detect_fps: float, until_s: float) -> Iterator[Seen]:
    decoder, first_ns, last_ns = Decoder(), None, 0
    due_ns = round(0.95 * NS_PER_S / detect_fps)
    for packet in source.packets():
        if packet.media != "video":
            continue
        if first_ns is None:
            first_ns = packet.wall_ns
        if (packet.wall_ns - first_ns) / NS_PER_S > until_s:
            return
        waiting: list[DecodedPicture] = []
        if not perceiver.wants_all_frames and decoder.mode is DecodeMode.ALL:
            waiting += decoder.rest()
        waiting += decoder.decode(packet)
        while waiting:
            picture = waiting.pop(0)
            if last_ns <= picture.wall_ns < last_ns + due_ns:
                continue
            last_ns = picture.wall_ns
            yield Seen((picture.wall_ns - first_ns) / NS_PER_S, perceiver.look(picture))
            if perceiver.wants_all_frames and decoder.mode is DecodeMode.KEYFRAMES:
                waiting = [*decoder.wake(), *waiting]
