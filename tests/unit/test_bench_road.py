"""The road lens's evaluation: its scenes are told as they should be, and each verb keeps its part of the page."""

from pathlib import Path

import pytest

from bench.errors_page import PARTS, put
from bench.road_eval import judge_scene
from bench.road_scenes import Scene, scenes


@pytest.mark.parametrize("scene", [one for one in scenes() if "minute" not in one.name], ids=lambda scene: scene.name)
def test_a_ride_is_told_as_it_should_be(scene: Scene) -> None:
    verdict = judge_scene(scene, rides=2)
    assert verdict.told == (2 if scene.told else 0)
    assert verdict.right_doing == (2 if scene.doing else 0)


def test_each_lens_writes_its_own_part_of_the_page(tmp_path: Path) -> None:
    page = tmp_path / "errors.md"
    driver, road = PARTS
    put(road + "\nroad 1\n", page=page)
    put(driver + "\ndriver 1\n", page=page)
    assert put(road + "\nroad 2\n", page=page) == f"{driver}\ndriver 1\n\n{road}\nroad 2\n"
    assert put(driver + "\ndriver 2\n", page=page) == page.read_text() == f"{driver}\ndriver 2\n\n{road}\nroad 2\n"
