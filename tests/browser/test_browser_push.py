"""Notices in the browser: what the page says when they are refused, and what the worker shows and opens."""

import json
from collections.abc import Callable

from windows import RunningHub, Watched

HIDDEN = '[data-push-words="{}"]'


def test_a_browser_that_refuses_is_told_so_and_one_that_allows_shows_a_word_of_the_hub(
    hub: RunningHub, open_as: Callable[..., Watched]
) -> None:
    watched = open_as("dina", width=390, height=844)
    page = watched.page
    tools = page.context.new_cdp_session(page)
    page.context.grant_permissions(["geolocation"], origin=hub.address)  # and refuse all others
    watched.go("/settings/")
    page.wait_for_selector(HIDDEN.format("denied"), state="visible")
    assert not page.get_by_role("button", name="Turn on in this browser").is_visible()
    assert page.evaluate("() => document.documentElement.scrollWidth - window.innerWidth") <= 0

    page.context.grant_permissions(["notifications"], origin=hub.address)
    found: list[str] = []
    tools.on("ServiceWorker.workerRegistrationUpdated", lambda told: found.extend(
        one["registrationId"] for one in told["registrations"] if one["scopeURL"] == f"{hub.address}/"
    ))  # fmt: skip
    tools.send("ServiceWorker.enable")
    watched.go("/settings/")
    page.get_by_role("button", name="Turn on in this browser").wait_for(state="visible")
    assert found, "the worker is registered for every address of the hub"
    for path in ("/me/watched/", "https://example.org/"):
        told = {"title": "Custodes", "body": "There is something new for you.", "path": path}
        message = {"origin": hub.address, "registrationId": found[0], "data": json.dumps(told)}
        tools.send("ServiceWorker.deliverPushMessage", message)
    page.wait_for_function(
        """async () => {
          const shown = await (await navigator.serviceWorker.ready).getNotifications();
          return shown.map((one) => one.data.path).sort().join() === "/,/me/watched/"
            && shown.every((one) => one.body === "There is something new for you.");
        }"""
    )
