"""Signing in as people do: password, then a passkey made in a real ceremony, then the passkey alone."""

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, CDPSession, Page, expect
from windows import RunningHub, Watched

from cast import PASSWORD

AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(locale="en-GB", viewport={"width": 390, "height": 844})
    yield context.new_page()
    context.close()


@pytest.fixture
def phone(page: Page) -> CDPSession:
    """Give the browser a platform authenticator that knows its owner."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    return session


def at_name(hub: RunningHub) -> str:
    """Return the hub's address by a name: a passkey is bound to a name, never to an IP address."""
    return f"http://localhost:{urlsplit(hub.address).port}"


def test_a_passkey_is_made_and_then_lets_in_alone(hub: RunningHub, page: Page, phone: CDPSession) -> None:
    address = at_name(hub)
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(f"{error} at {page.url}"))
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.goto(f"{address}/accounts/login/")
    page.fill("[name=login]", "milo@example.org")
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url(f"{address}/second-factor/")
    page.get_by_role("link", name="Add a passkey").click()
    if "reauthenticate" in page.url:
        page.fill("[name=password]", PASSWORD)
        page.press("[name=password]", "Enter")
    page.wait_for_url("**/2fa/webauthn/add/**")
    page.fill("[name=name]", "Phone")
    page.check("[name=passwordless]")
    page.get_by_role("button", name="Add").click()
    page.wait_for_url(lambda url: "webauthn/add" not in url)
    page.goto(f"{address}/inbox/")
    assert page.url == f"{address}/inbox/", "what the ceremony showed counts at once"
    page.goto(f"{address}/settings/")
    assert "A second factor was added to your account." in page.content()
    page.context.clear_cookies()
    page.goto(f"{address}/accounts/login/")
    page.get_by_role("button", name="passkey").click()
    page.wait_for_url(lambda url: "/accounts/" not in url)
    page.goto(f"{address}/inbox/")
    assert page.url == f"{address}/inbox/", "a passkey that knows its owner is two factors"
    assert wrong == []


def test_the_end_of_a_session_is_told_and_put_off(open_as: Callable[..., Watched]) -> None:
    watched = open_as("hanna")
    page = watched.page
    page.clock.install()
    watched.go("/settings/")
    dialog = page.locator("#session")
    with page.expect_response("**/session/") as asked_first:
        page.clock.fast_forward("58:30")
    asked_first.value.finished()
    assert not dialog.is_visible(), "the server says that another window was used meanwhile"
    soon = {"json": {"idle_s": 100, "whole_s": 4000}}
    page.route(
        "**/session/", lambda asked: asked.fulfill(**soon) if asked.request.method == "GET" else asked.continue_()
    )
    page.clock.fast_forward("58:30")
    expect(dialog).to_be_visible()
    expect(dialog).to_contain_text("100 s")
    dialog.get_by_role("button", name="Stay signed in").click()
    expect(dialog).to_be_hidden()
