"""What `custodes hub fsck|backup|restore` does: opens the hub's folder, asks `clips`, says what came of it."""

import sys
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from custodes.core.clock import SystemClock
from custodes.core.errors import BadInput
from custodes.hub import boot, config

if TYPE_CHECKING:
    from custodes.hub.clips.backup import BackedUp, Restored
    from custodes.hub.clips.fsck import FsckReport


def fsck(data_dir: Path, *, repair: bool, quick: bool, show_progress: bool) -> "FsckReport":
    """Check the folder's rows, blobs, keys and uploads. `repair` needs the hub to be stopped. Raises BadInput."""
    hub = _hub_in(data_dir)
    with ExitStack() as stack:
        if repair:
            stack.enter_context(boot.hold(hub.data_dir))
        boot.django_on(hub.data_dir)
        from custodes.hub.clips import fsck as checks

        return checks.check(
            now_ns=SystemClock().wall_ns(),
            repair=repair,
            hash_blobs=not quick,
            on_clip=_Counter() if show_progress else lambda: None,
        )


def backup(data_dir: Path, to: Path, *, keys_to: Path | None) -> "BackedUp":
    """Bring a backup up to date. The hub may run."""
    hub = _hub_in(data_dir)
    boot.django_on(hub.data_dir)
    from custodes.hub.clips import backup as copies

    return copies.make(hub, to, keys_to=keys_to, now_ns=SystemClock().wall_ns())


def restore(data_dir: Path, source: Path, *, keys_from: Path, erased_lists: tuple[Path, ...]) -> "Restored":
    """Put a backup back, finish the erasures that it does not know, and say so in its ledger. The hub must not run.

    Raises BadInput while a hub holds the folder.
    """
    hub = config.HubSettings(data_dir=data_dir)
    for path in erased_lists:
        if not path.is_file():
            raise BadInput(f"{path}: no list of destroyed keys lies here.")
    if hub.data_dir.is_dir():
        with boot.hold(hub.data_dir):
            pass
    clock = SystemClock()
    boot.django_on(hub.data_dir)
    from custodes.hub import keyring, serve
    from custodes.hub.audit import beginning, ledger
    from custodes.hub.clips import backup as copies
    from custodes.hub.clips import erasing

    done = copies.put_back(source, keys_from, hub, more_lists=erased_lists, now_ns=clock.wall_ns())
    boot.make_folders(hub.data_dir)
    serve.migrate()
    keyring.make_keys(hub.keys_dir, with_root=False)  # a copy from before each of them was made lacks some
    beginning.begin(now_ns=clock.wall_ns(), put_back=True)
    body = {"backup_ledger_size": done.ledger_size, "backup_clips": done.clips}
    ledger.append(kind="hub.restored", body=body, now_ns=clock.wall_ns())
    again = erasing.finish(now_ns=clock.wall_ns())
    return replace(done, erased_since=again)


class _Counter:
    """Says on the terminal how many clips were checked."""

    def __init__(self) -> None:
        self._count = 0

    def __call__(self) -> None:
        self._count += 1
        if self._count % 100 == 0 and sys.stderr.isatty():
            print(f"\r{self._count} clips checked", end="", file=sys.stderr, flush=True)


def _hub_in(data_dir: Path) -> config.HubSettings:
    hub = config.load(data_dir)
    if not hub.database_path.is_file():
        raise BadInput(f"{data_dir}: no hub lies here (hub.sqlite3 is missing). Give its folder with --data.")
    return hub
