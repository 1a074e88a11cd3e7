"""Follow objects over frames: ByteTrack, with a memory of scores.

After Zhang et al., "ByteTrack: Multi-Object Tracking by Associating Every Detection Box" (2022): sure boxes are
matched first; weak boxes then only carry on tracks that exist. Two things are added for a camera that looks at parts
of its picture: a track outside the parts that were looked at is neither matched nor missed, and a track counts only
once its history of scores has passed a hysteresis.
"""

from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median

import numpy as np
from numpy.typing import NDArray

from custodes.core.clock import NS_PER_S
from custodes.core.types import BoxXyxy, Detection, ObjectClass
from custodes.vision.assignment import best_pairs
from custodes.vision.boxes import cover_matrix, iou_matrix
from custodes.vision.kalman import BoxFilter

# Classes that a detector confuses for the same thing; a track never crosses from one group to another.
_GROUPS = {
    ObjectClass.PERSON: 0,
    ObjectClass.CAT: 1,
    ObjectClass.DOG: 1,
    ObjectClass.ANIMAL: 1,
    ObjectClass.BICYCLE: 2,
    ObjectClass.CAR: 3,
    ObjectClass.TRUCK: 3,
    ObjectClass.BUS: 3,
    ObjectClass.TRAFFIC_LIGHT: 4,
    ObjectClass.STOP_SIGN: 5,
    ObjectClass.PHONE: 6,
}


@dataclass(frozen=True, slots=True)
class TrackSettings:
    """How sure the tracker wants to be. Scores are relative to `threshold`, the score that a class must reach.

    `min_hits`: looks that must have found it. `keep_factor`: a confirmed track counts until its median score falls
    below this share of the threshold; lower values keep doubtful objects longer. `start_factor`: a box below this
    share of the threshold starts no track. `still_margin`: what never moved needs a median higher by this, so that a
    tripod does not become a person; 0 treats both alike. `lost_s`: how long (s) a track that counted is looked
    for, `unsure_s` any other.
    `grow_0_1`: boxes are enlarged by this share before they are compared; more follows faster things and swaps more.
    """

    min_hits: int = 3
    history: int = 12
    keep_factor: float = 0.7
    start_factor: float = 0.8
    still_margin: float = 0.15
    lost_s: float = 2.0
    unsure_s: float = 0.7
    min_similarity: float = 0.15
    grow_0_1: float = 0.2


@dataclass(slots=True, eq=False)
class Track:
    """One object followed. `sought` says whether the last look covered its place."""

    track_id: int
    box_filter: BoxFilter
    born_ns: int
    last_hit_ns: int
    scores: deque[float]
    votes: Counter[ObjectClass] = field(default_factory=Counter)
    hits: int = 1
    confirmed: bool = False
    was_confirmed: bool = False
    has_moved: bool = False
    last_moved_ns: int = 0
    last_looked_ns: int = 0
    sought: bool = True

    @property
    def object_class(self) -> ObjectClass:
        """Return the class that the sum of scores speaks for."""
        return max(self.votes, key=lambda one: self.votes[one])

    @property
    def score_0_1(self) -> float:
        """Return the median score over the history; looks in vain count as 0, but for a short occlusion."""
        return float(median(self.scores))

    @property
    def box_px_xyxy(self) -> BoxXyxy:
        """Return where it is."""
        return self.box_filter.box()

    @property
    def found(self) -> bool:
        """Return whether its last search found it. Nobody may have looked there since: then it is still there."""
        return self.last_looked_ns <= self.last_hit_ns


class ByteTrack:
    """Follow the objects of one lens. `threshold_of` gives the score that a class must reach."""

    def __init__(self, threshold_of: Callable[[ObjectClass], float], settings: TrackSettings | None = None) -> None:
        self.settings = settings or TrackSettings()
        self._threshold_of = threshold_of
        self.tracks: list[Track] = []
        self._next_id = 1
        self._last_ns: int | None = None

    def predict(self, *, at_ns: int) -> None:
        """Move every track on to `at_ns` of the film. A clock that jumped back or far ahead moves nothing."""
        elapsed_s = 0.0 if self._last_ns is None else (at_ns - self._last_ns) / NS_PER_S
        self._last_ns = at_ns
        if not 0.0 < elapsed_s <= 5.0:
            return
        for track in self.tracks:
            track.box_filter.predict(elapsed_s)

    def update(
        self,
        detections: Sequence[Detection],
        *,
        at_ns: int,
        looked_px: Sequence[BoxXyxy] | None = None,
        moved_px: Sequence[BoxXyxy] = (),
        size_px: tuple[int, int] | None = None,
    ) -> list[Track]:
        """Take what one look found and return all tracks; call `predict` for the same moment first.

        `looked_px` are the parts that were looked at (None: everything), `moved_px` those that moved, `size_px`
        (width, height) the picture's size: a track whose forecast lies outside of it counts as looked for.
        """
        for track in self.tracks:
            track.sought = looked_px is None or _covered(track.box_px_xyxy, looked_px, size_px)
        sure = [one for one in detections if one.score_0_1 >= self._start_score(one.object_class)]
        weak = [one for one in detections if one.score_0_1 < self._start_score(one.object_class)]
        # A track just outside of what was looked at may still be found: its box is only a forecast.
        left, unmatched = self._match(self.tracks, sure, at_ns)
        left, _ = self._match([track for track in left if track.sought], weak, at_ns)
        for track in left:
            if track.sought:
                self._miss(track, at_ns)
        for found in unmatched:
            self._start(found, at_ns)
        self._note_motion(moved_px, at_ns)
        self.tracks = [track for track in self.tracks if self._stays(track, at_ns)]
        for track in self.tracks:
            track.confirmed = self._counts(track)
            track.was_confirmed |= track.confirmed
        return self.tracks

    def carry(self, *, at_ns: int, moved_px: Sequence[BoxXyxy] = ()) -> list[Track]:
        """Return all tracks at a moment when nothing was looked at."""
        return self.update((), at_ns=at_ns, looked_px=(), moved_px=moved_px)

    def _start_score(self, object_class: ObjectClass) -> float:
        return self._threshold_of(object_class) * self.settings.start_factor

    def _match(
        self, tracks: Sequence[Track], found: Sequence[Detection], at_ns: int
    ) -> tuple[list[Track], list[Detection]]:
        """Pair tracks and boxes; return what is left of both."""
        pairs = self._assign(tracks, found)
        for row, column in pairs:
            self._hit(tracks[row], found[column], at_ns)
        rows, columns = {row for row, _ in pairs}, {column for _, column in pairs}
        left = [track for row, track in enumerate(tracks) if row not in rows]
        return left, [one for column, one in enumerate(found) if column not in columns]

    def _assign(self, tracks: Sequence[Track], found: Sequence[Detection]) -> list[tuple[int, int]]:
        if not tracks or not found:
            return []
        grow = self.settings.grow_0_1
        similar = iou_matrix(
            _grown([track.box_px_xyxy for track in tracks], grow), _grown([one.box_px_xyxy for one in found], grow)
        )
        group = np.array([_GROUPS[track.object_class] for track in tracks])
        other = np.array([_GROUPS[one.object_class] for one in found])
        similar[group[:, None] != other[None, :]] = 0.0
        weighed = similar * (0.5 + 0.5 * np.array([one.score_0_1 for one in found]))[None, :]
        least = self.settings.min_similarity
        return [(row, column) for row, column in best_pairs(weighed) if similar[row, column] >= least]

    def _hit(self, track: Track, found: Detection, at_ns: int) -> None:
        track.box_filter.correct(found.box_px_xyxy)
        track.scores.append(found.score_0_1)
        track.votes[found.object_class] += found.score_0_1  # type: ignore[assignment]
        track.hits += 1
        track.last_hit_ns = track.last_looked_ns = at_ns

    def _miss(self, track: Track, at_ns: int) -> None:
        # Who walked here a moment ago is hidden behind something; what stands and flickers is a mistake.
        if not (track.confirmed and at_ns - track.last_moved_ns <= self.settings.lost_s * NS_PER_S):
            track.scores.append(0.0)
        track.last_looked_ns = at_ns

    def _start(self, found: Detection, at_ns: int) -> None:
        track = Track(
            self._next_id,
            BoxFilter(found.box_px_xyxy),
            at_ns,
            at_ns,
            deque([found.score_0_1], maxlen=self.settings.history),
            last_looked_ns=at_ns,
        )
        track.votes[found.object_class] += found.score_0_1  # type: ignore[assignment]
        self._next_id += 1
        self.tracks.append(track)

    def _note_motion(self, moved_px: Sequence[BoxXyxy], at_ns: int) -> None:
        if not self.tracks:
            return
        moved = np.zeros(len(self.tracks), bool)
        if moved_px:
            boxes = np.array([track.box_px_xyxy for track in self.tracks], np.float32)
            moved = cover_matrix(boxes, np.array(moved_px, np.float32)).max(axis=1) > 0.3
        for track, did in zip(self.tracks, moved, strict=True):
            if did:
                track.has_moved = True
                track.last_moved_ns = at_ns
            elif not track.sought or at_ns - track.last_moved_ns > NS_PER_S:
                track.box_filter.stop()

    def _stays(self, track: Track, at_ns: int) -> bool:
        if track.found:
            return True
        limit_s = self.settings.lost_s if track.was_confirmed else self.settings.unsure_s
        return 0 <= at_ns - track.last_hit_ns <= limit_s * NS_PER_S

    def _counts(self, track: Track) -> bool:
        threshold = self._threshold_of(track.object_class)
        score = track.score_0_1
        if track.confirmed:
            return score >= threshold * self.settings.keep_factor
        needed = threshold if track.has_moved else threshold + self.settings.still_margin
        return track.hits >= self.settings.min_hits and score >= needed


def _grown(boxes: Sequence[BoxXyxy], share_0_1: float) -> NDArray[np.float32]:
    array = np.array(boxes, np.float32).reshape(-1, 4)
    margin = (array[:, 2:] - array[:, :2]) * share_0_1
    return np.hstack([array[:, :2] - margin, array[:, 2:] + margin]).astype(np.float32)


def _covered(box: BoxXyxy, regions: Sequence[BoxXyxy], size_px: tuple[int, int] | None) -> bool:
    """Return whether the middle half of the box, as far as it is in the picture, lies in one of the regions."""
    left, top, right, bottom = box
    x, y, w, h = (left + right) / 2, (top + bottom) / 2, (right - left) / 4, (bottom - top) / 4
    near = (x - w, y - h, x + w, y + h)
    if size_px is not None:
        width_px, height_px = size_px
        near = (max(near[0], 0.0), max(near[1], 0.0), min(near[2], float(width_px)), min(near[3], float(height_px)))
        if near[0] >= near[2] or near[1] >= near[3]:
            return bool(regions)
    return any(r[0] <= near[0] and r[1] <= near[1] and r[2] >= near[2] and r[3] >= near[3] for r in regions)
