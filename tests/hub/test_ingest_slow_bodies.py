"""A body that drips for ever ends: what came of a film is kept, and the sender goes on from there."""

import asyncio

import pytest

from custodes.hub.ingest import asgi


class Drip:
    """A sender that never stops and never ends."""

    def __init__(self) -> None:
        self.sent = 0

    async def receive(self) -> dict[str, object]:
        await asyncio.sleep(0.005)
        self.sent += 1
        return {"type": "http.request", "body": b"x", "more_body": True}


class FilmAppend:
    """Takes pieces and remembers that it was cut."""

    def __init__(self) -> None:
        self.held = 0
        self.was_cut = False

    def write(self, piece: bytes) -> None:
        self.held += len(piece)

    def cut(self) -> int:
        self.was_cut = True
        return self.held


@pytest.fixture
def door() -> asgi.UnitDoor:
    async def nothing(*_: object) -> None:
        raise AssertionError("this is the unit API's")

    return asgi.UnitDoor(nothing)


def test_a_dripping_film_is_cut_and_what_came_is_kept(door: asgi.UnitDoor, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(asgi, "FILM_DEADLINE_S", 0.1)
    monkeypatch.setattr(asgi, "Append", FilmAppend)
    append, drip, answers = FilmAppend(), Drip(), []
    monkeypatch.setattr(door.api, "open", lambda _: append)

    async def send(message: object) -> None:
        answers.append(message)

    scope = {"type": "http", "method": "PATCH", "path": "/api/unit/v1/tus/x/film.road", "headers": []}
    asyncio.run(door(scope, drip.receive, send))
    assert answers[0]["status"] == 408
    assert (b"connection", b"close") in answers[0]["headers"]
    assert b'"retry":true' in answers[1]["body"]
    assert append.was_cut
    assert 0 < append.held == drip.sent


def test_a_dripping_json_body_is_given_up(door: asgi.UnitDoor, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(asgi, "DEADLINE_S", 0.1)
    answers = []

    async def send(message: object) -> None:
        answers.append(message)

    scope = {"type": "http", "method": "POST", "path": "/api/unit/v1/enrol", "headers": []}
    asyncio.run(door(scope, Drip().receive, send))
    assert answers[0]["status"] == 408
