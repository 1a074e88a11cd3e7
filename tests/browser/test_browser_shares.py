"""A clip is shared on its page and watched by a named person on a phone: the trimmed range, from its beginning."""

import os
from collections.abc import Callable
from pathlib import Path

from windows import RunningHub, Watched


def test_from_the_share_form_to_a_phone(hub: RunningHub, open_as: Callable[..., Watched]) -> None:
    alice = open_as("alice")
    alice.go(f"/clips/{hub.on_stage['van_clip']}/shares/")
    page = alice.page
    page.fill("[name=name]", "Bob")
    page.fill("[name=email]", "bob@example.org")
    page.fill("[name=reason]", "claim 4711")
    page.fill("[name=begin_s]", "1")
    page.fill("[name=end_s]", "13.2")
    page.check("[name=hide][value=no]")
    page.fill("[name=bare_reason]", "the claim is about who stood there")
    look(page, "share-form")
    page.click("#share-form button.primary")
    page.wait_for_selector("#share-link")
    link = page.input_value("#share-link")
    look(page, "share-made")
    dina = open_as("dina")  # this hub sends no mail: whoever is on film releases whatever is handed over
    dina.go("/me/watched/")
    dina.page.click("form[action*='/me/releases/'] button[value=yes]")
    dina.page.wait_for_selector("form[action*='/me/releases/'] button[value=no]")

    phone = open_as(width=390, height=844)
    shown = phone.page
    shown.goto(link)
    shown.wait_for_selector("[data-open-share]:not([hidden])")
    assert "#" not in shown.url, "the token leaves the address at once"
    look(shown, "shared-link")
    shown.click("[data-open-share] button")
    shown.wait_for_selector("[data-share]")
    assert "3 of 3" in shown.inner_text("[data-share]")
    look(shown, "shared-told")
    shown.click("[data-share] form button")
    shown.wait_for_selector("#player[data-ready=yes]", timeout=60_000)
    assert shown.evaluate("() => document.documentElement.scrollWidth - window.innerWidth") <= 0
    spans = shown.evaluate(
        "() => [...document.querySelectorAll('video')].map((one) => [one.currentTime, one.duration])"
    )
    for at_s, lasts_s in spans:
        assert at_s < 0.6
        assert 10 < lasts_s <= 12.3, "nothing of the film but the range"
    shown.click("[data-do=toggle]")
    shown.wait_for_function("() => document.querySelector('video').currentTime > 0.8")
    look(shown, "shared-film")

    late = open_as(width=390, height=844)
    late.expected_statuses.add(404)
    late.page.goto(link)
    late.page.click("[data-open-share] button")
    late.page.wait_for_selector("text=This link opens nothing")
    page.goto(f"{hub.address}/clips/{hub.on_stage['van_clip']}/")
    assert "1 of 3 viewings used" in page.inner_text("#shares")
    look(page, "clip-with-shares")


def look(page: object, name: str) -> None:
    """Keep a picture for somebody to look at, where a folder for them is named."""
    if folder := os.environ.get("CUSTODES_LOOK"):
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)  # type: ignore[attr-defined]
