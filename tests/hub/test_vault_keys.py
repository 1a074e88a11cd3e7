"""A clip's key lies wrapped in one private file, opens for its clip alone, and once destroyed is gone."""

from uuid import uuid4

import pytest
from django.conf import settings

from custodes.core.errors import Corrupt
from custodes.hub import keyring
from custodes.hub.vault import keys

KEY = bytes(range(32))


def files():
    return [path for path in (settings.HUB.keys_dir / "clips").rglob("*") if path.is_file()]


def test_a_key_is_wrapped_in_a_private_file():
    clip_id = uuid4()
    keys.put(clip_id, KEY)
    assert keys.get(clip_id) == KEY
    [path] = files()
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert KEY not in path.read_bytes()
    assert list(keys.list_clips()) == [clip_id]


def test_a_key_put_in_another_clips_place_does_not_open():
    one, other = uuid4(), uuid4()
    keys.put(one, KEY)
    keys.put(other, bytes(32))
    paths = {path.name: path for path in files()}
    paths[str(other)].write_bytes(paths[str(one)].read_bytes())
    with pytest.raises(Corrupt, match="does not open"):
        keys.get(other)


def test_a_key_under_another_root_does_not_open(monkeypatch):
    clip_id = uuid4()
    keys.put(clip_id, KEY)
    monkeypatch.setattr(keyring, "load_root_key", lambda _: b"r" * 32)
    with pytest.raises(Corrupt, match="root key replaced"):
        keys.get(clip_id)


def test_a_destroyed_key_is_gone_and_its_bytes_were_overwritten(monkeypatch):
    clip_id = uuid4()
    keys.put(clip_id, KEY)
    [path] = files()
    wrapped = path.read_bytes()
    seen: list[bytes] = []
    with monkeypatch.context() as patched:
        patched.setattr(keys.Path, "unlink", lambda self, **_: seen.append(self.read_bytes()))
        keys.destroy(clip_id)
    assert seen[0] != wrapped
    assert len(seen[0]) == len(wrapped)


def test_destroying_is_final_and_repeatable():
    clip_id = uuid4()
    keys.put(clip_id, KEY)
    keys.destroy(clip_id)
    keys.destroy(clip_id)
    assert not keys.holds(clip_id)
    with pytest.raises(keys.KeyDestroyed):
        keys.get(clip_id)
