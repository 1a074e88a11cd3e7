"""A dispatcher watches, somebody films the screen by phone, the privacy officer drops that: the viewing is identified.

With CUSTODES_PICTURES it leaves a picture of the desk in that folder: `make pictures`.
"""

import base64
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from playwright.sync_api import Page
from windows import RunningHub, Watched

from tools.leaklab.phone import Scene, filmed
from tools.leaklab.reel import Coding, Shot, write

PICTURES_A_S = 8
SECONDS = 7
WITHIN_MS = 240_000
SEEK = """async at => {
  const reel = document.getElementById('player').player.reel;
  await reel.seek(reel.startS + at);
}"""


@pytest.mark.browser
def test_a_screen_filmed_by_phone_leads_to_the_viewing(
    hub: RunningHub, open_as: Callable[..., Watched], tmp_path: Path
) -> None:
    hub.on_stage.update(hub.act("leak"))
    address = f"/clips/{hub.on_stage['leak_clip']}/"
    cleared = view_in(open_as("alice"), address)
    watching = open_as("bob")
    named = view_in(watching, address)
    leak = tmp_path / "posted.mp4"
    phone = filmed(Scene(fps=PICTURES_A_S))
    write(leak, phone(shown_in(watching.page), np.random.default_rng(4)), Coding(kbit_per_s=2000))
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
    if os.environ.get("CUSTODES_PICTURES"):
        shoot(officer.page, Path(os.environ["CUSTODES_PICTURES"]) / "leak.png")
    for width in (1440, 390):
        officer.page.set_viewport_size({"width": width, "height": 844})
        assert officer.page.evaluate("() => document.documentElement.scrollWidth - window.innerWidth") <= 0


def shoot(page: Page, target: Path) -> None:
    """Leave a picture of what the desk says, in fewer colours, so that it is small."""
    page.set_viewport_size({"width": 1200, "height": 900})
    page.mouse.move(0, 0)
    taken = cv2.imdecode(np.frombuffer(page.screenshot(), np.uint8), cv2.IMREAD_COLOR)
    assert taken is not None
    cv2.imwrite(str(target), taken | 7, [cv2.IMWRITE_PNG_COMPRESSION, 9])


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
