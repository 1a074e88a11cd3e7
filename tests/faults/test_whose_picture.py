"""Every picture that a person is shown is of their own home: it says so itself, in its pixels.

Cameras of several homes paint whose they are into each picture, and all come back at once when their hub does. Then
many threads read for all owners in turn, each over one connection: stills, whole films, facts, and what is others'.
"""

import http.client
import io
import json
import os
import random
import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from kill_scene import Hub, until

from custodes.core.clock import SystemClock
from custodes.edge.ship import Outbox, Shipper, ShipSettings, enroll
from ship_scene import make_manifest

HOMES, CLIPS, THREADS = 4, 2, 6
WIDE_PX, HIGH_PX, FPS, SECONDS = 160, 96, 10, 1
BITS = 8
"""Painted as columns, black or white: the home in the upper half of a picture, its opposite in the lower."""
READS, MANY_READS = 5_000, 100_000
"""A read costs the hub some 15 ms of CPU time."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Somebody at home: their session, their clips, and an open view of each."""

    number: int
    cookie: str
    clips: tuple[str, ...]
    views: dict[str, str]


def paint(path: Path, number: int) -> int:
    """Write a film in whose every picture `number` stands; return how many pictures it has."""
    lit = np.array([235 if number >> bit & 1 else 16 for bit in range(BITS)], np.uint8)
    upper = np.repeat(lit, WIDE_PX // BITS)[None, :].repeat(HIGH_PX // 2, axis=0)
    picture = np.vstack([upper, 251 - upper])[:, :, None].repeat(3, axis=2)
    options = {"movflags": "frag_keyframe+empty_moov+default_base_moof"}
    with av.open(str(path), "w", format="mp4", options=options) as film:
        stream = film.add_stream("libx264", rate=FPS, options={"g": str(FPS), "preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = WIDE_PX, HIGH_PX, "yuv420p"
        for at in range(FPS * SECONDS):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            frame.pts, frame.time_base = at, Fraction(1, FPS)
            film.mux(stream.encode(frame))
        film.mux(stream.encode())
    return FPS * SECONDS


def painted_in(content: bytes, *, kind: str) -> int:
    """Return whose picture the first one of a still or a film is. Fails where its halves do not agree."""
    with av.open(io.BytesIO(content), format=kind) as film:
        grey = next(film.decode(video=0)).to_ndarray(format="gray").astype(int)
    high, wide = grey.shape
    upper, lower = grey[high // 8 : high * 3 // 8], grey[high * 5 // 8 : high * 7 // 8]

    def number_in(half: np.ndarray) -> int:
        middles = [half[:, round((bit + 0.5) * wide / BITS)].mean() > 125 for bit in range(BITS)]
        return sum(1 << bit for bit, lit in enumerate(middles) if lit)

    assert number_in(upper) == number_in(lower) ^ (2**BITS - 1), "a picture of two"
    return number_in(upper)


def name_of(home: int, clip: int) -> int:
    """Return what is painted into a clip: never nothing but black or white."""
    return 16 * (home + 1) + clip + 1


def fill(hub: Hub, folder: Path) -> list[Owner]:
    """Let every home's camera join, film while the hub is away, and send all when it is back, all at once."""
    homes = hub.manage("households", count=str(HOMES))
    shippers, clips = [], []
    for number, home in enumerate(homes.values()):
        state_dir = folder / f"home{number}"
        enrolment = enroll(hub.url, home["code"], state_dir=state_dir, unit_name="Porch")
        outbox, mine = Outbox(state_dir, settings=ShipSettings(chunk_kb=64)), []
        for clip in range(CLIPS):
            film = folder / f"{number}-{clip}.mp4"
            frames = paint(film, name_of(number, clip))
            now_ns = SystemClock().wall_ns()
            made = make_manifest({"film.porch": film}, frames=frames, size_px=(WIDE_PX, HIGH_PX), onset_ns=now_ns)
            outbox.put(made, {"film.porch": film})
            mine.append(str(made.clip_id))
        shippers.append(Shipper(outbox, enrolment, say=print))
        clips.append(tuple(mine))
    hub.kill()
    with ThreadPoolExecutor(HOMES) as cameras:
        sending = [cameras.submit(shipper.drain) for shipper in shippers]
        hub.start()
        for one in sending:
            one.result()
        for shipper in shippers:
            until(shipper.drain, what="all is sent")
    ready = "SELECT count(*) FROM clips_clip WHERE state = 'ready'"
    until(lambda: hub.rows(ready) == [(HOMES * CLIPS,)], what="all clips are ready")
    line = http.client.HTTPConnection(hub.address)
    owners = []
    for number, home in enumerate(homes.values()):
        views = {clip: open_view(line, home["session"], clip) for clip in clips[number]}
        owners.append(Owner(number, home["session"], clips[number], views))
    return owners


def open_view(line: http.client.HTTPConnection, cookie: str, clip: str) -> str:
    """Open a clip's page, as the player does; return the id of the view that is written down by it."""
    status, page = read(line, cookie, f"/clips/{clip}/")
    found = re.search(rb"/views/([0-9a-f-]{36})/", page)
    assert (status, found is not None) == (200, True), page[:300]
    return found[1].decode()  # type: ignore[index]


def read(line: http.client.HTTPConnection, cookie: str, path: str) -> tuple[int, bytes]:
    line.request("GET", path, headers={"Cookie": f"custodes_session={cookie}"})
    answer = line.getresponse()
    return answer.status, answer.read()


def look(line: http.client.HTTPConnection, owners: list[Owner], chance: random.Random) -> str:
    """Read one thing for one owner; return what it was, or what was wrong."""
    reader, whose = chance.sample(owners, 2)
    what = chance.choices(("still", "film", "facts", "others"), (35, 10, 20, 35))[0]
    clip = chance.choice(reader.clips)
    mine = name_of(reader.number, reader.clips.index(clip))
    if what == "still":
        status, content = read(line, reader.cookie, f"/clips/{clip}/poster")
        return what if status == 200 and painted_in(content, kind="mjpeg") == mine else f"foreign still ({status})"
    if what == "film":
        status, content = read(line, reader.cookie, f"/views/{reader.views[clip]}/film/film.porch")
        return what if status == 200 and painted_in(content, kind="mp4") == mine else f"foreign film ({status})"
    if what == "facts":
        status, content = read(line, reader.cookie, f"/views/{reader.views[clip]}/manifest.json")
        return what if status == 200 and json.loads(content)["clip_id"] == clip else f"foreign facts ({status})"
    theirs = chance.choice(whose.clips)
    view = f"/views/{whose.views[theirs]}"
    path = chance.choice(
        (f"/clips/{theirs}/poster", f"/clips/{theirs}/", f"{view}/film/film.porch", f"{view}/manifest.json")
    )
    status, content = read(line, reader.cookie, path)
    # The page of a missing address repeats nothing of what was asked for.
    return what if status == 404 and theirs.encode() not in content else f"another's {path} ({status})"


@pytest.mark.parametrize("reads", [READS, pytest.param(MANY_READS, marks=pytest.mark.long)])
def test_nobody_is_shown_anothers_picture(tmp_path: Path, reads: int) -> None:
    hub = Hub(tmp_path / "hub")
    hub.start()
    try:
        owners = fill(hub, tmp_path)
        seed = int(os.environ.get("CUSTODES_SEED", "11"))

        def read_on(thread: int) -> Counter[str]:
            chance, line = random.Random(f"{seed} {thread}"), http.client.HTTPConnection(hub.address)
            return Counter(look(line, owners, chance) for _ in range(reads // THREADS + 1))

        with ThreadPoolExecutor(THREADS) as threads:
            seen = sum(threads.map(read_on, range(THREADS)), Counter())
    finally:
        hub.stop()
    print(f"{seen.total()} reads:", dict(seen))
    assert set(seen) == {"still", "film", "facts", "others"}
    assert seen.total() >= reads
