"""What holds for every test: no Internet, no state of the person who runs it."""

import gc
import ipaddress
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import django
import pytest
from django.contrib.auth.hashers import ScryptPasswordHasher
from django.utils import translation
from hypothesis import settings
from xdist.scheduler import LoadFileScheduling

# Django reads its settings once, before the first test: it must find a folder of ours, never somebody's hub.
for name in [name for name in os.environ if name.startswith(("CUSTODES_HUB", "CUSTODES_UNIT"))]:
    del os.environ[name]
_HUB_FOLDER = Path(tempfile.mkdtemp(prefix="custodes-tests-"))
os.environ["CUSTODES_HUB_DATA_DIR"] = str(_HUB_FOLDER)
os.environ["DJANGO_SETTINGS_MODULE"] = "custodes.hub.settings"
django.setup()  # the conftests below import models

# A password costs a quarter of a second by design, and the suite checks hundreds. Programs that tests start pay it.
ScryptPasswordHasher.work_factor, ScryptPasswordHasher.parallelism = 16, 1

# A shared machine is slow now and then, which is no failure of the code; CI tries the same examples every time.
settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")

LONG_FIRST = (
    "test_browser_player.py",
    "test_matrix.py",
    "test_demo_check.py",
    "test_unit_process.py",
    "test_unit_api_schema.py",
    "test_kill_in_mid_upload.py",
    "test_whose_picture.py",
    "test_trace_end_to_end.py",
    "test_floor_serve.py",
    "test_kill_at_every_call.py",
    "test_shares.py",
    "test_leak_desk.py",
    "test_deletion_proof.py",
    "test_lists.py",
    "test_decision_table.py",
    "test_board.py",
    "test_marked_views.py",
    "test_floor_ledger_together.py",
    "test_capture_rtsp.py",
    "test_watch.py",
    "test_mp4box.py",
    "test_clip_power_cut.py",
    "test_wheel.py",
)
"""Files of more than about ten seconds: what begins last must be short."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take long; the rest keeps its order."""
    place = {name: number for number, name in enumerate(LONG_FIRST)}
    items.sort(key=lambda item: place.get(item.path.name, len(place)))


def pytest_collection_finish() -> None:
    """Let the collector of garbage pass over what was imported and collected, and come seldom (9 % of the time)."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


class ByWhatTheyShare(LoadFileScheduling):
    """A file is one worker's, since its tests share what is dear to set up; so are all browser tests."""

    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        return "browser" if file.startswith("tests/browser/") else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByWhatTheyShare:
    return ByWhatTheyShare(config, log)


def pytest_unconfigure() -> None:
    """Leave nothing behind."""
    shutil.rmtree(_HUB_FOLDER, ignore_errors=True)


def stays_here(address: Any) -> bool:
    """Say whether a socket address is a file or on this machine."""
    if not isinstance(address, tuple):
        return True
    host = str(address[0])
    if host in {"", "localhost"}:
        return True
    try:
        parsed = ipaddress.ip_address(host.split("%", maxsplit=1)[0])
    except ValueError:
        return False
    return parsed.is_loopback or parsed.is_unspecified


@pytest.fixture(autouse=True)
def _no_tongue_left() -> None:
    """Forget the language that the last request of an earlier test left in this thread."""
    translation.deactivate()


@pytest.fixture(autouse=True, scope="session")
def _no_internet() -> Iterator[None]:
    """Refuse every connection that would leave this machine."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex"):
            real = getattr(socket.socket, name)

            def guarded(self: socket.socket, address: Any, _real: Any = real) -> Any:
                if not stays_here(address):
                    raise AssertionError(f"a test tried to reach {address}: tests use this machine only")
                return _real(self, address)

            patch.setattr(socket.socket, name, guarded)
        yield
