"""`custodes hub serve`: first start, migrations, setup link, server, clean stop. One process."""

import asyncio
import ctypes
import errno
import gc
import logging
import signal
import socket
import sqlite3
import warnings
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, cast

from custodes.core.clock import SystemClock
from custodes.core.errors import BadInput
from custodes.hub import boot, config, keyring, wire_guard

if TYPE_CHECKING:
    from granian.server.embed import Server

    from custodes.hub.config import HubSettings

STOP_WITHIN_S = 5.0
"""Open downloads and live feeds get this long when the hub stops."""
log = logging.getLogger(__name__)


def serve(data_dir: Path, *, listen: str | None = None, as_json: bool = False) -> None:
    """Serve the hub in `data_dir` until SIGTERM or SIGINT.

    `listen`: `HOST:PORT`, over the settings; port 0 takes a free one. Raises BadInput, one line, for a folder that
    another hub holds, a port that is taken, and wrong settings or policies.
    """
    hub = _with_listen(config.load(data_dir), listen)
    warning = wire_guard.check(hub, now=datetime.now(UTC))
    boot.make_folders(hub.data_dir)
    with boot.hold(hub.data_dir):
        keyring.make_keys(hub.keys_dir, with_root=hub.keys.root == "file")
        hub = _with_port(hub)
        boot.django_on(hub.data_dir)
        _prepare(hub, as_json=as_json)
        if warning:
            from custodes.hub.narrator import say

            say("warning", warning, as_json=as_json)
        _run(hub, as_json=as_json)


def migrate(*, verbosity: int = 0) -> None:
    """Bring the database to this version's form. Raises BadInput when the file is not a database of ours."""
    from django.core.management import call_command
    from django.db import DatabaseError, connection
    from django.db.migrations.executor import MigrationExecutor

    try:
        executor = MigrationExecutor(connection)
        if not executor.migration_plan(executor.loader.graph.leaf_nodes()):
            return  # a quarter of the start's time and 10 MB of memory less
        call_command("migrate", verbosity=verbosity, interactive=False, skip_checks=True)
    except (DatabaseError, sqlite3.DatabaseError) as error:
        from django.conf import settings

        raise BadInput(f"{settings.HUB.database_path}: cannot be used as the hub's database: {error}.") from error


def _prepare(hub: "HubSettings", *, as_json: bool) -> None:
    """Everything between the lock and the first request."""
    from django.conf import settings
    from django.urls import get_resolver
    from django.utils import timezone

    from custodes.hub import rootkeys
    from custodes.hub.access import policies
    from custodes.hub.audit import beginning, ledger
    from custodes.hub.fleet import account_codes, account_secrets, setup, undo
    from custodes.hub.narrator import say

    # WhiteNoise hands small static files over as one piece: Django's advice to stream them is no news to an operator.
    warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous iterators")
    settings.HUB = hub
    settings.ALLOWED_HOSTS = hub.host_names
    migrate()
    rootkeys.check()
    account_secrets.check()
    policies.book()
    get_resolver().url_patterns  # noqa: B018  # a page that cannot be imported stops the start, not a visitor
    beginning.begin(now_ns=SystemClock().wall_ns())
    undo.begin(now_ns=SystemClock().wall_ns())
    account_codes.begin()
    ledger.signed_head(now_ns=SystemClock().wall_ns())
    token = setup.make_token(now=timezone.now())
    if token is not None:
        link = f"{hub.base_url}/setup/{token}"
        say("setup", f"Set the hub up (good for 24 hours, once): {link}", as_json=as_json, link=link)


def _run(hub: "HubSettings", *, as_json: bool) -> None:
    from django.db import connections

    from custodes.hub import housekeeping
    from custodes.hub.fleet.push_post import Postman
    from custodes.hub.narrator import Narrator, say
    from custodes.hub.process import runtime

    narrator = Narrator(as_json=as_json)
    housekeeper = housekeeping.Housekeeper()
    postman = Postman()
    housekeeping.repair_at_start()
    try:
        housekeeper.start()
        narrator.start()
        postman.start()
        asyncio.run(_serve_until_told(hub, as_json=as_json))
    finally:
        runtime.stop()
        postman.stop()
        housekeeper.stop()
        narrator.stop()
        connections.close_all()
    say("stopped", "The hub has stopped.", as_json=as_json)


def _settle_memory() -> None:
    """Give back what the start needed and serving does not: migrations, parsers, import machinery."""
    gc.collect()
    gc.freeze()  # what is left lives as long as the process: later collections pass over it
    with suppress(OSError, AttributeError):  # musl has no malloc_trim
        ctypes.CDLL(None).malloc_trim(0)


async def _serve_until_told(hub: "HubSettings", *, as_json: bool) -> None:
    from custodes.hub.narrator import say
    from custodes.hub.process import runtime

    server = _server(hub)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, server.stop)
    serving = asyncio.ensure_future(server.serve())
    await _until_answering(hub, serving)
    say("up", f"The hub is at {hub.base_url} (data in {hub.data_dir}). Ctrl-C stops it.", as_json=as_json)
    if not serving.done():
        # After the listener: durable work takes a second or two to load, and finds what came in meanwhile.
        await asyncio.to_thread(runtime.start)
        _settle_memory()
    # Granian's base class says threading.Event; the embedded server makes it an asyncio.Event.
    told = asyncio.ensure_future(cast(asyncio.Event, server.main_loop_interrupt).wait())
    await asyncio.wait({serving, told}, return_when=asyncio.FIRST_COMPLETED)
    told.cancel()
    # Requests that the stop cuts off are no errors of theirs. A filter: Granian keeps levels in a cache of its own.
    logging.getLogger("_granian.utils").addFilter(lambda _record: False)
    done, _pending = await asyncio.wait({serving}, timeout=STOP_WITHIN_S)
    if not done:
        log.warning("requests were still open after %.0f s; they are cut off", STOP_WITHIN_S)
        serving.cancel()
        with suppress(asyncio.CancelledError):
            await serving
    elif (error := serving.exception()) is not None:
        raise error


def _server(hub: "HubSettings") -> "Server":
    from granian.constants import HTTPModes, Interfaces
    from granian.http import HTTP1Settings
    from granian.log import LogLevels
    from granian.server.embed import Server

    from custodes.hub.asgi import application

    return Server(
        application,
        address=hub.listen.host,
        port=hub.listen.port,
        interface=Interfaces.ASGINL,
        http=HTTPModes.auto,
        http1_settings=HTTP1Settings(header_read_timeout=15_000),
        websockets=False,
        log_level=LogLevels.error,
        log_dictconfig={"loggers": {"_granian": {"level": "ERROR"}, "granian.access": {"level": "ERROR"}}},
        ssl_cert=hub.tls.certificate,
        ssl_key=hub.tls.private_key,
    )


async def _until_answering(hub: "HubSettings", serving: "asyncio.Future[None]") -> None:
    """Wait until the listener takes connections, so that the line that says so is true."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(hub.listen.host, hub.listen.host)  # noqa: S104  # compared
    for _ in range(500):
        if serving.done():
            return
        with suppress(OSError):
            _reader, writer = await asyncio.open_connection(host, hub.listen.port)
            writer.close()
            return
        await asyncio.sleep(0.01)


def _with_listen(hub: "HubSettings", listen: str | None) -> "HubSettings":
    if listen is None:
        return hub
    host, _colon, port = listen.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65535:
        raise BadInput(f"--listen {listen!r}: give HOST:PORT, such as 127.0.0.1:8800.")
    told = {"host": host.strip("[]"), "port": int(port)}
    return hub.model_copy(update={"listen": hub.listen.model_copy(update=told)})


def _with_port(hub: "HubSettings") -> "HubSettings":
    """Take the port for a moment: Granian would share a taken one (SO_REUSEPORT) without a word."""
    place = hub.listen
    try:
        (family, kind, _proto, _name, address), *_ = socket.getaddrinfo(
            place.host, place.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            port = int(probe.getsockname()[1])
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise BadInput(
                f"port {place.port} on {place.host} is taken. Stop what uses it, or give another: "
                f"--listen {place.host}:{place.port + 1}"
            ) from None
        raise BadInput(f"cannot listen on {place.host}:{place.port}: {error.strerror}.") from None
    return hub.model_copy(update={"listen": place.model_copy(update={"port": port})})
