"""Who watches stands over the film, and Chromium plays the film that this view alone gets."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page
from windows import RunningHub, Watched

SEEN = """() => {
  const canvas = document.querySelector('.visible-mark');
  const pen = canvas.getContext('2d');
  const dots = pen.getImageData(0, 0, canvas.width, canvas.height).data;
  const quarters = [0, 0, 0, 0];
  let light = 0, dark = 0, sum = 0;
  for (let at = 0; at < dots.length; at += 4) {
    if (!dots[at + 3]) continue;
    const place = at / 4, x = place % canvas.width, y = Math.floor(place / canvas.width);
    quarters[(x * 2 >= canvas.width ? 1 : 0) + (y * 2 >= canvas.height ? 2 : 0)] += 1;
    if (dots[at] > 200) light += 1; else if (dots[at] < 60) dark += 1;
    sum = (sum + place * dots[at + 3]) % 1000003;
  }
  const [wide, film] = [canvas, canvas.parentElement.querySelector('video')].map(one => one.clientWidth);
  return { quarters, light, dark, sum, covers: wide >= film - 1, opacity: Number(getComputedStyle(canvas).opacity),
    inside: document.fullscreenElement ? document.fullscreenElement.contains(canvas) : null };
}"""


@pytest.fixture
def page(hub: RunningHub, open_as: Callable[..., Watched]) -> Page:
    watched = open_as("bob")
    watched.go(f"/clips/{hub.on_stage['van_clip']}/")
    watched.page.wait_for_selector("#player[data-ready]")
    return watched.page


def seen(page: Page) -> dict[str, Any]:
    return dict(page.evaluate(SEEN))


def test_the_mark_covers_the_picture_in_light_and_dark_and_moves(page: Page) -> None:
    first = seen(page)
    assert all(dots > 50 for dots in first["quarters"]), first
    assert first["covers"]
    assert first["light"] > 100
    assert first["dark"] > 100
    # Faint enough to see the film through it.
    assert 0.1 < first["opacity"] < 0.5
    page.wait_for_function("before => (" + SEEN + ")().sum !== before", arg=first["sum"])


def test_the_mark_says_who_and_which_view(page: Page) -> None:
    words = page.evaluate("() => document.getElementById('player').player.marks[0].words()")
    view = page.evaluate("() => document.querySelector('video').src.split('/views/')[1].slice(0, 8)")
    assert words.startswith("Bob · ")
    assert view in words


def test_boxes_lie_over_the_mark_and_full_screen_takes_it_along(page: Page) -> None:
    order = page.evaluate(
        "() => [...document.querySelector('.picture').children].map(one => one.className || one.tagName)"
    )
    assert order.index("VIDEO") < order.index("visible-mark") < order.index("boxes")
    page.locator("[data-do=full]").click()
    page.wait_for_function("() => document.fullscreenElement")
    assert seen(page)["inside"]
    page.evaluate("() => document.exitFullscreen()")


def test_two_people_are_served_other_bytes_and_both_can_seek(
    hub: RunningHub, open_as: Callable[..., Watched], page: Page
) -> None:
    other = open_as("alice")
    other.go(f"/clips/{hub.on_stage['van_clip']}/")
    other.page.wait_for_selector("#player[data-ready]")
    digest = """async () => {
      const answer = await fetch(document.querySelector('video').src);
      const sum = await crypto.subtle.digest('SHA-256', await answer.arrayBuffer());
      return [...new Uint8Array(sum)].join();
    }"""
    assert page.evaluate(digest) == page.evaluate(digest) != other.page.evaluate(digest)
    for one in (page, other.page):
        shown = one.evaluate(
            """async () => { const reel = document.getElementById('player').player.reel;
               await reel.seek(reel.startS + 9.0); return reel.films[0].shownS; }"""
        )
        assert shown == pytest.approx(9.0, abs=0.05)
