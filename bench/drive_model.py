"""A car by physics, for drives that nobody recorded: speed and turn rate as told, forces as they follow.

It is a model and says so: what is measured on it shows that the arithmetic holds and what a detector does with
vibration, bias, odd rates and a crooked mount. It does not show how people drive.

Shapes: a braking, a pulling away and a turn are raised cosines. Peaks of the labelled ones are drawn from what is
known of the labelled drives (targets, section 5): brakings 3.0-4.9 m/s², turns 3.8-5.2, accelerations 1.6-3.3, each
1.6 to 4.9 s long; calm ones reach 2.2, 2.4 and 1.5. Vibration: 6 Hz of 0.5 m/s² while the car moves (as phones in
windscreen mounts show), white noise, and a pothole now and then.
"""

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
GRAVITY_MPS2 = 9.80665
SAID = {
    "harsh_brake": ("freada_agressiva",),
    "harsh_acceleration": ("aceleracao_agressiva",),
    "harsh_cornering": ("curva_direita_agressiva", "curva_esquerda_agressiva"),
    "harsh_lane_change": ("troca_faixa_direita_agressiva", "troca_faixa_esquerda_agressiva"),
    "calm": ("evento_nao_agressivo",),
}


@dataclass
class Manners:
    """How somebody drives: shares of what is harsh, and how unsteady the foot and the hand are."""

    harsh_0_1: float = 0.3
    label_calm: bool = True
    speed_over_mps: float = 0.0
    wander_mps2: float = 0.15


@dataclass
class Modelled:
    """A modelled drive at `rate_hz`: true motion, and labels as (what, start_s, end_s)."""

    time_s: Floats
    speed_mps: Floats
    along_mps2: Floats
    across_mps2: Floats
    yaw_radps: Floats
    labels: list[tuple[str, float, float]] = field(default_factory=list)


def bump(seconds: float, rate_hz: float) -> Floats:
    """Return a raised cosine with a flat top: 0 to 1 to 0."""
    count = max(4, round(seconds * rate_hz))
    phase = np.linspace(0, 1, count)
    return np.clip(0.75 * (1 - np.cos(2 * np.pi * phase)), 0, 1)


class Road:
    """A drive as it grows: forces along it and turn rates, piece by piece."""

    def __init__(self, chance: Random, manners: Manners, rate_hz: float) -> None:
        self.chance, self.manners, self.rate_hz = chance, manners, rate_hz
        still = np.zeros(round(8 * rate_hz))
        self.along, self.yaw = [still], [still]
        self.labels: list[tuple[str, float, float]] = []
        self.speed, self.at = 0.0, len(still)

    def go(self, pushed: Floats, turned: Floats | None = None, label: str | None = None) -> None:
        """Drive one piece."""
        if label is not None and (self.manners.label_calm or not label.startswith("calm")):
            self.labels.append((label, self.at / self.rate_hz, (self.at + len(pushed)) / self.rate_hz))
        self.along.append(pushed)
        self.yaw.append(turned if turned is not None else np.zeros(len(pushed)))
        self.speed = max(0.0, self.speed + float(pushed.sum()) / self.rate_hz)
        self.at += len(pushed)

    def gain(self, *, harsh: bool) -> None:
        """Pull away."""
        seconds = self.chance.uniform(3.0, 4.9) if harsh else self.chance.uniform(4, 8)
        peak = self.chance.uniform(2.3, 3.3) if harsh else self.chance.uniform(0.7, 1.5)
        self.go(bump(seconds, self.rate_hz) * peak, label="harsh_acceleration" if harsh else "calm")

    def slow(self, *, harsh: bool) -> None:
        """Brake, no further than to a stop."""
        seconds = self.chance.uniform(1.9, 2.8) if harsh else self.chance.uniform(3, 6)
        shape = -bump(seconds, self.rate_hz) * (
            self.chance.uniform(3.0, 4.9) if harsh else self.chance.uniform(0.6, 2.2)
        )
        lost = -float(shape.sum()) / self.rate_hz
        if lost > self.speed - 0.3:
            shape *= (self.speed - 0.3) / lost
        hard = harsh and float(-shape.min()) >= 3.0
        self.go(shape, label="harsh_brake" if hard else "calm")

    def turn(self, *, harsh: bool) -> None:
        """Take a corner."""
        pull = self.chance.uniform(3.8, 5.2) if harsh else self.chance.uniform(1.0, 2.4)
        side = self.chance.choice((-1, 1))
        shape = bump(self.chance.uniform(2.4, 4.5) if harsh else self.chance.uniform(4, 6), self.rate_hz)
        turned = shape * pull / max(self.speed, 5.0) * side
        self.go(np.zeros(len(shape)), turned, f"harsh_cornering:{side}" if harsh else "calm")

    def lane(self, *, harsh: bool) -> None:
        """Change lanes."""
        pull = self.chance.uniform(2.5, 4.0) if harsh else self.chance.uniform(0.4, 1.2)
        side = self.chance.choice((-1, 1))
        half = bump(self.chance.uniform(0.8, 1.1) if harsh else 2.0, self.rate_hz) * pull / max(self.speed, 5.0) * side
        turned = np.concatenate([half, -half])
        self.go(np.zeros(len(turned)), turned, f"harsh_lane_change:{side}" if harsh else None)

    def cruise(self) -> None:
        """Hold a speed, more or less; stand where the car stands."""
        count = round(self.chance.uniform(4, 14) * self.rate_hz)
        if self.speed <= 1:
            self.go(np.zeros(count))
            return
        wanted = self.chance.uniform(11, 15) + self.manners.speed_over_mps
        steady = float(np.clip((wanted - self.speed) / 20, -0.5, 0.5))
        self.go(np.sin(np.linspace(0, self.chance.uniform(2, 9), count)) * self.manners.wander_mps2 + steady)

    def halt(self) -> None:
        """Stop gently and wait."""
        shape = bump(self.speed / 1.2, self.rate_hz)
        self.go(-shape * (self.speed * self.rate_hz / float(shape.sum())))
        self.go(np.zeros(round(6 * self.rate_hz)))


def drive(minutes: float, chance: Random, manners: Manners, rate_hz: float = 51.0) -> Modelled:
    """Return a drive in town: pulling away, cruising, slowing, turning, changing lanes, now and then stopping."""
    noise = np.random.default_rng(chance.getrandbits(32))
    road = Road(chance, manners, rate_hz)
    while road.at < minutes * 60 * rate_hz:
        harsh = chance.random() < manners.harsh_0_1
        what = chance.choice(["turn", "turn", "slow", "slow", "lane", "cruise"]) if road.speed > 7 else "gain"
        if what != "cruise":
            {"gain": road.gain, "slow": road.slow, "turn": road.turn, "lane": road.lane}[what](harsh=harsh)
        road.cruise()
        if chance.random() < 0.12 and road.speed > 5:
            road.halt()
    pushed, turned = np.concatenate(road.along), np.concatenate(road.yaw)
    speeds = np.maximum(0, np.cumsum(pushed) / rate_hz)
    across = speeds * turned + noise.normal(0, 0.05, len(pushed))
    return Modelled(np.arange(len(pushed)) / rate_hz, speeds, pushed, across, turned, road.labels)


def phone(model: Modelled, chance: Random, *, earth: bool) -> tuple[Floats, Floats]:
    """Return accelerometer (with gravity, m/s²) and gyroscope (rad/s), shape (n, 3), of a phone in the car.

    `earth`: in the frame of the earth (x and y level, z up), as some loggers write it, with a compass that the car's
    body bends by up to 15°; else in the frame of a phone that is mounted anyhow.
    """
    noise = np.random.default_rng(chance.getrandbits(32))
    count = len(model.time_s)
    moving = np.clip(model.speed_mps / 12, 0.05, 1)
    shake = [
        moving
        * chance.uniform(0.3, 0.6)
        * np.sin(2 * np.pi * rate * model.time_s + noise.normal(0, 0.4, count).cumsum() / 8)
        for rate in (5.7, 6.3, 6.9)
    ]
    force = np.stack([model.along_mps2 + shake[0], model.across_mps2 + shake[1], GRAVITY_MPS2 + shake[2]], axis=1)
    force += noise.normal(0, 0.15, force.shape)
    for _ in range(int(model.time_s[-1] / 90)):
        at = int(noise.integers(0, count - 10))
        force[at : at + 6] += noise.normal(0, 2.5, 3) * moving[at]
    turning = np.stack([np.zeros(count), np.zeros(count), model.yaw_radps], axis=1)
    turning += noise.normal(0, 0.01, turning.shape) + noise.normal(0, 0.002, 3)
    if not earth:
        mount = rotation(noise)
        return force @ mount.T, turning @ mount.T
    heading = np.cumsum(model.yaw_radps) * (model.time_s[1] - model.time_s[0]) + chance.uniform(0, 2 * np.pi)
    shown = heading + np.radians(15) * np.sin(heading + 1.0)
    cosine, sine = np.cos(shown), np.sin(shown)
    level = np.stack([force[:, 0] * cosine - force[:, 1] * sine, force[:, 0] * sine + force[:, 1] * cosine], axis=1)
    return np.column_stack([level, force[:, 2]]), turning


def rotation(noise: np.random.Generator) -> Floats:
    """Return a random rotation, shape (3, 3)."""
    square, upper = np.linalg.qr(noise.normal(size=(3, 3)))
    square = square * np.sign(np.diag(upper))
    return square if np.linalg.det(square) > 0 else -square


def write_events_trip(folder: Path, model: Modelled, chance: Random, *, earth: bool = True) -> None:
    """Write one trip in the layout of events."""
    folder.mkdir(parents=True)
    force, turning = phone(model, chance, earth=earth)
    first_ns = chance.randrange(10**12, 10**13)
    uptime = [first_ns + round(second * 1e9 + chance.uniform(-1e6, 1e6)) for second in model.time_s]
    for name, vectors in (("acelerometro_terra.csv", force), ("giroscopio_terra.csv", turning)):
        with (folder / name).open("w", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(["timestamp", "uptimeNanos", "x", "y", "z"])
            rows.writerows(
                ["14/05/2016 11:19:05", at, *(f"{value:.5f}" for value in vector)]
                for at, vector in zip(uptime, vectors, strict=True)
            )
    facts = {"start": "2016-05-14 11:17:08.871-0300", "firstCollectionUptimeNanos": first_ns}
    (folder / "viagem.json").write_text(json.dumps(facts))
    lines = ["evento, inicio, fim"]
    for said, start_s, end_s in model.labels:
        what, _, side = said.partition(":")
        names = SAID[what]
        lines.append(f"{names[0] if side != '1' else names[-1]},{start_s:.1f},{end_s:.1f}")
    (folder / "groundTruth.csv").write_text("\n".join(lines) + "\n")


def write_behaviour_trip(root: Path, model: Modelled, chance: Random, name: str) -> None:
    """Write one trip in the layout of behaviours: 1 Hz positions, 10 Hz forces in g without gravity."""
    folder = root / name.split("-")[2] / name
    folder.mkdir(parents=True)
    noise = np.random.default_rng(chance.getrandbits(32))
    heading = np.cumsum(model.yaw_radps) * (model.time_s[1] - model.time_s[0])
    north = np.cumsum(model.speed_mps * np.cos(heading)) * (model.time_s[1] - model.time_s[0])
    west = np.cumsum(model.speed_mps * np.sin(heading)) * (model.time_s[1] - model.time_s[0])
    rate_hz = 1 / (model.time_s[1] - model.time_s[0])
    lines = []
    for second in range(int(model.time_s[-1])):
        at = min(len(model.time_s) - 1, round(second * rate_hz))
        course = -np.degrees(heading[at]) % 360
        kmh = max(0.0, model.speed_mps[at] * 3.6 + noise.normal(0, 0.3))
        lat, lon = 40.5 + north[at] / 111_320, -3.4 - west[at] / 84_600
        lines.append(f"{second:.2f} {kmh:.1f} {lat:.6f} {lon:.6f} 600.0 5 5 {course:.2f} 0.0 0 0 0")
    (folder / "RAW_GPS.txt").write_text("\n".join(lines) + "\n")
    step = max(1, round(rate_hz / 10))
    forces = []
    for at in range(0, len(model.time_s), step):
        shaken = noise.normal(0, 0.02, 3)
        along, across = model.along_mps2[at] / GRAVITY_MPS2, model.across_mps2[at] / GRAVITY_MPS2
        cells = (shaken[0], across + shaken[1], along + shaken[2])
        kmh = model.speed_mps[at] * 3.6
        forces.append(
            f"{model.time_s[at]:.2f} {int(kmh > 50)} " + " ".join(f"{cell:.4f}" for cell in (*cells, *cells, 0, 0, 0))
        )
    (folder / "RAW_ACCELEROMETERS.txt").write_text("\n".join(forces) + "\n")


def write_events_set(root: Path, *, seed: int, trips: int = 4, minutes: Sequence[float] = (21, 7, 10, 13)) -> None:
    """Write a set in the layout of events, as long as the published one by default."""
    chance = Random(seed)
    for number in range(trips):
        model = drive(minutes[number % len(minutes)], chance, Manners())
        write_events_trip(root / f"{seed}-{number + 1}", model, chance)
