"""What a unit and the hub say to each other. Both sides import these models and nothing else of each other.

Every model refuses unknown keys, so that a version mismatch is an error and not a silent loss. All times are UTC
nanoseconds. Sizes are bytes. Hashes are lower-case hex SHA-256.
"""

from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from custodes.core.types import Facing, ObjectClass, Severity, TroubleKind

MANIFEST_PART = "manifest"
MAX_LENSES = 16
MAX_TROUBLES = MAX_LENSES + 3
"""One a lens, and those of the unit itself."""
MAX_SIDE_PX = 16_384
MAX_PART_BYTES = 2 * 1024**3
MAX_MANIFEST_BYTES = 4 * 1024**2
"""A manifest as it travels, sealed. The hub reads it whole, in its own process; units thin theirs until it fits."""
MAX_OFFERED_MANIFEST_BYTES = 64 * 1024
RECEIPT_HEADER = "Custodes-Receipt"
"""Beside the answer to the PATCH that completes a clip: the Receipt, as base64 of its JSON."""
MAX_OBJECTS = 100_000  # boxes in one manifest, over all its lenses

Sha256Hex = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
WallNs = Annotated[int, Field(ge=0, lt=2**63)]
Name = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._-]*$")]
PartName = Annotated[str, Field(pattern=r"^(manifest|film\.[a-z0-9][a-z0-9_-]{0,31})$")]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Measured = Annotated[float, Field(allow_inf_nan=False, ge=-1e9, le=1e9)]
"""A measured value in any unit of ours; what lies beyond was never measured and only breaks who shows it."""


class WireModel(BaseModel):
    """Base: frozen, strict about unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


# --- the manifest: the clip's facts, sealed with it ---------------------------------------------------------


class WireEvidence(WireModel):
    """One measured value beside the threshold it passed."""

    name: Annotated[str, Field(max_length=64)]
    value: Measured | Annotated[str, Field(max_length=200)]
    threshold: Measured | Annotated[str, Field(max_length=200)] | None = None
    unit: Annotated[str, Field(max_length=16)] = ""


class WireEvent(WireModel):
    """The decision that cut the clip."""

    event_id: UUID
    kind: Name
    rule: Annotated[str, Field(max_length=200)]
    onset_wall_ns: WallNs
    end_wall_ns: WallNs | None
    severity: Severity
    lens: Name | None = None
    evidence: Annotated[list[WireEvidence], Field(max_length=32)] = []


class WireObject(WireModel):
    """One box in one frame, in pixels of the lens's main stream: left, top, right, bottom."""

    track_id: Annotated[int, Field(ge=0)]
    object_class: ObjectClass
    score_0_1: Annotated[float, Field(ge=0, le=1)]
    box_px_xyxy: tuple[Finite, Finite, Finite, Finite]
    confirmed: bool = True


class WireFrame(WireModel):
    """What was seen at one moment; `t_ns` counts from the film's first frame."""

    t_ns: Annotated[int, Field(ge=-60_000_000_000, lt=2**53)]
    objects: Annotated[list[WireObject], Field(max_length=200)]


class WireSample(WireModel):
    """One telemetry reading."""

    wall_ns: WallNs
    lat_deg: Annotated[float, Field(ge=-90, le=90)] | None = None
    lon_deg: Annotated[float, Field(ge=-180, le=180)] | None = None
    speed_mps: Annotated[float, Field(ge=0, le=200)] | None = None
    course_deg: Annotated[float, Field(ge=0, le=360)] | None = None
    accel_mps2_xyz: tuple[Finite, Finite, Finite] | None = None


class WireLens(WireModel):
    """One lens's film and what the AI saw in it. The plain film's hash, not the sealed blob's."""

    lens: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$")]
    facing: Facing
    part: PartName
    codec: Annotated[str, Field(max_length=32)]
    width_px: Annotated[int, Field(gt=0, le=MAX_SIDE_PX)]
    height_px: Annotated[int, Field(gt=0, le=MAX_SIDE_PX)]
    duration_ns: Annotated[int, Field(gt=0, lt=2**53)]
    frames: Annotated[int, Field(gt=0)]
    first_frame_wall_ns: WallNs
    has_sound: bool
    film_sha256: Sha256Hex
    film_bytes: Annotated[int, Field(gt=0)]
    seen: Annotated[list[WireFrame], Field(max_length=20_000)] = []


class WireModelIdentity(WireModel):
    """Which weights saw it."""

    name: Annotated[str, Field(max_length=64)]
    task: Annotated[str, Field(max_length=32)]
    sha256: Sha256Hex
    licence: Annotated[str, Field(max_length=64)] = ""


class Manifest(WireModel):
    """The facts of one clip. `kept_*` is the range that the policy asked to keep: the yellow line."""

    format: Literal["custodes.manifest/1"] = "custodes.manifest/1"
    clip_id: UUID
    event: WireEvent
    kept_start_wall_ns: WallNs
    kept_end_wall_ns: WallNs
    lenses: Annotated[list[WireLens], Field(min_length=1, max_length=MAX_LENSES)]
    samples: Annotated[list[WireSample], Field(max_length=20_000)] = []
    models: Annotated[list[WireModelIdentity], Field(max_length=16)] = []
    policy_version: Annotated[str, Field(max_length=64)]
    software: Annotated[str, Field(max_length=64)]
    notes: Annotated[list[Annotated[str, Field(max_length=300)]], Field(max_length=32)] = []
    """What the reader should know: film cut short by a power loss, a clock that jumped."""

    @model_validator(mode="after")
    def _bound_objects(self) -> Self:
        if (objects := sum(len(frame.objects) for lens in self.lenses for frame in lens.seen)) > MAX_OBJECTS:
            raise ValueError(f"{objects} objects; a manifest holds at most {MAX_OBJECTS}")
        return self


# --- shipping -----------------------------------------------------------------------------------------------


class SealedPart(WireModel):
    """One sealed blob of a clip: its hash and size are of the sealed bytes, as they travel."""

    part: PartName
    sealed_sha256: Sha256Hex
    sealed_bytes: Annotated[int, Field(gt=0, le=MAX_PART_BYTES)]

    @model_validator(mode="after")
    def _bound_manifest(self) -> Self:
        if self.part == MANIFEST_PART and self.sealed_bytes > MAX_MANIFEST_BYTES:
            raise ValueError(f"the manifest has {self.sealed_bytes} bytes; at most {MAX_MANIFEST_BYTES} are taken")
        return self


class ClipDeclaration(WireModel):
    """Announces one clip. Idempotent by `clip_id`; a changed repeat is refused (409).

    `envelope` is the clip's content key, wrapped to the hub's public key by HPKE with the clip id and the unit id
    as associated data; base64. Kind, severity and times stand here in the clear so that the hub can list a clip;
    everything seen stands in the sealed manifest.
    """

    format: Literal["custodes.clip/1"] = "custodes.clip/1"
    clip_id: UUID
    kind: Name
    severity: Severity
    onset_wall_ns: WallNs
    end_wall_ns: WallNs | None
    kept_start_wall_ns: WallNs
    kept_end_wall_ns: WallNs
    envelope: Annotated[str, Field(max_length=2048)]
    hub_key_id: Annotated[str, Field(max_length=64)]
    parts: Annotated[list[SealedPart], Field(min_length=2, max_length=MAX_LENSES + 1)]


class ClipOffer(WireModel):
    """The body of POST /api/unit/v1/clips: the declaration, and the sealed manifest with it where it is short (base64).

    A manifest that comes along needs no upload of its own: one request fewer for nearly every clip.
    """

    declaration: ClipDeclaration
    manifest: Annotated[str, Field(max_length=4 * ((MAX_OFFERED_MANIFEST_BYTES + 2) // 3))] | None = None


class PartUpload(WireModel):
    """Where one part goes, and how much of it the hub already holds."""

    part: PartName
    upload_path: str
    offset_bytes: int


class Receipt(WireModel):
    """The hub's word that a clip is durable. Signed by the hub's Ed25519 key over `signed_bytes()`."""

    format: Literal["custodes.receipt/1"] = "custodes.receipt/1"
    clip_id: UUID
    unit_id: UUID
    parts: list[SealedPart]
    received_wall_ns: WallNs
    ledger_size: int
    signature: str = ""

    def signed_bytes(self) -> bytes:
        """Return the canonical bytes that the signature covers (JSON, fixed key order, no signature)."""
        return self.model_dump_json(exclude={"signature"}).encode()


class ClipAnswer(WireModel):
    """The hub's answer to a declaration: what is missing, or the receipt."""

    uploads: list[PartUpload] = []
    receipt: Receipt | None = None


class WireTombstone(WireModel):
    """Footage that could not be kept, and why: never a silent loss."""

    tombstone_id: UUID
    reason: Literal["disk_full", "torn", "source_lost", "upload_refused", "expired", "corrupt"]
    detail: Annotated[str, Field(max_length=300)] = ""
    lens: Name | None = None
    clip_id: UUID | None = None
    start_wall_ns: WallNs
    end_wall_ns: WallNs


class LensHealth(WireModel):
    """One lens, now."""

    lens: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$")]
    facing: Facing
    state: Literal["recording", "connecting", "blind", "off", "ended"]
    detail: Annotated[str, Field(max_length=200)] = ""
    last_frame_wall_ns: WallNs | None = None
    width_px: Annotated[int, Field(ge=0, le=MAX_SIDE_PX)] = 0
    height_px: Annotated[int, Field(ge=0, le=MAX_SIDE_PX)] = 0
    fps: Annotated[float, Field(ge=0, le=1000)] = 0.0


class WireTrouble(WireModel):
    """What is wrong with a lens, or with the unit itself, since when. A trouble that is no longer told is over."""

    kind: TroubleKind
    lens: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$")] | None = None
    since_wall_ns: WallNs

    @model_validator(mode="after")
    def _belong_somewhere(self) -> Self:
        if (self.lens is None) != self.kind.of_the_unit:
            raise ValueError(f"{self.kind} is a trouble of {'the unit' if self.kind.of_the_unit else 'a lens'}")
        return self


class Heartbeat(WireModel):
    """POST /api/unit/v1/heartbeat, every 10 s: health, position, tombstones."""

    sent_wall_ns: WallNs
    software: Annotated[str, Field(max_length=64)]
    lenses: Annotated[list[LensHealth], Field(max_length=MAX_LENSES)] = []
    queue_clips: Annotated[int, Field(ge=0, lt=2**31)] = 0
    queue_bytes: Annotated[int, Field(ge=0, lt=2**63)] = 0
    disk_free_bytes: Annotated[int, Field(ge=0, lt=2**63)] = 0
    sample: WireSample | None = None
    tombstones: Annotated[list[WireTombstone], Field(max_length=100)] = []
    troubles: Annotated[list[WireTrouble], Field(max_length=MAX_TROUBLES)] = []
    witnessed_size: Annotated[int, Field(ge=0, lt=2**63)] = 0
    """The size of the ledger head that the unit keeps; the answer proves growth from there."""

    @model_validator(mode="after")
    def _name_each_lens_once(self) -> Self:
        if len({one.lens for one in self.lenses}) != len(self.lenses):
            raise ValueError("each lens is named once")
        if len({(one.kind, one.lens) for one in self.troubles}) != len(self.troubles):
            raise ValueError("each trouble is told once")
        return self


class HeartbeatAnswer(WireModel):
    """What the hub tells the unit: its own time, and the ledger head that the unit keeps as a witness."""

    hub_wall_ns: WallNs
    accepted_tombstones: list[UUID] = []
    ledger_size: int = 0
    ledger_root: str = ""
    ledger_signed_wall_ns: int = 0
    ledger_key_id: str = ""
    ledger_signature: str = ""
    consistency_proof: list[str] = []
    """Root, signature and proof in lower-case hex; the proof as in RFC 6962, from `witnessed_size`."""

    def signed_head_bytes(self) -> bytes:
        """Return the bytes that the head's signature covers, one field a line."""
        fields = (self.ledger_size, self.ledger_root, self.ledger_signed_wall_ns, self.ledger_key_id)
        return "\n".join(("custodes.head/1", *map(str, fields))).encode()


class EnrolRequest(WireModel):
    """POST /api/unit/v1/enrol: a code, and the key that was made on the unit (base64 raw Ed25519)."""

    code: Annotated[str, Field(min_length=4, max_length=32)]
    unit_name: Annotated[str, Field(min_length=1, max_length=64)]
    public_key: Annotated[str, Field(max_length=64)]
    software: Annotated[str, Field(max_length=64)] = ""


class EnrolAnswer(WireModel):
    """What the unit keeps: who it is, and the hub's keys (base64 raw X25519 for sealing, Ed25519 for receipts)."""

    unit_id: UUID
    site_id: UUID
    site_name: str
    hub_seal_key: str
    hub_key_id: str
    hub_sign_key: str


class Problem(WireModel):
    """Every refusal, as JSON: what is wrong and what to do."""

    error: str
    message: str
    retry: bool = False
