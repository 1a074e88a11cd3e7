"""Read what answers a unit, within bounds: whoever stands on the way may send without end."""

from dataclasses import dataclass

import httpx

from custodes.core.errors import Temporary

MAX_ANSWER_BYTES = 1 << 20
PLAIN = {"accept-encoding": "identity"}
"""Sent with every request: a few compressed bytes could become gigabytes."""


@dataclass(frozen=True, slots=True)
class HubAnswer:
    """A whole answer of at most `MAX_ANSWER_BYTES`."""

    status_code: int
    headers: httpx.Headers
    content: bytes


def fetch(http: httpx.Client, method: str, url: str, *, content: bytes, headers: dict[str, str]) -> HubAnswer:
    """Send one request and read its answer.

    Raises Temporary for one that is too long or compressed; httpx.HTTPError as httpx does.
    """
    with http.stream(method, url, content=content, headers={**headers, **PLAIN}) as response:
        if response.headers.get("content-encoding", "identity") != "identity":
            raise Temporary(f"what answers at {response.url.host} compresses, though it was asked not to")
        pieces: list[bytes] = []
        size_bytes = 0
        for piece in response.iter_bytes():
            size_bytes += len(piece)
            if size_bytes > MAX_ANSWER_BYTES:
                raise Temporary(
                    f"what answers at {response.url.host} sends more than {MAX_ANSWER_BYTES >> 20} MiB; "
                    "that is no hub. Check the address and the network."
                )
            pieces.append(piece)
        return HubAnswer(response.status_code, response.headers, b"".join(pieces))
