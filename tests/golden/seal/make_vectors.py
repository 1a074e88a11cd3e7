"""Write the seal's vectors anew. Run by hand, only when the format changes on purpose."""

import io
import json
import tarfile
from pathlib import Path
from uuid import UUID

from custodes.core import seal

HERE = Path(__file__).parent
KEY = bytes(range(32))
SALT = bytes(range(16))
CONTEXT = seal.SealContext(UUID(int=0x11), UUID(int=0x22), "film.road")
PLAIN_BYTES = 2 * seal.CHUNK_BYTES + 100


def sealed(plain: bytes) -> bytes:
    pieces = seal.seal_pieces(io.BytesIO(plain), plain_bytes=len(plain), content_key=KEY, context=CONTEXT, salt=SALT)
    return b"".join(pieces)


def main() -> None:
    plain = bytes(i * 7 % 251 for i in range(PLAIN_BYTES))
    good = sealed(plain)
    head, step = seal.HEADER_BYTES, seal.CHUNK_BYTES + seal.TAG_BYTES
    first, second, last = good[head : head + step], good[head + step : head + 2 * step], good[head + 2 * step :]
    flipped = bytearray(good)
    flipped[head + 5] ^= 1
    salted = bytearray(good)
    salted[len(seal.MAGIC)] ^= 1
    vectors = {
        "whole": (good, {}, "opens"),
        "empty": (sealed(b""), {}, "opens"),
        "last_chunk_truncated": (good[:-1], {}, "does not open"),
        "last_chunk_missing": (good[: head + 2 * step], {}, "does not open"),
        "chunks_swapped": (good[:head] + second + first + last, {}, "does not open"),
        "chunk_repeated": (good[:head] + first + first + last, {}, "does not open"),
        "bit_flipped": (bytes(flipped), {}, "does not open"),
        "salt_changed": (bytes(salted), {}, "does not open"),
        "wrong_key": (good, {"key": bytes(32).hex()}, "does not open"),
        "foreign_clip": (good, {"clip_id": str(UUID(int=0x12))}, "does not open"),
        "foreign_unit": (good, {"unit_id": str(UUID(int=0x23))}, "does not open"),
        "foreign_part": (good, {"part": "film.driver"}, "does not open"),
        "not_a_seal": (b"\x00" * 200, {}, "header"),
        "shorter_than_a_header": (good[:20], {}, "cut short"),
    }
    listed = []
    # One archive: the blobs differ little from each other, so it is a tenth of their size.
    with tarfile.open(HERE / "blobs.tar.xz", "w:xz") as archive:
        for name, (blob, changes, expected) in vectors.items():
            place = tarfile.TarInfo(name)
            place.size = len(blob)
            archive.addfile(place, io.BytesIO(blob))
            facts = {"key": KEY.hex(), "clip_id": str(CONTEXT.clip_id), "unit_id": str(CONTEXT.unit_id)}
            listed.append({"name": name, "expected": expected, **facts, "part": CONTEXT.part, **changes})
    (HERE / "vectors.json").write_text(json.dumps(listed, indent=1) + "\n")


if __name__ == "__main__":
    main()
