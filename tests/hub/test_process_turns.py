"""Units take turns: one that sends much, or dear films, holds nobody else's clips up."""

import contextlib
import uuid

import pytest
from django.utils import timezone

from cast import Cast, make_clip
from custodes.hub.clips.models import Clip
from custodes.hub.fleet.models import Organisation
from custodes.hub.leak.models import Leak
from custodes.hub.process import examine, runtime, turns
from custodes.hub.process.turns import OVERDRAWN, SECONDS_A_PLACE, Line, Turn
from ship_scene import Scene

A, B = uuid.uuid4(), uuid.uuid4()


@pytest.fixture
def hour() -> list[float]:
    return [0.0]


@pytest.fixture
def line(hour: list[float]) -> Line:
    return Line(now_s=lambda: hour[0])


def join(line: Line, unit: uuid.UUID, clip: uuid.UUID | None = None) -> Turn:
    return line.join(clip or uuid.uuid4(), unit, budget_s=100.0)


def test_the_first_clip_of_a_unit_goes_before_the_second_of_any_other(line: Line) -> None:
    assert [join(line, A).priority for _ in range(4)] == [1, 2, 3, 4]
    assert [join(line, B).priority for _ in range(2)] == [1, 2]


def test_the_only_clip_of_a_unit_goes_beside_the_one_that_is_at_work(line: Line) -> None:
    long = uuid.uuid4()
    assert not join(line, A, long).aside, "nobody is there to wait behind"
    assert join(line, B).aside
    assert not join(line, B).aside, "one a unit"
    assert not join(line, A).aside
    line.leave(long)
    assert not join(line, A, long).aside


def test_a_clip_that_is_queued_twice_stands_once(line: Line) -> None:
    clip = uuid.uuid4()
    assert join(line, A, clip) == join(line, A, clip) == Turn(1)


def test_what_a_unit_spent_puts_it_back_for_an_hour_and_past_its_budget_last(line: Line, hour: list[float]) -> None:
    line.spend(A, 3 * SECONDS_A_PLACE)
    assert join(line, A).priority == 1 + 3
    line.spend(A, 90.0)
    assert join(line, A) == Turn(OVERDRAWN)
    assert join(line, B) == Turn(1, aside=True)
    hour[0] = 3600.0
    assert line.spent_s(A) == 0.0
    assert join(line, A).priority == 1 + 2


def test_a_film_is_charged_to_the_unit_that_sent_it(
    scene: Scene, cast: Cast, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "line", line)
    made = scene.put()
    assert scene.shipper.drain()
    with turns.charged_to_unit_of(made.clip_id):
        before_s = line.spent_s(scene.unit.pk)
        examine.probe_films(made.clip_id)
        of_children_s = line.spent_s(scene.unit.pk) - before_s
    assert of_children_s > 0.05, "a child that decodes film loads PyAV at least"
    assert line.spent_s(scene.unit.pk) > of_children_s, "and the hub's own share"
    turns.charge(50.0)
    assert line.spent_s(scene.unit.pk) < 50.0, "what nobody is charged for"
    other = make_clip(cast.other_van_unit, state=Clip.State.PROCESSING)
    assert turns.turn_of(other.pk) == Turn(1)
    assert turns.turn_of(uuid.uuid4()).priority == turns.LAST


def test_leaks_take_turns_by_organisation(cast: Cast, line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    import dbos

    queued: list[tuple[str, int]] = []
    priorities: list[int] = []

    def options(*, priority: int) -> contextlib.nullcontext[None]:
        priorities.append(priority)
        return contextlib.nullcontext()

    def bring(organisation: Organisation) -> Leak:
        now = timezone.now()
        return Leak.objects.create(organisation=organisation, brought_at=now, size_bytes=1, keep_until=now, run=1)

    monkeypatch.setattr(turns, "leaks", line)
    monkeypatch.setattr(runtime, "_running", True)
    monkeypatch.setattr(dbos, "SetEnqueueOptions", options)
    monkeypatch.setattr(dbos.DBOS, "enqueue_workflow", lambda queue, *_: queued.append((queue, priorities[-1])))
    bombs = [bring(cast.company) for _ in range(3)]
    for leak in (*bombs, bring(cast.household)):
        runtime.trace_leak(leak.pk, 1)
    assert queued == [("leaks", 1), ("leaks", 2), ("leaks", 3), ("leaks-aside", 1)]
    with turns.charged_to_organisation_of(bombs[0].pk):
        turns.charge(2 * SECONDS_A_PLACE)
    line.leave(bombs[0].pk)
    assert turns.turn_of_leak(bring(cast.company).pk).priority == 1 + 2 + 2


def test_a_clip_is_queued_by_its_turn(cast: Cast, line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    import dbos

    priorities: list[int] = []
    queues: list[str] = []

    def options(*, priority: int) -> contextlib.nullcontext[None]:
        priorities.append(priority)
        return contextlib.nullcontext()

    monkeypatch.setattr(turns, "line", line)
    monkeypatch.setattr(dbos, "SetEnqueueOptions", options)
    monkeypatch.setattr(dbos.DBOS, "enqueue_workflow", lambda queue, *_: queues.append(queue))
    for unit in (cast.van_unit, cast.van_unit, cast.other_van_unit):
        runtime.enqueue(make_clip(unit, state=Clip.State.PROCESSING).pk)
    assert queues == ["process", "process", "process-aside"]
    assert priorities == [1, 2, 1]
