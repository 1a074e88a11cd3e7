"""What memory a unit takes that reads, records and looks, with one lens and with three."""

import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from bench.rows import Row
from bench.vision import empty_film

LENSES = 3
MB = 1024

_UNIT = """
import sys
from pathlib import Path
from custodes.core.clock import ManualClock
from custodes.core.types import Facing
from custodes.edge.build import build_lens  # all that a unit loads
from custodes.edge.capture import Decoder, LensSource, open_source
from custodes.edge.clip import ClipSettings, LensRecorder
from custodes.edge.perceive import Perceiver, PerceiveSettings
from custodes.vision.objects import SharedDetector, load_detector

film, lenses = Path(sys.argv[1]), int(sys.argv[2])
detector, clock, kept = SharedDetector(load_detector()), ManualClock(), []
for lens in range(lenses):
    perceiver = Perceiver(lens=str(lens), settings=PerceiveSettings(), detector=detector)
    settings = dict(folder=film.parent, settings=ClipSettings(), clock=clock)
    recorder = LensRecorder(lens=str(lens), facing=Facing.ROOM, **settings)
    decoder, source = Decoder(mode="all"), open_source(LensSource(source=str(film)), clock=clock)
    for number, packet in enumerate(source.packets()):
        recorder.append(packet)
        pictures = decoder.decode(packet) if number < 60 else []
        if number % 5 == 0 and pictures:
            perceiver.look(pictures[-1])
            picture = pictures[-1]
            picture.rgb()
    kept.append((perceiver, recorder, decoder, source, picture))
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmRSS")))
"""


def rows() -> Iterable[Row]:
    """Measure and yield the rows; the first process fills the cache of compiled networks and is not counted."""
    with tempfile.TemporaryDirectory(prefix="custodes-bench-") as scratch:
        film = empty_film(Path(scratch))
        _resident_mb(film, 1)
        one, several = _resident_mb(film, 1), _resident_mb(film, LENSES)
    note = (
        "libraries, detector, source, decoder, motion, tracks, packets of the ring and one picture; no hub, no alerts"
    )
    yield Row("unit", "memory, one 720p lens (RSS)", one, "MB", target=250.0, note=note)
    further = (several - one) / (LENSES - 1)
    yield Row("unit", "memory, each further lens", further, "MB", target=80.0, note=note)


def _resident_mb(film: Path, lenses: int) -> float:
    told = subprocess.run(
        [sys.executable, "-c", _UNIT, str(film), str(lenses)], capture_output=True, text=True, check=True
    )
    return int(told.stdout.split()[-1]) / MB
