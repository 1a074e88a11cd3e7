"""A heartbeat with numbers that no unit can have is refused as a Problem, never an error of the hub's."""

import json

import pytest

from custodes.core.wire import Heartbeat, LensHealth
from custodes.hub.fleet.models import Unit
from custodes.hub.ingest.exchange import Refusal
from custodes.hub.ingest.unit_calls import heartbeat
from ship_scene import ONSET_NS, Scene

LENS = {"lens": "road", "facing": "road", "state": "recording"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"queue_clips": 10**30},
        {"queue_clips": 2**31},
        {"queue_bytes": 2**63},
        {"disk_free_bytes": 2**63},
        {"witnessed_size": 2**63},
        {"lenses": [{**LENS, "width_px": 10**30}]},
        {"lenses": [{**LENS, "width_px": -1}]},
        {"lenses": [{**LENS, "height_px": 16_385}]},
        {"lenses": [LENS, LENS]},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_it_is_a_problem_of_the_senders(scene: Scene, wrong: dict[str, object]) -> None:
    body = json.dumps({"sent_wall_ns": ONSET_NS, "software": "t", **wrong}).encode()
    unit = scene.api.gatehouse._look_up(scene.unit.pk)
    with pytest.raises(Refusal) as refused:
        heartbeat(unit, body, now_ns=ONSET_NS)
    assert refused.value.status == 422
    assert Unit.objects.get(pk=scene.unit.pk).last_seen_at is None


def test_the_largest_numbers_are_taken(scene: Scene) -> None:
    lens = LensHealth(**LENS, width_px=16_384, height_px=16_384)
    beat = Heartbeat(
        sent_wall_ns=ONSET_NS,
        software="t",
        lenses=[lens],
        queue_clips=2**31 - 1,
        queue_bytes=2**63 - 1,
        disk_free_bytes=2**63 - 1,
    )
    unit = scene.api.gatehouse._look_up(scene.unit.pk)
    assert heartbeat(unit, beat.model_dump_json().encode(), now_ns=ONSET_NS).status == 200
