"""The two sites of the demo as unit.toml files."""

import json
from pathlib import Path

from custodes.demo.drive import write_drive
from custodes.demo.films import DemoFilms


def write_van(folder: Path, films: DemoFilms) -> Path:
    """Write the van's settings and its drive; return the path of its unit.toml."""
    folder.mkdir(parents=True, exist_ok=True)
    write_drive(folder / "drive.csv")
    path = folder / "unit.toml"
    path.write_text(
        f"""# The demo's van: a road and a driver lens, a moving position. Written anew at each start.
[unit]
name = "Van 12"
state_dir = "state"

[[lens]]
name = "road"
facing = "road"
source = {json.dumps(str(films.road))}
realtime = true
loop = true

[[lens]]
name = "driver"
facing = "driver"
source = {json.dumps(str(films.driver))}
realtime = true
loop = true

[telemetry]
source = "drive.csv"
anchor = "now"
loop = true

[ship]
heartbeat_s = 5            # so that the dispatch board sees it move

[[rule]]
kind = "speed"
limit_mph = 30
over_s = 3
severity = "warning"

[[rule]]
kind = "presence"
classes = ["person", "bicycle"]
lenses = ["road"]
dwell_s = 2
cool_down_s = 1800
severity = "note"
alert = false

[[rule]]                   # what the driver does warns first; film is kept on repeat, or when it is grave
kind = "eyes_closed"
repeat_within_min = 60
film_every_min = 60

[[rule]]
kind = "looking_away"
aside_deg = 20             # the packaged man looks aside by 27°; the usual figure is 25
film_every_min = 60

[[rule]]
kind = "lens_covered"
"""
    )
    return path


def write_home(folder: Path, films: DemoFilms) -> Path:
    """Write the home's settings; return the path of its unit.toml."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "unit.toml"
    path.write_text(
        f"""# The demo's home: one porch lens. Written anew at each start.
[unit]
name = "Porch camera"
state_dir = "state"

[[lens]]
name = "porch"
facing = "porch"
source = {json.dumps(str(films.porch))}
realtime = true
loop = true

[[rule]]
kind = "presence"
classes = ["person"]
dwell_s = 1
cool_down_s = 180
severity = "warning"
"""
    )
    return path
