"""What deciding and alerting add between a look and the person in place: the alert's way after perception."""

import os
import tempfile
import threading
import time
from collections.abc import Iterable
from pathlib import Path

from bench.playing import play
from bench.rows import Row
from custodes.core.clock import NS_PER_S
from custodes.core.types import Alert, ObjectClass, Observation, Picture, Severity, TrackedObject
from custodes.edge.alert import Alerter, AlertSettings
from custodes.edge.decide import Decider, alert_for, parse_rule
from custodes.edge.perceive import Perceiver, PerceiveSettings
from custodes.vision.objects import obtain_detector

ALERTS = 300
LOOKS = 5_000
FILM_S = 40.0


def rows() -> Iterable[Row]:
    """Measure and yield the rows."""
    yield _told()
    yield _decided()
    yield from _seen_and_told()


def _told() -> Row:
    """Raise alerts one by one with sound off; each is told and logged before the next is raised."""
    waits_ms: list[float] = []
    told = threading.Event()
    with tempfile.TemporaryDirectory(prefix="custodes-bench-") as scratch:
        alerter = Alerter(AlertSettings(sound=False), say=lambda line: told.set(), state_dir=Path(scratch))
        for number in range(ALERTS):
            told.clear()
            before_s = time.perf_counter()
            alerter.raise_alert(
                Alert(str(number), "presence", Severity.WARNING, "Person, porch camera.", time.time_ns())
            )
            told.wait(5)
            waits_ms.append((time.perf_counter() - before_s) * 1000)
        alerter.close()
    p95 = sorted(waits_ms)[round(0.95 * ALERTS)]
    return Row(
        "The unit",
        "alert raised → told on the console, p95",
        p95,
        "ms",
        note=f"{ALERTS} alerts, logged too; the share of alerting in the 150 ms from frame to alert",
    )


def _decided() -> Row:
    """Tell three rules of five people in the picture, 5 looks a second."""
    rules = [parse_rule({"kind": "presence", "classes": [name]}) for name in ("person", "cat", "car")]
    decider = Decider(rules)
    people = tuple(
        TrackedObject(number, ObjectClass.PERSON, 0.8, (10.0 * number, 10.0, 10.0 * number + 8, 60.0), confirmed=True)
        for number in range(5)
    )
    looks = [Observation("porch", at * NS_PER_S // 5, 0, 640, 480, people) for at in range(LOOKS)]
    before_s = time.process_time()
    onsets = [alert_for(update.event) for look in looks for update in decider.on_observation(look)]
    spent_s = time.process_time() - before_s
    assert len(onsets) == 1
    return Row(
        "The unit",
        "decide: three rules on one look with five people",
        spent_s / LOOKS * 1e6,
        "µs",
        note="CPU on one core",
    )


class _Timed(Perceiver):
    """Notes when the picture of the last look was there."""

    began_s = 0.0

    def look(self, picture: Picture) -> Observation:
        """Look, as the perceiver does."""
        self.began_s = time.perf_counter()
        return super().look(picture)


def _seen_and_told() -> Iterable[Row]:
    """Take each look at labelled film for the one that raises an alert: seen, decided, told, one after the other."""
    film = Path(os.environ.get("CUSTODES_DATA", "")) / "home" / "intel_one-by-one-person-detection.mp4"
    if not film.is_file():
        return
    perceiver = _Timed(lens="hall", settings=PerceiveSettings(), detector=obtain_detector(say=print))
    decider = Decider([parse_rule({"kind": "presence", "classes": ["person"]})])
    told = threading.Event()
    waits_ms: list[float] = []
    with tempfile.TemporaryDirectory(prefix="custodes-bench-") as scratch:
        alerter = Alerter(AlertSettings(sound=False), say=lambda line: told.set(), state_dir=Path(scratch))
        for number, seen in enumerate(play(film, perceiver, until_s=FILM_S)):
            decider.on_observation(seen.observation)
            told.clear()
            alerter.raise_alert(Alert(str(number), "presence", Severity.WARNING, "Person, hall.", time.time_ns()))
            told.wait(5)
            waits_ms.append((time.perf_counter() - perceiver.began_s) * 1000)
        alerter.close()
    p95 = sorted(waits_ms)[round(0.95 * (len(waits_ms) - 1))]
    note = f"{film.name}, {len(waits_ms)} looks with the real detector; wall time, so a busy machine shows"
    yield Row("The unit", "frame decoded → seen, decided, told, p95", p95, "ms", target=150.0, note=note)
