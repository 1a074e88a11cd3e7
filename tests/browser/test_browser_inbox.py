"""The inbox in a real Chromium: fills live without jumping, works by keyboard, takes back what was done."""

import re
from collections.abc import Callable

from playwright.sync_api import expect
from windows import RunningHub, Watched


def test_clip_that_comes_in_appears_by_itself(hub: RunningHub, open_as: Callable[..., Watched]) -> None:
    watched = open_as("alice")
    page = watched.page
    watched.go("/inbox/")
    page.wait_for_selector("[data-live].good")
    before = page.locator("[data-clip]").count()
    page.mouse.move(5, 5)
    new = hub.act("add")["clip"]
    page.wait_for_selector(f"#clip-{new}", timeout=15000)
    assert page.locator("[data-clip]").count() == before + 1
    assert page.locator("[data-clip] >> nth=0").get_attribute("id") == f"clip-{new}"
    assert int(page.inner_text("[data-list-count]")) == before + 1


def test_nothing_jumps_under_a_reader(hub: RunningHub, open_as: Callable[..., Watched]) -> None:
    watched = open_as("alice", height=420)
    page = watched.page
    watched.go("/inbox/")
    page.wait_for_selector("[data-live].good")
    page.keyboard.press("j")
    page.keyboard.press("j")
    held = page.evaluate("() => document.activeElement.closest('[data-clip]').id")
    top = page.evaluate("id => document.getElementById(id).getBoundingClientRect().top", held)
    new = hub.act("add")["clip"]
    page.wait_for_selector("[data-newer]:not([hidden])", timeout=15000)
    assert page.inner_text("[data-newer]") == "↑ 1 new clip"
    assert page.locator(f"#clip-{new}").count() == 0
    assert page.evaluate("id => document.getElementById(id).getBoundingClientRect().top", held) >= top
    page.click("[data-newer]")
    page.wait_for_selector(f"#clip-{new}")


def test_keys_move_select_and_open(open_as: Callable[..., Watched]) -> None:
    watched = open_as("alice")
    page = watched.page
    watched.go("/inbox/?state=all")
    page.keyboard.press("j")
    first = page.evaluate("() => document.activeElement.closest('[data-clip]').id")
    page.keyboard.press("j")
    second = page.evaluate("() => document.activeElement.closest('[data-clip]').id")
    assert first != second
    page.keyboard.press("k")
    assert page.evaluate("() => document.activeElement.closest('[data-clip]').id") == first
    page.keyboard.press("x")
    expect(page.locator("#bulk")).to_be_visible()
    alike = page.evaluate(
        """(head) => {
          const fold = document.getElementById(head).dataset.fold;
          return [...document.querySelectorAll("[data-clip]")].filter((row) => row.dataset.fold === fold).length;
        }""",
        first,
    )
    folds_from = 3
    said = page.inner_text("[data-selected-count]")
    assert said == str(alike if alike >= folds_from else 1), "the head of what is alike chooses all of it"
    page.keyboard.press("x")
    expect(page.locator("#bulk")).to_be_hidden()
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    assert page.evaluate("() => document.activeElement.id") == "first-filter"
    page.locator("[data-open] >> nth=0").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/clips/[0-9a-f-]{36}/$"))


def test_bulk_act_can_be_taken_back(open_as: Callable[..., Watched]) -> None:
    watched = open_as("alice")
    page = watched.page
    watched.go("/inbox/?state=new")
    rows = page.locator("[data-clip]")
    expect(rows.first).to_be_visible()
    chosen = rows.last.get_attribute("id")
    page.check(f"#{chosen} [data-select]")
    page.click("#bulk button[value=done]")
    expect(page.locator(f"#{chosen}")).to_have_count(0)
    expect(page.locator(".toast")).to_contain_text("1 clip changed.")
    page.click(".toast button")
    page.mouse.move(5, 5)
    page.wait_for_function(
        "id => document.getElementById(id) || !document.querySelector('[data-newer]').hidden",
        arg=chosen,
    )
    watched.go("/inbox/?state=new")
    expect(page.locator(f"#{chosen}")).to_have_count(1)


def test_filter_stands_in_the_address(open_as: Callable[..., Watched]) -> None:
    watched = open_as("alice")
    page = watched.page
    watched.go("/inbox/")
    page.click(".more-filters summary")
    page.select_option("[name=severity]", "critical")
    page.wait_for_url("**severity=critical*")
    expect(page.locator("[data-clip]")).to_have_count(1)
    assert "kind=" not in page.url, "empty filters stay out of the address"
    page.reload()
    assert page.input_value("[name=severity]") == "critical"
    page.go_back()
    page.wait_for_function("() => document.querySelectorAll('[data-clip]').length > 1")


def test_deleting_a_clip_says_what_will_happen_and_can_be_undone(
    hub: RunningHub, open_as: Callable[..., Watched]
) -> None:
    watched = open_as("alice")
    page = watched.page
    clip = hub.act("add")["clip"]
    watched.go(f"/clips/{clip}/")
    page.wait_for_selector("#player[data-ready]")
    page.click("details.menu:has([data-open-dialog=delete]) summary")
    page.click("[data-open-dialog=delete]")
    expect(page.locator("#delete")).to_contain_text("nobody can open it")
    page.click("#delete .danger")
    expect(page.locator("#clip-state h2")).to_have_text("Deleted")
    expect(page.locator("[data-remaining]")).to_have_text(re.compile(r"^\d+:\d\d$|^\d+ s$"))
    page.click("text=Restore the clip")
    page.wait_for_selector("#player[data-ready]")


def test_unit_that_joins_is_announced(hub: RunningHub, open_as: Callable[..., Watched]) -> None:
    watched = open_as("alice")
    page = watched.page
    watched.go(f"/sites/{hub.on_stage['van']}/")
    page.click("header >> text=Enrol a unit")
    code = page.inner_text(".code")
    assert re.fullmatch(r"[2-9A-Z]{4}-[2-9A-Z]{4}", code)
    assert page.inner_text("#command") == f"custodes unit enroll {hub.address} {code}"
    assert page.locator(".qr svg").count() == 1
    expect(page.locator("#joined")).to_contain_text("Waiting for the unit")
    hub.act("join", code)
    expect(page.locator("#joined")).to_contain_text("New unit has joined", timeout=10000)


def test_a_flood_is_one_line_that_unfolds(hub: RunningHub, open_as: Callable[..., Watched]) -> None:
    for _clip in range(3):
        hub.act("add")
    watched = open_as("alice")
    page = watched.page
    watched.go("/inbox/?state=new")
    line = page.locator("[data-fold-line]").first
    expect(line).to_contain_text("more like this")
    hidden = page.locator("[data-clip][hidden]")
    folded = hidden.count()
    assert folded >= 2
    page.keyboard.press("j")
    page.keyboard.press("x")
    assert int(page.inner_text("[data-selected-count]")) == folded + 1, "a head stands for those behind it"
    page.keyboard.press("x")
    page.keyboard.press("e")
    expect(hidden).to_have_count(0)
    expect(line.locator("button")).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("j")
    page.keyboard.press("x")
    assert page.inner_text("[data-selected-count]") == "1"
