"""A dispatcher watches, somebody records the screen, the privacy officer drops the film: that viewing is identified."""

import base64
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from playwright.sync_api import Page
from windows import RunningHub, Watched

from tools.leaklab.attacks import screen_recorded
from tools.leaklab.reel import Coding, Shot, write

PICTURES_A_S = 10
SECONDS = 8
WITHIN_MS = 240_000
SEEK = """async at => {
  const reel = document.getElementById('player').player.reel;
  await reel.seek(reel.startS + at);
}"""


@pytest.mark.browser
def test_a_recorded_screen_leads_to_the_viewing(
    hub: RunningHub, open_as: Callable[..., Watched], tmp_path: Path
) -> None:
    hub.on_stage.update(hub.act("leak"))
    address = f"/clips/{hub.on_stage['leak_clip']}/"
    cleared = view_in(open_as("alice"), address)
    watching = open_as("bob")
    named = view_in(watching, address)
    leak = tmp_path / "posted.mp4"
    write(leak, screen_recorded(shown_in(watching.page), np.random.default_rng(4)), Coding(crf=28))
    officer = open_as("petra")
    officer.go(f"/leaks/?clip={hub.on_stage['leak_clip']}")
    officer.page.set_input_files("#files", leak)
    officer.page.wait_for_selector("#verdict-title", timeout=WITHIN_MS)
    assert officer.page.inner_text("#verdict-title") == "One view is identified."
    first, second = officer.page.locator(".candidates > li").all_inner_texts()
    assert f"View {named}" in first
    assert "identified" in first
    assert "Bob" in first
    assert f"View {cleared}" in second
    assert "does not fit" in second
    for width in (1440, 390):
        officer.page.set_viewport_size({"width": width, "height": 844})
        assert officer.page.evaluate("() => document.documentElement.scrollWidth - window.innerWidth") <= 0


def view_in(watched: Watched, address: str) -> str:
    """Open the clip's page and return the beginning of the view's id, as it stands over the film."""
    watched.go(address)
    watched.page.wait_for_selector("#player[data-ready]")
    return str(watched.page.evaluate("() => document.querySelector('video').src.split('/views/')[1].slice(0, 8)"))


def shown_in(page: Page) -> Iterator[Shot]:
    """Yield what the window shows of the player, boxes, name and all, ten times a second of film."""
    box = page.locator(".picture").bounding_box()
    assert box is not None
    window = page.context.new_cdp_session(page)
    clip = {**box, "scale": 1}
    for number in range(SECONDS * PICTURES_A_S):
        at_s = (number + 0.5) / PICTURES_A_S
        page.evaluate(SEEK, at_s)
        taken = window.send("Page.captureScreenshot", {"format": "jpeg", "quality": 92, "clip": clip})
        coded = np.frombuffer(base64.b64decode(taken["data"]), np.uint8)
        luma = cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE)
        assert luma is not None
        yield Shot(number / PICTURES_A_S, np.asarray(luma, np.uint8))
