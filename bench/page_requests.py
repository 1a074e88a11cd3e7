"""What a request costs the hub, beside the same pages behind Django's own ASGI handler, and beside Granian alone.

Expected before it was measured (2026-11): Django's handler goes between event loop and threads some ten times a
request, and starts a thread for it and opens a database connection; that is more than half of what a request costs.
"""

import statistics
import tempfile
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path

import httpx

from bench.rows import Row
from bench.servers import serving

ROUNDS = 5
ASKED_A_ROUND = 100
PEER = "Django's ASGI handler"


def rows() -> Iterable[Row]:
    """Measure and yield the rows."""
    with tempfile.TemporaryDirectory(prefix="custodes-bench-") as scratch:
        found = _costs_ms(Path(scratch), ("/healthz", "/inbox/"))
    health, inbox = found["/healthz"], found["/inbox/"]
    yield Row("hub", "a signed-in request, no page", health["ours"], "ms CPU", health["floor"], "Granian alone")
    yield Row("hub", "a signed-in request, no page: beside a peer", health["ours"], "ms CPU", health["django"], PEER)
    yield Row("hub", "an empty inbox", inbox["ours"], "ms CPU", inbox["django"], PEER)


def _costs_ms(scratch: Path, paths: tuple[str, ...]) -> dict[str, dict[str, float]]:
    """Return per path what one answer costs each server: CPU ms of its process, over a connection that is kept."""
    costs: dict[str, dict[str, list[float]]] = {path: {} for path in paths}
    with ExitStack() as stack:
        servers = {name: stack.enter_context(serving(name, scratch / name)) for name in ("ours", "django", "floor")}
        for _ in range(ROUNDS + 1):
            for path in paths:
                for name, server in servers.items():
                    session = server.folder / "session.txt"
                    cookies = {"custodes_session": session.read_text()} if session.is_file() else {}
                    with httpx.Client(base_url=server.url, cookies=cookies) as line:
                        before_s = server.cpu_s()
                        for _ in range(ASKED_A_ROUND):
                            if line.get(path).status_code != 200:
                                raise RuntimeError(f"{name} does not answer {path}")
                        cost_ms = (server.cpu_s() - before_s) / ASKED_A_ROUND * 1000
                        costs[path].setdefault(name, []).append(cost_ms)
    return {path: {name: statistics.median(of[1:]) for name, of in found.items()} for path, found in costs.items()}
