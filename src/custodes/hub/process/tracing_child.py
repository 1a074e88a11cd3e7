"""Look into a leak. Runs as a process of its own, with limits, without a key or a name.

Speaks as `child` does, of several films that lie one behind the other: the leak, then a clip's variants A and B. It
sends `S` length:u32 and a word for each step, then `A` length:u32 and JSON, then as many blocks as the JSON's `blocks`
says. Who opens a film never learns which word any view has: whatever a hostile film makes of it, it cannot accuse
anybody. The task `decide` gets the words, and no film.
"""

import importlib
import json
import math
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, BinaryIO, cast
from uuid import UUID

from custodes.core.errors import BadInput, CustodesError
from custodes.hub.process.child import WORD, PipedFilm, Unfit, limit_self, load_decoder, read_exactly
from custodes.hub.process.confine import confine_self

MOST_LOOKED_FOR = 6
"""Pictures of a leak by which its clip is searched."""
MAX_HANDED_BYTES = 1 << 30
JPEG_QUALITY = 82
NEEDED = (
    "numpy.fft",
    "numpy.ma",
    "numpy.polynomial",
    "numpy.linalg",
    "numpy.random",
    "custodes.trace.glance",
    "custodes.trace.index",
    "custodes.trace.pursue",
)


def main() -> int:
    """Answer one order, given as JSON on the command line."""
    import cv2

    load_decoder()
    for module in NEEDED:
        importlib.import_module(module)
    cv2.setNumThreads(1)  # confined, it may start none
    order = json.loads(sys.argv[1])
    limit_self(memory_bytes=order["memory_bytes"], cpu_seconds=order["cpu_seconds"])
    confine_self()
    requests, answers = sys.stdout.buffer, sys.stdin.buffer
    handed = read_exactly(answers, min(WORD.unpack(read_exactly(answers, WORD.size))[0], MAX_HANDED_BYTES))
    films, at = [], 0
    for size in order["sizes"]:
        films.append(cast(BinaryIO, PipedFilm(size, requests, answers, at=at)))
        at += size
    blocks: list[bytes] = []
    try:
        said = _TASKS[order["task"]](films, order, handed, blocks)
    except (BadInput, Unfit) as error:
        said, blocks = {"unfit": str(error)}, []
    except CustodesError as error:
        said, blocks = {"fault": str(error)}, []
    except MemoryError:
        said, blocks = {"unfit": "it wants more memory than a leak may"}, []
    text = json.dumps({**said, "blocks": len(blocks)}, allow_nan=False).encode()
    requests.write(b"A" + WORD.pack(len(text)) + text)
    for block in blocks:
        requests.write(WORD.pack(len(block)) + block)
    requests.flush()
    return 0


def _step(word: str) -> None:
    sys.stdout.buffer.write(b"S" + WORD.pack(len(word)) + word.encode("ascii"))
    sys.stdout.buffer.flush()


def _look(films: Sequence[BinaryIO], order: dict[str, Any], _handed: bytes, blocks: list[bytes]) -> dict[str, Any]:
    """Say how long and large a leak is, and give one picture of it, on which corners can be clicked."""
    from custodes.trace import pursue

    seen = _glance(films[0])
    middle = seen.middle
    blocks.append(_jpeg(middle.luma))
    height, width = middle.luma.shape
    return {
        "seconds": round(seen.seconds, 3),
        "width_px": int(width),
        "height_px": int(height),
        "pictures": len(seen.pictures),
        "cut": seen.cut,
        "black": pursue.shows_nothing(seen.pictures),
        "frame_at_s": round(middle.time_s, 3),
    }


def _glance(film: BinaryIO) -> Any:
    from custodes.trace.glance import glance

    seen = glance(film)
    if seen is None:
        raise Unfit("no picture of it opens")
    return seen


def _learn(films: Sequence[BinaryIO], order: dict[str, Any], _handed: bytes, _blocks: list[bytes]) -> dict[str, Any]:
    """Say what a clip looks like."""
    from custodes.trace.fingerprint import fingerprint
    from custodes.trace.reference import read_reference

    return {"look": fingerprint(UUID(order["clip"]), read_reference(films[0], films[1])).as_json()}


def _find(films: Sequence[BinaryIO], _order: dict[str, Any], handed: bytes, _blocks: list[bytes]) -> dict[str, Any]:
    """Say which clips a leak may show, the likeliest first."""
    from custodes.trace.fingerprint import Fingerprint
    from custodes.trace.index import Library

    _step("finding")
    library = Library([Fingerprint.from_json(text) for text in json.loads(handed)])
    found = library.find(_glance(films[0]).spread(MOST_LOOKED_FOR))
    return {"clips": [[str(match.clip_id), match.agreeing] for match in found]}


def _trace(films: Sequence[BinaryIO], order: dict[str, Any], _handed: bytes, blocks: list[bytes]) -> dict[str, Any]:
    """Read the marks of one clip's film out of a leak; give the leak's picture laid over the clip, if it was found."""
    from custodes.trace import pursue
    from custodes.trace.reference import read_reference

    pictures = pursue.read_leak(films[0])
    reference = read_reference(films[1], films[2])
    hints = pursue.Hints()
    if order["corners"]:
        height, width = pictures[0].luma.shape
        corners = tuple((x * width, y * height) for x, y in order["corners"])
        hints = pursue.Hints(corners, float(order["corners_at_s"]))
    words = {"placing": "placing", "timing": "timing", "reading marks": "marks"}
    suspect = pursue.Suspect(UUID(order["clip"]), reference, ())
    soft, track = pursue.read_marks(pictures, suspect, hints=hints, say=lambda word: _step(words[word]))
    registration = pursue.registration_of(track, reference)
    still_s = _still(pictures, reference, track, blocks)
    return {
        "z": [None if math.isnan(z) else round(float(z), 6) for z in soft.z],
        "pictures": [int(count) for count in soft.pictures],
        "presence": round(float(soft.presence), 6),
        "edges_s": [float(edge) for edge in reference.edges_s],
        "speed": float(track.speed),
        "steps": track.steps,
        "reasons": track.reasons,
        "registration": None if registration is None else asdict(registration),
        "playing": [asdict(stretch) for stretch in pursue.playing_of(pictures, track)],
        "still_s": still_s,
    }


def _decide(_films: Sequence[BinaryIO], _order: dict[str, Any], handed: bytes, _blocks: list[bytes]) -> dict[str, Any]:
    """Hold what was read against the words of views. Opens no film."""
    import numpy as np

    from custodes.trace.conclude import conclude
    from custodes.trace.detect import SoftBits
    from custodes.trace.keys import CodeWord
    from custodes.trace.report import Playing, Registration, as_json

    said = json.loads(handed)
    z = np.array([math.nan if one is None else one for one in said["z"]], np.float64)
    placed = said["registration"]
    if placed is not None:
        corners = tuple((x, y) for x, y in placed["corners_px"])
        placed = Registration(**{**placed, "corners_px": corners})
    finding = conclude(
        UUID(said["clip"]),
        SoftBits(z, np.array(said["pictures"], np.int32), said["presence"], (0, 0)),
        [CodeWord(UUID(view_id), letters, window) for view_id, letters, window in said["words"]],
        edges_s=np.array(said["edges_s"]),
        views_tested=said["tested"],
        playing=tuple(Playing(**one) for one in said["playing"]),
        speed=said["speed"],
        registration=placed,
        reasons=tuple(said["reasons"]),
        steps=tuple(said["steps"]),
        leak_sha256=said["leak_sha256"],
    )
    return {"finding": as_json(finding), "verdict": finding.verdict.value, "found": placed is not None}


def _still(pictures: Sequence[Any], reference: Any, track: Any, blocks: list[bytes]) -> float | None:
    """Lay the middle picture whose moment is known over the clip; return that moment (s)."""
    import numpy as np

    from custodes.trace import refine

    known = np.flatnonzero(np.isfinite(track.reference_s))
    if not len(known):
        return None
    place = int(known[len(known) // 2])
    mirrored = bool(track.placements and track.placements[0].mirrored)
    luma = np.ascontiguousarray(pictures[place].luma[:, ::-1]) if mirrored else pictures[place].luma
    plane = refine.plain_overlay(luma, track.homographies[place], reference.size_px)
    blocks.append(_jpeg(np.clip(plane, 0, 255).astype(np.uint8)))
    return round(float(track.reference_s[place]), 3)


def _jpeg(luma: Any) -> bytes:
    import cv2

    done, coded = cv2.imencode(".jpg", luma, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    if not done:
        raise Unfit("a picture of it cannot be kept")
    return bytes(coded)


_TASKS = {"look": _look, "learn": _learn, "find": _find, "trace": _trace, "decide": _decide}


if __name__ == "__main__":
    sys.exit(main())
