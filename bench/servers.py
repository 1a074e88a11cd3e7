"""Servers to measure, each a process of its own on Granian: `with serving("ours", folder) as served: …`.

`ours` is the hub without its processing; `django` the same pages behind Django's own ASGI handler and settings;
`bare` the least that Django needs for a PUT; `floor` an application that answers and does nothing else.
Run as a process: argv = one of these, work folder, port. Prints a line when it listens.
"""

import asyncio
import hashlib
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil

TOKEN = "a shared secret, compared in constant time"  # a bench's


ROOT = Path(__file__).parent.parent


class Served:
    """A server process to measure, at `url`; its folder holds `code.json` and `session.txt` where it is a hub."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, folder: Path) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.folder = folder
        self._process = psutil.Process(process.pid)

    def cpu_s(self) -> float:
        """Return the CPU time that it has used, all threads (s)."""
        times = self._process.cpu_times()
        return float(times.user + times.system)


@contextmanager
def serving(which: str, work: Path) -> Iterator[Served]:
    """Run the server called `which` on the new folder `work`. Raises RuntimeError when it does not come up."""
    work.mkdir(mode=0o700)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("CUSTODES", "DJANGO"))}
    command = [sys.executable, "-m", "bench.servers", which, str(work), str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, env=environment) as process:
        assert process.stdout is not None
        try:
            if b"listening" not in process.stdout.readline():
                raise RuntimeError(f"the {which} server did not come up")
            served = Served(process, port, work)
            _until_answering(served.url)
            yield served
        finally:
            process.kill()


def _until_answering(url: str) -> None:
    for _ in range(200):
        try:
            httpx.get(f"{url}/", timeout=1)
        except httpx.HTTPError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"nobody answers at {url}")


def ours(work: Path) -> Any:
    """Return the hub's application on a folder of its own; processing is not started, so that ingest stands alone."""
    import json

    from custodes.hub import boot, keyring

    os.environ["CUSTODES_HUB_DATA_DIR"] = str(work)
    boot.make_folders(work)
    keyring.make_keys(work / "keys")
    boot.django_on(work)
    from custodes.hub.serve import migrate

    migrate()
    from django.utils import timezone

    from custodes.hub.fleet import roles, services
    from custodes.hub.fleet.models import Person

    now = timezone.now()
    company = services.create_organisation(name="Bench", kind="company", now=now)
    site = services.create_site(organisation=company, name="Van", kind="vehicle", now=now)
    (work / "code.json").write_text(json.dumps(services.issue_code(site=site, now=now).code))
    manager = Person.objects.create_user("manager@example.org", display_name="Manager")
    roles.give_role(person=manager, organisation=company, role="manager", now=now)
    sys.path.append(str(ROOT / "tests"))
    from signed_in import session_of  # type: ignore[import-not-found]  # found only now

    (work / "session.txt").write_text(session_of(manager))
    from custodes.hub.asgi import application

    return application


def django(work: Path) -> Any:
    """Return the same pages as `ours` behind Django's own ASGI handler, a database connection a request."""
    ours(work)
    from django.conf import settings
    from django.core.asgi import get_asgi_application
    from django.db import connections

    for connection in connections.all():
        connection.close()
    settings.DATABASES["default"]["CONN_MAX_AGE"] = 0
    return get_asgi_application()


def floor(_work: Path) -> Any:
    """Return an ASGI application that answers "ok" to all."""
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"3")]

    async def answer(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"ok\n"})

    return answer


def bare(work: Path) -> Any:
    """Return a Django with one view: token, SHA-256, a file that is synced, a row that is durable. No middleware."""
    import hmac

    from django.conf import settings

    settings.configure(
        DEBUG=False, ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__, SECRET_KEY=os.urandom(16).hex(), MIDDLEWARE=[]
    )
    import django
    from django.http import HttpRequest, HttpResponse
    from django.urls import path

    django.setup()
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10**9
    database = work / "bare.sqlite3"
    with sqlite3.connect(database) as db:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("CREATE TABLE clip (name TEXT PRIMARY KEY, sha256 TEXT, size INTEGER)")

    def put(request: HttpRequest, name: str) -> HttpResponse:
        if not hmac.compare_digest(request.headers.get("authorization", ""), TOKEN):
            return HttpResponse(status=401)
        digest = hashlib.sha256()
        with (work / name).open("xb") as file:
            while piece := request.read(1 << 16):
                digest.update(piece)
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        with sqlite3.connect(database) as db:
            db.execute("PRAGMA synchronous=FULL")
            db.execute("INSERT INTO clip VALUES (?, ?, ?)", (name, digest.hexdigest(), file.name.__len__()))
        return HttpResponse(digest.hexdigest())

    globals()["urlpatterns"] = [path("<str:name>", put)]
    from django.core.asgi import get_asgi_application

    return get_asgi_application()


async def serve(application: Any, port: int) -> None:
    from granian.constants import HTTPModes, Interfaces
    from granian.log import LogLevels
    from granian.server.embed import Server

    server = Server(
        application,
        address="127.0.0.1",
        port=port,
        interface=Interfaces.ASGINL,
        http=HTTPModes.http1,
        websockets=False,
        log_level=LogLevels.error,
        log_access=False,
    )
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, server.stop)
    print("listening", flush=True)
    await server.serve()


def main() -> None:
    which, work, port = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    asyncio.run(serve({"ours": ours, "django": django, "bare": bare, "floor": floor}[which](work), port))


if __name__ == "__main__":
    main()
