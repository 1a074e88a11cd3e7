"""The door in front of Django: an unproven request costs no byte of its body; a cut line keeps what came."""

import asyncio
import hashlib
from collections.abc import Callable

import pytest
from django.conf import settings
from django.db import connections

from custodes.core.signing import RequestLine, sign_headers
from custodes.core.wire import Problem
from custodes.edge.ship.hub_client import API, HubClient
from custodes.hub.ingest.asgi import UnitDoor
from ship_scene import NS, Scene

pytestmark = pytest.mark.django_db(transaction=True)


async def behind(scope, receive, send) -> None:
    await send({"type": "http.response.start", "status": 299, "headers": []})
    await send({"type": "http.response.body", "body": b"pages"})


@pytest.fixture
def door(scene: Scene):
    door = UnitDoor(behind, clock=scene.clock)
    door.api = scene.api  # one replay window, as in one process
    yield door
    door._threads.submit(connections.close_all).result()
    door._threads.shutdown()


def ask(
    door: UnitDoor, method: str, path: str, headers: dict[str, str], receive: Callable[[], object]
) -> tuple[int, bytes]:
    """Send one request through the door; return status and body (0 when it gave no answer)."""
    sent: list[dict[str, object]] = []

    async def run() -> None:
        async def take() -> object:
            return receive()

        async def send(message: dict[str, object]) -> None:
            sent.append(message)

        raw = [(name.encode(), value.encode()) for name, value in headers.items()]
        scope = {"type": "http", "method": method, "path": path, "headers": raw, "query_string": b"", "client": None}
        await door(scope, take, send)

    asyncio.run(run())
    return (int(sent[0]["status"]), b"".join(one.get("body", b"") for one in sent[1:])) if sent else (0, b"")


def signed(scene: Scene, method: str, path: str, body: bytes, **tus: str) -> dict[str, str]:
    headers = {name.replace("_", "-"): value for name, value in tus.items()}
    proof = sign_headers(
        RequestLine(method, "hub.test", path, headers),
        key=scene.key,
        key_id=str(scene.unit.pk),
        sequence=scene.outbox.store.take_sequence(),
        nonce="n" * 22,
        created_s=scene.clock.wall_ns() // NS,
        body_sha256=hashlib.sha256(body).digest(),
    )
    return {"host": "hub.test", **headers, **{name.lower(): value for name, value in proof.items()}}


def never() -> object:
    raise AssertionError("the body was read")


def in_order(*messages: dict[str, object]) -> Callable[[], object]:
    rest = iter(messages)
    return lambda: next(rest)


def test_an_unproven_request_costs_no_byte_of_its_body(door: UnitDoor, scene: Scene):
    for headers in ({"host": "hub.test"}, {**signed(scene, "POST", "/other", b""), "host": "hub.test"}):
        status, body = ask(door, "POST", f"{API}/clips", headers, never)
        assert status == 401
        assert Problem.model_validate_json(body).error in {"unsigned", "bad_signature"}


def test_everything_else_goes_to_the_pages_behind(door: UnitDoor):
    assert ask(door, "GET", "/today", {}, never) == (299, b"pages")


def test_a_body_beyond_its_bound_is_not_read_to_its_end(door: UnitDoor):
    piece = {"type": "http.request", "body": b"x" * 4096, "more_body": True}
    status, body = ask(door, "POST", f"{API}/enrol", {"host": "hub.test"}, in_order(piece, piece))
    assert status == 413
    assert Problem.model_validate_json(body).error == "too_long"


def test_a_cut_line_keeps_what_came_and_lets_the_next_request_in(door: UnitDoor, scene: Scene):
    made = scene.put()
    HubClient(
        scene.enrolment, scene.outbox.store, clock=scene.clock, say=scene.said.append, transport=scene.wire
    ).declare(scene.outbox.next_clip().declaration)
    sealed = scene.outbox.part_path(made.clip_id, "film.road").read_bytes()
    path = f"{API}/tus/{made.clip_id}/film.road"
    patch = {"tus_resumable": "1.0.0", "content_type": "application/offset+octet-stream"}
    headers = signed(scene, "PATCH", path, sealed, upload_offset="0", **patch)
    came = {"type": "http.request", "body": sealed[:5000], "more_body": True}
    headers["content-length"] = str(len(sealed))
    assert ask(door, "PATCH", path, headers, in_order(came, {"type": "http.disconnect"})) == (0, b"")
    partial = settings.HUB.uploads_dir / str(made.clip_id) / "film.road.partial"
    assert partial.read_bytes() == sealed[:5000]
    headers = signed(scene, "PATCH", path, sealed[5000:], upload_offset="5000", **patch)
    rest = {"type": "http.request", "body": sealed[5000:], "more_body": False}
    assert ask(door, "PATCH", path, headers, in_order(rest))[0] == 204
    assert not partial.exists()


def test_a_fault_of_ours_is_a_500_that_says_so_and_the_unit_tries_again(door: UnitDoor, monkeypatch):
    def broken(_request: object) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(door.api, "open", broken)
    status, body = ask(door, "POST", f"{API}/enrol", {}, never)
    problem = Problem.model_validate_json(body)
    assert (status, problem.retry) == (500, True)
    assert "fault of ours" not in problem.message
