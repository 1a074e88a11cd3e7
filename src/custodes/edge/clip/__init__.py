"""Keep film: a ring in memory, films of clips on disk, and their repair after a power cut."""

from custodes.edge.clip.outcome import FinishedFilm, LostFilm
from custodes.edge.clip.recorder import LensRecorder
from custodes.edge.clip.repair import Repaired, repair_folder
from custodes.edge.clip.settings import ClipSettings

__all__ = ["ClipSettings", "FinishedFilm", "LensRecorder", "LostFilm", "Repaired", "repair_folder"]
