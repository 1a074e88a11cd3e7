"""Burn facts into one view's film. Runs as a process of its own, with limits, without a key or a name.

Speaks as `child` does. It is handed what to burn in as JSON; it sends `S` ms:u32 as it goes on, then `A` length:u32
and JSON, and where that holds no reason against the film, one block: the copy.
"""

import importlib
import io
import json
import sys
from typing import Any, BinaryIO, cast

from custodes.core.errors import BadInput, CustodesError
from custodes.hub.process.child import WORD, PipedFilm, limit_self, load_decoder, read_exactly
from custodes.hub.process.confine import confine_self

MAX_PLAN_BYTES = 64 * 1024 * 1024


def plan_of(said: dict[str, Any]) -> Any:
    """Return the plan that JSON speaks of."""
    from custodes.trace.burn import Box, BurnPlan

    return BurnPlan(
        signature=said["signature"],
        boxes=tuple((at, tuple(Box(*box) for box in boxes)) for at, boxes in said["boxes"]),
        speeds=tuple((at, text) for at, text in said["speeds"]),
        first_wall_ns=said["first_wall_ns"],
        utc_offset_s=said["utc_offset_s"],
        zone=said["zone"],
    )


def main() -> int:
    """Answer one order, given as JSON on the command line."""
    import cv2

    load_decoder()
    importlib.import_module("custodes.trace.burn")
    cv2.setNumThreads(1)  # confined, it may start none
    order = json.loads(sys.argv[1])
    cv2.getTextSize("warm", cv2.FONT_HERSHEY_SIMPLEX, 1.0, 1)  # reads its letters while files may still be opened
    limit_self(memory_bytes=order["memory_bytes"], cpu_seconds=order["cpu_seconds"])
    confine_self()
    requests, answers = sys.stdout.buffer, sys.stdin.buffer
    length = WORD.unpack(read_exactly(answers, WORD.size))[0]
    handed = read_exactly(answers, min(length, MAX_PLAN_BYTES))
    copy, said = io.BytesIO(), dict[str, str]()

    def tell(shown_s: float) -> None:
        requests.write(b"S" + WORD.pack(round(max(shown_s, 0.0) * 1000)))
        requests.flush()

    try:
        from custodes.trace.burn import burn

        source = cast(BinaryIO, PipedFilm(order["size_bytes"], requests, answers))
        burn(source, copy, plan_of(json.loads(handed)), shown=tell)
    except BadInput as error:
        said = {"unfit": str(error)}
    except CustodesError as error:
        said = {"fault": str(error)}
    except MemoryError:
        said = {"unfit": "it wants more memory than a film may"}
    text = json.dumps(said).encode()
    requests.write(b"A" + WORD.pack(len(text)) + text)
    if not said:
        requests.write(WORD.pack(copy.getbuffer().nbytes))
        requests.write(copy.getbuffer())
    requests.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
