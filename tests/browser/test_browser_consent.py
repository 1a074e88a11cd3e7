"""On a phone: read, agree, take it back, see who watched; yes and no weigh the same, in both languages."""

import zipfile
from collections.abc import Callable

from windows import RunningHub, Watched

PHONE = {"width": 390, "height": 844}
PAGES = ("/me/watched/", "/me/consents/", "/me/consents/sign/")


def test_a_driver_agrees_and_takes_it_back_on_a_phone(open_as: Callable[..., Watched]) -> None:
    watched = open_as("dina", **PHONE)
    page = watched.page
    watched.go("/me/consents/")
    card = page.locator("article", has=page.get_by_role("heading", name="Coaching", exact=True))
    yes, no = card.get_by_role("button", name="Yes, I agree"), card.get_by_role("button", name="No", exact=True)
    sizes = [(box["width"], box["height"]) for box in (yes.bounding_box(), no.bounding_box()) if box]
    assert len(sizes) == 2
    assert sizes[0] == sizes[1], "yes and no weigh the same"
    looks = [
        one.evaluate("(b) => [getComputedStyle(b).color, getComputedStyle(b).backgroundColor]") for one in (yes, no)
    ]
    assert looks[0] == looks[1]
    yes.click()
    page.wait_for_selector("text=Type your name")
    card.get_by_label("Your name").fill("Dina Driver")
    card.get_by_role("button", name="Yes, I agree").click()
    page.wait_for_selector("text=Your answer is kept")
    card.get_by_role("button", name="Take my yes back").click()
    page.wait_for_selector("text=Taken back")
    card.get_by_text("History").click()
    assert "signed “Dina Driver”" in card.inner_text()


def test_the_pages_fit_a_phone_in_both_languages(hub: RunningHub, open_as: Callable[..., Watched]) -> None:
    watched = open_as("dina", **PHONE)
    for language in ("fr", "en"):
        watched.go("/settings/")
        watched.page.select_option("[name=language]", language)
        watched.page.click("section:first-of-type form button")
        watched.page.wait_for_selector(f"html[lang={language}]")
        for path in PAGES:
            watched.go(path)
            wide = watched.page.evaluate("() => document.documentElement.scrollWidth - window.innerWidth")
            assert wide <= 0, f"{path} is {wide} px wider than a phone in {language}"
            assert watched.page.locator("h1").count() == 1
            small = watched.page.evaluate(
                """() => [...document.querySelectorAll('main button, main .button, main label.check, main summary')]
                  .filter((one) => one.checkVisibility() && one.getBoundingClientRect().height < 43.5)
                  .map((one) => one.outerHTML.slice(0, 90))"""
            )
            assert small == [], path


def test_who_watched_stands_on_the_drivers_page(hub: RunningHub, open_as: Callable[..., Watched]) -> None:
    alice = open_as("alice")
    opened = alice.page.request.get(f"{hub.address}/clips/{hub.on_stage['van_clip']}/")
    assert opened.ok
    dina = open_as("dina", **PHONE)
    dina.go("/me/watched/")
    text = dina.page.inner_text("main")
    assert "Alice" in text
    assert "Manager" in text
    assert "incident" in text
    with dina.page.expect_download() as download:
        dina.page.locator("a.proof").first.click()
    assert download.value.suggested_filename.endswith(".proof.json")
    acts = dina.page.locator("details.acts").first
    acts.locator("summary").click()
    with dina.page.expect_download() as download:
        acts.get_by_role("button", name="Get a copy").click()
    archive = zipfile.ZipFile(download.value.path())
    assert archive.testzip() is None
    assert {"facts.json", "who-watched.json", "film.road.mp4"} <= set(archive.namelist())
    assert archive.read("film.road.mp4")[4:8] == b"ftyp"
