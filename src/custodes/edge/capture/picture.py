"""One decoded frame, converted only as far as somebody asks."""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import av
    from numpy.typing import NDArray

# Formats whose first plane is 8-bit luma.
_LUMA_FIRST = frozenset(
    {"yuv420p", "yuvj420p", "yuv422p", "yuvj422p", "yuv444p", "yuvj444p", "yuv440p", "yuv411p", "yuv410p",
     "nv12", "nv21", "nv16", "gray", "gray8", "yuva420p"}
)  # fmt: skip


class DecodedPicture:
    """A `core.types.Picture` over a decoder's frame, turned upright."""

    __slots__ = ("_frame", "_luma", "_rgb", "_turns", "height_px", "is_keyframe", "mono_ns", "wall_ns", "width_px")

    def __init__(
        self, frame: "av.VideoFrame", *, wall_ns: int, mono_ns: int, rotation_deg: int, is_keyframe: bool
    ) -> None:
        self._frame = frame
        self._turns = rotation_deg // 90 % 4
        self.wall_ns = wall_ns
        self.mono_ns = mono_ns
        self.is_keyframe = is_keyframe
        across = self._turns % 2
        self.width_px = frame.height if across else frame.width
        self.height_px = frame.width if across else frame.height
        self._luma: NDArray[np.uint8] | None = None
        self._rgb: NDArray[np.uint8] | None = None

    def luma(self) -> "NDArray[np.uint8]":
        """Return the luma plane, (height_px, width_px) uint8.

        A read-only view on the decoder's memory where the film is 8-bit YUV and upright; else one copy.
        """
        if self._luma is None:
            frame = self._frame
            if frame.format.name in _LUMA_FIRST:
                plane = frame.planes[0]
                rows = np.frombuffer(memoryview(plane), dtype=np.uint8)[: plane.line_size * frame.height]
                luma = rows.reshape(frame.height, plane.line_size)[:, : frame.width]
            else:
                luma = frame.to_ndarray(format="gray").astype(np.uint8, copy=False)
            luma.flags.writeable = False  # other frames are decoded from this memory
            self._luma = self._upright(luma)
        return self._luma

    def rgb(self) -> "NDArray[np.uint8]":
        """Return the frame as (height_px, width_px, 3) uint8 RGB. Converts at the first call, then keeps it."""
        if self._rgb is None:
            self._rgb = self._upright(self._frame.to_ndarray(format="rgb24").astype(np.uint8, copy=False))
        return self._rgb

    def _upright(self, image: "NDArray[np.uint8]") -> "NDArray[np.uint8]":
        return np.ascontiguousarray(np.rot90(image, -self._turns)) if self._turns else image
