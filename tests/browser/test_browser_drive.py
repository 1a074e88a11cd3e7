"""On the page of a drive the film, the point on the map, and the slider are one moment."""

import time
from collections.abc import Callable

import pytest
from windows import Watched

AT = "document.querySelector('[data-moment]').value"
HERE = "document.querySelector('[data-here]').getAttribute('cx')"


def until(holds: Callable[[], bool]) -> None:
    """Wait for something that the page does by itself; the page's own waiting would need `eval`, which it forbids."""
    ends = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < ends
        time.sleep(0.05)


@pytest.mark.browser
def test_film_and_map_move_each_other(open_as: Callable[..., Watched]) -> None:
    watched = open_as("dina")
    page, stage = watched.page, watched.hub.on_stage
    watched.go(f"/drives/{stage['drive']}/")
    assert page.locator("video").count() == 0  # nothing is viewed until it is asked for
    page.get_by_role("link", name="Play it beside the map").click()
    page.locator("[data-drive][data-ready=yes]").wait_for()
    begun_s, begun_x = float(page.evaluate(AT)), page.evaluate(HERE)
    assert begun_s > 100  # the point stands where the film begins
    page.get_by_role("button", name="Play").click()
    until(lambda: float(page.evaluate(AT)) > begun_s + 1)
    assert page.evaluate(HERE) != begun_x
    page.get_by_role("button", name="Play").click()
    page.locator("[data-moment]").focus()
    page.keyboard.press("Home")
    page.get_by_text("No film of this moment").wait_for()
    page.evaluate(
        "at => { const one = document.querySelector('[data-moment]'); one.value = at;"
        " one.dispatchEvent(new Event('input')); }",
        begun_s + 5,
    )
    first_s = float(page.locator("video").first.get_attribute("data-first") or 0)
    until(lambda: abs(page.evaluate("document.querySelector('video').currentTime") - (begun_s + 5 - first_s)) < 0.3)
    assert page.get_by_text("No film of this moment").is_hidden()


@pytest.mark.browser
def test_a_report_is_read_on_a_phone_without_moving_sideways(open_as: Callable[..., Watched]) -> None:
    watched = open_as("dina", width=390, height=844)
    page = watched.page
    watched.go("/reports/")
    box = page.locator(".scroll").first
    assert box.locator("tbody tr").count() >= 1
    assert box.evaluate("box => box.scrollWidth - box.clientWidth") <= 0
    cells = box.locator("tbody tr").first.locator("td")
    heads = [head.strip() for head in box.locator("thead th").all_text_contents()]
    assert [cells.nth(at).get_attribute("data-head") for at in range(cells.count())] == heads[1:]
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
