"""Keys and settings: made once, for one user; what is wrong is one line."""

from pathlib import Path

import pytest

from custodes.core.errors import BadInput
from custodes.hub import config, keyring


def test_keys_are_made_once(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    assert len(keyring.make_keys(folder)) == 6
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    (folder / keyring.ROOT_FILE).unlink()
    assert keyring.make_keys(folder) == [keyring.ROOT_FILE]
    after = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert {name for name in before if before[name] != after[name]} == {keyring.ROOT_FILE}


def test_keys_are_what_they_are_for(hub_dir: Path) -> None:
    assert len(keyring.root_key()) == 32
    assert keyring.signing_key_id() != keyring.seal_key_id()
    keyring.signing_public_key().verify(keyring.signing_key().sign(b"x"), b"x")


@pytest.mark.parametrize("name", [keyring.SIGNING_FILE, keyring.SEAL_FILE, keyring.ROOT_FILE])
@pytest.mark.parametrize("damage", ["missing", "torn", "another kind", "readable by others"])
def test_a_damaged_key_is_said_and_never_replaced(tmp_path: Path, name: str, damage: str) -> None:
    folder = tmp_path / "keys"
    keyring.make_keys(folder)
    path = folder / name
    if damage == "missing":
        path.unlink()
    elif damage == "torn":
        path.write_bytes(path.read_bytes()[:20])
    elif damage == "another kind":
        other = keyring.SEAL_FILE if name == keyring.SIGNING_FILE else keyring.SIGNING_FILE
        path.write_bytes((folder / other).read_bytes())
    else:
        path.chmod(0o644)
    load = {
        keyring.SIGNING_FILE: keyring.load_signing_key,
        keyring.SEAL_FILE: keyring._load_seal_key,
        keyring.ROOT_FILE: keyring.load_root_key,
    }[name]
    with pytest.raises(BadInput) as refused:
        load(folder)
    assert str(refused.value).startswith(f"{path}: ")
    assert "\n" not in str(refused.value)


def test_a_folder_that_others_read_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    folder.mkdir(mode=0o755)
    with pytest.raises(BadInput, match="chmod 700"):
        keyring.make_keys(folder)
    assert list(folder.iterdir()) == []


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "hub.toml").write_text("name = 'Ours'\n[listen]\nport = 1\nhost = '::1'\n")
    environment = {"CUSTODES_HUB__LISTEN__PORT": "8801", "CUSTODES_HUB__LANGUAGES": "fr, en", "OTHER": "x"}
    hub = config.load(tmp_path, environment=environment)
    assert (hub.listen.port, hub.listen.host, hub.name, hub.languages) == (8801, "::1", "Ours", ("fr", "en"))
    assert hub.base_url == "http://[::1]:8801"


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("CUSTODES_HUB__LISTEN__PROT", "1", "unknown key 'listen.prot'. Did you mean 'port'?"),
        ("CUSTODES_HUB__LISTEN__PORT", "high", "listen.port = "),
        ("CUSTODES_HUB__PUBLIC_URL", "hub.example", "public_url: must start with http:// or https://"),
        ("CUSTODES_HUB__LANGUAGES", "de", "languages.0 = "),
        ("CUSTODES_HUB__NAME__FIRST", "x", "'name' is a value, not a table"),
    ],
)
def test_a_wrong_variable_is_named(tmp_path: Path, variable: str, value: str, message: str) -> None:
    (tmp_path / "hub.toml").write_text("name = 'Ours'\n")
    with pytest.raises(BadInput) as refused:
        config.load(tmp_path, environment={variable: value})
    said = str(refused.value)
    assert message in said
    assert "\n" not in said


def test_the_folder_is_not_set_in_the_file(tmp_path: Path) -> None:
    (tmp_path / "hub.toml").write_text("data_dir = '/elsewhere'\n")
    with pytest.raises(BadInput, match="set by CUSTODES_HUB_DATA_DIR"):
        config.load(tmp_path, environment={})


@pytest.mark.parametrize(
    ("url", "host", "expected"),
    [
        ("", "127.0.0.1", ["127.0.0.1", "localhost", "[::1]"]),
        ("", "0.0.0.0", ["*"]),
        ("https://hub.example.org", "0.0.0.0", ["hub.example.org", "0.0.0.0", "localhost", "127.0.0.1", "[::1]"]),
    ],
)
def test_which_names_a_browser_may_use(tmp_path: Path, url: str, host: str, expected: list[str]) -> None:
    environment = {"CUSTODES_HUB__PUBLIC_URL": url, "CUSTODES_HUB__LISTEN__HOST": host}
    hub = config.load(tmp_path, environment=environment)
    assert hub.host_names == expected
    assert hub.is_https == url.startswith("https")
