"""Where finished clips go: what a sink promises, and the sinks of a unit that has no hub."""

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from custodes.core.errors import BadInput, Temporary
from custodes.core.fs import sync_folder, write_durably
from custodes.core.wire import Manifest, WireTombstone

MANIFEST_NAME = "manifest.json"
LOST_NAME = "lost.jsonl"


class ClipSink(Protocol):
    """Takes finished clips: the outbox of a joined unit, or a folder."""

    seals: bool
    """Whether what it takes is encrypted from then on: people are told so, or not."""

    def put(self, manifest: Manifest, films: Mapping[str, Path]) -> str:
        """Take the clip; durable on return. Returns a line for people. Raises Temporary when the disk refuses."""
        ...

    def add_tombstone(self, tombstone: WireTombstone) -> None:
        """Take that footage could not be kept."""
        ...


class FolderSink:
    """Keeps each clip as `<out>/<clip id>/manifest.json` with its films as `film.<lens>.mp4`, in the clear."""

    seals = False

    def __init__(self, out: Path) -> None:
        self.out = out

    def make_sure(self) -> None:
        """Create the folder if need be, and write and remove a small file. Raises BadInput where that fails."""
        try:
            self.out.mkdir(parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=self.out).close()
        except OSError as error:
            why = "it is a file" if self.out.is_file() else error.strerror
            raise BadInput(f"cannot keep clips in {self.out}: {why}. Name a folder that you may write into.") from error

    def put(self, manifest: Manifest, films: Mapping[str, Path]) -> str:
        """Move the films in, then write the manifest: a folder with a manifest is whole. Durable on return.

        Raises Temporary when the disk is full or refuses.
        """
        folder = self.out / str(manifest.clip_id)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for part, film in films.items():
                shutil.move(film, folder / f"{part}.mp4")
            sync_folder(folder)
        except OSError as error:
            raise Temporary(f"cannot write {folder}: {error.strerror}. Check the disk's space and rights.") from error
        write_durably(folder / MANIFEST_NAME, manifest.model_dump_json(indent=1).encode())
        return f"kept in {folder}"

    def add_tombstone(self, tombstone: WireTombstone) -> None:
        """Add a line to `<out>/lost.jsonl`. Raises Temporary when the disk is full or refuses."""
        path = self.out / LOST_NAME
        try:
            self.out.mkdir(parents=True, exist_ok=True)
            with path.open("a", encoding="utf-8") as file:
                file.write(tombstone.model_dump_json() + "\n")
        except OSError as error:
            raise Temporary(f"cannot write {path}: {error.strerror}. Check the disk's space and rights.") from error


class NoSink:
    """Keeps nothing: for a watch without a folder, in which no lens records."""

    seals = False

    def put(self, manifest: Manifest, films: Mapping[str, Path]) -> str:
        """Drop the clip and say so."""
        for film in films.values():
            film.unlink(missing_ok=True)
        return f"clip {manifest.clip_id} not kept: give --out to keep clips"

    def add_tombstone(self, tombstone: WireTombstone) -> None:
        """Forget it: nothing was to be kept."""
        del tombstone
