"""Whatever cannot be a film is refused in one clear line, before anything large is allocated."""

import os
import resource
import struct
from pathlib import Path

import pytest
from pydantic import ValidationError

from custodes.core.clock import ManualClock
from custodes.core.errors import BadInput
from custodes.edge.capture import LensSource, open_source
from filmcraft import Recipe, make_film, make_sound_only


def refusal(source: Path | str) -> str:
    with pytest.raises(BadInput) as caught:
        open_source(LensSource(source=str(source)), clock=ManualClock())
    line = str(caught.value)
    assert "\n" not in line
    return line


def box(kind: bytes, body: bytes, size: int | None = None) -> bytes:
    return struct.pack(">I4s", 8 + len(body) if size is None else size, kind) + body


def table(kind: bytes, head: bytes) -> bytes:
    """Return a moov whose one sample table holds `head` and 400 bytes."""
    nested = box(kind, head + bytes(400))
    for outer in (b"stbl", b"minf", b"mdia", b"trak", b"moov"):
        nested = box(outer, nested)
    return nested


FTYP = box(b"ftyp", b"isom\0\0\2\0isomiso2avc1mp41")


def test_missing_file(tmp_path: Path) -> None:
    assert refusal(tmp_path / "porch.mp4") == "cannot open porch.mp4: there is no such file. Check the path."


def test_folder(tmp_path: Path) -> None:
    (tmp_path / "films").mkdir()
    assert refusal(tmp_path / "films") == "cannot open films: it is a folder. Give one film in it."


def test_empty_file(tmp_path: Path) -> None:
    (tmp_path / "porch.mp4").touch()
    assert refusal(tmp_path / "porch.mp4") == "cannot open porch.mp4: it is empty. Give a film with a picture."


def test_sound_alone(tmp_path: Path) -> None:
    path = make_sound_only(tmp_path / "porch.mp4")
    assert refusal(path) == "cannot open porch.mp4: it has no video stream. Give a film with a picture."


@pytest.mark.parametrize(
    "content",
    [
        b"hello, this is a letter\n" * 400,
        b"\x7fELF" + bytes(5000),
        b"\x89PNG\r\n\x1a\n" + bytes(500),
        bytes(range(256)) * 20,
        b"\0" * 4000,
        b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nhttp://127.0.0.1:9/a.ts\n",
        b"ffconcat version 1.0\nfile 'other.mp4'\n",
        b"v=0\no=- 0 0 IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n",
    ],
    ids=["letter", "program", "png", "bytes", "zeros", "playlist", "concat script", "sdp"],
)
@pytest.mark.parametrize("name", ["porch.mp4", "porch.txt", "porch.m3u8"])
def test_not_a_film(tmp_path: Path, content: bytes, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    assert refusal(path).startswith(f"cannot open {name}: ")


def test_film_whose_index_never_came(tmp_path: Path) -> None:
    whole = make_film(tmp_path / "whole.mp4").read_bytes()
    assert whole.rfind(b"moov") > whole.find(b"mdat")
    torn = tmp_path / "porch.mp4"
    torn.write_bytes(whole[: whole.rfind(b"moov") - 4])
    assert "its index (the part 'moov') is missing" in refusal(torn)


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.7, 0.9, 0.99])
def test_film_cut_short_anywhere(tmp_path: Path, share: float) -> None:
    whole = make_film(tmp_path / "whole.mp4").read_bytes()
    torn = tmp_path / "porch.mp4"
    torn.write_bytes(whole[: int(len(whole) * share)])
    assert "cut short" in refusal(torn)


@pytest.mark.parametrize(
    "content",
    [
        FTYP + box(b"mdat", bytes(900), size=0xFFFF_FFF0),
        FTYP + struct.pack(">I4sQ", 1, b"mdat", 4 * 10**9) + bytes(900),
        FTYP + box(b"moov", bytes(900), size=0xF000_0000),
        FTYP + table(b"stsz", struct.pack(">III", 0, 0, 0x3FFF_FFFF)),
        FTYP + table(b"stts", struct.pack(">II", 0, 0x1FFF_FFFF)),
        FTYP + box(b"moov", box(b"trak", bytes(500), size=0x7FFF_FFFF)),
        FTYP + box(b"moov", b"") + box(b"mdat", bytes(100), size=0xFFFF_FFF0),
    ],
    ids=["mdat 4 GB", "mdat 64-bit 4 GB", "moov 4 GB", "stsz", "stts", "trak", "empty moov"],
)
def test_small_file_that_claims_gigabytes(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "porch.mp4"
    path.write_bytes(content)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert refusal(path).startswith("cannot open porch.mp4: it ")
    grown_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown_kb < 64 * 1024


@pytest.mark.parametrize(("width", "height"), [(40_000, 40_000), (16_385, 16), (16_000, 16_000)])
def test_picture_that_claims_to_be_huge(tmp_path: Path, width: int, height: int) -> None:
    film = bytearray(make_film(tmp_path / "small.avi", Recipe(codec="rawvideo", seconds=1)).read_bytes())
    header = film.find(b"strf") + 8
    film[header + 4 : header + 12] = struct.pack("<II", width, height)
    path = tmp_path / "porch.avi"
    path.write_bytes(film)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert refusal(path) in {
        f"cannot open porch.avi: it claims {width} x {height} pixels, more than is read. Give a smaller film.",
        (
            "cannot open porch.avi: no picture can be decoded from it (rawvideo). "
            "It is damaged or cut short; copy it again."
        ),
    }
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024


def test_no_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make_film(tmp_path / "porch.mp4")
    path.chmod(0)
    if os.access(path, os.R_OK):  # root may read everything
        monkeypatch.setattr(os, "access", lambda *_args, **_kinds: False)
    assert refusal(path) == "cannot open porch.mp4: no permission to read it. Change its rights."


def test_codec_that_is_not_known(tmp_path: Path) -> None:
    film = bytearray(make_film(tmp_path / "known.mp4").read_bytes())
    at = film.rfind(b"avc1")
    film[at : at + 4] = b"zzz9"
    path = tmp_path / "porch.mp4"
    path.write_bytes(film)
    assert refusal(path).startswith("cannot open porch.mp4: ")


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1/film.mp4", "concat://a", "file:///etc/passwd", "ftp://127.0.0.1/a"]
)
def test_addresses_that_are_not_cameras(address: str) -> None:
    with pytest.raises(ValidationError, match="is not read"):
        LensSource(source=address)


def test_a_film_called_like_a_protocol_is_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    make_film(tmp_path / "porch.mp4")
    assert refusal("concat:porch.mp4|porch.mp4").endswith("there is no such file. Check the path.")


def test_password_is_never_shown() -> None:
    from custodes.edge.capture.settings import shown

    assert shown("rtsp://porch:secret@10.0.0.5/live?password=hunter2") == "rtsp://…@10.0.0.5/live"
