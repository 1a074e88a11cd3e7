"""The unit API in OpenAPI 3.1, made from the table that the door answers by and the models that both sides speak."""

import re
from typing import Any, Final

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from custodes.core.signing import FLOOR_HEADER, HINT_HEADER, REFUSAL_HEADER, SEQUENCE_HEADER, TIME_HEADER
from custodes.core.wire import RECEIPT_HEADER, PartName, Problem
from custodes.hub.ingest.exchange import JSON
from custodes.hub.ingest.operations import FILM_TYPE, OFF_THE_TABLE, OPERATIONS, PREFIX, Codes, Operation

Json = dict[str, Any]
_B64: Final = "[A-Za-z0-9+/]+={0,2}"
_COUNT: Final[Json] = {"type": "integer", "minimum": 0, "maximum": 10**15 - 1}
_TEXT: Final[Json] = {"type": "string"}
_FILM: Final[Json] = {"type": "string", "format": "binary"}
HEADERS: Final[dict[str, tuple[str, Json, str]]] = {
    "content-digest": ("Content-Digest", {"type": "string", "pattern": f"^sha-256=:{_B64}:$"}, "RFC 9530."),
    SEQUENCE_HEADER.lower(): (
        SEQUENCE_HEADER,
        {"type": "integer", "minimum": 1, "maximum": 2**62},
        "Grows with every request of a unit; each number counts once.",
    ),
    "tus-resumable": ("Tus-Resumable", {"const": "1.0.0"}, "The version of tus."),
    "upload-length": ("Upload-Length", _COUNT, "The sealed size of the part, as declared (bytes)."),
    "upload-metadata": (
        "Upload-Metadata",
        {"type": "string", "pattern": f"^clip_id {_B64},part {_B64}$"},
        "`clip_id` and `part`, each in base64.",
    ),
    "upload-offset": ("Upload-Offset", _COUNT, "How many bytes of the part the hub holds."),
    "upload-checksum": (
        "Upload-Checksum",
        {"type": "string", "pattern": f"^(sha256|sha1|md5) {_B64}$"},
        "The piece's own checksum, in base64.",
    ),
    "upload-expires": ("Upload-Expires", _TEXT, "When the hub gives the upload up (RFC 9110 date)."),
    "tus-version": ("Tus-Version", _TEXT, "The versions of tus that the hub speaks."),
    "tus-extension": ("Tus-Extension", _TEXT, "Its extensions."),
    "tus-checksum-algorithm": ("Tus-Checksum-Algorithm", _TEXT, "Its algorithms."),
    "tus-max-size": ("Tus-Max-Size", _COUNT, "The largest part that it takes (bytes)."),
    "location": ("Location", _TEXT, "Where the part goes."),
    RECEIPT_HEADER.lower(): (RECEIPT_HEADER, _TEXT, "The signed Receipt, as base64 of its JSON."),
    REFUSAL_HEADER.lower(): (REFUSAL_HEADER, _TEXT, "The hub's signature, when the request was proven."),
    TIME_HEADER.lower(): (TIME_HEADER, _COUNT | {"maximum": 2**63 - 1}, "The hub's time (ns)."),
    FLOOR_HEADER.lower(): (FLOOR_HEADER, _COUNT | {"maximum": 2**63 - 1}, "The number to go above."),
    HINT_HEADER.lower(): (HINT_HEADER, _TEXT, "The hub's signature of time and floor, for this request's nonce."),
    "retry-after": ("Retry-After", _COUNT, "Come back after so many seconds."),
}
_HINTS: Final = tuple(name.lower() for name in (TIME_HEADER, FLOOR_HEADER, HINT_HEADER))
_ABOUT: Final = (
    "What a unit and a hub say to each other. Every call but enrolment and the two OPTIONS is signed: HTTP Message "
    'Signatures (RFC 9421), Ed25519, label `custodes`, tag `custodes-unit-1`, a nonce, over "@method", "@authority", '
    '"@path", "content-digest", "custodes-sequence" and every tus header that is sent. Uploads are tus 1.0.0 with '
    "creation, checksum, expiration and termination. Every refusal is a Problem; `error` is one of the codes beside "
    "its status. An address that is not here gets 404, another method 405, a query 400."
)


def openapi(*, version: str) -> Json:
    """Return the description as an OpenAPI 3.1 document; `version` is that of Custodes."""
    schemas = _schemas()
    paths: dict[str, Json] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation, schemas)
    for path, item in paths.items():
        if names := re.findall(r"\{(\w+)\}", path):
            item["parameters"] = [_PATH_PARAMETERS[name] for name in names]
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Custodes unit API",
            "version": version,
            "description": _ABOUT,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {
            "schemas": schemas.definitions,
            "securitySchemes": {
                "signature": {"type": "apiKey", "in": "header", "name": "Signature", "description": "RFC 9421."},
                "signatureInput": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Signature-Input",
                    "description": "RFC 9421: what is covered, by which key, when, with which nonce.",
                },
            },
        },
    }


def page(*, version: str) -> str:
    """Return the description as a page to read."""
    lines = [
        "# Unit API",
        "",
        "Written by `make docs` from the code; do not edit. For machines: [unit-api.json](unit-api.json), OpenAPI 3.1.",
        "",
        _ABOUT,
        "",
        f"Addresses stand below `{PREFIX}`. Version {version}.",
        "",
        "| call | what | takes | gives | refuses |",
        "|---|---|---|---|---|",
    ]
    for one in OPERATIONS:
        takes = one.takes.__name__ if one.takes else ("film" if one.takes_film else "")
        gives = f"{one.status} {one.gives.__name__ if one.gives else ''}".strip()
        lines.append(f"| `{one.method} {one.address}` | {one.summary} | {takes} | {gives} | {_said(one.refusals)} |")
    lines += ["", f"Where there is no such address, or it takes other methods: {_said(OFF_THE_TABLE)}.", ""]
    return "\n".join(lines)


def _said(codes: Codes) -> str:
    return "; ".join(f"{status} {', '.join(f'`{name}`' for name in names)}" for status, names in sorted(codes.items()))


class _Schemas:
    """The models' JSON schemas, by model and direction."""

    def __init__(self, named: dict[tuple[type[BaseModel], JsonSchemaMode], Json], definitions: Json) -> None:
        self._named = named
        self.definitions = definitions

    def of(self, model: type[BaseModel], mode: JsonSchemaMode) -> Json:
        return self._named[model, mode]


def _schemas() -> _Schemas:
    wanted: list[tuple[type[BaseModel], JsonSchemaMode]] = [(Problem, "serialization")]
    wanted += [(one.takes, "validation") for one in OPERATIONS if one.takes]
    wanted += [(one.gives, "serialization") for one in OPERATIONS if one.gives]
    named, top = models_json_schema(list(dict.fromkeys(wanted)), ref_template="#/components/schemas/{model}")
    return _Schemas({(model, mode): dict(named[model, mode]) for model, mode in wanted}, top["$defs"])


_PATH_PARAMETERS: Final[dict[str, Json]] = {
    "clip_id": {"name": "clip_id", "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}},
    "part": {"name": "part", "in": "path", "required": True, "schema": TypeAdapter(PartName).json_schema()},
}


def _operation(operation: Operation, schemas: _Schemas) -> Json:
    described: Json = {"operationId": operation.name, "summary": operation.summary}
    asked = (("content-digest", SEQUENCE_HEADER.lower()) if operation.signed else ()) + operation.asks
    headers = [(name, True) for name in asked] + [(name, False) for name in operation.may_ask]
    if headers:
        described["parameters"] = [_parameter(name, required=required) for name, required in headers]
    if operation.takes is not None:
        content = {JSON: {"schema": schemas.of(operation.takes, "validation")}}
        described["requestBody"] = {"required": True, "content": content}
    elif operation.takes_film:
        described["requestBody"] = {"required": True, "content": {FILM_TYPE: {"schema": _FILM}}}
    described["security"] = [{"signature": [], "signatureInput": []}] if operation.signed else []
    described["responses"] = {
        str(operation.status): _good(operation, schemas),
        **{str(status): _refusal(operation, status, codes, schemas) for status, codes in operation.refusals.items()},
    }
    return described


def _parameter(name: str, *, required: bool) -> Json:
    shown, schema, description = HEADERS[name]
    return {"name": shown, "in": "header", "required": required, "schema": schema, "description": description}


def _header(name: str, *, required: bool) -> Json:
    _, schema, description = HEADERS[name]
    return {"required": required, "schema": schema, "description": description}


def _good(operation: Operation, schemas: _Schemas) -> Json:
    answer: Json = {"description": "Done."}
    said = {HEADERS[name][0]: _header(name, required=True) for name in operation.says}
    said |= {HEADERS[name][0]: _header(name, required=False) for name in operation.may_say}
    if said:
        answer["headers"] = said
    if operation.gives is not None:
        answer["content"] = {JSON: {"schema": schemas.of(operation.gives, "serialization")}}
    return answer


def _refusal(operation: Operation, status: int, codes: tuple[str, ...], schemas: _Schemas) -> Json:
    names = ["retry-after"]
    if operation.signed:
        names += [REFUSAL_HEADER.lower(), *(_HINTS if status in {401, 409} else ())]
    answer: Json = {
        "description": " or ".join(f"`{code}`" for code in codes),
        "headers": {HEADERS[name][0]: _header(name, required=False) for name in names},
    }
    if operation.method != "HEAD":  # its answers have the header fields of a body, and none
        answer["content"] = {JSON: {"schema": schemas.of(Problem, "serialization")}}
    return answer
