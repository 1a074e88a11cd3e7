"""A sealed part opens for its own clip, unit and part, in any range, and not at all once anything was changed."""

import io
import json
import tarfile
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import example, given, settings
from hypothesis import strategies as st

from custodes.core import seal
from custodes.core.errors import BadInput, Corrupt

VECTORS = Path(__file__).parent.parent / "golden" / "seal"
KEY = bytes(range(32))
CONTEXT = seal.SealContext(UUID(int=1), UUID(int=2), "film.road")
CHUNK = seal.CHUNK_BYTES
SIZES = st.sampled_from([0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 77, 3 * CHUNK])


def sealed(plain: bytes, context: seal.SealContext = CONTEXT) -> bytes:
    return b"".join(seal.seal_pieces(io.BytesIO(plain), plain_bytes=len(plain), content_key=KEY, context=context))


def opened(blob: bytes, **changes: object) -> bytes:
    wanted = {"content_key": KEY, "context": CONTEXT, "sealed_bytes": len(blob), **changes}
    return b"".join(seal.open_range(lambda at, length: blob[at : at + length], **wanted))


@pytest.mark.parametrize("vector", json.loads((VECTORS / "vectors.json").read_text()), ids=lambda one: one["name"])
def test_each_vector_opens_or_fails_as_it_is_labelled(vector: dict[str, str]):
    with tarfile.open(VECTORS / "blobs.tar.xz") as archive:
        member = archive.extractfile(vector["name"])
        assert member is not None
        blob = member.read()
    context = seal.SealContext(UUID(vector["clip_id"]), UUID(vector["unit_id"]), vector["part"])
    key = bytes.fromhex(vector["key"])
    if vector["expected"] == "opens":
        plain = seal.open_whole(blob, content_key=key, context=context)
        assert plain == bytes(i * 7 % 251 for i in range(len(plain)))
        assert len(plain) == seal.plain_size(len(blob))
    else:
        with pytest.raises(Corrupt, match=vector["expected"]):
            seal.open_whole(blob, content_key=key, context=context)


@settings(max_examples=150, deadline=None)
@given(size=SIZES, ends=st.tuples(st.integers(0, 4 * CHUNK), st.integers(0, 4 * CHUNK)))
@example(size=2 * CHUNK, ends=(CHUNK, CHUNK))
def test_any_range_is_the_slice(size: int, ends: tuple[int, int]):
    plain = bytes(size // 3) + b"x" * (size - size // 3)
    start, stop = min(ends), max(ends)
    blob = sealed(plain)
    assert seal.sealed_size(size) == len(blob)
    assert seal.plain_size(len(blob)) == size
    if start > size:
        with pytest.raises(BadInput, match="range starts"):
            opened(blob, start=start, stop=stop)
    else:
        assert opened(blob, start=start, stop=stop) == plain[start:stop]


@settings(max_examples=80, deadline=None)
@given(size=SIZES, lost=st.integers(1, 3 * CHUNK), start=st.integers(0, CHUNK))
def test_truncation_is_always_an_error(size: int, lost: int, start: int):
    blob = sealed(b"p" * size)
    cut = blob[: max(0, len(blob) - lost)]
    with pytest.raises((Corrupt, BadInput)):
        opened(cut, start=min(start, size))
    with pytest.raises(Corrupt):
        opened(cut, sealed_bytes=len(blob))


@settings(max_examples=60, deadline=None)
@given(size=SIZES, at=st.integers(min_value=0), bit=st.integers(0, 7))
def test_any_flipped_bit_is_an_error(size: int, at: int, bit: int):
    blob = bytearray(sealed(b"q" * size))
    blob[at % len(blob)] ^= 1 << bit
    with pytest.raises(Corrupt):
        opened(bytes(blob))


def test_a_range_reads_only_its_own_chunks():
    blob = sealed(bytes(10 * CHUNK))
    read: list[int] = []

    def reader(at: int, length: int) -> bytes:
        read.append(length)
        return blob[at : at + length]

    pieces = seal.open_range(
        reader, content_key=KEY, context=CONTEXT, sealed_bytes=len(blob), start=5 * CHUNK + 1, stop=5 * CHUNK + 2
    )
    assert b"".join(pieces) == b"\x00"
    assert sum(read) == seal.HEADER_BYTES + CHUNK + seal.TAG_BYTES


def test_a_film_that_grows_while_it_is_sealed_is_refused(tmp_path: Path):
    with pytest.raises(BadInput, match="changed while it was sealed"):
        seal.seal_stream(io.BytesIO(b"12345"), tmp_path / "t", plain_bytes=4, content_key=KEY, context=CONTEXT)
    assert not (tmp_path / "t").exists()


def test_a_sealed_file_is_private_and_never_overwrites(tmp_path: Path):
    source = tmp_path / "film"
    source.write_bytes(b"film" * 1000)
    facts = seal.seal_file(source, tmp_path / "sealed", content_key=KEY, context=CONTEXT)
    assert (tmp_path / "sealed").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "sealed").stat().st_size == facts.sealed_bytes
    with pytest.raises(Exception, match="File exists"):
        seal.seal_file(source, tmp_path / "sealed", content_key=KEY, context=CONTEXT)
    assert opened((tmp_path / "sealed").read_bytes()) == b"film" * 1000


def test_an_envelope_opens_for_its_hub_clip_and_unit_alone():
    hub, other_hub = X25519PrivateKey.generate(), X25519PrivateKey.generate()
    clip_id, unit_id = uuid4(), uuid4()
    envelope = seal.wrap_key(KEY, hub_key=hub.public_key(), clip_id=clip_id, unit_id=unit_id)
    assert seal.unwrap_key(envelope, hub_key=hub, clip_id=clip_id, unit_id=unit_id) == KEY
    for key, clip, unit in ((other_hub, clip_id, unit_id), (hub, uuid4(), unit_id), (hub, clip_id, uuid4())):
        with pytest.raises(Corrupt, match="does not open"):
            seal.unwrap_key(envelope, hub_key=key, clip_id=clip, unit_id=unit)
    with pytest.raises(Corrupt):
        seal.unwrap_key(envelope[:-1], hub_key=hub, clip_id=clip_id, unit_id=unit_id)
