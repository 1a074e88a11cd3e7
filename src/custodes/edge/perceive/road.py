"""Look at one road lens: what lies straight ahead is small and matters most, so that part is looked at closely."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import radians, tan

from custodes.core.clock import NS_PER_S
from custodes.core.types import (
    SIGNALS,
    BoxXyxy,
    Lamp,
    ObjectClass,
    Observation,
    Picture,
    RoadLook,
    TrackedObject,
)
from custodes.edge.perceive.areas import Corners
from custodes.edge.perceive.perceiver import Perceiver
from custodes.edge.perceive.settings import PerceiveSettings
from custodes.vision.lamps import lamp_of
from custodes.vision.lanes import markings
from custodes.vision.motion import Motion
from custodes.vision.objects import Detector

CLOSE_UP_0_1 = 0.4
"""The part straight ahead that is looked at closely, as a share of the picture's width."""
FILLS_0_1 = 0.6
"""A vehicle that fills more of that part than this no longer fits it: the whole picture is looked at instead."""
WHOLE_EVERY_S = 0.6


class RoadPerceiver(Perceiver):
    """See as a `Perceiver`, and straight ahead at each look. `ahead` is where that lies, as shares of the picture."""

    beside = SIGNALS

    def __init__(
        self,
        *,
        lens: str,
        settings: PerceiveSettings,
        detector: Detector,
        zones: Mapping[str, Corners] | None = None,
        masks: Sequence[Corners] = (),
        main_size_px: tuple[int, int] | None = None,
        field_of_view_deg: float = 60.0,
        ahead: tuple[float, float] = (0.5, 0.55),
    ) -> None:
        super().__init__(
            lens=lens, settings=settings, detector=detector, zones=zones, masks=masks, main_size_px=main_size_px
        )
        self._focal_0_1 = 0.5 / tan(radians(field_of_view_deg) / 2)
        self._ahead = ahead
        self._whole_ns = 0

    def look(self, picture: Picture) -> Observation:
        """Return what is in the picture, and how the lens sees the road."""
        seen = super().look(picture)
        x, y = self._ahead
        lights = [one for one in seen.objects if one.object_class is ObjectClass.TRAFFIC_LIGHT and one.confirmed]
        stripes = markings(picture.luma(), ahead_px=(x * picture.width_px, y * picture.height_px))
        road = RoadLook(
            seen.width_px * self._focal_0_1,
            (x * seen.width_px, y * seen.height_px),
            stripes,
            self._lamps(picture, lights),
        )
        return replace(seen, road=road)

    def _lamps(self, picture: Picture, lights: Sequence[TrackedObject]) -> dict[int, Lamp]:
        """Return what each traffic light shows, by its number, as far as it can be told."""
        if not lights:
            return {}
        rgb = picture.rgb()
        main_px = self._main_size_px or self._size_px
        across, down = picture.width_px / main_px[0], picture.height_px / main_px[1]
        shown: dict[int, Lamp] = {}
        for one in lights:
            left, top, right, bottom = one.box_px_xyxy
            lamp = lamp_of(rgb, (left * across, top * down, right * across, bottom * down))
            if lamp is not None:
                shown[one.track_id] = lamp
        return shown

    def _parts(self, motion: Motion, moved_px: Sequence[BoxXyxy], at_ns: int) -> list[BoxXyxy]:
        """Return the whole picture now and then; else what is straight ahead, while anything moves at all."""
        width_px, height_px = self._size_px
        whole = (0.0, 0.0, float(width_px), float(height_px))
        if self._full_ns is None or not self.wants_all_frames:
            self._whole_ns = at_ns
            return super()._parts(motion, moved_px, at_ns)
        side_px = min(max(CLOSE_UP_0_1 * width_px, self._detector.side_px), float(min(width_px, height_px)))
        if self._fills(side_px) or not 0 <= at_ns - self._whole_ns < WHOLE_EVERY_S * NS_PER_S:
            self._whole_ns = self._full_ns = at_ns
            return [whole]
        x = min(max(self._ahead[0] * width_px - side_px / 2, 0.0), width_px - side_px)
        y = min(max(self._ahead[1] * height_px - side_px / 2, 0.0), height_px - side_px)
        return [(x, y, x + side_px, y + side_px)]

    def _fills(self, side_px: float) -> bool:
        """Return whether something straight ahead is too large for the close look."""
        ahead_px = self._ahead[0] * self._size_px[0]
        for track in self._tracker.tracks:
            left, _, right, _ = track.box_px_xyxy
            if track.confirmed and track.found and left < ahead_px < right and right - left > FILLS_0_1 * side_px:
                return True
        return False
