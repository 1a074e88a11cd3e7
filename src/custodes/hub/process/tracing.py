"""Ask limited children about a leak: one reads its marks, another holds them against the views' words.

Words never reach the child that opens a foreign film. What it says is checked for shape, not believed: to whoever
knows no word every view's letters are coin flips, and the chance of a false accusation holds whatever it says.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from django.conf import settings
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from custodes.core.errors import Temporary
from custodes.hub.clips import footage as clip_footage
from custodes.hub.clips import marked
from custodes.hub.clips.models import Clip
from custodes.hub.leak import footage, services
from custodes.hub.leak.models import Leak
from custodes.hub.process.child import WORD, read_exactly
from custodes.hub.process.limited import LimitedChild, Limits, Read, Unfit
from custodes.trace.keys import CodeWord

MODULE = "custodes.hub.process.tracing_child"
MAX_SAID_BYTES = 8 * 1024 * 1024
MAX_PICTURE_BYTES = 4 * 1024 * 1024
MAX_STEP_LETTERS = 32
MOST_BLOCKS = 1
Say = Callable[[str], None]
Answer = TypeVar("Answer", bound="_Said")


class _Said(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class Seen(_Said):
    """How long and large a leak is. `black`: it shows nothing. `cut`: only its beginning was read."""

    seconds: float = Field(ge=0, le=36_000)
    width_px: int = Field(ge=1, le=8192)
    height_px: int = Field(ge=1, le=8192)
    pictures: int = Field(ge=1)
    cut: bool
    black: bool
    frame_at_s: float = Field(ge=0)


class _Learnt(_Said):
    look: str


class _Found(_Said):
    clips: list[tuple[UUID, int]]


class _Placed(_Said):
    how: str
    pictures: int
    mirrored: bool
    at_s: float
    corners_px: tuple[tuple[float, float], ...]
    error_px: float | None


class _Played(_Said):
    leak_from_s: float
    leak_to_s: float
    clip_from_s: float
    clip_to_s: float


class Traced(_Said):
    """What the child read: soft bits by fragment, and where and when it found the clip."""

    z: list[float | None]
    pictures: list[int]
    presence: float
    edges_s: list[float]
    speed: float
    steps: list[str]
    reasons: list[str]
    registration: _Placed | None
    playing: list[_Played]
    still_s: float | None


class Decided(_Said):
    """What the marks say of the views. `finding` is JSON, as `trace.report.as_json` writes it."""

    finding: str
    verdict: str
    found: bool


@dataclass(frozen=True, slots=True)
class Deed:
    """A finding, and the leak's picture laid over the clip with the clip's moment (s), where there is one."""

    finding: Decided
    still: bytes
    still_s: float | None


def look(leak: Leak, *, say: Say) -> tuple[Seen, bytes]:
    """Return what a leak is, and one picture of it (JPEG). Raises Unfit with a reason for people, Temporary."""
    seen, blocks = _ask(leak, "look", Seen, films=[_leak_film(leak)], say=say)
    if not blocks:
        raise Unfit("no picture of it opens")
    return seen, blocks[0]


def learn(leak: Leak, clip: Clip, film: str, *, say: Say) -> str:
    """Return what one film of a clip looks like, as JSON. Raises as `look`, KeyDestroyed."""
    more = {"clip": str(clip.pk)}
    learnt, _ = _ask(leak, "learn", _Learnt, films=_variants(clip, film), say=say, more=more)
    return learnt.look


def find(leak: Leak, looks: Sequence[str], *, say: Say) -> list[UUID]:
    """Return the clips that a leak may show, the likeliest first. Raises as `look`."""
    handed = json.dumps(list(looks)).encode()
    found, _ = _ask(leak, "find", _Found, films=[_leak_film(leak)], say=say, handed=handed)
    return [clip_id for clip_id, _agreeing in found.clips]


def trace(leak: Leak, clip: Clip, film: str, words: Sequence[CodeWord], *, tested: int, say: Say) -> Deed:
    """Return what a leak says about one film of a clip, of `tested` views in all. Raises as `learn`."""
    corners = json.loads(leak.corners_json) if leak.corners_json else {}
    more = {
        "clip": str(clip.pk),
        "corners": corners.get("corners"),
        "corners_at_s": corners.get("at_s", 0.0),
    }
    films = [_leak_film(leak), *_variants(clip, film)]
    traced, blocks = _ask(leak, "trace", Traced, films=films, say=say, more=more)
    say(Leak.Step.DECIDING)
    fragments = len(marked.read_cut(clip, film).a)
    if not len(traced.z) == len(traced.pictures) == fragments or len(traced.edges_s) != fragments + 1:
        raise Unfit("its marks do not fit the clip")
    decided = _decided(leak, clip, traced, words, tested, say)
    return Deed(decided, b"".join(blocks), traced.still_s if blocks else None)


def _decided(leak: Leak, clip: Clip, traced: Traced, words: Sequence[CodeWord], tested: int, say: Say) -> Decided:
    handed = {
        **traced.model_dump(),
        "clip": str(clip.pk),
        "reasons": [reason[:300] for reason in traced.reasons[:10]],
        "steps": [step[:100] for step in traced.steps[:20]],
        "leak_sha256": leak.sha256,
        "tested": tested,
        "words": [[str(word.view_id), word.letters, word.window] for word in words],
    }
    decided, _ = _ask(leak, "decide", Decided, films=[], say=say, handed=json.dumps(handed).encode())
    return decided


@dataclass(frozen=True, slots=True)
class _Film:
    size_bytes: int
    read: Read


def _leak_film(leak: Leak) -> _Film:
    return _Film(leak.size_bytes, lambda start, stop: footage.read(leak, start, stop))


def _variants(clip: Clip, film: str) -> list[_Film]:
    return [_clip_film(clip, marked.variant_part(film, variant)) for variant in "AB"]


def _clip_film(clip: Clip, part: str) -> _Film:
    size = clip_footage.open_part(clip, part, 0, 0).size_bytes
    return _Film(size, lambda start, stop: b"".join(clip_footage.open_part(clip, part, start, stop).chunks))


def _reader(films: Sequence[_Film]) -> Read:
    """Return a reader of films that lie one behind the other."""

    def read(start: int, stop: int) -> bytes:
        found, at = [], 0
        for film in films:
            low, high = max(start, at), min(stop, at + film.size_bytes)
            if low < high:
                found.append(film.read(low - at, high - at))
            at += film.size_bytes
        return b"".join(found)

    return read


def _ask(
    leak: Leak,
    task: str,
    answer: type[Answer],
    *,
    films: Sequence[_Film],
    say: Say,
    more: Mapping[str, object] | None = None,
    handed: bytes = b"",
) -> tuple[Answer, list[bytes]]:
    desk = settings.HUB.leak
    limits = Limits(desk.trace_memory_mb << 20, desk.look_seconds if task == "look" else desk.trace_seconds)
    total = sum(film.size_bytes for film in films)
    order = {"task": task, "sizes": [film.size_bytes for film in films], **(more or {})}
    read = _reader(films)
    with LimitedChild(MODULE, order, limits=limits) as child:
        services.on_stop(leak.pk, child.stop)
        try:
            child.hand(handed)
            while (kind := child.answer(read, size_bytes=total)) == b"S":
                length = WORD.unpack(read_exactly(child.requests, WORD.size))[0]
                say(read_exactly(child.requests, min(length, MAX_STEP_LETTERS)).decode("ascii", "replace"))
            if kind != b"A":
                raise Unfit("looking into it broke off")
            said = _believable(child.block(at_most=MAX_SAID_BYTES))
            count = min(int(said.get("blocks", 0)), MOST_BLOCKS)
            blocks = [child.block(at_most=MAX_PICTURE_BYTES) for _ in range(count)]
        finally:
            services.on_stop(leak.pk, None)
    try:
        return answer.model_validate(said), blocks
    except ValidationError as error:
        raise Unfit("looking into it gave no sensible answer") from error


def _believable(text: bytes) -> dict[str, Any]:
    try:
        said = json.loads(text)
    except ValueError as error:
        raise Unfit("looking into it gave no sensible answer") from error
    if "unfit" in said:
        raise Unfit(str(said["unfit"])[:280])
    if "fault" in said:
        raise Temporary(str(said["fault"])[:280])
    return dict(said)
