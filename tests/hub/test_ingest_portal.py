"""A captive portal, a wrong proxy or a flood of bytes costs no clip: only what the hub signed counts."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import httpx
import pytest

from custodes.core.errors import Temporary
from custodes.core.wire import Problem
from custodes.edge.ship import Shipper
from custodes.edge.ship.answers import MAX_ANSWER_BYTES, fetch
from custodes.edge.ship.enrolment import enroll
from custodes.hub.clips.models import Clip, Tombstone
from ship_scene import Scene

FLOOD_BYTES = 64 * MAX_ANSWER_BYTES


class OnTheWay(httpx.BaseTransport):
    """Stands before the hub and changes its refusals."""

    def __init__(self, hub: httpx.BaseTransport, change) -> None:
        self.hub = hub
        self.change = change

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self.change(self.hub.handle_request(request))


def seal_to_another_hub(scene: Scene) -> None:
    """Make the waiting clip one that the hub refuses for good."""
    changed = scene.outbox.next_clip().declaration.model_copy(update={"hub_key_id": "x25519:0000"})
    with scene.outbox.store._writing() as db:
        db.execute("UPDATE clip SET declaration = ?", (changed.model_dump_json(),))


@contextmanager
def web_server(status: int, body: bytes, pieces: int = 1) -> Iterator[tuple[str, list[int]]]:
    """Serve one answer to everything; yield the address and how many bytes went out of each answer."""
    sent: list[int] = []

    class Portal(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", 0)))
            self.send_response(status)
            self.end_headers()
            gone = 0
            try:
                for _ in range(pieces):
                    self.wfile.write(body)
                    gone += len(body)
            except OSError:
                pass  # the unit hung up, as it should
            sent.append(gone)

        def log_message(self, *args: object) -> None:
            """Keep quiet."""

    server = HTTPServer(("127.0.0.1", 0), Portal)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", sent
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (404, b"<html>login</html>"),
        (404, Problem(error="not_found", message="login").model_dump_json().encode()),
        (405, b"login"),
        (413, b"too much"),
        (422, Problem(error="hub_key", message="login").model_dump_json().encode()),
    ],
)
def test_a_captive_portal_costs_no_clip(scene: Scene, status: int, body: bytes):
    from dataclasses import replace

    made = scene.put()
    with web_server(status, body) as (url, _):
        portal = Shipper(scene.outbox, replace(scene.enrolment, url=url), say=scene.said.append, clock=scene.clock)
        assert not portal.drain()
        portal.stop()
    assert scene.outbox.next_clip().clip_id == made.clip_id
    assert scene.outbox.store.tombstones() == []
    assert scene.shipper.drain(), "behind the portal is the hub"
    assert Clip.objects.get(pk=made.clip_id).state == Clip.State.PROCESSING


def test_a_refusal_that_the_hub_signed_parks_the_clip_with_a_tombstone(scene: Scene):
    scene.put()
    seal_to_another_hub(scene)
    assert scene.shipper.drain()
    assert scene.outbox.next_clip() is None
    scene.shipper.beat()
    assert Tombstone.objects.get().reason == "upload_refused"


def first_refusal(responses: list[httpx.Response]):
    """Return a change that repeats the first refusal for every later request."""

    def change(response: httpx.Response) -> httpx.Response:
        responses.append(response)
        first = responses[0]
        return httpx.Response(first.status_code, headers=first.headers, content=first.content)

    return change


def without_signature(response: httpx.Response) -> httpx.Response:
    response.headers.pop("custodes-refusal", None)
    return response


def with_another_status(response: httpx.Response) -> httpx.Response:
    return httpx.Response(410, headers=response.headers, content=response.content)


@pytest.mark.parametrize("change", [without_signature, with_another_status])
def test_a_refusal_that_was_changed_on_the_way_parks_nothing(scene: Scene, change):
    scene.put()
    seal_to_another_hub(scene)
    shipper = Shipper(
        scene.outbox, scene.enrolment, say=scene.said.append, clock=scene.clock, transport=OnTheWay(scene.wire, change)
    )
    assert not shipper.drain()
    assert scene.outbox.usage()[0] == 1
    assert scene.outbox.store.tombstones() == []


def test_a_refusal_kept_from_another_request_parks_nothing(scene: Scene):
    from custodes.edge.ship.hub_client import API, Call, HubClient, Refused

    client = HubClient(
        scene.enrolment,
        scene.outbox.store,
        clock=scene.clock,
        say=scene.said.append,
        transport=OnTheWay(scene.wire, first_refusal([])),
    )
    with pytest.raises(Refused):
        client.ask(Call("GET", f"{API}/nothing"))
    with pytest.raises(Temporary, match="did not sign"):
        client.ask(Call("GET", f"{API}/nothing"))


def test_joining_reads_no_flood(tmp_path):
    flood = web_server(201, b" " * MAX_ANSWER_BYTES, pieces=64)
    with flood as (url, sent), pytest.raises(Temporary, match="more than 1 MiB"):
        enroll(url, "ABCD-EFGH", state_dir=tmp_path / "unit", unit_name="Van")
    assert sent[0] < FLOOD_BYTES


def test_the_sender_reads_no_flood_and_keeps_the_clip(scene: Scene):
    from dataclasses import replace

    scene.put()
    with web_server(200, b" " * MAX_ANSWER_BYTES, pieces=64) as (url, sent):
        shipper = Shipper(scene.outbox, replace(scene.enrolment, url=url), say=scene.said.append, clock=scene.clock)
        with pytest.raises(Temporary, match="more than 1 MiB"):
            shipper.ship(scene.outbox.next_clip())
        shipper.stop()
    assert sent[0] < FLOOD_BYTES
    assert scene.outbox.usage()[0] == 1


def test_a_compressed_answer_is_not_unpacked():
    bomb = httpx.MockTransport(lambda _: httpx.Response(200, headers={"content-encoding": "br"}, stream=_Blank()))
    with httpx.Client(transport=bomb) as http, pytest.raises(Temporary, match="compresses"):
        fetch(http, "GET", "http://hub.test/", content=b"", headers={})


class _Blank(httpx.SyncByteStream):
    def __iter__(self) -> Iterator[bytes]:
        yield b"\x00"
