"""Tracks follow what moves, under one number, and count only when their history is good."""

from collections.abc import Iterable

import numpy as np
import pytest

from custodes.core.types import BoxXyxy, Detection, ObjectClass
from custodes.vision.boxes import iou_matrix
from custodes.vision.tracking import ByteTrack, Track

STEP_NS = 200_000_000
PERSON, CAT, DOG, CAR, TRUCK = (
    ObjectClass.PERSON,
    ObjectClass.CAT,
    ObjectClass.DOG,
    ObjectClass.CAR,
    ObjectClass.TRUCK,
)


def at(x: float, y: float, *, score: float = 0.7, kind: ObjectClass = PERSON) -> Detection:
    return Detection(kind, score, (x - 15, y - 40, x + 15, y + 40))


def tracker(threshold: float = 0.5) -> ByteTrack:
    return ByteTrack(lambda object_class: threshold)


def feed(
    follow: ByteTrack,
    looks: Iterable[list[Detection]],
    *,
    start: int = 0,
    looked: list[BoxXyxy] | None = None,
    moving: bool = True,
) -> list[Track]:
    tracks: list[Track] = []
    for index, found in enumerate(looks, start):
        follow.predict(at_ns=index * STEP_NS)
        moved = [one.box_px_xyxy for one in found] if moving else []
        tracks = follow.update(found, at_ns=index * STEP_NS, looked_px=looked, moved_px=moved)
    return tracks


def test_a_track_counts_after_three_hits_and_keeps_its_number() -> None:
    follow = tracker()
    confirmed = []
    for index in range(12):
        (track,) = feed(follow, [[at(50 + 8 * index, 100)]], start=index)
        confirmed.append(track.confirmed)
        assert track.track_id == 1
    assert confirmed == [False, False] + [True] * 10


def test_doubtful_objects_never_count_and_confirmed_ones_survive_a_weak_spell() -> None:
    weak = feed(tracker(), [[at(50, 100, score=0.45)]] * 20)
    assert [track.confirmed for track in weak] == [False]
    follow = tracker()
    feed(follow, [[at(50, 100)]] * 6)
    (track,) = feed(follow, [[at(50, 100, score=0.4)]] * 12, start=6)
    assert track.confirmed
    (track,) = feed(follow, [[at(50, 100, score=0.3)]] * 12, start=18)
    assert not track.confirmed


def test_what_never_moved_must_be_surer() -> None:
    assert not feed(tracker(), [[at(50, 100, score=0.55)]] * 20, moving=False)[0].confirmed
    assert feed(tracker(), [[at(50, 100, score=0.55)]] * 20)[0].confirmed
    assert feed(tracker(), [[at(50, 100, score=0.75)]] * 20, moving=False)[0].confirmed


def test_a_track_that_is_looked_for_in_vain_ends() -> None:
    follow = tracker()
    feed(follow, [[at(50, 100)]] * 6)
    assert len(feed(follow, [[]] * 9, start=6)) == 1
    assert feed(follow, [[]] * 3, start=15) == []


def test_a_short_occlusion_keeps_the_number() -> None:
    follow = tracker()
    feed(follow, ([at(50 + 8 * index, 100)] for index in range(8)))
    feed(follow, [[]] * 4, start=8)
    (track,) = feed(follow, ([at(50 + 8 * index, 100)] for index in range(12, 16)), start=12)
    assert track.track_id == 1


def test_where_nobody_looked_nothing_is_lost() -> None:
    follow = tracker()
    feed(follow, [[at(50, 100)]] * 6)
    (track,) = feed(follow, [[]] * 100, start=6, looked=[(300.0, 0.0, 600.0, 300.0)])
    assert track.confirmed
    assert track.found
    assert feed(follow, [[]] * 16, start=106, looked=[(0.0, 0.0, 300.0, 300.0)]) == []


def test_who_left_the_picture_is_forgotten_although_nobody_can_look_there() -> None:
    follow = tracker()
    for index in range(40):
        x = 560 + 20 * index
        found = [at(x, 100)] if x < 640 else []
        follow.predict(at_ns=index * STEP_NS)
        moved = [one.box_px_xyxy for one in found]
        tracks = follow.update(
            found, at_ns=index * STEP_NS, looked_px=[(300.0, 0.0, 640.0, 360.0)], moved_px=moved, size_px=(640, 360)
        )
    assert tracks == []


def test_a_person_never_becomes_a_car_but_a_car_may_be_a_truck() -> None:
    follow = tracker()
    feed(follow, [[at(50, 100)]] * 4)
    tracks = feed(follow, [[at(50, 100, kind=CAR)]], start=4)
    assert sorted(track.object_class for track in tracks) == [CAR, PERSON]
    follow = tracker()
    feed(follow, [[at(50, 100, kind=CAR)]] * 3)
    (track,) = feed(follow, [[at(50, 100, kind=TRUCK)]] * 6, start=3)
    assert (track.track_id, track.object_class) == (1, TRUCK)


def test_one_frame_of_another_class_does_not_rename_a_track() -> None:
    follow = tracker()
    feed(follow, [[at(50, 100, kind=CAT)]] * 5)
    (track,) = feed(follow, [[at(50, 100, kind=DOG)]], start=5)
    assert track.object_class is CAT


@pytest.mark.parametrize("jump_ns", [-3_600_000_000_000, 3_600_000_000_000])
def test_a_clock_that_jumps_moves_no_box_away(jump_ns: int) -> None:
    follow = tracker()
    (track,) = feed(follow, ([at(50 + 8 * index, 100)] for index in range(6)))
    before = track.box_px_xyxy
    follow.predict(at_ns=5 * STEP_NS + jump_ns)
    assert track.box_px_xyxy == pytest.approx(before)


def crossing(seed: int) -> tuple[list[list[tuple[int, BoxXyxy]]], list[list[Detection]]]:
    """Return truth and detections of eight walkers over 30 s at 5 looks a second, with misses, jitter and ghosts."""
    random = np.random.default_rng(seed)
    start = np.stack([random.uniform(0, 700, 8), random.uniform(60, 500, 8)], axis=1)
    speed = random.uniform(-9, 9, (8, 2)) * (1.0, 0.3)
    truth: list[list[tuple[int, BoxXyxy]]] = []
    seen: list[list[Detection]] = []
    for index in range(150):
        walkers, found = [], []
        for number in range(8):
            x, y = start[number] + speed[number] * index
            if not (0 < x < 768 and 0 < y < 576):
                continue
            walkers.append((number, at(x, y).box_px_xyxy))
            if random.random() < 0.9:
                jitter = random.normal(0, 2, 2)
                found.append(at(x + jitter[0], y + jitter[1], score=float(random.uniform(0.35, 0.9))))
        if random.random() < 0.2:
            found.append(at(random.uniform(0, 768), random.uniform(0, 576), score=0.45))
        truth.append(walkers)
        seen.append(found)
    return truth, seen


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_labelled_walkers_are_followed_as_well_as_motmetrics_asks(seed: int) -> None:
    truth, seen = crossing(seed)
    follow = tracker(0.45)
    import motmetrics  # late: every worker collects every file, and this one loads pandas

    book = motmetrics.MOTAccumulator(auto_id=True)
    for index, (walkers, found) in enumerate(zip(truth, seen, strict=True)):
        tracks = [track for track in feed(follow, [found], start=index) if track.confirmed]
        boxes = np.array([box for _, box in walkers], np.float32).reshape(-1, 4)
        overlap = iou_matrix(boxes, np.array([track.box_px_xyxy for track in tracks], np.float32).reshape(-1, 4))
        distances = np.where(overlap >= 0.5, 1 - overlap, np.nan)
        book.update([number for number, _ in walkers], [track.track_id for track in tracks], distances)
    scores = motmetrics.metrics.create().compute(book, metrics=["mota", "idf1", "num_switches"], name="run")
    assert scores.loc["run", "mota"] >= 0.85
    assert scores.loc["run", "idf1"] >= 0.85
    assert scores.loc["run", "num_switches"] <= 6
