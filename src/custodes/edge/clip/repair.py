"""Mend films that a power cut, a crash or a full disk left open: cut them back, and give them their final name."""

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal
from uuid import UUID

from custodes.core import mp4box
from custodes.core.errors import BadInput, Corrupt, Permanent, Temporary
from custodes.core.fs import sync_folder
from custodes.core.types import LensFilm
from custodes.edge.clip.film import PARTIAL
from custodes.edge.clip.identity import FilmIdentity, read_identity


@dataclass(frozen=True, slots=True)
class Repaired:
    """What became of one film found at start.

    `whole`: it was finished; nothing was lost. `mended`: it was cut back by `lost_bytes` and is finished now.
    `hopeless`: no picture is left in it, and the file is gone; `reason` says why, for a tombstone.
    `clip_id`, `lens` and `film` are None where the file does not say.
    """

    path: Path
    outcome: Literal["whole", "mended", "hopeless"]
    clip_id: UUID | None = None
    lens: str | None = None
    film: LensFilm | None = None
    lost_bytes: int = 0
    reason: str = ""
    notes: tuple[str, ...] = ()


def repair_folder(folder: Path) -> list[Repaired]:
    """Bring all films in `folder` to a whole state, before any decoder opens them.

    Durable on return, and running it again changes nothing. Films are named `<clip>.<lens>.mp4`, open ones
    `….partial.mp4`. Raises Temporary where the disk refuses.
    """
    if not folder.is_dir():
        return []
    found = sorted(folder.glob("*.mp4"))
    return [_mend_open(path) if path.name.endswith(PARTIAL) else _check_finished(path) for path in found]


def mend(partial: Path) -> Repaired:
    """Mend one film, and give it its final name. Durable on return. Raises Temporary where the disk refuses."""
    return _mend_open(partial) if partial.name.endswith(PARTIAL) else _check_finished(partial)


def _mend_open(partial: Path) -> Repaired:
    clip_id, lens = _named(partial)
    try:
        identity = read_identity(partial)
        lost_bytes = mp4box.truncate_to_whole(partial)
        film = describe(partial, identity)
    except (Corrupt, BadInput) as error:
        return _give_up(partial, clip_id, lens, str(error))
    final = partial.with_name(partial.name.removesuffix(PARTIAL) + ".mp4")
    try:
        partial.rename(final)
        sync_folder(final.parent)
    except OSError as error:
        raise Temporary(
            f"cannot rename {partial.name}: {error.strerror}. Check the disk's space and rights."
        ) from error
    note = f"film of {identity.lens} was cut short: recording stopped before it was finished"
    return Repaired(
        path=final,
        outcome="mended",
        clip_id=identity.clip_id,
        lens=identity.lens,
        film=replace(film, path=str(final)),
        lost_bytes=lost_bytes,
        reason="recording stopped before the film was finished",
        notes=(*identity.notes, note),
    )


def _check_finished(path: Path) -> Repaired:
    clip_id, lens = _named(path)
    try:
        identity = read_identity(path)
        lost_bytes = mp4box.truncate_to_whole(path)
        film = describe(path, identity)
    except (Corrupt, BadInput) as error:
        return _give_up(path, clip_id, lens, str(error))
    return Repaired(
        path=path,
        outcome="mended" if lost_bytes else "whole",
        clip_id=identity.clip_id,
        lens=identity.lens,
        film=film,
        lost_bytes=lost_bytes,
        reason="its end was damaged" if lost_bytes else "",
        notes=identity.notes,
    )


def describe(path: Path, identity: FilmIdentity) -> LensFilm:
    """Return the facts of a film on disk. Raises Corrupt where it holds no picture."""
    layout = mp4box.layout(path)
    video = next((t for t in layout.tracks if t.handler == "vide"), None)
    runs = [r for f in layout.fragments for r in f.runs if video is not None and r.track_id == video.track_id]
    frames = sum(run.samples for run in runs)
    if video is None or not frames:
        raise Corrupt("not one whole GOP had been written.")
    end_ticks = max(run.shown_until for run in runs)
    return LensFilm(
        lens=identity.lens,
        facing=identity.facing,
        path=str(path),
        codec=identity.codec,
        width_px=identity.width_px,
        height_px=identity.height_px,
        duration_ns=end_ticks * 1_000_000_000 // video.ticks_per_s,
        frames=frames,
        first_frame_wall_ns=identity.zero_wall_ns,
        has_sound=identity.has_sound,
        sha256_hex=_hash(path),
        size_bytes=layout.size_bytes,
    )


def _give_up(path: Path, clip_id: UUID | None, lens: str | None, reason: str) -> Repaired:
    size = path.stat().st_size if path.exists() else 0
    try:
        path.unlink(missing_ok=True)
        sync_folder(path.parent)
    except OSError as error:
        raise Temporary(f"cannot remove {path.name}: {error.strerror}. Check the disk's rights.") from error
    return Repaired(path=path, outcome="hopeless", clip_id=clip_id, lens=lens, lost_bytes=size, reason=reason)


def _named(path: Path) -> tuple[UUID | None, str | None]:
    """Read clip and lens off a film's name; a torn film may have nothing else to say."""
    parts = path.name.split(".")
    try:
        return UUID(parts[0]), parts[1] if len(parts) > 2 else None
    except (ValueError, IndexError):
        return None, None


def _hash(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise Permanent(f"cannot read {path.name}: {error.strerror}. Check the disk.") from error
