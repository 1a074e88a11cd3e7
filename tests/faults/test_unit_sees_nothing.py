"""Personal time at a real unit: nothing of it is on its disk, nothing is filmed, and it ends when told to."""

import json
import time
from pathlib import Path

import av
from running_unit import RunningUnit, told, write

from custodes.core.clock import NS_PER_S
from filmcraft import Recipe, make_film
from rtsp_camera import eventually

PIECE_BYTES = 48
MORE = """
[ring]
folder = "ring"
max_gb = 1

[privacy]
lamp = "led"
personal_max_minutes = 60
"""


def pieces(film: Path) -> set[bytes]:
    """Return a piece out of the middle of every packet of the film: what a raw scan of a disk would find."""
    with av.open(str(film)) as container:
        packets = [bytes(packet) for packet in container.demux(video=0) if packet.size > 4 * PIECE_BYTES]
    return {packet[len(packet) // 2 :][:PIECE_BYTES] for packet in packets}


def found_in(folder: Path, wanted: set[bytes]) -> int:
    files = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    return sum(any(piece in content for content in files) for piece in wanted)


def test_personal_time_leaves_nothing_on_the_disk(tmp_path: Path) -> None:
    film = make_film(tmp_path / "road.mp4", Recipe(seconds=4, gop=5, width=320, height=240))
    wanted = pieces(film)
    assert len(wanted) > 5
    toml = write(tmp_path, source="road.mp4", playing="realtime = true\nloop = true", more=MORE)
    toml.write_text(toml.read_text().replace('facing = "road"', 'facing = "cabin"'))
    state = tmp_path / "state"
    state.mkdir()
    (state / "personal.json").write_text(json.dumps({"until_wall_ns": time.time_ns() + 600 * NS_PER_S}))
    unit = RunningUnit(toml)
    eventually(lambda: told(unit, "sees nothing: personal time"))
    unit.mark("in vain")
    eventually(lambda: told(unit, "nothing to mark"))
    eventually(lambda: (tmp_path / "led").is_file() and (tmp_path / "led").read_text() == "0\n")
    assert (found_in(state, wanted), found_in(tmp_path / "ring", wanted)) == (0, 0)
    done = unit.custodes("personal", str(toml), "--end")
    assert (done.returncode, done.stdout) == (0, "personal time ends; the unit films again\n")
    eventually(lambda: told(unit, "sees again"))
    eventually(lambda: (tmp_path / "led").read_text() == "1\n")
    eventually(lambda: found_in(tmp_path / "ring", wanted))  # the scan can find
    refused = unit.custodes("personal", str(toml), "--minutes", "90")
    assert (refused.returncode, "1 to 60 minutes" in refused.stderr) == (2, True)
    assert unit.stop() == 0
    assert unit.clips() == []
    assert (tmp_path / "led").read_text() == "0\n"
    open_to_others = [path for path in (state, *state.rglob("*")) if path.stat().st_mode & 0o077]
    assert open_to_others == []
