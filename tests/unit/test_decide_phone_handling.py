"""The phone in the hand: turned away from its mount while the van moves. A mount that shakes is no hand."""

from math import cos, sin
from random import Random

from custodes.core.clock import NS_PER_S
from custodes.core.types import EventUpdate, Sample
from custodes.edge.decide import Decider, alert_for, id_source, parse_rule

G = 9.80665
START_NS = 1_767_268_800 * NS_PER_S


class Phone:
    """A phone at 20 Hz in a van at a steady speed."""

    def __init__(self, speed_mps: float) -> None:
        self.decider = Decider([parse_rule({"kind": "phone_handling"})], new_id=id_source(Random(1)))
        self.at_ns, self.speed_mps = START_NS, speed_mps
        self.noise = Random(4)
        self.updates: list[EventUpdate] = []

    def held(self, seconds: float, *, lean_rad: float = 0.0, shake: float = 0.2) -> "Phone":
        for tick in range(round(seconds * 20)):
            self.at_ns += NS_PER_S // 20
            accel = (
                self.noise.gauss(0, shake),
                G * sin(lean_rad) + self.noise.gauss(0, shake),
                G * cos(lean_rad) + self.noise.gauss(0, shake),
            )
            speed = self.speed_mps if tick % 20 == 0 else None
            self.updates += self.decider.on_sample(Sample(self.at_ns, speed_mps=speed, accel_mps2_xyz=accel))
        return self

    def phases(self) -> list[str]:
        return [update.phase for update in self.updates]


def test_the_driver_reads_a_message() -> None:
    phone = Phone(14).held(20).held(6, lean_rad=1.0).held(15)
    assert phone.phases() == ["onset", "end"]
    event = phone.updates[-1].event
    assert event.end_wall_ns is not None
    assert 3 < (event.end_wall_ns - event.onset_wall_ns) / NS_PER_S < 8
    assert alert_for(event).text == "Put the phone away."


def test_a_rattling_mount_is_no_hand() -> None:
    assert Phone(14).held(20).held(30, shake=2.5).phases() == []


def test_at_the_kerb_nobody_is_blamed() -> None:
    assert Phone(0.0).held(20).held(8, lean_rad=1.0).held(10).phases() == []


def test_hard_braking_is_no_hand() -> None:
    """0.6 g leans the way up by 31°, but makes it longer: it is told apart from a turn of the phone."""
    phone = Phone(14).held(20)
    for _ in range(60):
        phone.at_ns += NS_PER_S // 20
        phone.updates += phone.decider.on_sample(Sample(phone.at_ns, accel_mps2_xyz=(-0.6 * G, 0.0, G)))
    assert phone.held(10).phases() == []
