"""Make the variants of one film in a limited child, and look at what it made before anybody believes it."""

import io
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass

from custodes.core.errors import Corrupt, Temporary
from custodes.hub.process.child import WORD, read_exactly
from custodes.hub.process.limited import LimitedChild, Limits, Read, Unfit
from custodes.trace.keys import MarkKey
from custodes.trace.mark_settings import MarkSettings
from custodes.trace.splice import PairIndex, check_open_twins

MAX_SAID_BYTES = 4096
MAX_VARIANT_BYTES = 256 * 1024 * 1024
MAX_SHEET_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Twins:
    """Both variants of one film, and how they are cut: identical beginnings, equal fragments."""

    film_a: bytes
    film_b: bytes
    index: PairIndex
    sheet: bytes = b""
    """Small stills of what a masked film shows (JPEG); empty where nothing was masked."""


def mark_film(
    read: Read,
    *,
    size_bytes: int,
    key: MarkKey,
    settings: MarkSettings,
    limits: Limits,
    shown: Callable[[float], None] = lambda _s: None,
    masks: bytes = b"",
) -> Twins:
    """Return the variants of the film that `read(start, stop)` gives; `shown` is told how far it is (s).

    `masks`: a plan of what is hidden before anything is marked, as `mask_orders` writes it; empty: nothing.

    Raises Unfit with a reason for people, Temporary when this machine cannot mark now; whatever `read` raises.
    """
    order = {"size_bytes": size_bytes, "clip": str(key.clip_id), "settings": asdict(settings)}
    order["masked"] = bool(masks)
    with LimitedChild("custodes.hub.process.marking_child", order, limits=limits) as child:
        child.hand(key.secret)
        if masks:
            child.hand(masks)
        while (kind := child.answer(read, size_bytes=size_bytes)) == b"S":
            shown(WORD.unpack(read_exactly(child.requests, WORD.size))[0] / 1000)
        if kind != b"A":
            raise Unfit("marking it broke off")
        _believe(child.block(at_most=MAX_SAID_BYTES))
        film_a, film_b = (child.block(at_most=MAX_VARIANT_BYTES) for _ in range(2))
        sheet = child.block(at_most=MAX_SHEET_BYTES) if masks else b""
    try:
        return Twins(film_a, film_b, check_open_twins(io.BytesIO(film_a), io.BytesIO(film_b)), sheet)
    except Corrupt as error:
        raise Unfit(str(error)) from error


def _believe(said: bytes) -> None:
    found = json.loads(said)
    if "unfit" in found:
        raise Unfit(str(found["unfit"])[:200])
    if "fault" in found:
        raise Temporary(str(found["fault"])[:200])
