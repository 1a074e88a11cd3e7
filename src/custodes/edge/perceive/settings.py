"""Settings of what looks at the pictures."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from custodes.core.types import HANDHELD, SIGNALS, ObjectClass

Share = Annotated[float, Field(ge=0, le=1)]


class PerceiveSettings(BaseModel):
    """Which detector looks, how often, and what counts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    detector: Annotated[
        str, Field(min_length=1, description="The detector, by its name in `custodes models list`.")
    ] = "ssd-openimages"
    weights_sha256: Annotated[
        str | None,
        Field(pattern=r"^[0-9a-f]{64}$", description="The hash of weights of your own under that detector's name."),
    ] = None
    provider: Annotated[
        str, Field(description="What runs the network: openvino, openvino:GPU or onnxruntime:<its provider>.")
    ] = "openvino"
    precision: Annotated[
        Literal["auto", "float", "int8"],
        Field(description="Arithmetic of the network: int8, float, or auto: int8 where it is known to be as good."),
    ] = "auto"
    threads: Annotated[int, Field(ge=1, le=64, description="Threads of the one detector that all lenses share.")] = 1
    detect_fps: Annotated[float, Field(gt=0, le=60, description="Frames looked at per second while awake.")] = 5.0
    driver_fps: Annotated[
        float,
        Field(ge=5, le=60, description="Frames of a driver lens looked at per second while somebody sits there."),
    ] = 10.0
    classes: Annotated[
        list[ObjectClass],
        Field(
            min_length=1,
            description="What is looked for; others are not even followed. Road lenses look for signs beside.",
        ),
    ] = [one for one in ObjectClass if one not in SIGNALS | HANDHELD]
    min_score: Annotated[
        dict[ObjectClass, Annotated[float, Field(gt=0, lt=1)]],
        Field(description="Median score an object's history must reach, by class; empty: what suits the detector."),
    ] = {}
    min_size: Annotated[Share, Field(description="Least share of the picture that an object covers.")] = 0.0
    max_size: Annotated[Share, Field(description="Largest share of the picture that an object covers.")] = 1.0
    zones: Annotated[
        dict[str, list[tuple[Share, Share]]], Field(description="Zones of every lens, beside those of the lens.")
    ] = {}
    masks: Annotated[
        list[list[tuple[Share, Share]]], Field(description="Masks of every lens, beside those of the lens.")
    ] = []
    tiles_per_look: Annotated[
        int, Field(ge=1, le=16, description="Most inferences for one frame. More: finds more in a crowd.")
    ] = 1
    awake_hold_s: Annotated[
        float, Field(ge=0.5, le=600, description="Stay awake this long (s) after the last motion.")
    ] = 4.0
    full_look_s: Annotated[
        float, Field(gt=0, le=3600, description="While awake, look at the whole picture this often (s).")
    ] = 4.0
    idle_look_s: Annotated[
        float,
        Field(
            gt=0,
            le=86_400,
            description="While idle, look at the whole picture this often (s); half as often while empty and still.",
        ),
    ] = 15.0

    @model_validator(mode="after")
    def _sizes_in_order(self) -> Self:
        if self.min_size >= self.max_size:
            raise ValueError(f"min_size {self.min_size} must be below max_size {self.max_size}")
        return self
