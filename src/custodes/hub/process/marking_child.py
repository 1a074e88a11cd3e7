"""Make the two variants of one film. Runs as a process of its own, with limits; the one secret it gets marks one film.

Speaks as `child` does. It is handed the film's marking secret first; it sends `S` ms:u32 as it goes on, then `A`
length:u32 and JSON, and where that holds no reason against the film, two blocks: the variants. Nothing it says is
believed: the parent looks at the structure of both. Where something is to be hidden it is handed the plan of that
second, and sends a third block: small stills of what is left to see.
"""

import io
import json
import sys
from typing import BinaryIO, cast
from uuid import UUID

from custodes.core.errors import BadInput, CustodesError
from custodes.hub.process.child import WORD, PipedFilm, limit_self, load_decoder, read_exactly
from custodes.hub.process.confine import confine_self
from custodes.hub.process.masker import Masker
from custodes.trace.keys import MarkKey
from custodes.trace.mark import write_variants
from custodes.trace.mark_settings import MarkSettings

MAX_SECRET_BYTES = 64
MAX_PLAN_BYTES = 64 * 1024 * 1024


def read_block(answers: BinaryIO) -> bytes:
    """Return one more thing that is handed over."""
    length = WORD.unpack(read_exactly(answers, WORD.size))[0]
    return read_exactly(answers, min(length, MAX_PLAN_BYTES))


def main() -> int:
    """Answer one order, given as JSON on the command line."""
    import cv2

    load_decoder()
    cv2.setNumThreads(1)  # confined, it may start none
    order = json.loads(sys.argv[1])
    limit_self(memory_bytes=order["memory_bytes"], cpu_seconds=order["cpu_seconds"])
    confine_self()
    requests, answers = sys.stdout.buffer, sys.stdin.buffer
    length = WORD.unpack(read_exactly(answers, WORD.size))[0]
    key = MarkKey(read_exactly(answers, min(length, MAX_SECRET_BYTES)), UUID(order["clip"]))
    masker = Masker(read_block(answers)) if order["masked"] else None
    alter = None if masker is None else masker.alter
    films = (io.BytesIO(), io.BytesIO())
    said: dict[str, str] = {}

    def tell(shown_s: float) -> None:
        requests.write(b"S" + WORD.pack(round(shown_s * 1000)))
        requests.flush()

    try:
        source = cast(BinaryIO, PipedFilm(order["size_bytes"], requests, answers))
        write_variants(
            source,
            films,
            key=key,
            settings=MarkSettings(**order["settings"]),
            shown=tell,
            alter=alter,
        )
    except BadInput as error:
        said = {"unfit": str(error).removeprefix("cannot mark the film: ")}
    except CustodesError as error:
        said = {"fault": str(error)}
    except MemoryError:
        said = {"unfit": "it wants more memory than a film may"}
    text = json.dumps(said).encode()
    requests.write(b"A" + WORD.pack(len(text)) + text)
    if not said:
        for film in films:
            requests.write(WORD.pack(film.tell()))
            requests.write(film.getbuffer())
        if masker is not None:
            sheet = masker.sheet()
            requests.write(WORD.pack(len(sheet)) + sheet)
    requests.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
