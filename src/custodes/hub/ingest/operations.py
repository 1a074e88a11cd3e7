"""The unit API as a table: the door answers by it, and the published description is written from it.

Beside each operation stand the bodies, headers, statuses and refusal codes of its answers, so that a test can hold the
door to its word, and the word to the door.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from pydantic import BaseModel

from custodes.core.wire import ClipAnswer, ClipOffer, EnrolAnswer, EnrolRequest, Heartbeat, HeartbeatAnswer
from custodes.core.wire_sign_on import MAX_SIGN_ON_BYTES, SignOnAnswer, WireSignOn
from custodes.core.wire_trip import MAX_TRIP_BYTES, TripAnswer, WireTrip

PREFIX: Final = "/api/unit/v1/"
MAX_HEARTBEAT_BYTES: Final = 256 * 1024
MAX_ENROL_BYTES: Final = 4 * 1024
MAX_OFFER_BYTES: Final = 128 * 1024
FILM_TYPE: Final = "application/offset+octet-stream"

_SEGMENTS: Final = {
    "clip_id": "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    "part": "[a-z0-9][a-z0-9._-]{0,47}",
}
Codes = Mapping[int, tuple[str, ...]]


@dataclass(frozen=True)
class Operation:
    """One method of one address, below `PREFIX`. `takes` and `gives` are bodies; `refuses` has what it alone refuses.

    `asks` are the headers that a request must bear beside its signature, `may_ask` those that it may; `says` those of
    a good answer, `may_say` those that not every good answer has.
    """

    name: str
    method: str
    address: str
    summary: str
    status: int
    takes: type[BaseModel] | None = None
    gives: type[BaseModel] | None = None
    max_body_bytes: int = 0
    takes_film: bool = False
    signed: bool = True
    asks: tuple[str, ...] = ()
    may_ask: tuple[str, ...] = ()
    says: tuple[str, ...] = ()
    may_say: tuple[str, ...] = ()
    refuses: Codes = field(default_factory=dict)

    @property
    def path(self) -> str:
        """The whole path, with `{names}`."""
        return PREFIX + self.address

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """What a path of this operation matches, below `PREFIX`; the groups bear the names."""
        named = re.sub(r"\\{(\w+)\\}", lambda name: f"(?P<{name[1]}>{_SEGMENTS[name[1]]})", re.escape(self.address))
        return re.compile(named)

    @cached_property
    def refusals(self) -> Codes:
        """Every refusal that this operation may answer: its own, and those of everything that is sent like it."""
        found: dict[int, set[str]] = {500: {"internal"}, 503: {"temporary"}}
        shared: list[Codes] = [self.refuses]
        if self.signed:
            shared.append(_OF_SIGNED)
        if self.takes_film or self.takes is not None:
            shared.append(_OF_BODIES)
        elif self.signed:
            shared.append({400: ("body",)})
        if self.signed and self.takes is not None:
            shared.append({400: ("digest",)})
        if "tus-resumable" in self.asks:
            shared.append({412: ("tus_version",)})
        for codes in shared:
            for status, names in codes.items():
                found.setdefault(status, set()).update(names)
        return {status: tuple(sorted(found[status])) for status in sorted(found)}


_OF_SIGNED: Final[Codes] = {
    400: ("no_query", "sequence"),
    401: ("unsigned", "bad_signature", "clock_skew", "unknown_unit"),
    409: ("sequence_behind", "sequence_replayed"),
}
_OF_BODIES: Final[Codes] = {408: ("too_slow",), 413: ("too_long",)}
_MISSING: Final[Codes] = {404: ("not_found",)}

ENROL: Final = Operation(
    name="enrol",
    method="POST",
    address="enrol",
    summary="Join a unit to the site whose code it brings. The one call that is not signed.",
    status=201,
    takes=EnrolRequest,
    gives=EnrolAnswer,
    max_body_bytes=MAX_ENROL_BYTES,
    signed=False,
    refuses={403: ("enrolment",), 422: ("enrolment",), 429: ("enrolment",)},
)
HEARTBEAT: Final = Operation(
    name="heartbeat",
    method="POST",
    address="heartbeat",
    summary="Tell health, position and tombstones; learn the hub's time and the ledger's head.",
    status=200,
    takes=Heartbeat,
    gives=HeartbeatAnswer,
    max_body_bytes=MAX_HEARTBEAT_BYTES,
    refuses={**_MISSING, 422: ("heartbeat",)},
)
DECLARE: Final = Operation(
    name="declare_clip",
    method="POST",
    address="clips",
    summary="Announce a clip, its short sealed manifest along with it; learn what is missing, or get the receipt.",
    status=200,
    takes=ClipOffer,
    gives=ClipAnswer,
    max_body_bytes=MAX_OFFER_BYTES,
    refuses={
        **_MISSING,
        409: ("clip_changed",),
        410: ("erased",),
        413: ("too_large",),
        422: ("declaration", "onset", "part_hash", "hub_key", "envelope"),
        429: ("open_uploads", "clips"),
        507: ("quota", "disk"),
    },
)
CLIP: Final = Operation(
    name="clip_state",
    method="GET",
    address="clips/{clip_id}",
    summary="Ask what is missing of one's own clip, or for its receipt.",
    status=200,
    gives=ClipAnswer,
    refuses=_MISSING,
)
TRIP: Final = Operation(
    name="tell_trip",
    method="POST",
    address="trips",
    summary="Tell one finished trip, with its events and its way, thinned. Durable on the answer; told twice is once.",
    status=200,
    takes=WireTrip,
    gives=TripAnswer,
    max_body_bytes=MAX_TRIP_BYTES,
    refuses={**_MISSING, 409: ("trip_changed",), 422: ("trip",), 429: ("trips",), 507: ("quota", "disk")},
)
SIGN_ON: Final = Operation(
    name="sign_on",
    method="POST",
    address="sign-ons",
    summary="Tell that a driver signed on or off at the unit; learn whether it counts. Told twice is once.",
    status=200,
    takes=WireSignOn,
    gives=SignOnAnswer,
    max_body_bytes=MAX_SIGN_ON_BYTES,
    refuses={**_MISSING, 409: ("sign_on_changed",), 422: ("sign_on",), 429: ("sign_ons",)},
)
TUS_OPTIONS: Final = Operation(
    name="tus_options",
    method="OPTIONS",
    address="tus/",
    summary="Learn which tus extensions the hub speaks.",
    status=204,
    signed=False,
    says=("tus-resumable", "tus-version", "tus-extension", "tus-checksum-algorithm", "tus-max-size"),
)
TUS_CREATE: Final = Operation(
    name="tus_create",
    method="POST",
    address="tus/",
    summary="Find where a declared part goes (tus creation); the declaration's answer says the same.",
    status=201,
    asks=("tus-resumable", "upload-length", "upload-metadata"),
    says=("tus-resumable", "location"),
    may_say=("upload-expires",),
    refuses={**_MISSING, 400: ("metadata", "header"), 413: ("length",)},
)
UPLOAD_OPTIONS: Final = Operation(
    name="upload_options",
    method="OPTIONS",
    address="tus/{clip_id}/{part}",
    summary="Learn which tus extensions the hub speaks.",
    status=204,
    signed=False,
    says=TUS_OPTIONS.says,
)
UPLOAD_HEAD: Final = Operation(
    name="upload_offset",
    method="HEAD",
    address="tus/{clip_id}/{part}",
    summary="Ask how many bytes of a part the hub holds.",
    status=200,
    asks=("tus-resumable",),
    says=("tus-resumable", "upload-offset", "upload-length"),
    may_say=("upload-expires",),
    refuses=_MISSING,
)
UPLOAD_PATCH: Final = Operation(
    name="upload_piece",
    method="PATCH",
    address="tus/{clip_id}/{part}",
    summary="Append a piece to a part, durably. The piece that completes a clip brings the receipt.",
    status=204,
    takes_film=True,
    asks=("tus-resumable", "upload-offset"),
    may_ask=("upload-checksum",),
    says=("tus-resumable", "upload-offset"),
    may_say=("custodes-receipt",),
    refuses={
        **_MISSING,
        400: ("header", "checksum_algorithm"),
        409: ("received", "offset_conflict"),
        410: ("expired",),
        415: ("content_type",),
        422: ("part_hash",),
        423: ("busy",),
        460: ("checksum",),
        507: ("disk",),
    },
)
UPLOAD_DELETE: Final = Operation(
    name="upload_discard",
    method="DELETE",
    address="tus/{clip_id}/{part}",
    summary="Take the clip of a part back: what came of it goes, its room is free again (tus termination).",
    status=204,
    asks=("tus-resumable",),
    says=("tus-resumable",),
    refuses={**_MISSING, 403: ("received",), 423: ("busy",)},
)
OPERATIONS: Final = (
    ENROL,
    HEARTBEAT,
    DECLARE,
    CLIP,
    TRIP,
    SIGN_ON,
    TUS_OPTIONS,
    TUS_CREATE,
    UPLOAD_OPTIONS,
    UPLOAD_HEAD,
    UPLOAD_PATCH,
    UPLOAD_DELETE,
)
OFF_THE_TABLE: Final[Codes] = {404: ("not_found",), 405: ("method",)}
"""What a request gets that fits no operation: no such address, or the address takes other methods."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a request's head leads to: an operation with the names in its path, or the methods the address would take.

    `signed`: whether the address asks for a signature at all; one that does not exist does.
    """

    operation: Operation | None
    named: Mapping[str, str]
    methods: tuple[str, ...]
    signed: bool


def find(method: str, path: str) -> Found:
    """Return the operation for a method and a path."""
    below = path.removeprefix(PREFIX)
    here = [(one, match) for one in OPERATIONS if (match := one.pattern.fullmatch(below))]
    wanted = next((one for one in here if one[0].method == method), None)
    methods = tuple(one.method for one, _ in here)
    if wanted is None:
        return Found(None, {}, methods, signed=not here or any(one.signed for one, _ in here))
    return Found(wanted[0], wanted[1].groupdict(), methods, signed=wanted[0].signed)
