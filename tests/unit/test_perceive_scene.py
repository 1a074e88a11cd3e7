"""A lens sleeps while nothing happens, wakes for motion, and says what is where."""

from collections.abc import Callable
from dataclasses import dataclass, field

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import ValidationError

from custodes.core.types import Detection, ModelIdentity, ObjectClass, Observation
from custodes.edge.perceive import Perceiver, PerceiveSettings

WIDTH, HEIGHT = 640, 360
SECOND_NS = 1_000_000_000
START_NS = 1_767_268_800 * SECOND_NS


@dataclass
class BrightThings:
    """A detector that takes each very bright patch for a person, and counts the pictures it was given."""

    identity: ModelIdentity = field(default_factory=lambda: ModelIdentity("bright", "objects", "0" * 64))
    side_px: int = 160
    usual_score_0_1: float = 0.5
    classes: frozenset[ObjectClass] = frozenset({ObjectClass.PERSON, ObjectClass.CAT})
    shapes: list[tuple[int, ...]] = field(default_factory=list)

    def detect(self, rgb: NDArray[np.uint8]) -> list[Detection]:
        self.shapes.append(rgb.shape)
        mask = (rgb[:, :, 0] > 220).astype(np.uint8)
        _, _, stats, _ = cv2.connectedComponentsWithStats(mask)
        return [
            Detection(ObjectClass.PERSON, 0.8, (float(x), float(y), float(x + w), float(y + h)))
            for x, y, w, h, area in stats[1:].tolist()
            if area > 50
        ]


@dataclass
class Still:
    """A picture made of an array."""

    image: NDArray[np.uint8]
    wall_ns: int
    is_keyframe: bool = True

    def __post_init__(self) -> None:
        self.mono_ns = self.wall_ns - START_NS
        self.height_px, self.width_px = self.image.shape

    def luma(self) -> NDArray[np.uint8]:
        return self.image

    def rgb(self) -> NDArray[np.uint8]:
        return np.repeat(self.image[:, :, None], 3, axis=2)


def room(*people: tuple[float, float], size: tuple[int, int] = (WIDTH, HEIGHT)) -> NDArray[np.uint8]:
    """Return a dull room with a bright person of 24 x 64 px around each of the points."""
    image = np.full((size[1], size[0]), 90, np.uint8)
    image[::7, ::5] = 120
    for x, y in people:
        image[max(int(y) - 32, 0) : int(y) + 32, max(int(x) - 12, 0) : int(x) + 12] = 250
    return image


def watch(
    perceiver: Perceiver, seconds: float, image: Callable[[float], NDArray[np.uint8]], *, start_s: float = 0.0
) -> list[Observation]:
    """Play a film as the unit does: five pictures a second while awake, one every two seconds while idle."""
    seen: list[Observation] = []
    now_s = start_s
    while now_s < start_s + seconds:
        seen.append(perceiver.look(Still(image(now_s), START_NS + round(now_s * SECOND_NS))))
        now_s += 0.2 if perceiver.wants_all_frames else 2.0
    return seen


def make(detector: BrightThings | None = None, **settings: object) -> Perceiver:
    return Perceiver(
        lens="porch",
        settings=PerceiveSettings.model_validate(settings),
        detector=detector or BrightThings(),
        zones={"step": [(0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0)]},
    )


def walk(from_s: float, to_s: float) -> Callable[[float], NDArray[np.uint8]]:
    def image(now_s: float) -> NDArray[np.uint8]:
        return room((40 + 50 * (now_s - from_s), 180)) if from_s <= now_s < to_s else room()

    return image


def test_an_empty_scene_sleeps_and_hardly_ever_looks() -> None:
    detector = BrightThings()
    perceiver = make(detector)
    seen = watch(perceiver, 60, lambda now_s: room())
    assert all(one.idle for one in seen)
    assert not any(one.objects for one in seen)
    assert len(seen) == 30
    assert len(detector.shapes) == 2


def test_a_visitor_wakes_it_is_followed_under_one_number_and_then_it_sleeps_again() -> None:
    perceiver = make()
    seen = watch(perceiver, 60, walk(10, 21))
    told = [one for one in seen if any(thing.confirmed for thing in one.objects)]
    assert {thing.track_id for one in told for thing in one.objects if thing.confirmed} == {1}
    first_s = (told[0].wall_ns - START_NS) / SECOND_NS
    last_s = (told[-1].wall_ns - START_NS) / SECOND_NS
    assert first_s <= 10.0 + 0.6
    assert 20.0 <= last_s <= 22.0
    assert seen[-1].idle
    asleep_s = next((one.wall_ns - START_NS) / SECOND_NS for one in seen if one.idle and one.wall_ns > told[-1].wall_ns)
    assert asleep_s <= 21 + 8


def look_at_each(
    perceiver: Perceiver, from_s: float, to_s: float, image: Callable[[float], NDArray[np.uint8]]
) -> list[Observation]:
    """Show five pictures a second, asleep or awake."""
    times = [tick / 5 for tick in range(round(from_s * 5), round(to_s * 5))]
    return [perceiver.look(Still(image(now_s), START_NS + round(now_s * SECOND_NS))) for now_s in times]


def test_who_walks_on_steadily_is_looked_at_in_every_third_picture_only() -> None:
    detector = BrightThings()
    perceiver = make(detector)
    look_at_each(perceiver, 0, 5, walk(2, 13))
    before = len(detector.shapes)
    seen = look_at_each(perceiver, 5, 9, walk(2, 13))
    assert len(detector.shapes) - before <= 0.45 * len(seen)
    assert all([thing.confirmed for thing in one.objects] == [True] for one in seen)
    for index, one in enumerate(seen):
        left, _, right, _ = one.objects[0].box_px_xyxy
        assert (left + right) / 2 == pytest.approx(40 + 50 * (3 + index / 5), abs=14)


def test_a_second_person_is_found_at_once_although_the_first_is_left_to_the_forecast() -> None:
    def two(now_s: float) -> NDArray[np.uint8]:
        people = [(40 + 50 * (now_s - 2), 180.0), (560 - 50 * (now_s - 6), 300.0)]
        return room(*people[: (now_s >= 2) + (now_s >= 6)])

    perceiver = make()
    look_at_each(perceiver, 0, 6, two)
    seen = look_at_each(perceiver, 6, 8, two)
    told = [sum(thing.confirmed for thing in one.objects) for one in seen]
    assert told.index(2) <= 6
    assert min(told) >= 1


def test_boxes_lie_on_the_person_and_zones_are_where_the_feet_are() -> None:
    seen = watch(make(), 25, walk(10, 21))
    for one in seen:
        for thing in one.objects:
            if not thing.confirmed:
                continue
            now_s = (one.wall_ns - START_NS) / SECOND_NS
            middle = (thing.box_px_xyxy[0] + thing.box_px_xyxy[2]) / 2
            if now_s < 20:
                assert middle == pytest.approx(40 + 50 * (now_s - 10), abs=14)
                assert thing.zones == (("step",) if middle <= WIDTH / 2 else ())


def test_a_person_who_stands_still_stays_told_of_and_lets_the_lens_sleep() -> None:
    def comes_and_stands(now_s: float) -> NDArray[np.uint8]:
        return room() if now_s < 4 else room((min(40 + 50 * (now_s - 4), 300), 180))

    seen = watch(make(), 120, comes_and_stands)
    late = [one for one in seen if one.wall_ns > START_NS + 20 * SECOND_NS]
    assert all(len(one.objects) == 1 and one.objects[0].confirmed for one in late)
    assert seen[-1].idle


def test_two_who_stand_apart_are_both_found_although_only_parts_are_looked_at() -> None:
    detector = BrightThings()

    def two(now_s: float) -> NDArray[np.uint8]:
        sway = 6 * np.sin(now_s * 5)
        return room() if now_s < 3 else room((60 + sway, 60), (580 + sway, 300))

    seen = watch(make(detector), 14, two)
    assert [thing.confirmed for thing in seen[-1].objects] == [True, True]
    assert min(shape[0] for shape in detector.shapes) < HEIGHT


def test_masked_parts_are_never_shown_to_the_detector() -> None:
    detector = BrightThings()
    perceiver = Perceiver(
        lens="porch",
        settings=PerceiveSettings(),
        detector=detector,
        masks=[[(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)]],
    )
    seen = watch(perceiver, 30, walk(5, 15))
    assert not any(one.objects for one in seen)
    assert all(one.idle for one in seen)


@pytest.mark.parametrize(
    "settings",
    [
        {"min_size": 0.05},
        {"max_size": 0.001},
        {"classes": ["cat"]},
        {"min_score": {"person": 0.9}},
    ],
)
def test_what_the_settings_rule_out_is_not_told_of(settings: dict[str, object]) -> None:
    seen = watch(make(None, **settings), 25, walk(10, 21))
    assert not any(thing.confirmed for one in seen for thing in one.objects)


def test_boxes_from_a_sub_stream_are_in_pixels_of_the_main_stream() -> None:
    perceiver = Perceiver(
        lens="porch", settings=PerceiveSettings(), detector=BrightThings(), main_size_px=(WIDTH * 3, HEIGHT * 3)
    )
    seen = watch(perceiver, 8, walk(2, 13))
    one = seen[-1]
    assert (one.width_px, one.height_px) == (WIDTH * 3, HEIGHT * 3)
    (thing,) = one.objects
    assert thing.box_px_xyxy[3] - thing.box_px_xyxy[1] == pytest.approx(64 * 3, abs=24)


def test_a_clock_that_jumps_back_starts_the_scene_anew() -> None:
    perceiver = make()
    watch(perceiver, 6, walk(0, 12))
    seen = perceiver.look(Still(room(), START_NS - 3600 * SECOND_NS))
    assert seen.objects == ()


def test_a_change_of_size_starts_the_scene_anew() -> None:
    perceiver = make()
    watch(perceiver, 6, walk(0, 12))
    small = room(size=(320, 180))
    seen = perceiver.look(Still(small, START_NS + 7 * SECOND_NS))
    assert (seen.width_px, seen.height_px) == (320, 180)
    assert seen.objects == ()


def test_settings_refuse_what_makes_no_sense() -> None:
    wrongs: list[dict[str, object]] = [
        {"min_size": 0.5, "max_size": 0.4},
        {"detekt_fps": 5},
        {"classes": []},
        {"min_score": {"elf": 0.5}},
    ]
    for wrong in wrongs:
        with pytest.raises(ValidationError):
            PerceiveSettings.model_validate(wrong)
