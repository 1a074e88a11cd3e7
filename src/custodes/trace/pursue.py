"""Pursue a leak: read it, find the clip in it, read its marks, decide."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import cv2
import numpy as np
from numpy.typing import NDArray

from custodes.core.errors import BadInput
from custodes.trace import align, detect, refine, register, residual
from custodes.trace.conclude import conclude
from custodes.trace.frames import Film, Picture, ReadPlan, called, longest_side_px, read_pictures
from custodes.trace.keys import CodeWord
from custodes.trace.reference import Reference, thumb
from custodes.trace.register import Placement
from custodes.trace.report import Finding, Playing, Registration
from custodes.trace.screen import place_by_corners, place_by_screen

LEAK_FPS = 10.0
LEAK_SIDE_PX = 1280
MAX_PICTURES = 1200
BLACK_SPREAD = 2.0
"""Below this spread (levels) a picture shows nothing: the noise of a covered lens is about one."""

Say = Callable[[str], None]
Corners = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Hints:
    """What the operator knows: the clip's corners in the leak, clockwise from its top left (px of the file)."""

    corners_px: Corners | None = None
    corners_at_s: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Suspect:
    """The clip to test a leak against, and the words of its views; `views_tested` counts all clips searched."""

    clip_id: UUID
    reference: Reference
    words: Sequence[CodeWord]
    sha256: tuple[str, str] = ("", "")
    views_tested: int = 0
    features: register.ReferenceFeatures | None = None


@dataclass(slots=True, eq=False)
class Track:
    """Where and when the leak shows the clip, as far as known."""

    placements: list[Placement] = field(default_factory=list)
    homographies: list[NDArray[np.float64]] = field(default_factory=list)
    reference_s: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    speed: float = 1.0
    guard_s: float = residual.EDGE_GUARD_S
    errors_px: list[float] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)


def read_leak(film: Film) -> list[Picture]:
    """Read a leak at ten pictures a second, no side above 1280 px. Raises BadInput as `read_pictures` does."""
    pictures: list[Picture] = []
    for picture in read_pictures(film, ReadPlan(fps=LEAK_FPS, max_side_px=LEAK_SIDE_PX)):
        pictures.append(picture)
        if len(pictures) >= MAX_PICTURES:
            break
    if not pictures:
        raise BadInput(f"{called(film)} holds no picture. Give a film or a still.")
    return pictures


def shows_nothing(pictures: Sequence[Picture]) -> bool:
    """Say whether some twenty pictures of a leak, from its beginning to its end, are all of one grey."""
    return all(float(one.luma.std()) < BLACK_SPREAD for one in pictures[:: max(1, len(pictures) // 20)])


def pursue(path: Path, suspect: Suspect, *, hints: Hints | None = None, say: Say | None = None) -> Finding:
    """Return what a leak says about one clip. Raises BadInput for an unreadable file."""
    say = say or (lambda _: None)
    say("reading")
    pictures = read_leak(path)
    if shows_nothing(pictures):
        raise BadInput(f"{path.name} shows nothing: its pictures are all of one grey. Give film that shows the clip.")
    with path.open("rb") as source:
        digest = hashlib.file_digest(source, "sha256").hexdigest()
    hints = _as_read(hints or Hints(), path, pictures[0])
    soft, track = read_marks(pictures, suspect, hints=hints, say=say)
    say("deciding")
    return conclude(
        suspect.clip_id,
        soft,
        suspect.words,
        edges_s=suspect.reference.edges_s,
        views_tested=suspect.views_tested,
        playing=playing_of(pictures, track),
        speed=track.speed,
        registration=registration_of(track, suspect.reference),
        reasons=tuple(track.reasons),
        steps=tuple(track.steps),
        leak_sha256=digest,
        reference_sha256=suspect.sha256,
    )


def _as_read(hints: Hints, path: Path, picture: Picture) -> Hints:
    """Return the hints in pixels of the pictures as they are read, which may be smaller than the file's."""
    if hints.corners_px is None:
        return hints
    scale = max(picture.luma.shape) / max(longest_side_px(path), 1)
    return Hints(tuple((x * scale, y * scale) for x, y in hints.corners_px), hints.corners_at_s)


def read_marks(
    pictures: Sequence[Picture], suspect: Suspect, *, hints: Hints, say: Say
) -> tuple[detect.SoftBits, Track]:
    """Return the soft bits of a leak and where and when it shows the clip. None is read where it is not found."""
    reference = suspect.reference
    unread = detect.SoftBits.unread(reference.fragments)
    track = Track()
    if len(pictures) == 1:
        track.reasons.append("A still shows one half second: it may tell which clip it is, never which view.")
    if len(pictures) >= MAX_PICTURES:
        track.reasons.append("Only the first two minutes were read. Cut it to the part that shows the clip.")
    say("placing")
    pictures = _placed(pictures, suspect, track, hints)
    if not track.placements:
        track.reasons.append("The clip was not found in the picture. Click its four corners, or name another clip.")
        return unread, track
    times = [picture.time_s for picture in pictures]
    track.homographies = register.interpolated(track.placements, times, reference.size_px)
    say("timing")
    if not _timed(pictures, reference, track):
        return unread, track
    say("reading marks")
    soft = _soft(pictures, reference, track)
    return soft, track


def _placed(pictures: Sequence[Picture], suspect: Suspect, track: Track, hints: Hints) -> Sequence[Picture]:
    """Find the clip and return the pictures, flipped where the leak is mirrored."""
    reference = suspect.reference
    if hints.corners_px is not None:
        track.steps.append("corners given by hand")
        track.placements = [place_by_corners(hints.corners_px, hints.corners_at_s, reference.size_px)]
        return pictures
    known = suspect.features or register.reference_features(reference)
    track.steps.append("features and homography, plain and mirrored")
    track.placements = register.place_all(pictures, known)
    if not track.placements:
        track.steps.append("search for a lit screen")
        track.placements = place_by_screen(pictures, reference)
    if track.placements and track.placements[0].mirrored:
        return [Picture(picture.time_s, np.ascontiguousarray(picture.luma[:, ::-1])) for picture in pictures]
    return pictures


def _timed(pictures: Sequence[Picture], reference: Reference, track: Track) -> bool:
    times = np.array([picture.time_s for picture in pictures])
    rough = [
        refine.plain_overlay(picture.luma, homography, reference.size_px)
        for picture, homography in zip(pictures, track.homographies, strict=True)
    ]
    thumbs = np.stack([thumb(plane) for plane in rough])
    if len(pictures) < 4:
        nearest = int(np.argmax(thumbs.mean(axis=0) @ reference.thumbs.T))
        track.steps.append("time of a still by likeness")
        track.reference_s = np.full(len(pictures), reference.times_s[nearest])
        return True
    aligned = align.align(thumbs, times, reference)
    track.steps.append("time by motion")
    track.reference_s, track.speed = aligned.reference_s, aligned.speed
    if aligned.sure:
        track.guard_s = min(2 * aligned.jitter_s, residual.EDGE_GUARD_S)
        return True
    track.steps.append("time by the marks themselves")
    left = np.stack([_half_left(plane, thumbs[place], reference) for place, plane in enumerate(rough)])
    found, speed, outstanding = detect.scan_times(reference, left, times)
    if outstanding > SURE_SCAN:
        track.reference_s, track.speed = found, speed
        return True
    track.reasons.append("Neither motion nor marks say for sure which moment of the clip this is.")
    return bool(np.isfinite(track.reference_s).any())


SURE_SCAN = 7.0
HOLD_PX, HOLD_DRIFT_PX, HOLD_PICTURES = 0.25, 0.1, 4


def _half_left(plane: NDArray[np.float32], seen: NDArray[np.float32], reference: Reference) -> NDArray[np.float32]:
    nearest = int(np.argmin(((reference.thumbs - seen) ** 2).sum(axis=1)))
    left, trust = residual.unexplained(plane, plane >= 0, residual.explain(reference, nearest))
    height, width = reference.size_px
    small = cv2.resize(left * trust, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=np.float32)


def _soft(pictures: Sequence[Picture], reference: Reference, track: Track) -> detect.SoftBits:
    gathered = residual.Leftovers()
    still = _StillHold()
    for picture, homography, time_s in zip(pictures, track.homographies, track.reference_s, strict=True):
        fragment = residual.fragment_at(reference, time_s) if np.isfinite(time_s) else None
        if fragment is None or (len(pictures) > 3 and residual.near_edge(reference, time_s, track.guard_s)):
            continue
        frame = reference.frame_at(time_s)
        overlay = still.lay(picture.luma, homography, reference, frame)
        track.errors_px.append(overlay.error_px)
        left, trust = residual.unexplained(overlay.luma, overlay.valid, residual.explain(reference, frame))
        gathered.add(fragment, left, trust)
    if not gathered.sums:
        track.reasons.append("No picture of the leak falls inside the clip's time.")
        return detect.SoftBits.unread(reference.fragments)
    track.steps.append("marks read per fragment")
    return detect.soft_bits(reference, *gathered.averages(), gathered.pictures)


@dataclass(slots=True, eq=False)
class _StillHold:
    """Lays pictures over the reference; looks for a better fit in each fifth only, once it has stopped moving."""

    guess: NDArray[np.float64] = field(default_factory=refine.no_correction)
    before: NDArray[np.float64] | None = None
    moves_px: list[float] = field(default_factory=lambda: [np.inf] * 3)
    since: int = 0

    def lay(
        self, leak: NDArray[np.uint8], homography: NDArray[np.float64], reference: Reference, frame: int
    ) -> refine.Overlay:
        corners = register.mapped(homography, register.corners_of(reference.size_px))
        held = self.before is not None and float(np.abs(corners - self.before).max()) < HOLD_DRIFT_PX
        self.before = corners
        if held and max(self.moves_px) < HOLD_PX and self.since < HOLD_PICTURES:
            self.since += 1
            return refine.lay_again(leak, homography, self.guess, reference.size_px)
        overlay = refine.lay_over(leak, homography, refine.anchor(reference.scene[frame]), self.guess)
        moved = refine.largest_move_px(self.guess, overlay.correction) if np.isfinite(overlay.error_px) else np.inf
        self.moves_px = [*self.moves_px[1:], moved]
        self.guess, self.since = overlay.correction, 0
        return overlay


def playing_of(pictures: Sequence[Picture], track: Track) -> tuple[Playing, ...]:
    """Return which stretches of the leak show which stretches of the clip."""
    known = np.flatnonzero(np.isfinite(track.reference_s))
    if not len(known):
        return ()
    leak_s = np.array([picture.time_s for picture in pictures])
    offset = track.reference_s[known] - track.speed * leak_s[known]
    splits = np.flatnonzero((np.diff(known) > 1) | (np.abs(np.diff(offset)) > 0.3)) + 1
    return tuple(
        Playing(
            float(leak_s[part[0]]),
            float(leak_s[part[-1]]),
            float(track.reference_s[part[0]]),
            float(track.reference_s[part[-1]]),
        )
        for part in np.split(known, splits)
    )


def registration_of(track: Track, reference: Reference) -> Registration | None:
    """Return where the clip was found in the leak; None: nowhere."""
    if not track.placements:
        return None
    best = max(track.placements, key=lambda placement: placement.inliers)
    corners = register.mapped(best.homography, register.corners_of(reference.size_px))
    errors = np.array(track.errors_px)
    known = errors[np.isfinite(errors)]
    return Registration(
        how=best.how,
        pictures=len(track.placements),
        mirrored=best.mirrored,
        at_s=best.leak_s,
        corners_px=tuple((round(float(x), 1), round(float(y), 1)) for x, y in corners),
        error_px=round(float(known.mean()), 3) if len(known) else None,
    )
