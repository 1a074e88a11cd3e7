"""The table of the unit API says neither less nor more than its door answers; `ship_scene` holds each test to it."""

import ast
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import custodes.hub.ingest as package
from cast import Cast
from custodes.core import signing
from custodes.hub.ingest import operations, routes
from custodes.hub.ingest.description import openapi
from custodes.hub.ingest.operations import OFF_THE_TABLE, OPERATIONS, find
from ship_scene import Scene, make_scene

FOLDER = Path(package.__file__).parent


def refusals_in_the_code() -> Iterator[tuple[int, str]]:
    """Yield status and code of every `Refusal(…)` that the door's own modules make."""
    for module in FOLDER.glob("*.py"):
        for node in ast.walk(ast.parse(module.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Refusal":
                status, code = node.args[0], node.args[1]
                assert isinstance(status, ast.Constant), ast.unparse(node)
                yield from ((status.value, name) for name in _names(module, code))


def _names(module: Path, code: ast.expr) -> Iterator[str]:
    """Yield what a code may be: a word, or what the names in hand stand for."""
    match code:
        case ast.Constant(value=str(word)):
            yield word
        case ast.Attribute(attr="code"):  # of a BadSignature
            tree = ast.parse(Path(signing.__file__).read_text())
            made = (one for one in ast.walk(tree) if isinstance(one, ast.Call))
            yield from {str(ast.literal_eval(one.args[0])) for one in made if _is_bad_signature(one)}
        case ast.Name(id="code"):
            yield from ("sequence_behind", "sequence_replayed")
        case ast.Name(id="what"):
            yield from ("enrolment", "heartbeat")
        case _:
            raise AssertionError(f"{module.name}: {ast.unparse(code)}")


def _is_bad_signature(call: ast.Call) -> bool:
    return getattr(call.func, "id", "") == "BadSignature"


def refusals_in_the_table() -> set[tuple[int, str]]:
    tables = [one.refusals for one in OPERATIONS] + [OFF_THE_TABLE]
    return {(status, code) for table in tables for status, codes in table.items() for code in codes}


def test_each_refusal_of_the_code_stands_in_the_table_and_the_other_way_round() -> None:
    assert set(refusals_in_the_code()) == refusals_in_the_table()


def test_each_operation_has_a_handler_and_no_handler_is_without_one() -> None:
    handled = {*routes.TAKING, *routes.BODILESS}
    special = {one.name for one in OPERATIONS if one.takes_film or not one.signed}
    assert handled | special == {one.name for one in OPERATIONS}
    assert not handled & special


def test_the_description_has_each_operation_with_each_status_and_no_more() -> None:
    described = {
        (path, method.upper(), int(status))
        for path, item in openapi(version="1")["paths"].items()
        for method, operation in item.items()
        if method != "parameters"
        for status in operation["responses"]
    }
    table = {(one.path, one.method, status) for one in OPERATIONS for status in (one.status, *one.refusals)}
    assert described == table


def test_the_description_asks_for_a_signature_where_the_door_does() -> None:
    items = openapi(version="1")["paths"]
    open_to_all = {one.name for one in OPERATIONS if not items[one.path][one.method.lower()]["security"]}
    assert open_to_all == {"enrol", "tus_options", "upload_options"}


def test_every_reference_of_the_description_leads_somewhere() -> None:
    document = openapi(version="1")
    text = json.dumps(document)
    named = {piece.split('"')[0] for piece in text.split('"#/components/schemas/')[1:]}
    assert named
    assert named <= set(document["components"]["schemas"])


@pytest.mark.parametrize(
    ("method", "path", "name"),
    [
        ("GET", "clips/" + "-" * 36, None),
        ("GET", "clips/0d4e0e4e-0000-4000-8000-00000000000A", None),
        ("GET", "clips/0d4e0e4e-0000-4000-8000-00000000000a", "clip_state"),
        ("POST", "tus/", "tus_create"),
        ("POST", "tus", None),
        ("PATCH", "tus/0d4e0e4e-0000-4000-8000-00000000000a/film.road", "upload_piece"),
        ("PATCH", "tus/0d4e0e4e-0000-4000-8000-00000000000a/../x", None),
        ("PATCH", "tus/0d4e0e4e-0000-4000-8000-00000000000a/film.road\n", None),
        ("PUT", "enrol", None),
    ],
)
def test_a_path_is_one_operation_or_none(method: str, path: str, name: str | None) -> None:
    operation = find(method, operations.PREFIX + path).operation
    assert (operation and operation.name) == name


@pytest.mark.parametrize("address", sorted({one.address for one in OPERATIONS}))
def test_other_methods_are_refused_with_those_that_are_taken(tmp_path: Path, cast: Cast, address: str) -> None:
    scene: Scene = make_scene(tmp_path, cast)
    path = operations.PREFIX + address.format(clip_id="0d4e0e4e-0000-4000-8000-00000000000a", part="film.road")
    taken = [one.method for one in OPERATIONS if one.address == address]
    answer = scene.shipper._client._send(_call("PUT", path), nonce="n" * 22, sequence=5)
    assert answer.status_code == 405
    assert answer.headers["allow"] == ", ".join(taken)


def _call(method: str, path: str) -> object:
    from custodes.edge.ship.hub_client import Call

    return Call(method, path)
