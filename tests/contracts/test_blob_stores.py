"""Every registered blob store keeps the five promises of the vault's port."""

import threading
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest

from custodes.core.errors import BadInput
from custodes.hub.vault import local  # noqa: F401  # the stores register themselves
from custodes.hub.vault.store import AlreadyStored, BlobStore, NoSuchBlob, stores

CLIP = "0b5c1c1e-9c3f-4d34-8f7e-0d7a4a1f6f10"


@pytest.fixture(params=list(stores))
def store(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    return stores.get(request.param)(tmp_path / "vault")


@pytest.fixture
def source(tmp_path: Path) -> Callable[[bytes], Path]:
    def make(content: bytes) -> Path:
        path = tmp_path / f"{uuid4()}.part"
        path.write_bytes(content)
        return path

    return make


def name_of(part: str = "film.road") -> str:
    return f"{uuid4()}/{part}"


def test_what_was_put_is_read_in_any_range(store: BlobStore, source):
    name, content = name_of(), bytes(range(256)) * 300
    path = source(content)
    store.put(name, path)
    assert not path.exists()
    assert store.size(name) == len(content)
    for start, stop in ((0, len(content)), (0, 0), (1, 2), (70_000, 76_800), (76_799, 99_999), (10**9, 10**9 + 5)):
        assert store.read(name, start, stop) == content[start:stop]


def test_a_blob_is_never_replaced(store: BlobStore, source):
    name = name_of()
    store.put(name, source(b"first"))
    second = source(b"second")
    with pytest.raises(AlreadyStored):
        store.put(name, second)
    assert store.read(name, 0, 99) == b"first"
    assert second.read_bytes() == b"second"


def test_of_many_who_put_one_name_one_wins(store: BlobStore, source):
    name = name_of()
    sources = [source(bytes([number]) * 1000) for number in range(8)]
    outcomes: list[str] = []

    def put(path: Path) -> None:
        try:
            store.put(name, path)
            outcomes.append("stored")
        except AlreadyStored:
            outcomes.append("refused")

    threads = [threading.Thread(target=put, args=(path,)) for path in sources]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["refused"] * 7 + ["stored"]
    assert len(set(store.read(name, 0, 1000))) == 1


def test_what_is_not_there_is_said_so(store: BlobStore):
    with pytest.raises(NoSuchBlob):
        store.read(name_of(), 0, 1)
    with pytest.raises(NoSuchBlob):
        store.size(name_of())


def test_a_delete_is_final_and_repeatable(store: BlobStore, source):
    name = name_of()
    store.put(name, source(b"x"))
    store.delete(name)
    store.delete(name)
    with pytest.raises(NoSuchBlob):
        store.read(name, 0, 1)
    store.put(name, source(b"again"))
    assert store.read(name, 0, 9) == b"again"


def test_names_are_listed_in_order_by_prefix(store: BlobStore, source):
    clips = sorted(str(uuid4()) for _ in range(5))
    names = [f"{clip}/{part}" for clip in clips for part in ("film.road", "manifest")]
    for name in names:
        store.put(name, source(b"x"))
    assert list(store.list()) == names
    assert list(store.list(f"{clips[2]}/")) == names[4:6]
    assert list(store.list(f"{clips[2]}/f")) == [names[4]]
    assert list(store.list(str(uuid4()))) == []


@pytest.mark.parametrize(
    "name", ["", "x", "../../etc/passwd", CLIP, f"{CLIP}/", f"{CLIP}/../x", f"{CLIP}/.hidden", "a/b"]
)
def test_a_name_never_leads_out(store: BlobStore, source, name: str):
    path = source(b"x")
    with pytest.raises(BadInput):
        store.put(name, path)
    with pytest.raises(BadInput):
        store.read(name, 0, 1)
    with pytest.raises(BadInput):
        store.delete(name)


def test_an_empty_blob_is_a_blob(store: BlobStore, source):
    name = name_of()
    store.put(name, source(b""))
    assert store.size(name) == 0
    assert store.read(name, 0, 10) == b""
