"""Fixtures of this folder."""

from pathlib import Path

import pytest

import textured_film
from cast import Cast
from custodes.hub.clips.models import Clip
from custodes.hub.process import examine
from hub_fixtures import both_factors, cast, hub_dir
from leak_scene import LeakScene, set_leak_scene
from ship_scene import Scene, make_scene

__all__ = ["both_factors", "cast", "hub_dir"]


@pytest.fixture
def scene(tmp_path: Path, cast: Cast) -> Scene:
    """Return a unit that is enrolled at the van, and the way from it into the hub."""
    return make_scene(tmp_path, cast)


@pytest.fixture
def clip(scene: Scene) -> Clip:
    """Return a clip that came from the unit and was examined; nothing is marked."""
    made = scene.put()
    assert scene.shipper.drain()
    examine.probe_films(made.clip_id)
    Clip.objects.update(state=Clip.State.READY, ready_at=Clip.objects.get().received_at)
    return Clip.objects.get()


@pytest.fixture(scope="session")
def leak_film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the film of which leaks are made; drawing it takes longer than most tests."""
    return textured_film.film(tmp_path_factory.mktemp("leak") / "film.mp4")


@pytest.fixture
def leaking(cast: Cast, leak_film: Path) -> LeakScene:
    """Return a marked clip that two people watched."""
    return set_leak_scene(cast, leak_film)
