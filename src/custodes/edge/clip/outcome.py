"""What became of a film that was asked for."""

from dataclasses import dataclass
from uuid import UUID

from custodes.core.types import LensFilm
from custodes.edge.clip.film import WrittenFilm
from custodes.edge.clip.identity import FilmIdentity


@dataclass(frozen=True, slots=True)
class FinishedFilm:
    """One lens's film of one clip, whole on disk. `notes` say what the reader of the clip should know of it."""

    clip_id: UUID
    film: LensFilm
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LostFilm:
    """A film of which nothing could be kept, and why: run leaves a tombstone. `disk_full` names the usual cause."""

    clip_id: UUID
    lens: str
    start_wall_ns: int
    end_wall_ns: int
    reason: str
    disk_full: bool = False


def lens_film(identity: FilmIdentity, written: WrittenFilm) -> LensFilm:
    """Return the facts of a finished film."""
    return LensFilm(
        lens=identity.lens,
        facing=identity.facing,
        path=str(written.path),
        codec=identity.codec,
        width_px=identity.width_px,
        height_px=identity.height_px,
        duration_ns=written.duration_ns,
        frames=written.frames,
        first_frame_wall_ns=identity.zero_wall_ns,
        has_sound=written.has_sound,
        sha256_hex=written.sha256_hex,
        size_bytes=written.size_bytes,
    )
