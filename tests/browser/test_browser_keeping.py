"""A legal hold is placed and released on the clip's page, retention is set among the settings, on desk and phone."""

import os
from collections.abc import Callable

import pytest
from windows import RunningHub, Watched

WINDOWS = {"desk": (1440, 900, "light"), "phone": (390, 844, "dark")}


def look(watched: Watched, name: str) -> None:
    """Keep a picture where somebody wants to look (`CUSTODES_LOOK` names the folder); nothing may be too wide."""
    wide = watched.page.evaluate("() => document.documentElement.scrollWidth - window.innerWidth")
    assert wide <= 0, f"{name} is {wide} px wider than its window"
    if folder := os.environ.get("CUSTODES_LOOK"):
        watched.page.screenshot(path=f"{folder}/{name}.png", full_page=True)


@pytest.mark.browser
@pytest.mark.parametrize("window", WINDOWS)
def test_a_clip_is_held_and_let_go(window: str, hub: RunningHub, open_as: Callable[..., Watched]) -> None:
    width, height, scheme = WINDOWS[window]
    watched = open_as("alice", width=width, height=height, color_scheme=scheme)
    page = watched.page
    watched.go(f"/clips/{hub.on_stage['quarantined']}/")
    page.locator("main details.menu > summary").click()
    page.get_by_role("button", name="Place a legal hold…").click()
    look(watched, f"{window}-hold-dialog")
    page.get_by_label("Reason").fill("Claim 17, the insurer asked")
    page.get_by_role("button", name="Hold", exact=True).click()
    held = page.get_by_role("region", name="Legal hold")
    held.wait_for()
    assert "Claim 17" in held.inner_text()
    assert page.locator("details.menu:has([data-open-dialog=delete])").count() == 0
    look(watched, f"{window}-held")
    page.get_by_role("button", name="Release the hold…").click()
    asked = page.get_by_role("dialog", name="Release the legal hold?")
    assert "if its time is over, it goes within a minute, for good" in asked.inner_text()
    look(watched, f"{window}-release-dialog")
    asked.get_by_role("button", name="Release the hold", exact=True).click()
    page.get_by_text("The legal hold is released.").wait_for()
    assert held.count() == 0


@pytest.mark.browser
@pytest.mark.parametrize("window", WINDOWS)
def test_retention_is_set_and_removed(window: str, hub: RunningHub, open_as: Callable[..., Watched]) -> None:
    width, height, scheme = WINDOWS[window]
    watched = open_as("alice", width=width, height=height, color_scheme=scheme)
    page = watched.page
    watched.go("/settings/")
    page.get_by_label("Which clips").select_option("critical")
    page.get_by_label("Days", exact=True).fill("3650")
    look(watched, f"{window}-retention")
    page.get_by_role("button", name="Set", exact=True).click()
    rule = page.locator("form", has_text="3,650 days").or_(page.locator("form", has_text="3650 days"))
    rule.wait_for()
    look(watched, f"{window}-retention-set")
    rule.get_by_role("button", name="Remove").click()
    page.get_by_text("Without end: no rule has been set.").wait_for()
