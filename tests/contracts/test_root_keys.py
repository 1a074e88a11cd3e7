"""What every kind of root key promises; a kind runs this by being registered."""

import base64
import json
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from custodes.core.errors import BadInput, Corrupt
from custodes.hub import keyring
from custodes.hub.config import HubSettings, KeySettings
from custodes.hub.rootkeys import RootKey, RootKeyAway, kinds

SECRET = b"correct horse battery staple shelf"


class KeyService:
    """A key service beyond a socket, as somebody would write an adapter. `answer` may be replaced by nonsense."""

    def __init__(self, path: Path) -> None:
        self._key = AESGCM(bytes(range(32)))
        self.answer = self._answered
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(path))
        self._listener.listen()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        if self._thread.is_alive():
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(timeout=5)

    def _serve(self) -> None:
        while True:
            try:
                line, _ = self._listener.accept()
            except OSError:
                return
            with line, line.makefile("rwb") as words:
                words.write(self.answer(words.readline()))
                words.flush()

    def _answered(self, question: bytes) -> bytes:
        asked = json.loads(question)
        bound = base64.b64decode(asked["bound"])
        try:
            if asked["verb"] == "wrap":
                nonce = os.urandom(12)
                wrapped = nonce + self._key.encrypt(nonce, base64.b64decode(asked["plain"]), bound)
                return json.dumps({"wrapped": base64.b64encode(wrapped).decode()}).encode() + b"\n"
            wrapped = base64.b64decode(asked["wrapped"])
            plain = self._key.decrypt(wrapped[:12].ljust(12), wrapped[12:].ljust(16), bound)
            return json.dumps({"plain": base64.b64encode(plain).decode()}).encode() + b"\n"
        except InvalidTag:
            return b'{"refused": "not wrapped here for that"}\n'


@pytest.fixture
def service(tmp_path: Path) -> Iterator[KeyService]:
    made = KeyService(tmp_path / "kms.sock")
    yield made
    made.stop()


@pytest.fixture
def hub(tmp_path: Path) -> HubSettings:
    (tmp_path / "passphrase").write_bytes(SECRET + b"\n")
    folder = tmp_path / "hub"
    keyring.make_keys(folder / "keys")
    return HubSettings(data_dir=folder)


def settings_of(hub: HubSettings, kind: str) -> HubSettings:
    home = hub.data_dir.parent
    keys = KeySettings(root=kind, passphrase_file=home / "passphrase", socket=home / "kms.sock")
    return hub.model_copy(update={"keys": keys})


@pytest.fixture(params=sorted(kinds()))
def root(request: pytest.FixtureRequest, hub: HubSettings, service: KeyService) -> RootKey:
    return kinds().get(request.param)(settings_of(hub, request.param))


def test_what_was_wrapped_comes_back(root: RootKey) -> None:
    wrapped = root.wrap(bytes(range(32)), b"clip 1")
    assert root.unwrap(wrapped, b"clip 1") == bytes(range(32))
    assert bytes(range(32)) not in wrapped
    assert root.wrap(bytes(range(32)), b"clip 1") != wrapped


@pytest.mark.parametrize("spoil", [lambda w: w[:-1], lambda w: w[:20] + bytes([w[20] ^ 1]) + w[21:], lambda _: b""])
def test_what_was_changed_does_not_open(root: RootKey, spoil) -> None:
    wrapped = root.wrap(bytes(32), b"clip 1")
    with pytest.raises(Corrupt):
        root.unwrap(spoil(wrapped), b"clip 1")


def test_what_was_wrapped_for_another_clip_does_not_open(root: RootKey) -> None:
    with pytest.raises(Corrupt):
        root.unwrap(root.wrap(bytes(32), b"clip 1"), b"clip 2")


def test_a_start_later_opens_what_was_wrapped_before(hub: HubSettings, service: KeyService) -> None:
    for kind in kinds():
        settings = settings_of(hub, kind)
        wrapped = kinds().get(kind)(settings).wrap(bytes(32), b"clip 1")
        assert kinds().get(kind)(settings).unwrap(wrapped, b"clip 1") == bytes(32)


def test_the_folder_without_its_passphrase_opens_nothing(hub: HubSettings, service: KeyService) -> None:
    settings = settings_of(hub, "passphrase")
    kinds().get("passphrase")(settings).wrap(bytes(32), b"clip 1")
    home = hub.data_dir.parent
    for content, words in ((b"another passphrase altogether", "does not open"), (b"short", "20 or more")):
        (home / "passphrase").write_bytes(content)
        with pytest.raises(BadInput, match=words):
            kinds().get("passphrase")(settings).wrap(bytes(32), b"clip 1")
    (home / "passphrase").unlink()
    with pytest.raises(BadInput, match="cannot be read"):
        kinds().get("passphrase")(settings).wrap(bytes(32), b"clip 1")


def test_a_key_service_that_is_away_or_talks_nonsense_loses_nothing(hub: HubSettings, service: KeyService) -> None:
    root = kinds().get("socket")(settings_of(hub, "socket"))
    for nonsense in (b"hello\n", b"[]\n", b'{"wrapped": 7}\n', b""):
        service.answer = lambda _, nonsense=nonsense: nonsense
        with pytest.raises(RootKeyAway, match="no answer"):
            root.wrap(bytes(32), b"clip 1")
    service.stop()
    with pytest.raises(RootKeyAway, match="does not answer"):
        root.wrap(bytes(32), b"clip 1")


def test_a_socket_must_be_named(hub: HubSettings) -> None:
    with pytest.raises(BadInput, match=r"keys\.socket"):
        kinds().get("socket")(hub.model_copy(update={"keys": KeySettings(root="socket")}))


def test_no_root_key_is_made_where_another_kind_keeps_it(tmp_path: Path) -> None:
    assert keyring.ROOT_FILE not in keyring.make_keys(tmp_path / "keys", with_root=False)
