"""The demo's driver looks aside, is warned in two stages, and is filmed when it repeats: on a real man's pictures."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import cast

import av
import numpy as np
import pytest

from bench.playing import Seen, play
from custodes.core.clock import NS_PER_S
from custodes.core.errors import BadInput
from custodes.core.types import EventUpdate
from custodes.demo.films import choose_films
from custodes.demo.glance import AGAIN_S, AHEAD_S, ASIDE_S, order, write_glance
from custodes.edge.decide import Decider, parse_rule
from custodes.edge.perceive import DriverPerceiver
from custodes.vision.face.reader import obtain_networks

RULE = {"kind": "looking_away", "aside_deg": 20, "film_every_min": 60}
ROUND_S = 40


@pytest.fixture(scope="module")
def looks(tmp_path_factory: pytest.TempPathFactory) -> list[Seen]:
    glance = tmp_path_factory.mktemp("glance") / "glance.mp4"
    films = choose_films(())
    assert films.cuts_glance
    write_glance(films.driver, glance)
    eye = DriverPerceiver(lens="driver", networks=obtain_networks(provider="openvino"))
    return list(play(glance, eye, detect_fps=5.0, until_s=ROUND_S))


def told(looks: list[Seen], rounds: int) -> list[EventUpdate]:
    decider = Decider([parse_rule(RULE)])
    return [
        update
        for number in range(rounds)
        for look in looks
        for update in decider.on_observation(
            replace(look.observation, wall_ns=look.observation.wall_ns + number * ROUND_S * NS_PER_S)
        )
    ]


@pytest.fixture(autouse=True)
def _packaged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CUSTODES_DATA", raising=False)


def test_the_glance_is_warned_of_in_two_stages_and_filmed_the_second_time(looks: list[Seen]) -> None:
    updates = told(looks, 2)
    assert [(one.phase, one.stage, one.cuts_clip) for one in updates if one.phase != "end"] == [
        ("onset", 1, False),
        ("stage", 2, False),
        ("onset", 1, True),
        ("stage", 2, False),
    ]
    began_s = (updates[0].event.onset_wall_ns - looks[0].observation.wall_ns) / NS_PER_S
    assert AHEAD_S <= began_s <= AHEAD_S + 3


def test_the_man_blinks_often_and_long_enough_to_be_seen_at_any_pace() -> None:
    shown = [place == 42 for place in order()]
    begins = [index for index in range(1, len(shown)) if shown[index] and not shown[index - 1]]
    assert all(shown[begin : begin + 4] == [True] * 4 and not shown[begin + 4] for begin in begins)
    ahead = [begin / 15 for begin in begins if begin < AHEAD_S * 15]
    assert len(ahead) == 6
    assert all(3 <= after - before <= 6 for before, after in pairwise(ahead))


def test_every_picture_is_of_the_man_and_no_film_is_cut_from_another(tmp_path: Path) -> None:
    assert set(order()) <= set(range(28, 120))
    assert len(list(order())) == pytest.approx((AHEAD_S + ASIDE_S + AGAIN_S + 1.2) * 15, abs=2)
    with pytest.raises(BadInput, match=r"cut from 120"):
        write_glance(short_film(tmp_path), tmp_path / "out.mp4")
    assert not (tmp_path / "out.mp4").exists()


def short_film(folder: Path) -> Path:
    with av.open(str(folder / "short.mp4"), "w") as film:
        stream = cast(av.VideoStream, film.add_stream("mpeg4", rate=10))
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        for _ in range(5):
            film.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")))
        film.mux(stream.encode(None))
    return folder / "short.mp4"
