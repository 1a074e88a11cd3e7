"""Decode a clip's variants into what a detector knows of the clip: scene, encoded mark, times."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import cast

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from custodes.core.errors import BadInput
from custodes.trace.frames import Film, called, source_of, upright_luma
from custodes.trace.splice import PairIndex, check_open_twins, check_twins

WORK_SHORT_SIDE_PX = 360
MAX_SCENE_BYTES = 500_000_000
THUMB_ROWS, THUMB_COLUMNS = 18, 32

Plane = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Reference:
    """A clip as its detector sees it, at working size (height, width), short side at most 360 px.

    `times_s` float64 (frames,); `scene` uint8 (frames, height, width), the mean of both variants; `fragment_of` int32
    (frames,); `marks` float32 (fragments, height, width), half the difference A − B in levels, averaged over a
    fragment; `edges_s` float64 (fragments + 1,), where fragments begin and the last one ends.
    """

    times_s: NDArray[np.float64]
    scene: NDArray[np.uint8]
    fragment_of: NDArray[np.int32]
    marks: Plane
    edges_s: NDArray[np.float64]

    @property
    def size_px(self) -> tuple[int, int]:
        """Return height and width (px)."""
        return self.scene.shape[1], self.scene.shape[2]

    @property
    def fragments(self) -> int:
        """Return how many fragments there are."""
        return len(self.marks)

    @cached_property
    def thumbs(self) -> NDArray[np.float32]:
        """Return a small, locally normalised picture of each frame: float32 (frames, 18 * 32)."""
        return np.stack([thumb(luma) for luma in self.scene])

    def frame_at(self, time_s: float) -> int:
        """Return the frame nearest to a time (s)."""
        after = int(np.searchsorted(self.times_s, time_s))
        if after == 0:
            return 0
        if after == len(self.times_s):
            return after - 1
        return after if self.times_s[after] - time_s < time_s - self.times_s[after - 1] else after - 1


def read_reference(film_a: Film, film_b: Film) -> Reference:
    """Decode both variants (a viewing copy's or the keeping form's).

    Raises BadInput where a film cannot be read or the clip is too long to be held, Corrupt where the files are no
    twins.
    """
    if isinstance(film_a, Path) or isinstance(film_b, Path):
        index = check_twins(cast(Path, film_a), cast(Path, film_b))  # both are paths, or neither is
    else:
        index = check_open_twins(film_a, film_b)
    try:
        return _read(film_a, film_b, index)
    except (av.FFmpegError, OSError) as error:
        why = (getattr(error, "strerror", None) or str(error)).rstrip(".")
        raise BadInput(f"cannot read the variants {called(film_a)}, {called(film_b)}: {why}.") from error


def thumb(luma: NDArray[np.uint8] | Plane) -> Plane:
    """Return a picture's signature: float32 (18 * 32,), locally normalised, so that light and gain matter little."""
    small = cv2.resize(luma, (THUMB_COLUMNS * 2, THUMB_ROWS * 2), interpolation=cv2.INTER_AREA).astype(np.float32)
    small -= cv2.GaussianBlur(small, (0, 0), 8)
    spread = np.sqrt(cv2.GaussianBlur(small * small, (0, 0), 12)) + 4
    even = cv2.resize(small / spread, (THUMB_COLUMNS, THUMB_ROWS), interpolation=cv2.INTER_AREA)
    return np.asarray(even, dtype=np.float32).ravel()


def _read(film_a: Film, film_b: Film, index: PairIndex) -> Reference:
    starts = np.array(index.starts_s)
    times: list[float] = []
    scene: list[NDArray[np.uint8]] = []
    owner: list[int] = []
    marks: Plane | None = None
    with av.open(source_of(film_a), "r") as one_film, av.open(source_of(film_b), "r") as other_film:
        for film in (one_film, other_film):
            film.streams.video[0].codec_context.thread_count = 1
        for frame_a, frame_b in zip(one_film.decode(video=0), other_film.decode(video=0), strict=True):
            one, other = _work_luma(frame_a), _work_luma(frame_b)
            if marks is None:
                marks = np.zeros((len(starts), *one.shape), np.float32)
            time_s = frame_a.time or 0.0
            fragment = int(np.searchsorted(starts, time_s + 1e-4, side="right")) - 1
            marks[fragment] += (one - other) / 2
            times.append(time_s)
            owner.append(fragment)
            scene.append(np.clip((one + other) / 2 + 0.5, 0, 255).astype(np.uint8))
            if len(scene) * scene[0].size > MAX_SCENE_BYTES:
                raise BadInput(f"{called(film_a)} is too long to be searched at once. Cut the clip into minutes.")
    if marks is None:
        raise BadInput(f"{called(film_a)} holds no picture that can be decoded.")
    fragment_of = np.array(owner, np.int32)
    counts = np.maximum(np.bincount(fragment_of, minlength=len(starts)), 1)
    marks /= counts[:, None, None].astype(np.float32)
    edges = np.append(starts, index.end_s)
    return Reference(np.array(times), np.stack(scene), fragment_of, marks, edges)


def _work_luma(frame: "av.VideoFrame") -> Plane:
    luma = upright_luma(frame).astype(np.float32)
    scale = WORK_SHORT_SIDE_PX / min(luma.shape)
    if scale >= 1:
        return luma
    size = (round(luma.shape[1] * scale), round(luma.shape[0] * scale))
    return np.asarray(cv2.resize(luma, size, interpolation=cv2.INTER_AREA), dtype=np.float32)
