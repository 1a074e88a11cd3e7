"""A server to measure: `ours` (the unit API in front of the hub) or `bare` (the least that Django needs for a PUT).

Run as a process: argv = ours | bare, work folder, port. Prints a line when it listens.
"""

import asyncio
import hashlib
import os
import signal
import sqlite3
import sys
from pathlib import Path
from typing import Any

TOKEN = "a shared secret, compared in constant time"  # a bench's


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

    from custodes.hub.fleet import services

    now = timezone.now()
    company = services.create_organisation(name="Bench", kind="company", now=now)
    site = services.create_site(organisation=company, name="Van", kind="vehicle", now=now)
    (work / "code.json").write_text(json.dumps(services.issue_code(site=site, now=now).code))
    from custodes.hub.asgi import application

    return application


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
    asyncio.run(serve({"ours": ours, "bare": bare}[which](work), port))


if __name__ == "__main__":
    main()
