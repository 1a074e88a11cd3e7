"""Every page in a real Chromium: own origin only, no console word, nothing wider than the window, keys that work."""

from collections.abc import Callable

from playwright.sync_api import Page
from windows import RunningHub, Watched

PAGES = {
    "today": "/",
    "inbox": "/inbox/",
    "all": "/inbox/?state=all&severity=warning",
    "clip": "/clips/{van_clip}/",
    "arriving": "/clips/{receiving}/",
    "quarantined": "/clips/{quarantined}/",
    "sites": "/sites/",
    "site": "/sites/{van}/",
    "new site": "/sites/new/",
    "people": "/people/",
    "invite": "/people/invite/",
    "settings": "/settings/",
    "second factor": "/accounts/2fa/",
    "password": "/accounts/password/change/",
    "why not": "/why-not/",
    "offline": "/offline/",
}
STRANGER_PAGES = {"sign in": "/accounts/login/", "offline": "/offline/", "why not": "/why-not/"}
FOR_A_THUMB = {"inbox", "clip", "site", "people", "settings"}
WINDOWS = {"desk": (1440, 900), "phone": (390, 844), "desk at 200 %": (720, 450)}


def test_pages_fit_and_stay_at_home(hub: RunningHub, open_as: Callable[..., Watched]) -> None:
    watched = open_as("alice")
    for name, path in PAGES.items():
        watched.go(path.format(**hub.on_stage))
        assert watched.page.title().endswith("· Custodes"), name
        assert watched.page.locator("h1").count() == 1, f"{name} has one heading of the first rank"
        for window, (width, height) in WINDOWS.items():
            watched.page.emulate_media(color_scheme="dark" if window == "phone" else "light")
            watched.page.set_viewport_size({"width": width, "height": height})
            watched.page.wait_for_timeout(50)
            wide = watched.page.evaluate("() => document.documentElement.scrollWidth - window.innerWidth")
            assert wide <= 0, f"{name} is {wide} px wider than a {window} window"
            if window == "phone" and name in FOR_A_THUMB:
                assert too_small_for_a_thumb(watched.page) == [], name


def too_small_for_a_thumb(page: Page) -> list[str]:
    """Return what can be pressed on a page and is lower than 44 px; links in a line of text may be."""
    small = page.evaluate(
        """() => [...document.querySelectorAll('button, .button, select, input:not([type=hidden]), nav a, summary')]
          .filter((one) => one.checkVisibility() && !one.closest('dialog:not([open])'))
          .map((one) => [one, one.matches('input[type=checkbox], input[type=radio]') ? one.closest('label') : one])
          .map(([one, area]) => ({ one: one.outerHTML.slice(0, 90), tall: area.getBoundingClientRect().height }))
          .filter(({ tall }) => tall < 43.5)"""
    )
    return [one for one in small if "crumbs" not in one["one"] and "<a href" not in one["one"]]


def test_pages_before_the_door(open_as: Callable[..., Watched]) -> None:
    watched = open_as()
    for path in STRANGER_PAGES.values():
        watched.go(path)
        assert watched.page.locator("h1").count() == 1
    watched.go("/inbox/")
    assert "/accounts/login/" in watched.page.url


def test_missing_page_explains_access(open_as: Callable[..., Watched]) -> None:
    watched = open_as("alice")
    watched.expected_statuses.add(404)
    watched.go("/clips/00000000-0000-4000-8000-000000000000/")
    assert "Not here, or not for you" in watched.page.inner_text("h1")
    watched.page.click("text=How access works")
    watched.page.wait_for_url("**/why-not/")


def test_every_stop_of_the_tab_key_is_visible(open_as: Callable[..., Watched]) -> None:
    watched = open_as("alice")
    for path in ("/", "/inbox/", "/settings/", "/people/"):
        watched.go(path)
        each_stop_is_seen(watched.page)


def each_stop_is_seen(page: Page) -> None:
    seen = set()
    for _press in range(25):
        page.keyboard.press("Tab")
        stop = page.evaluate(
            """() => {
              const one = document.activeElement;
              if (one === document.body) return null;
              const style = getComputedStyle(one.matches('.states input') ? one.nextElementSibling : one);
              const box = one.getBoundingClientRect();
              return { name: one.outerHTML.slice(0, 120), outline: parseFloat(style.outlineWidth),
                       style: style.outlineStyle, wide: box.width, tall: box.height };
            }"""
        )
        if stop is None:
            break
        seen.add(stop["name"])
        assert stop["style"] != "none", f"no visible focus on {stop['name']}"
        assert stop["outline"] >= 2, f"no visible focus on {stop['name']}"
        assert stop["wide"] > 0, f"focus on something hidden: {stop['name']}"
        assert stop["tall"] > 0, f"focus on something hidden: {stop['name']}"
    assert len(seen) > 6


def test_french_reader_gets_french(hub: RunningHub, open_as: Callable[..., Watched]) -> None:
    watched = open_as("dina")
    watched.go("/settings/")
    watched.page.select_option("[name=language]", "fr")
    watched.page.click("section:first-of-type form button")
    watched.page.wait_for_url("**/settings/")
    assert watched.page.get_attribute("html", "lang") == "fr"
    assert watched.page.inner_text("h1") == "Réglages"
    assert watched.page.evaluate("() => gettext('Copied')") == "Copié"
    watched.page.set_viewport_size({"width": 390, "height": 844})
    for name, path in PAGES.items():
        if name in ("new site", "invite", "arriving", "quarantined"):
            continue  # not a driver's
        watched.go(path.format(**hub.on_stage))
        wide = watched.page.evaluate("() => document.documentElement.scrollWidth - window.innerWidth")
        assert wide <= 0, f"{name} in French is {wide} px wider than a phone"
    watched.page.set_viewport_size({"width": 1440, "height": 900})
    watched.go("/settings/")
    watched.page.select_option("[name=language]", "en")
    watched.page.click("section:first-of-type form button")
    watched.page.wait_for_selector("html[lang=en]")


def test_a_dead_link_fits_a_phone_and_says_what_to_do(open_as: Callable[..., Watched]) -> None:
    watched = open_as(width=390, height=844, locale="fr-FR")
    watched.expected_statuses.add(404)
    watched.go("/enter/no-such-link")
    assert watched.page.inner_text("h1") == "Ce lien ne connecte plus personne"
    assert "Demandez-en un nouveau" in watched.page.inner_text("main")
    assert watched.page.evaluate("() => document.documentElement.scrollWidth") <= 390


def test_page_for_when_the_hub_is_away(open_as: Callable[..., Watched]) -> None:
    watched = open_as("alice")
    page = watched.page
    watched.go("/")
    page.evaluate("() => navigator.serviceWorker.ready")
    page.wait_for_function("() => caches.match('/offline/').then((kept) => Boolean(kept))")
    kept = page.evaluate(
        """async () => (await Promise.all((await caches.keys()).map(async (name) =>
          (await (await caches.open(name)).keys()).map((one) => new URL(one.url).pathname)))).flat()"""
    )
    looks = ["base.css", "mark.svg", "tokens.css"]
    assert sorted(kept) == ["/offline/", *(f"/static/portal/{name}" for name in looks)]
    words = page.evaluate("() => caches.match('/offline/').then((kept) => kept.text())")
    assert "The hub cannot be reached" in words
    assert "Alice" not in words
