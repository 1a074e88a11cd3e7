"""A real hub in a process of its own, a real Chromium, and people who are signed in."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, cast

import pytest
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Request,
    Response,
    sync_playwright,
)
from windows import RunningHub, Watched, ask, stage_hand

from running_hub import running

OFF = (
    "WebUIOmniboxPopup,WebUIOmniboxAimPopup,AimEnabled,HttpsUpgrades,HttpsFirstBalancedModeAutoEnable,MediaRouter,"
    "OptimizationHints,NetworkTimeServiceQuerying,PreconnectToSearch,PaintHolding,ThirdPartyStoragePartitioning,"
    "AvoidCorsURLLoaderRestartOnRedirect,DestroyProfileOnBrowserClose,AvoidUnnecessaryBeforeUnloadCheckSync,LensOverlay"
)
"""What Playwright turns off, said again since the last such switch counts; and the two pages of Chromium's own address
bar, which it loads with every window in a second of CPU time."""
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
    f"--disable-features={OFF}",
]
PASSWORD = "correct horse battery staple"
HERE = Path(__file__).parent


LONG_FRESH = "[sign_in]\nstep_up_minutes = 240\n"
"""The stage signs everybody in once: by the last file of a slow run that is longer ago than dangerous acts allow."""


_OPEN = ExitStack()
"""What this folder's tests share, the newest first to go: see `pytest_runtest_teardown`."""
_SHARED: dict[str, Any] = {}


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> RunningHub:
    """Give the one hub of this folder's tests, `custodes hub serve` on a fresh folder, with the stage set."""
    if "hub" not in _SHARED:
        folder = tmp_path_factory.mktemp("hub")
        (folder / "hub.toml").write_text(LONG_FRESH)
        address, hand = _OPEN.enter_context(running(folder)), _OPEN.enter_context(stage_hand(folder))
        _SHARED["hub"] = RunningHub(address, folder, ask(hand, "set"), hand)
    return cast(RunningHub, _SHARED["hub"])


@pytest.fixture(scope="module")
def chromium() -> Browser:
    """Give the one Chromium of this folder's tests."""
    if "chromium" not in _SHARED:
        found = os.environ.get("CUSTODES_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
        playwright = _OPEN.enter_context(sync_playwright())
        _SHARED["chromium"] = playwright.chromium.launch(executable_path=found, args=FLAGS)
        _OPEN.callback(_SHARED["chromium"].close)
    return cast(Browser, _SHARED["chromium"])


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(nextitem: pytest.Item | None) -> None:
    """Close Chromium and the hub after this folder's last test.

    Not later: while Playwright is open its event loop runs in this thread, and Django refuses the database to
    whichever tests come next in the same process; and a hub that serves nobody takes from the tests that come next.
    """
    if nextitem is None or nextitem.path.parent != HERE:
        _SHARED.clear()
        _OPEN.close()


@contextmanager
def windows_of(hub: RunningHub, chromium: Browser) -> Iterator[Callable[..., Watched]]:
    """Give a function that opens a browser window for a person; at the end nothing may have gone wrong on it."""
    opened: list[Watched] = []

    def open_window(
        name: str | None = None, *, width: int = 1440, height: int = 900, locale: str = "en-GB", **more: Any
    ) -> Watched:
        viewport: Any = {"width": width, "height": height}
        context = chromium.new_context(viewport=viewport, locale=locale, **more)
        if name:
            # As somebody who has signed in with both factors; signing in is tested by `test_browser_sign_in.py`.
            cookie = {"name": "custodes_session", "value": hub.on_stage[f"session of {name}"], "url": hub.address}
            context.add_cookies([cookie])  # type: ignore[list-item]  # three of the keys suffice
        watched = Watched(context.new_page(), hub)
        _watch(watched)
        opened.append(watched)
        return watched

    yield open_window
    for watched in opened:
        watched.page.context.close()
    assert [wrong for watched in opened for wrong in watched.wrong] == []


@pytest.fixture
def open_as(hub: RunningHub, chromium: Browser) -> Iterator[Callable[..., Watched]]:
    """Open windows for one test: see `windows_of`."""
    with windows_of(hub, chromium) as open_window:
        yield open_window


@pytest.fixture(scope="module")
def keep_open_as(hub: RunningHub, chromium: Browser) -> Iterator[Callable[..., Watched]]:
    """Open windows that a file's tests share: a window costs more than most tests do in it."""
    with windows_of(hub, chromium) as open_window:
        yield open_window


def _watch(watched: Watched) -> None:
    def on_console(message: ConsoleMessage) -> None:
        if message.type not in {"error", "warning"}:
            return
        if "willReadFrequently" in message.text:
            return  # the test's own reading of pixels
        if "Failed to load resource" in message.text and watched.expected_statuses:
            return
        watched.wrong.append(f"console {message.type}: {message.text} at {watched.page.url}")

    def on_request(request: Request) -> None:
        if not request.url.startswith((watched.hub.address, "data:", "blob:")):
            watched.wrong.append(f"request to a stranger: {request.url}")

    def on_response(response: Response) -> None:
        if response.status >= 400 and response.status not in watched.expected_statuses:
            watched.wrong.append(f"HTTP {response.status}: {response.url}")

    watched.page.on("console", on_console)
    watched.page.on("pageerror", lambda error: watched.wrong.append(f"script error: {error} at {watched.page.url}"))
    watched.page.on("request", on_request)
    watched.page.on("response", on_response)
