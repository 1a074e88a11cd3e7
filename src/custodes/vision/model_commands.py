"""What `custodes models …` shows: the catalogue as a table or JSON, a pull with its progress."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table

from custodes.core.errors import Permanent
from custodes.vision.weight_catalogue import DEFAULT_DETECTOR
from custodes.vision.weights import (
    ModelStatus,
    PullStep,
    cache_folder,
    entry_named,
    list_models,
    pull_models,
    verify_models,
)


def show_catalogue(*, as_json: bool) -> None:
    """Print every entry of the catalogue, and whether its weights are here."""
    statuses = list_models()
    _show(statuses, as_json=as_json)
    if not as_json:
        for line in what_to_do(statuses):
            print(line)


def what_to_do(statuses: Sequence[ModelStatus]) -> list[str]:
    """Return where absent weights come from and how to get them, a line each."""
    folder = cache_folder()
    lines = [
        "",
        f"Weights lie in {folder} (CUSTODES_WEIGHTS names another folder); each is checked against its SHA-256.",
    ]
    for one in statuses:
        if one.state == "absent":
            file_name = entry_named(one.name).file_name
            fetch = f"'custodes models pull {one.name}' fetches it {one.detail}" if one.sha256_hex else one.detail
            lines.append(f"{one.name} is not here: {fetch}; or put {file_name} into that folder.")
    return lines


def pull(names: Sequence[str], *, as_json: bool) -> None:
    """Fetch the named weights (without a name, the default detector's) and print where they are.

    Raises BadInput for an unknown name, and what the last source said when none had them.
    """
    wanted = list(names) or [DEFAULT_DETECTOR]
    with PullBars() as bars:
        pull_models(wanted, bars.step)
    _show([status for status in list_models() if status.name in wanted], as_json=as_json)


def verify(names: Sequence[str], *, as_json: bool) -> None:
    """Hash weights again and print the outcome. Raises Permanent when one is damaged."""
    statuses = verify_models(names)
    _show(statuses, as_json=as_json)
    damaged = [status.name for status in statuses if status.state == "damaged"]
    if damaged:
        raise Permanent(f"{', '.join(damaged)}: the file is not what it should be. Run 'custodes models pull'.")


class PullBars:
    """One progress bar a pull, on standard error; plain lines where that is no terminal."""

    def __init__(self, console: Console | None = None, *, note: Callable[[str], None] | None = None) -> None:
        self.console = console or Console(stderr=True, highlight=False)
        self.note = note or self.console.print
        self._bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(),
            TimeRemainingColumn(compact=True),
            console=self.console,
            transient=True,
            disable=not self.console.is_terminal,
        )
        self._tasks: dict[str, TaskID] = {}
        self._told: set[tuple[str, str, str]] = set()

    def __enter__(self) -> "PullBars":
        """Show the bars."""
        self._bars.start()
        return self

    def __exit__(self, *exit_facts: object) -> None:
        """Take the bars away."""
        self._bars.stop()

    def step(self, step: PullStep) -> None:
        """Show how far one pull is."""
        if step.name not in self._tasks:
            self._tasks[step.name] = self._bars.add_task(step.name, total=None)
        self._bars.update(
            self._tasks[step.name],
            description=f"{step.name}: {step.phase}",
            completed=step.done_bytes,
            total=step.total_bytes,
        )
        key = (step.name, step.phase, step.source)
        if step.phase in {"fetching", "failed", "waiting"} and key not in self._told:
            self._told.add(key)
            source = f" from {step.source}" if step.source else ""
            why = f" ({step.detail})" if step.detail else ""
            self.note(f"{step.name}: {step.phase}{source}{why}")


def _show(statuses: Sequence[ModelStatus], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps([asdict(status) for status in statuses], default=str, indent=2))
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("name", "task", "licence", "size", "state", "what it is"):
        table.add_column(heading)
    for status in statuses:
        size = f"{status.size_bytes / 1e6:.1f} MB" if status.size_bytes else "–"
        says = f"{status.says} {status.detail}" if status.state == "damaged" else status.says
        table.add_row(status.name, status.task, status.licence, size, status.state, says)
    Console().print(table)
