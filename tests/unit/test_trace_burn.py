"""What is burnt into a copy: where it is drawn, when it stands, and that all else of the picture keeps its levels."""

import io

import av
import numpy as np
import pytest

import textured_film
from custodes.core.errors import BadInput
from custodes.trace.burn import GREEN_YUV, Box, BurnPlan, burn, draw

WIDE, HIGH = 320, 240
NS = 1_000_000_000


def grey() -> np.ndarray:
    return np.full((HIGH * 3 // 2, WIDE), 100, np.uint8)


def drawn(plan: BurnPlan, time_s: float) -> np.ndarray:
    planes = grey()
    draw(planes, plan, time_s)
    return planes[:HIGH]


def test_a_box_stands_where_it_was_seen_and_goes_soon_after() -> None:
    plan = BurnPlan("view 1a2b3c4d", boxes=((1.0, (Box(0.25, 0.25, 0.75, 0.75, "car 0.91"),)),))
    luma = drawn(plan, 1.1)
    assert luma[HIGH // 2, WIDE // 4] == GREEN_YUV[0]
    assert luma[HIGH // 2, WIDE // 2] == 100, "the inside stays as it is"
    bare = drawn(BurnPlan("view 1a2b3c4d"), 1.1)
    for gone_s in (0.9, 1.5):
        assert np.array_equal(drawn(plan, gone_s), bare), gone_s


def test_time_and_speed_stand_below_and_leave_the_rest_alone() -> None:
    plan = BurnPlan("view 1a2b3c4d", speeds=((0.0, "31 MPH"),), first_wall_ns=0, utc_offset_s=3600, zone="UTC+01:00")
    bare, full = drawn(BurnPlan("view 1a2b3c4d"), 0.5), drawn(plan, 0.5)
    assert np.any(bare[-40:, -160:] != 100), "the view's number is always there"
    assert np.all(full[:-50] == 100)
    assert np.any(full[-40:, :120] != bare[-40:, :120])
    assert not np.array_equal(drawn(plan, 0.7), full), "the clock goes on"
    assert not np.array_equal(drawn(plan, 2.6), drawn(plan, 0.6)), "the speed is too old by then"


@pytest.mark.parametrize("edges", [(-0.5, -0.5, 1.5, 1.5), (0.9, 0.9, 0.1, 0.1), (0.0, 0.0, 0.0, 0.0)])
def test_a_box_that_leaves_the_picture_does_no_harm(edges: tuple[float, float, float, float]) -> None:
    plan = BurnPlan("view 1a2b3c4d", boxes=((0.0, (Box(*edges, "person 0.50"),)),))
    bare = drawn(BurnPlan("view 1a2b3c4d"), 0.0)
    letters = bare > 200
    assert letters.any()
    assert np.array_equal(drawn(plan, 0.0)[letters], bare[letters]), "the view's number stands over whatever is there"


@pytest.mark.parametrize("size", [(2, 2), (16, 16), (64, 32)])
def test_a_tiny_picture_does_no_harm(size: tuple[int, int]) -> None:
    planes = np.zeros((size[1] * 3 // 2, size[0]), np.uint8)
    draw(planes, BurnPlan("view 1a2b3c4d", first_wall_ns=NS), 0.0)
    assert planes.any(), "what fits of it is drawn"


def test_a_copy_has_each_picture_at_its_time(tmp_path: object) -> None:
    film = textured_film.write(tmp_path / "film.mp4", [textured_film.picture(number) for number in range(15)])  # type: ignore[operator]
    copy, told = io.BytesIO(), list[float]()
    with film.open("rb") as source:
        burn(source, copy, BurnPlan("view 1a2b3c4d"), shown=told.append)
    copy.seek(0)
    with av.open(copy) as made:
        times = [round(float(frame.time or 0), 3) for frame in made.decode(video=0)]
        assert len(made.streams) == 1
    assert times == pytest.approx([number / 10 for number in range(15)], abs=0.002)
    assert told == sorted(told)


def test_what_is_no_film_is_refused() -> None:
    with pytest.raises(BadInput):
        burn(io.BytesIO(b"no film at all" * 50), io.BytesIO(), BurnPlan("view"))
