"""A hostile archive costs nothing but an error."""

import gzip
import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from custodes.core.errors import Corrupt
from custodes.vision import archives


def tar_with(path: Path, entry: tarfile.TarInfo, content: bytes = b"") -> Path:
    with tarfile.open(path, "w:gz") as tar:
        entry.size = len(content)
        tar.addfile(entry, io.BytesIO(content))
    return path


def test_names_that_climb_out_write_nothing(tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    archive = tar_with(inner / "a.tgz", tarfile.TarInfo("../../escaped"), b"evil")
    with pytest.raises(Corrupt, match=r"has no package/net"):
        archives.read_tar_member(archive, "package/net")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a.tgz", "inner"]


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE])
def test_a_member_that_is_no_regular_file_is_refused(tmp_path: Path, kind: bytes) -> None:
    entry = tarfile.TarInfo("package/net")
    entry.type = kind
    entry.linkname = "/etc/passwd"
    with pytest.raises(Corrupt, match="not a regular file"):
        archives.read_tar_member(tar_with(tmp_path / "a.tgz", entry), "package/net")


def test_a_member_larger_than_allowed_is_refused(tmp_path: Path) -> None:
    archive = tar_with(tmp_path / "a.tgz", tarfile.TarInfo("net"), b"x" * 1000)
    with pytest.raises(Corrupt, match="claims 1000 bytes"):
        archives.read_tar_member(archive, "net", max_bytes=999)
    assert archives.read_tar_member(archive, "net", max_bytes=1000) == b"x" * 1000


def test_a_gzip_bomb_stops_at_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MAX_UNFOLDED_BYTES", 1_000_000)
    archive = tar_with(tmp_path / "a.tgz", tarfile.TarInfo("first"), bytes(5_000_000))
    assert archive.stat().st_size < 20_000
    with pytest.raises(Corrupt, match="unfolds to more"):
        archives.read_tar_member(archive, "second")


@pytest.mark.parametrize("content", [b"", b"no archive", gzip.compress(b"no tar" * 200)], ids=["empty", "text", "gzip"])
def test_what_is_no_tarball_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.tgz").write_bytes(content)
    with pytest.raises(Corrupt):
        archives.read_tar_member(tmp_path / "a.tgz", "net")


def test_a_cut_tarball_is_refused(tmp_path: Path) -> None:
    random = bytes(range(256)) * 400
    archive = tar_with(tmp_path / "a.tgz", tarfile.TarInfo("net"), random)
    archive.write_bytes(archive.read_bytes()[:-300])
    with pytest.raises(Corrupt):
        archives.read_tar_member(archive, "net")


def test_a_wheel_gives_one_member_and_refuses_the_rest(tmp_path: Path) -> None:
    wheel = tmp_path / "a.whl"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as unzipped:
        unzipped.writestr("net", b"y" * 500)
    assert archives.read_zip_member(wheel, "net") == b"y" * 500
    with pytest.raises(Corrupt, match="has no other"):
        archives.read_zip_member(wheel, "other")
    with pytest.raises(Corrupt, match="claims 500 bytes"):
        archives.read_zip_member(wheel, "net", max_bytes=499)
    wheel.write_bytes(wheel.read_bytes()[:80])
    with pytest.raises(Corrupt):
        archives.read_zip_member(wheel, "net")


@pytest.mark.parametrize(("start", "stop"), [(0, 11), (5, 5), (8, 3), (-1, 4)])
def test_a_range_that_is_not_in_the_file_is_refused(start: int, stop: int) -> None:
    with pytest.raises(Corrupt):
        archives.cut_range(b"0123456789", start, stop, name="net")


def test_a_range_is_cut_and_none_means_all() -> None:
    assert archives.cut_range(b"0123456789", 2, 5, name="net") == b"234"
    assert archives.cut_range(b"0123456789", None, None, name="net") == b"0123456789"
