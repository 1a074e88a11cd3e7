"""Find, fetch and check weights. Nothing is ever used whose SHA-256 is not the pinned one.

A file is looked for in local folders first: `$CUSTODES_WEIGHTS`, the cache folder of the user, `$CUSTODES_DATA/models`.
`pull` fetches what is missing into the cache: written aside, hashed, then renamed into place under a lock, so that
programs which pull at the same moment get one whole file.
"""

import fcntl
import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import platformdirs

from custodes.core.errors import BadInput, Corrupt, Temporary
from custodes.core.fs import write_durably
from custodes.core.registry import nearest
from custodes.core.types import ModelIdentity
from custodes.vision.archives import sha256_of_file
from custodes.vision.weight_catalogue import WeightsEntry, entries
from custodes.vision.weight_sources import WeightSource


@dataclass(frozen=True, slots=True)
class LocatedWeights:
    """Weights on this disk whose hash was checked."""

    path: Path
    identity: ModelIdentity


@dataclass(frozen=True, slots=True)
class PullStep:
    """How far a pull is. `total_bytes` is None when the source does not say."""

    name: str
    phase: Literal["waiting", "fetching", "checking", "failed", "ready"]
    source: str = ""
    done_bytes: int = 0
    total_bytes: int | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ModelStatus:
    """One line of `custodes models list`: `detail` says what is wrong, or where the file came from."""

    name: str
    task: str
    licence: str
    size_bytes: int
    state: Literal["ready", "absent", "damaged"]
    path: Path | None
    sha256_hex: str | None
    says: str
    detail: str = ""


Progress = Callable[[PullStep], None]


def catalogue() -> Mapping[str, WeightsEntry]:
    """Return every known file of weights by its name."""
    return entries()


def cache_folder() -> Path:
    """Return the folder that `pull` writes to: `$CUSTODES_WEIGHTS`, or the user's cache folder."""
    return next(iter(local_folders()))


def local_folders() -> tuple[Path, ...]:
    """Return the folders in which weights are looked for, in order."""
    folders: list[Path] = []
    if named := os.environ.get("CUSTODES_WEIGHTS"):
        folders.append(Path(named).expanduser())
    folders.append(Path(platformdirs.user_cache_dir("custodes", appauthor=False)) / "weights")
    if shared := os.environ.get("CUSTODES_DATA"):
        folders.append(Path(shared).expanduser() / "models")
    return tuple(folders)


def entry_named(name: str) -> WeightsEntry:
    """Return the catalogue's entry. Raises BadInput that names the nearest known one."""
    known = entries()
    if name not in known:
        raise BadInput(f"unknown weights {name!r}.{nearest(name, known)}")
    return known[name]


def locate(name: str, *, sha256_hex: str | None = None) -> LocatedWeights:
    """Return the weights called `name` from a local folder, their hash checked at this call.

    `sha256_hex` pins another hash than the catalogue's (weights of one's own under a known name). Raises BadInput
    when no local folder has them, or when the ones there have another hash; the message names both.
    """
    entry = entry_named(name)
    found = _find(entry, _accepted(entry, sha256_hex))
    if isinstance(found, LocatedWeights):
        return found
    if found is not None:
        raise BadInput(found)
    raise BadInput(f"the weights {name!r} are not on this machine. Run: custodes models pull {name}")


def pull(name: str, progress: Progress | None = None, *, sha256_hex: str | None = None) -> LocatedWeights:
    """Return the weights called `name`, fetched into the cache if no local folder has them.

    Durable on return. Sources are tried in order. Raises Corrupt at once when a source gives another hash than the
    pinned one (nothing is used, the file is not kept); raises Temporary when no source could be reached.
    """
    entry = entry_named(name)
    accepted = _accepted(entry, sha256_hex)
    say: Progress = progress or _say_nothing
    found = _find(entry, accepted)
    if isinstance(found, LocatedWeights):
        say(PullStep(name, "ready", str(found.path), entry.size_bytes, entry.size_bytes))
        return found
    folder = cache_folder()
    say(PullStep(name, "waiting"))
    with _locked(folder, name):
        found = _find(entry, accepted)  # another program may have pulled it while we waited
        if not isinstance(found, LocatedWeights):
            _fetch_into(folder, entry, accepted, say)
            found = _find(entry, accepted)
    if not isinstance(found, LocatedWeights):
        raise Corrupt(f"the weights {name!r} vanished from {folder} while they were pulled. Pull again.")
    say(PullStep(name, "ready", str(found.path), entry.size_bytes, entry.size_bytes))
    return found


def verify(name: str) -> ModelStatus:
    """Hash the local copy of `name` and say whether it is the pinned one. Raises BadInput for an unknown name."""
    return _status(entry_named(name))


def list_models() -> list[ModelStatus]:
    """Return the state of every known file of weights, in the catalogue's order."""
    return [_status(entry) for entry in entries().values()]


def verify_models(names: Sequence[str] = ()) -> list[ModelStatus]:
    """Hash the local copies of `names` (all that are here when none is named). Raises BadInput for an unknown name."""
    if names:
        return [verify(name) for name in names]
    return [status for status in list_models() if status.state != "absent"]


def pull_models(names: Sequence[str], progress: Progress | None = None) -> list[LocatedWeights]:
    """Pull each of `names` in order; see `pull`."""
    return [pull(name, progress) for name in names]


def _say_nothing(_step: PullStep) -> None:
    return None


def _accepted(entry: WeightsEntry, pinned: str | None) -> tuple[str, ...]:
    if pinned is not None:
        return (pinned.lower(),)
    if entry.sha256_hex is None:
        raise BadInput(
            f"the SHA-256 of {entry.name!r} is not known to Custodes."
            " Put the one you trust into the settings: weights_sha256 = …"
        )
    return (entry.sha256_hex, *entry.also_sha256_hex)


def _find(entry: WeightsEntry, accepted: tuple[str, ...]) -> LocatedWeights | str | None:
    """Return the file, or a message on the first one whose hash is wrong, or None when there is no such file."""
    complaint: str | None = None
    for folder in local_folders():
        for file_name in (entry.file_name, *entry.local_names):
            path = folder / file_name
            try:
                actual = sha256_of_file(path)
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError as error:
                complaint = complaint or f"cannot read the weights {path}: {error.strerror}."
                continue
            if actual in accepted:
                return LocatedWeights(path, ModelIdentity(entry.name, entry.task, actual, entry.licence))
            complaint = complaint or _mismatch(entry.name, str(path), actual, accepted[0])
    return complaint


def _mismatch(name: str, where: str, actual: str, expected: str) -> str:
    return (
        f"wrong weights for {name!r}: {where} has SHA-256 {actual}, but {expected} is pinned. It was not used;"
        f" remove it and run: custodes models pull {name}"
    )


def _status(entry: WeightsEntry) -> ModelStatus:
    state: Literal["ready", "absent", "damaged"] = "absent"
    path: Path | None = None
    sha256_hex = entry.sha256_hex
    detail = "from " + ", ".join(source.label for source in entry.sources)
    if entry.sha256_hex is None:
        detail = "its SHA-256 is not known: pin the one you trust in the settings"
    else:
        found = _find(entry, _accepted(entry, None))
        if isinstance(found, LocatedWeights):
            state, path, sha256_hex, detail = "ready", found.path, found.identity.sha256_hex, str(found.path)
        elif found is not None:
            state, detail = "damaged", found
    return ModelStatus(
        entry.name, entry.task, entry.licence, entry.size_bytes, state, path, sha256_hex, entry.says, detail
    )


@contextmanager
def _locked(folder: Path, name: str) -> Iterator[None]:
    """Hold the lock of one file of weights; the kernel frees it when the process dies."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / f".{name}.lock").open("w")
    except OSError as error:
        raise Temporary(f"cannot write to {folder}: {error.strerror}. Set CUSTODES_WEIGHTS to a folder.") from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _fetch_into(folder: Path, entry: WeightsEntry, accepted: tuple[str, ...], say: Progress) -> None:
    failures: list[str] = []
    for source in entry.sources:
        try:
            content = _fetch(source, entry, say)
        except Temporary as error:
            failures.append(f"{source.label} {error}")
            say(PullStep(entry.name, "failed", source.label, detail=str(error)))
            continue
        say(PullStep(entry.name, "checking", source.label, len(content), len(content)))
        actual = hashlib.sha256(content).hexdigest()
        if actual not in accepted:
            raise Corrupt(
                f"{source.label} gave {entry.name!r} with SHA-256 {actual}, but {accepted[0]} is pinned."
                " Nothing of it was kept."
            )
        _keep_aside(folder / entry.file_name)
        write_durably(folder / entry.file_name, content, mode=0o644)
        return
    raise Temporary(
        f"cannot pull the weights {entry.name!r}: {'; '.join(failures)}."
        f" Or put {entry.file_name} into a folder and set CUSTODES_WEIGHTS to it."
    )


def _keep_aside(path: Path) -> None:
    """Rename a file that was refused: it may be somebody's own, and it is never used under the known name again."""
    if path.exists():
        path.replace(path.with_name(f"{path.name}.refused-{sha256_of_file(path)[:8]}"))


def _fetch(source: WeightSource, entry: WeightsEntry, say: Progress) -> bytes:
    def heard(done_bytes: int, total_bytes: int | None) -> None:
        say(PullStep(entry.name, "fetching", source.label, done_bytes, total_bytes))

    with tempfile.TemporaryDirectory(prefix="custodes-weights-") as scratch:
        try:
            return source.fetch(Path(scratch), max_bytes=2 * entry.size_bytes, progress=heard)
        except OSError as error:
            raise Temporary(str(error)) from error
