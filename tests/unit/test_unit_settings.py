"""The unit's settings: one file and the environment, and one clear line for whatever is wrong with them."""

import json
from pathlib import Path

import pytest

from custodes.core.errors import BadInput
from custodes.core.types import Facing
from custodes.edge.decide import parse_rule
from custodes.edge.polygon import check_polygon
from custodes.edge.settings import LensSettings, UnitSettings, example_toml, load
from custodes.edge.telemetry import Anchor
from custodes.edge.watch_request import WatchRequest, settings_of

LEAST = """
[unit]
name = "Van 12"

[[lens]]
name = "road"
facing = "road"
source = "road.mp4"
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files that settings name; not the one that the program runs in."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    site = tmp_path / "site"
    site.mkdir()
    for name in ("road.mp4", "driver.mp4", "drive.gpx"):
        (site / name).write_bytes(b"something")
    (site / "hook.secret").write_text("0123456789abcdef")
    return site


def loaded(folder: Path, text: str) -> UnitSettings:
    path = folder / "unit.toml"
    path.write_text(text)
    return load(path)


def refusal(folder: Path, text: str) -> str:
    with pytest.raises(BadInput) as caught:
        loaded(folder, text)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_least(folder: Path) -> None:
    settings = loaded(folder, LEAST)
    assert settings.unit.name == "Van 12"
    assert settings.unit.state_dir == folder / "state"
    (lens,) = settings.lens
    assert (lens.name, lens.facing, lens.source) == ("road", Facing.ROAD, str(folder / "road.mp4"))
    assert (lens.record, lens.analyse, lens.upload, lens.keep_sound) == (True, True, True, None)
    assert settings.clip.pre_roll_s == 10
    assert (settings.telemetry, settings.ring, settings.rule, settings.alert.webhook) == (None, None, [], None)


def test_everything(folder: Path) -> None:
    settings = loaded(
        folder,
        LEAST
        + """
realtime = true
keep_sound = false
zones = { kerb = [[0, 0.5], [1, 0.5], [1, 1], [0, 1]] }
masks = [[[0, 0], [0.1, 0], [0.1, 0.1]]]
[[lens]]
name = "porch"
facing = "porch"
source = "rtsp://user:secret@camera.example/stream"
record = false
[perceive]
detector = "yolox-tiny"
[clip]
pre_roll_s = 5
[ring]
folder = "ring"
max_gb = 2
[telemetry]
source = "drive.gpx"
anchor = "now"
loop = true
[[rule]]
kind = "presence"
lenses = ["road"]
zones = ["kerb"]
[[rule]]
kind = "speed"
limit_mph = 30
[alert]
sound = false
[alert.webhook]
url = "https://example.org/hook"
secret_file = "hook.secret"
[ship]
max_gb = 3
""",
    )
    road, porch = settings.lens
    assert road.zones["kerb"][2] == (1, 1)
    assert porch.source == "rtsp://user:secret@camera.example/stream"
    assert settings.ring is not None
    assert settings.ring.folder == folder / "ring"
    assert settings.telemetry is not None
    assert (settings.telemetry.source, settings.telemetry.anchor) == (str(folder / "drive.gpx"), Anchor.NOW)
    assert settings.rule == [
        parse_rule({"kind": "presence", "lenses": ["road"], "zones": ["kerb"]}),
        parse_rule({"kind": "speed", "limit_mph": 30}),
    ]
    assert settings.alert.webhook is not None
    assert settings.alert.webhook.secret_file == folder / "hook.secret"
    assert settings.ship.max_gb == 3


def test_a_camera_and_the_films_own_telemetry_are_no_paths(folder: Path) -> None:
    text = LEAST.replace('"road.mp4"', '"usb:0"') + '[telemetry]\nsource = "film"\n'
    settings = loaded(folder, text)
    assert settings.lens[0].source == "usb:0"
    assert settings.telemetry is not None
    assert settings.telemetry.source == "film"


def test_an_absolute_path_stays(folder: Path) -> None:
    film = folder.parent / "elsewhere" / "other.mp4"
    film.touch()
    assert loaded(folder, LEAST.replace("road.mp4", str(film))).lens[0].source == str(film)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("[clip]\npreroll_s = 5", "unknown key clip.preroll_s. Did you mean 'pre_roll_s'?"),
        ("[clips]\npre_roll_s = 5", "unknown key clips. Did you mean 'clip'?"),
        ("[perceive]\ndetecter = 'x'", "unknown key perceive.detecter. Did you mean 'detector'?"),
        ("[alert.webhook]\nuri = 'x'", "unknown key alert.webhook.uri. Did you mean 'url'?"),
        ("realtyme = true", "unknown key lens[road].realtyme. Did you mean 'realtime'?"),
        ("[[rule]]\nkind = 'presence'\ndwel_s = 3", "unknown key rule[#1].dwel_s. Did you mean 'dwell_s'?"),
        ("[[rule]]\nkind = 'mark'\n[[rule]]\nkind = 'mark'\nx = 1", "unknown key rule[#2].x. Known: again_after_s"),
    ],
)
def test_an_unknown_key_names_the_nearest_known_one(folder: Path, line: str, says: str) -> None:
    told = refusal(folder, LEAST + line)
    assert told.startswith(f"{folder / 'unit.toml'}: ")
    assert says in told


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("[clip]\npre_roll_s = 'long'", "clip.pre_roll_s = 'long' is no number; give one, such as 2.5"),
        ("[clip]\npre_roll_s = -1", "clip.pre_roll_s = '-1' is too small; give 0.0 or more"),
        ("loop = 'maybe'", "lens[road].loop = 'maybe' is neither true nor false"),
        ("zones = 5", "lens[road].zones = '5' is no table"),
        (
            "[[rule]]\nkind = 'presence'\nclasses = ['dragon']",
            "rule[#1].classes[#1] = 'dragon' is not among what can be given: 'person', 'cat'",
        ),
        (
            "[[rule]]\nkind = 'presence'\nseverity = 'bad'",
            "rule[#1].severity = 'bad' is not among what can be given: 'note', 'warning'",
        ),
        ("[[rule]]\nkind = 'presense'", "rule[#1].kind: unknown kind of rule 'presense'. Did you mean 'presence'?"),
        (
            "[[rule]]\nname = 'x'",
            "rule[#1].kind: a rule needs a kind. Known: door_open, drowsy, eyes_closed, forward_collision, glancing, ",
        ),
        ("[[rule]]\nkind = 'speed'", "rule[#1]: give one limit: either limit_kmh or limit_mph."),
        ("rule = 'all'", "unknown key lens[road].rule"),
        ("[telemetry]\nanchor = 'own'", "telemetry: give a source (a file, a receiver's device or `film`), or"),
        ("[telemetry]\nsource = '/dev/ttyUSB0'\nbaud = 1234", "telemetry.baud: 1234 is no speed of a serial line"),
        ("[alert.webhook]\nurl = 'ftp://x.example'", "alert.webhook.url: give an http:// or https:// address."),
    ],
)
def test_a_wrong_value_names_its_key(folder: Path, line: str, says: str) -> None:
    assert says in refusal(folder, LEAST + line)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('name = "Van 12"', "", "unit.name is missing."),
        ('name = "Van 12"', "name = 12", "unit.name = '12' is no text; give one in quotes."),
        ('name = "road"', 'name = "Road 1"', "lens[Road 1].name = 'Road 1' is not written as it must be"),
        ('facing = "road"', "", "lens[road].facing is missing."),
        (
            'facing = "road"',
            'facing = "up"',
            "lens[road].facing = 'up' is not among what can be given: 'road', 'driver', 'cabin', 'porch'",
        ),
        ("road.mp4", "http://camera/x.mp4", "lens[road].source: http:// is not read."),
        ("road.mp4", "rode.mp4", "rode.mp4. Paths are relative to the folder of unit.toml."),
        ("road.mp4", ".", "is a folder. Give a file."),
    ],
)
def test_a_wrong_lens_or_unit(folder: Path, old: str, new: str, says: str) -> None:
    assert says in refusal(folder, LEAST.replace(old, new))


def test_no_lens_at_all(folder: Path) -> None:
    assert "lens is missing." in refusal(folder, '[unit]\nname = "Van"\n')


def test_two_lenses_of_one_name(folder: Path) -> None:
    twice = LEAST + '[[lens]]\nname = "road"\nfacing = "driver"\nsource = "driver.mp4"\n'
    assert "two lenses are called 'road'; give each its own name." in refusal(folder, twice)


@pytest.mark.parametrize(
    ("polygon", "says"),
    [
        ("[[0, 0], [1, 1]]", "lens[road].zones: zone 'z' has 2 corners; give 3 to 100."),
        ("[[0, 0], [640, 0], [640, 480]]", "lens[road].zones: zone 'z': corner [640, 0] is outside the picture"),
        ("[[0, 0], [0.5, 0.5], [1, 1]]", "lens[road].zones: zone 'z' has no area."),
        ("[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0.5]]", "lens[road].zones: zone 'z' crosses itself"),
        ("[[0, 0], ['a', 1], [1, 0]]", "lens[road].zones.z[#2][#1] = 'a' is no number"),
        ("[[0, 0], [1], [1, 0]]", "lens[road].zones.z[#2][#2] is missing."),
    ],
)
def test_a_bad_polygon(folder: Path, polygon: str, says: str) -> None:
    assert says in refusal(folder, LEAST + f"zones = {{ z = {polygon} }}")


def test_a_bad_mask_or_zone_name(folder: Path) -> None:
    assert "lens[road].masks: mask 1 has 1 corners" in refusal(folder, LEAST + "masks = [[[0, 0]]]")
    zone = "zones = { '' = [[0, 0], [1, 0], [1, 1]] }"
    assert "zone name '' must begin with a letter or digit" in refusal(folder, LEAST + zone)


def test_a_bad_polygon_of_all_lenses(folder: Path) -> None:
    assert "perceive.zones: zone 'z' has 2 corners" in refusal(
        folder, LEAST + "[perceive]\nzones = { z = [[0, 0], [1, 1]] }"
    )
    assert "perceive.masks: mask 1 has no area" in refusal(
        folder, LEAST + "[perceive]\nmasks = [[[0, 0], [0, 1], [0, 0]]]"
    )


def test_a_zone_of_all_lenses_serves_a_rule(folder: Path) -> None:
    zone = "[perceive]\nzones = { kerb = [[0, 0], [1, 0], [1, 1]] }\n"
    assert loaded(folder, LEAST + zone + "[[rule]]\nkind = 'presence'\nzones = ['kerb']\n").rule


def test_good_polygons() -> None:
    check_polygon(((0, 0), (1, 0), (0.5, 0.5), (1, 1), (0, 1)), called="concave")
    check_polygon(((0.5, 0), (1, 0.5), (0.5, 1), (0, 0.5)), called="diamond")


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ("kind = 'presence'\nlenses = ['rode']", "rule[#1].lenses: there is no lens 'rode'; there is road."),
        ("kind = 'presence'\nzones = ['kerb']", "rule[#1].zones: there is no zone 'kerb'; its lenses have none."),
        (
            "kind = 'presence'\nclasses = ['cat']\n[perceive]\nclasses = ['person']",
            "rule[#1].classes: perceive.classes leaves out 'cat'; add it there.",
        ),
        ("kind = 'speed'\nlimit_kmh = 50", "rule[#1]: a rule on speed needs [telemetry] with a source."),
    ],
)
def test_a_rule_about_what_is_not_there(folder: Path, rule: str, says: str) -> None:
    assert says in refusal(folder, f"{LEAST}[[rule]]\n{rule}\n")


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ("[telemetry]\nsource = 'none.gpx'", "telemetry.source: there is no "),
        ("[alert.webhook]\nurl = 'http://x.example'\nsecret_file = 'none'", "alert.webhook.secret_file: there is no "),
    ],
)
def test_a_missing_file(folder: Path, table: str, says: str) -> None:
    assert says in refusal(folder, LEAST + table)


def test_files_that_are_no_settings(folder: Path) -> None:
    with pytest.raises(BadInput, match=r"there is no .*none\.toml\. 'custodes unit example > none\.toml'"):
        load(folder / "none.toml")
    with pytest.raises(BadInput, match="is a folder"):
        load(folder)
    assert "is not TOML: " in refusal(folder, "[unit\n")
    assert "(at line 1, column 6)" in refusal(folder, "[unit\n")
    (folder / "unit.toml").write_bytes(b'[unit]\nname = "\xe9"\n')
    with pytest.raises(BadInput, match=r"is not text in UTF-8 \(byte 15\)"):
        load(folder / "unit.toml")


def test_the_environment_lies_over_the_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUSTODES_UNIT__CLIP__PRE_ROLL_S", "15")
    monkeypatch.setenv("CUSTODES_UNIT__UNIT__STATE_DIR", "other")
    monkeypatch.setenv("CUSTODES_UNIT__ALERT__WEBHOOK__URL", "http://127.0.0.1:9/")
    monkeypatch.setenv("CUSTODES_UNIT__RULE", json.dumps([{"kind": "mark"}]))
    settings = loaded(folder, LEAST + "[clip]\npre_roll_s = 5\npost_roll_s = 6\n")
    assert (settings.clip.pre_roll_s, settings.clip.post_roll_s) == (15, 6)
    assert settings.unit.state_dir == folder / "other"
    assert settings.unit.name == "Van 12"
    assert settings.alert.webhook is not None
    assert [rule.kind for rule in settings.rule] == ["mark"]


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        (
            "CUSTODES_UNIT__CLIPS__PRE_ROLL_S",
            "5",
            "unknown setting CUSTODES_UNIT__CLIPS__PRE_ROLL_S. Did you mean 'clip'",
        ),
        ("CUSTODES_UNIT__CLIP__PREROLL_S", "5", "unknown key clip.preroll_s. Did you mean 'pre_roll_s'?"),
        ("CUSTODES_UNIT__CLIP__PRE_ROLL_S", "long", "clip.pre_roll_s = 'long' is no number; give one, such as 2.5"),
        ("CUSTODES_UNIT__RULE", "presence", "Lists and tables are given as JSON."),
    ],
)
def test_a_wrong_environment(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, says: str) -> None:
    monkeypatch.setenv(name, value)
    assert says in refusal(folder, LEAST)


def test_built_directly_the_environment_plays_no_part(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUSTODES_UNIT__CLIP__PRE_ROLL_S", "15")
    lens = LensSettings(name="film", facing=Facing.ROOM, source=str(folder / "road.mp4"))
    built = UnitSettings.model_validate({"unit": {"name": "watch"}, "lens": [lens], "rule": [{"kind": "mark"}]})
    assert built.clip.pre_roll_s == 10
    assert built.rule[0].kind == "mark"


def test_the_example_loads(folder: Path) -> None:
    settings = loaded(folder, example_toml())
    assert [rule.kind for rule in settings.rule] == ["presence", "mark"]


def test_the_example_with_everything_uncommented_loads(folder: Path) -> None:
    """Each commented line is a setting that exists: `# key = value  # note` and `# [table]`."""
    (folder / "webhook.secret").write_text("0123456789abcdef")
    lines = []
    for line in example_toml().splitlines():
        bare = line.removeprefix("# ")
        is_setting = bare != line and (bare.startswith("[") or bare.partition(" = ")[0].isidentifier())
        lines.append(bare if is_setting else line)
    settings = loaded(folder, "\n".join(lines))
    assert sorted(rule.kind for rule in settings.rule) == ["mark", "presence", "speed"]
    assert settings.ring is not None
    assert settings.telemetry is not None
    assert settings.alert.webhook is not None


def test_the_example_names_every_table() -> None:
    text = example_toml()
    for table in UnitSettings.model_fields:
        assert f"[{table}]" in text, f"the example says nothing of [{table}]"


def test_everything_that_is_wrong_is_told_at_once(folder: Path) -> None:
    text = LEAST.replace('"road.mp4"', '"rode.mp4"') + 'fasing = "road"\n[[rule]]\nkind = "speed"\nlimit_kmh = -3\n'
    text += '[[rule]]\nkind = "sped"\n[clip]\npre_roll_s = "ten"\n'
    with pytest.raises(BadInput) as caught:
        loaded(folder, text)
    head, *lines = str(caught.value).splitlines()
    assert head.endswith("unit.toml: 4 things to mend:")
    assert [line.split()[0].rstrip(":.") for line in lines] == [
        "unknown",
        "clip.pre_roll_s",
        "rule[#1].limit_kmh",
        "rule[#2].kind",
    ]
    with pytest.raises(BadInput) as caught:
        loaded(folder, LEAST.replace('"road.mp4"', '"rode.mp4"') + '[telemetry]\nsource = "drove.gpx"\n')
    assert str(caught.value).count("there is no ") == 2


def test_the_example_serves_to_watch_a_film_although_its_own_film_is_not_there(tmp_path: Path) -> None:
    """`custodes unit example > unit.toml; custodes watch porch.mp4 --settings unit.toml`, as a newcomer does."""
    path = tmp_path / "unit.toml"
    path.write_text(example_toml(), encoding="utf-8")
    film = tmp_path / "porch.mp4"
    film.touch()
    settings = settings_of(WatchRequest(film=str(film), settings=path))
    assert [lens.source for lens in settings.lens] == [str(film)]
    assert settings.lens[0].zones.keys() == {"kerb"}
    path.write_text(example_toml() + '[telemetry]\nsource = "gone.gpx"\n', encoding="utf-8")
    with pytest.raises(BadInput, match=r"telemetry\.source: there is no"):
        settings_of(WatchRequest(film=str(film), settings=path))
