"""Probe one film in a limited child, and take what it says within limits."""

import json
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, ValidationError

from custodes.hub.process.child import read_exactly
from custodes.hub.process.limited import LimitedChild, Limits, Read, Unfit

__all__ = ["FilmFacts", "Limits", "Probed", "Unfit", "probe"]

MAX_FACTS_BYTES = 64 * 1024
MAX_POSTER_BYTES = 2 * 1024 * 1024


class FilmFacts(BaseModel):
    """What the child found. Sizes in pixels; `frames` counts packets that hold a frame."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    codec: str
    width_px: int
    height_px: int
    frames: int


@dataclass(frozen=True, slots=True)
class Probed:
    """A film's facts and, where one was asked for, its poster (JPEG)."""

    facts: FilmFacts
    poster: bytes


def probe(read: Read, *, size_bytes: int, poster_at_ns: int | None, limits: Limits) -> Probed:
    """Probe the film that `read(start, stop)` gives, in a limited child.

    Raises Unfit with a reason for people; Temporary when no child could be started; whatever `read` raises.
    """
    order = {"size_bytes": size_bytes, "poster_at_ns": poster_at_ns}
    with LimitedChild("custodes.hub.process.child", order, limits=limits) as child:
        if child.answer(read, size_bytes=size_bytes) != b"A":
            raise Unfit("its probe broke off")
        said = child.block(at_most=MAX_FACTS_BYTES)
        if read_exactly(child.requests, 1) != b"P":
            raise Unfit("its probe broke off")
        poster = child.block(at_most=MAX_POSTER_BYTES)
    return Probed(_facts(said), poster)


def _facts(said: bytes) -> FilmFacts:
    found = json.loads(said)
    if "unfit" in found:
        raise Unfit(str(found["unfit"])[:200])
    try:
        return FilmFacts.model_validate(found)
    except ValidationError as error:
        raise Unfit("its probe broke off") from error
