"""The board shows a van on its map, live; a shift is planned and cancelled; nothing is too wide for a phone."""

from collections.abc import Callable

import pytest
from windows import Watched


def fits(watched: Watched) -> bool:
    return bool(watched.page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth"))


@pytest.mark.browser
def test_a_dispatcher_follows_a_van_and_plans_a_shift(open_as: Callable[..., Watched]) -> None:
    watched = open_as("bob")
    page = watched.page
    watched.go("/dispatch/")
    van = page.locator("[data-van]", has_text="Van 12")
    assert "Dina" in van.inner_text()
    page.locator(".van-label", has_text="Van 12").wait_for()
    page.get_by_text("● live").wait_for()
    page.get_by_role("button", name="Van 12").click()
    assert page.locator("[data-van]", has_text="Van 13").inner_text().strip().endswith("business.")
    page.set_viewport_size({"width": 390, "height": 844})
    assert fits(watched)
    watched.go("/dispatch/plan/")
    assert fits(watched)
    page.locator(".days a").nth(2).click()
    page.get_by_label("Van", exact=True).select_option(label="Van 13")
    page.get_by_role("button", name="Plan it").click()
    page.get_by_text("Dina drives Van 13 from").wait_for()
    page.get_by_role("button", name="Change the shift of Dina").last.click()
    page.get_by_role("button", name="Cancel this shift").click()
    page.get_by_text("is cancelled").wait_for()
    watched.go("/dispatch/routes/")
    assert fits(watched)
    page.get_by_text("No route yet").wait_for()
