"""A unit's shipping half as a process: argv = state folder, log of sent chunks, chunk size in KiB."""

import json
import os
import sys
import time
from pathlib import Path

import httpx

from custodes.edge.ship import Outbox, Shipper, ShipSettings, load_enrolment


class WrittenDown(httpx.HTTPTransport):
    """Writes each film chunk's place down before it goes out."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self._log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "PATCH" and request.url.path.endswith("film.road"):
            place = [int(request.headers["upload-offset"]), len(request.content)]
            os.write(self._log, (json.dumps(place) + "\n").encode())
        return super().handle_request(request)


def main() -> None:
    state_dir = Path(sys.argv[1])
    enrolment = load_enrolment(state_dir)
    assert enrolment is not None
    settings = ShipSettings(chunk_kb=int(sys.argv[3]), heartbeat_s=1.0)
    outbox = Outbox(state_dir, settings=settings)
    shipper = Shipper(outbox, enrolment, say=print, transport=WrittenDown(sys.argv[2]))
    shipper.start()
    while True:
        time.sleep(60)


main()
