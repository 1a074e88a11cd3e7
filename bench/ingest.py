"""What the hub pays for a clip of 3 MB, beside the least that Django can do; what it weighs and how soon it is up."""

import hashlib
import io
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from random import Random

import httpx
import psutil

from bench.rows import Row
from bench.servers import TOKEN, serving
from custodes.core import seal
from custodes.core.clock import SystemClock
from custodes.core.types import Severity
from custodes.core.wire import ClipDeclaration, SealedPart
from custodes.edge.ship import Enrolment, enroll
from custodes.edge.ship.hub_client import HubClient
from custodes.edge.ship.store import OutboxStore

CLIP_BYTES = 3_000_000
MANIFEST_BYTES = 20_000
CLIPS_PER_ROUND = 10
ROUNDS = 7
TARGET_CPU_MS = 8.0
TARGET_RSS_MB = 150.0
TARGET_START_S = 5.0


def rows() -> Iterable[Row]:
    """Measure and yield the rows."""
    with tempfile.TemporaryDirectory(prefix="custodes-bench-") as scratch:
        work = Path(scratch)
        yield from _clip_cost(work)
        yield from _hub_at_rest(work)


def _clip_cost(work: Path) -> Iterator[Row]:
    with serving("ours", work / "ours") as hub, serving("bare", work / "bare") as django:
        send = _our_sender(hub.url, work / "ours" / "code.json", work / "state")
        put = _bare_sender(django.url)
        ours_ms: list[float] = []
        bare_ms: list[float] = []
        for _ in range(ROUNDS + 1):
            for costs, server, once in ((ours_ms, hub, send), (bare_ms, django, put)):
                before = server.cpu_s()
                for _ in range(CLIPS_PER_ROUND):
                    once()
                costs.append((server.cpu_s() - before) / CLIPS_PER_ROUND * 1000)
        ours, bare = statistics.median(ours_ms[1:]), statistics.median(bare_ms[1:])
    note = (
        f"bare Django PUT, same run: {bare:.2f} ms (ratio {ours / bare:.2f}); ours declares, sends manifest and film "
        "as signed tus requests, checks three hashes, keeps key, rows, ledger leaf and receipt"
    )
    yield Row("hub", "clip ingest, 3 MB, server CPU", ours, "ms", target=TARGET_CPU_MS, note=note)
    yield Row("hub", "clip ingest beside a bare Django PUT", ours, "ms", reference=bare, reference_name="bare Django")


def _hub_at_rest(work: Path) -> Iterator[Row]:
    starts = [_start_and_weigh(work / "rest") for _ in range(2)]
    yield Row("hub", "first start until it answers, wall", starts[0][0], "s", target=TARGET_START_S)
    yield Row("hub", "first start, CPU", starts[0][1], "s")
    yield Row("hub", "later start until it answers, wall", starts[1][0], "s", target=TARGET_START_S)
    yield Row("hub", "memory at rest (RSS)", starts[1][2], "MB", target=TARGET_RSS_MB)


def _our_sender(url: str, code: Path, state: Path) -> Callable[[], None]:
    enrolment = enroll(url, code.read_text().strip('"'), state_dir=state, unit_name="bench")
    client = HubClient(enrolment, OutboxStore(state / "outbox.sqlite3"), clock=SystemClock(), say=print)
    film = Random(1).randbytes(CLIP_BYTES)
    manifest = film[:MANIFEST_BYTES]

    def send() -> None:
        clip_id = uuid.uuid4()
        blobs = _sealed(enrolment, clip_id, {"manifest": manifest, "film.road": film})
        answer, taken = client.declare(_declaration(enrolment, clip_id, blobs), manifest=blobs["manifest"]), None
        for upload in answer.uploads:
            taken = client.send_chunk(upload.upload_path, offset=0, chunk=blobs[upload.part])
        if taken is None or taken.receipt is None:
            raise RuntimeError("no receipt")

    return send


_KEY = bytes(range(32))


def _sealed(enrolment: Enrolment, clip_id: uuid.UUID, plain: dict[str, bytes]) -> dict[str, bytes]:
    return {
        part: b"".join(
            seal.seal_pieces(
                io.BytesIO(content),
                plain_bytes=len(content),
                content_key=_KEY,
                context=seal.SealContext(clip_id, enrolment.unit_id, part),
            )
        )
        for part, content in plain.items()
    }


def _declaration(enrolment: Enrolment, clip_id: uuid.UUID, blobs: dict[str, bytes]) -> ClipDeclaration:
    envelope = seal.wrap_key(_KEY, hub_key=enrolment.hub_seal_key, clip_id=clip_id, unit_id=enrolment.unit_id)
    now = time.time_ns()
    return ClipDeclaration(
        clip_id=clip_id,
        kind="presence",
        severity=Severity.NOTE,
        onset_wall_ns=now,
        end_wall_ns=None,
        kept_start_wall_ns=now,
        kept_end_wall_ns=now + 1,
        envelope=b64encode(envelope).decode(),
        hub_key_id=enrolment.hub_key_id,
        parts=[
            SealedPart(part=part, sealed_sha256=hashlib.sha256(blob).hexdigest(), sealed_bytes=len(blob))
            for part, blob in blobs.items()
        ],
    )


def _bare_sender(url: str) -> Callable[[], None]:
    client = httpx.Client(base_url=url, timeout=30)
    film = Random(2).randbytes(CLIP_BYTES + MANIFEST_BYTES)

    def put() -> None:
        response = client.put(f"/{uuid.uuid4()}", content=film, headers={"authorization": TOKEN})
        response.raise_for_status()

    return put


def _start_and_weigh(folder: Path) -> tuple[float, float, float]:
    """Start the real hub; return (wall s until it says so, CPU s, RSS MB after it has come to rest)."""
    command = [sys.executable, "-c", "from custodes.cli import main; main()", "hub", "serve"]
    begun = time.perf_counter()
    with subprocess.Popen(
        [*command, "--data", str(folder), "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                if re.search(rb"The hub is at", line):
                    break
            wall_s = time.perf_counter() - begun
            measured = psutil.Process(process.pid)
            times = measured.cpu_times()
            time.sleep(3)  # let start-up garbage go; this is a measurement, not a test
            rss_mb = measured.memory_info().rss / 1e6
        finally:
            process.terminate()
            process.wait(timeout=30)
    return wall_s, times.user + times.system, rss_mb


if __name__ == "__main__":
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    for row in rows():
        print(f"{row.work}: {row.ours:.2f} {row.unit}  ref {row.reference}  met {row.met}  {row.note}")
