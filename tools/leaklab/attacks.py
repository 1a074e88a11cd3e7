"""What is done to a copy on a computer: encoding, scaling, cropping, mirroring, recording, covering, mixing."""

import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from tools.leaklab.reel import Coding, Shot

Luma = NDArray[np.uint8]
Change = Callable[[Iterable[Shot], np.random.Generator], Iterator[Shot]]


def unchanged(reel: Iterable[Shot], rng: np.random.Generator) -> Iterator[Shot]:
    yield from reel


def scaled(short_side_px: int) -> Change:
    def change(reel: Iterable[Shot], rng: np.random.Generator) -> Iterator[Shot]:
        for shot in reel:
            factor = short_side_px / min(shot.luma.shape)
            size = (round(shot.luma.shape[1] * factor / 2) * 2, round(shot.luma.shape[0] * factor / 2) * 2)
            yield Shot(shot.time_s, _sized(shot.luma, size))

    return change


def cropped(share: float) -> Change:
    """Cut away `share` of the area, off centre."""

    def change(reel: Iterable[Shot], rng: np.random.Generator) -> Iterator[Shot]:
        side = np.sqrt(1 - share)
        left, top = rng.uniform(0.1, 0.9, 2) * (1 - side)
        for shot in reel:
            height, width = shot.luma.shape
            part = shot.luma[
                int(top * height) : int((top + side) * height), int(left * width) : int((left + side) * width)
            ]
            yield Shot(shot.time_s, np.ascontiguousarray(part))

    return change


def mirrored(reel: Iterable[Shot], rng: np.random.Generator) -> Iterator[Shot]:
    for shot in reel:
        yield Shot(shot.time_s, np.ascontiguousarray(shot.luma[:, ::-1]))


def upside_down(reel: Iterable[Shot], rng: np.random.Generator) -> Iterator[Shot]:
    for shot in reel:
        yield Shot(shot.time_s, np.ascontiguousarray(shot.luma[::-1, ::-1]))


def paced(speed: float) -> Change:
    def change(reel: Iterable[Shot], rng: np.random.Generator) -> Iterator[Shot]:
        for shot in reel:
            yield Shot(shot.time_s / speed, shot.luma)

    return change


def screen_recorded(reel: Iterable[Shot], rng: np.random.Generator) -> Iterator[Shot]:
    """A player window of a 1280x720 desktop, recorded at 30 pictures a second whatever the clip's rate is."""
    desktop = np.full((720, 1280), 46, np.uint8)
    desktop[:26] = 200
    for shot in resampled(reel, 30.0):
        factor = min(1000 / shot.luma.shape[1], 600 / shot.luma.shape[0])
        size = (round(shot.luma.shape[1] * factor), round(shot.luma.shape[0] * factor))
        picture = desktop.copy()
        picture[60 : 60 + size[1], 173 : 173 + size[0]] = _sized(shot.luma, size, cv2.INTER_CUBIC)
        cv2.circle(picture, (200 + int(shot.time_s * 61) % 800, 200 + int(shot.time_s * 37) % 300), 7, 255, -1)
        yield Shot(shot.time_s, picture)


def covered(reel: Iterable[Shot], rng: np.random.Generator) -> Iterator[Shot]:
    """A caption, a logo and a moving sticker over a fifth of the picture."""
    for shot in reel:
        picture = shot.luma.copy()
        height, width = picture.shape
        picture[int(height * 0.86) :] = 20
        cv2.putText(picture, "LOOK AT THIS", (width // 8, int(height * 0.96)), 0, height / 400, 240, 2)
        cv2.circle(picture, (width - height // 8, height // 8), height // 12, 230, -1)
        x, y = int((0.2 + 0.05 * shot.time_s) * width) % width, int(height * 0.4)
        cv2.rectangle(picture, (x, y), (x + height // 7, y + height // 7), 128, -1)
        yield Shot(shot.time_s, picture)


def picture_in_picture(reel: Iterable[Shot], rng: np.random.Generator) -> Iterator[Shot]:
    """The clip at 55 % in a corner of 1280x720, over a drifting other picture."""
    ground = cv2.GaussianBlur(rng.normal(0, 1, (900, 1500)).astype(np.float32), (0, 0), 6)
    ground = np.clip(ground / ground.std() * 40 + 110, 0, 255).astype(np.uint8)
    for shot in reel:
        x, y = int(shot.time_s * 9) % 200, int(shot.time_s * 5) % 150
        picture = ground[y : y + 720, x : x + 1280].copy()
        factor = min(704 / shot.luma.shape[1], 396 / shot.luma.shape[0])
        size = (round(shot.luma.shape[1] * factor), round(shot.luma.shape[0] * factor))
        picture[300 : 300 + size[1], 540 : 540 + size[0]] = _sized(shot.luma, size)
        yield Shot(shot.time_s, picture)


def paused_and_sought(reel: Iterable[Shot], rng: np.random.Generator) -> Iterator[Shot]:
    """Four seconds, a pause of one and a half, then a seek two seconds ahead."""
    shift_s, halted = 0.0, False
    for shot in reel:
        if shot.time_s < 4.0:
            yield shot
        elif not halted:
            halted = True
            for number in range(45):
                yield Shot(4.0 + number / 30, shot.luma)
            shift_s = 1.5 - 2.0
        elif shot.time_s >= 6.0:
            yield Shot(shot.time_s + shift_s, shot.luma)


def excerpt(start_s: float, seconds: float) -> Change:
    def change(reel: Iterable[Shot], rng: np.random.Generator) -> Iterator[Shot]:
        for shot in reel:
            if start_s <= shot.time_s < start_s + seconds:
                yield Shot(shot.time_s - start_s, shot.luma)

    return change


def averaged(reel: Iterable[Shot], other: Iterable[Shot]) -> Iterator[Shot]:
    """Collusion: the mean of two views, picture by picture."""
    for one, two in zip(reel, other, strict=False):
        mean = (one.luma.astype(np.uint16) + two.luma + 1) // 2
        yield Shot(one.time_s, mean.astype(np.uint8))


def spliced(reel: Iterable[Shot], other: Iterable[Shot], rng: np.random.Generator) -> Iterator[Shot]:
    """Collusion: pieces of one to three seconds of one view and the other by turns."""
    turns = np.cumsum(rng.uniform(1, 3, 60))
    for one, two in zip(reel, other, strict=False):
        yield one if int(np.searchsorted(turns, one.time_s)) % 2 == 0 else two


def resampled(reel: Iterable[Shot], fps: float, phase_s: float = 0.0) -> Iterator[Shot]:
    """Show the newest picture at an even rate, as a screen does."""
    number = 0
    for now, following in itertools.pairwise(itertools.chain(reel, [None])):
        if now is None:
            return
        until_s = following.time_s if following is not None else now.time_s + 1 / fps
        while number / fps + phase_s < until_s - 1e-9:
            yield Shot(number / fps, now.luma)
            number += 1


def _sized(luma: Luma, size: tuple[int, int], interpolation: int | None = None) -> Luma:
    shrinks = size[0] < luma.shape[1]
    chosen = interpolation if interpolation is not None else (cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    return np.asarray(cv2.resize(luma, size, interpolation=chosen), dtype=np.uint8)


@dataclass(frozen=True, slots=True)
class Attack:
    """One row of the table. `words` says what it is; `aim` the share of bit errors that targets.md allows.

    `exported`: what is attacked is an export of the view, with boxes, time and speed burnt in.
    """

    name: str
    change: Change = unchanged
    coding: Coding = field(default_factory=Coding)
    aim: float | None = 0.0
    clicked: bool = False
    collusion: str = ""
    exported: bool = False


DIGITAL = (
    Attack("CRF 23", coding=Coding(23)),
    Attack("CRF 28", coding=Coding(28)),
    Attack("CRF 35", coding=Coding(35)),
    Attack("CRF 40", coding=Coding(40), aim=None),
    Attack("480p, CRF 28", scaled(480), Coding(28)),
    Attack("360p, CRF 28", scaled(360), Coding(28), aim=None),
    Attack("240p, CRF 28", scaled(240), Coding(28), aim=0.10),
    Attack("crop 30 %, CRF 26", cropped(0.3), Coding(26)),
    Attack("mirror, CRF 26", mirrored, Coding(26)),
    Attack("upside down, CRF 26", upside_down, Coding(26)),
    Attack("5 % faster, CRF 26", paced(1.05), Coding(26)),
    Attack("5 % slower, CRF 26", paced(0.95), Coding(26)),
    Attack("screen recording, CRF 26", screen_recorded, Coding(26)),
    Attack("overlays, CRF 26", covered, Coding(26)),
    Attack("export with boxes, CRF 26", coding=Coding(26), exported=True),
    Attack("picture in picture, CRF 26", picture_in_picture, Coding(26), aim=None),
    Attack("pause and seek, CRF 26", paused_and_sought, Coding(26), aim=None),
    Attack("excerpt 3 s, CRF 28", excerpt(4.2, 3), Coding(28), aim=None),
    Attack("excerpt 5 s, CRF 28", excerpt(3.3, 5), Coding(28), aim=None),
    Attack("two views averaged, CRF 26", coding=Coding(26), aim=None, collusion="averaged"),
    Attack("two views spliced, CRF 26", coding=Coding(26), aim=None, collusion="spliced"),
)
