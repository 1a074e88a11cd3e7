"""What is hidden in one film: the plan that the hub writes, for `masker` in the child. No picture is touched here."""

import json

from custodes.core.clock import NS_PER_S
from custodes.core.types import Facing, ObjectClass
from custodes.core.wire import WireLens

STILLS = 6


def write(lens: WireLens) -> bytes:
    """Return the plan for one film from where its unit saw people: times in seconds, boxes as shares.

    A lens that faces the driver measures one face and looks for nobody else: nothing of its film is sure.
    """
    wide, high = lens.width_px, lens.height_px
    looks = [
        [
            frame.t_ns / NS_PER_S,
            [
                [
                    one.track_id,
                    *(round(edge / side, 5) for edge, side in zip(one.box_px_xyxy, (wide, high) * 2, strict=True)),
                ]
                for one in frame.objects
                if one.object_class is ObjectClass.PERSON
            ],
        ]
        for frame in (() if lens.facing is Facing.DRIVER else lens.seen)
    ]
    length_s = lens.duration_ns / NS_PER_S
    stills = [length_s * (number + 0.5) / STILLS for number in range(STILLS)]
    return json.dumps({"looks": looks, "aspect": wide / high, "stills_s": stills}).encode()
