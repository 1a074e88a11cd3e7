"""Presence: one event per visit, and none for passers-by, ghosts and other animals."""

from collections.abc import Iterable
from random import Random

from custodes.core.clock import NS_PER_S
from custodes.core.types import BoxXyxy, EventUpdate, Evidence, ObjectClass, Observation, TrackedObject
from custodes.edge.decide import Decider, alert_for, id_source, parse_rule

FPS = 5
PORCH = "porch"
NEAR: BoxXyxy = (100.0, 100.0, 140.0, 220.0)
FAR: BoxXyxy = (500.0, 100.0, 540.0, 220.0)


def someone(
    track_id: int = 1,
    object_class: ObjectClass = ObjectClass.PERSON,
    *,
    box: BoxXyxy = NEAR,
    zones: tuple[str, ...] = (),
    confirmed: bool = True,
    score: float = 0.8,
) -> TrackedObject:
    return TrackedObject(track_id, object_class, score, box, confirmed, zones)


class Film:
    """A film told in scenes: who is in the picture for how long."""

    def __init__(self, *, lens: str = PORCH, start_s: float = 1000.0, **rule: object) -> None:
        self.decider = Decider([parse_rule({"kind": "presence", **rule})], new_id=id_source(Random(1)))
        self.lens = lens
        self.at_ns = round(start_s * NS_PER_S)
        self.start_ns = self.at_ns
        self.updates: list[EventUpdate] = []

    def scene(self, seconds: float, *who: TrackedObject, idle: bool = False) -> "Film":
        for _ in range(round(seconds * FPS)):
            seen = Observation(self.lens, self.at_ns, self.at_ns, 640, 480, tuple(who), idle=idle)
            self.updates += self.decider.on_observation(seen)
            self.at_ns += NS_PER_S // FPS
        return self

    def told(self) -> list[tuple[str, float]]:
        """Return (phase, seconds since the film began) of every update."""
        told: list[tuple[str, float]] = []
        for update in self.updates:
            ended_ns = update.event.end_wall_ns
            at_ns = update.event.onset_wall_ns if update.phase == "onset" else ended_ns
            assert at_ns is not None
            told.append((update.phase, (at_ns - self.start_ns) / NS_PER_S))
        return told

    def onsets(self) -> int:
        return sum(update.phase == "onset" for update in self.updates)


def facts(evidence: Iterable[Evidence]) -> dict[str, Evidence]:
    return {one.name: one for one in evidence}


def test_somebody_waits_for_the_bus() -> None:
    film = Film(dwell_s=2, end_after_s=3).scene(1).scene(60, someone()).scene(10)
    assert film.told() == [("onset", 3.0), ("end", 60.8)]
    onset, end = (update.event for update in film.updates)
    assert onset.event_id == end.event_id
    assert onset.lens == PORCH
    assert onset.end_wall_ns is None


def test_somebody_walks_past_before_the_dwell_is_over() -> None:
    assert Film(dwell_s=3).scene(2.8, someone()).scene(20).told() == []


def test_two_who_walk_past_one_after_the_other_do_not_add_up() -> None:
    film = Film(dwell_s=3).scene(2, someone(1, box=NEAR)).scene(0.4).scene(2, someone(2, box=FAR)).scene(10)
    assert film.told() == []


def test_a_cat_crosses_the_porch() -> None:
    film = Film(dwell_s=0, classes=["person"]).scene(1).scene(8, someone(object_class=ObjectClass.CAT)).scene(5)
    assert film.told() == []


def test_a_cat_that_is_taken_for_a_person_in_a_frame_or_two() -> None:
    """Perception has not confirmed the track, so the rule does not count it."""
    film = Film(dwell_s=0, min_track_age_s=0)
    film.scene(2, someone(object_class=ObjectClass.CAT)).scene(0.4, someone(confirmed=False)).scene(2)
    assert film.told() == []


def test_a_ghost_of_three_frames() -> None:
    assert Film(dwell_s=0, min_track_age_s=1.0).scene(0.6, someone()).scene(10).told() == []


def test_the_tracker_slips_while_somebody_stands_there() -> None:
    """Another track number in the same place goes on waiting where the first one was."""
    film = Film(dwell_s=3).scene(2, someone(1)).scene(0.4).scene(2, someone(2)).scene(10)
    assert film.onsets() == 1
    assert film.told()[0] == ("onset", 3.0)


def test_the_track_flickers_during_a_visit() -> None:
    film = Film(dwell_s=1, end_after_s=3)
    for number in range(10):
        film.scene(3, someone(number + 1)).scene(1.6)
    assert film.scene(10).onsets() == 1


def test_a_parcel_is_delivered_and_the_courier_comes_back() -> None:
    """Back within the cool-down with the signature form: the same errand. An hour later: another one."""
    film = Film(dwell_s=1, end_after_s=3, cool_down_s=60)
    film.scene(10, someone(1)).scene(20).scene(5, someone(2)).scene(200)
    assert film.onsets() == 1
    film.scene(10, someone(3)).scene(10)
    assert film.onsets() == 2


def test_who_comes_in_the_cool_down_and_stays_is_told_when_it_is_over() -> None:
    film = Film(dwell_s=1, end_after_s=3, cool_down_s=30).scene(5, someone(1)).scene(10).scene(60, someone(2))
    assert film.told()[0][0] == "onset"
    assert film.told()[2] == ("onset", 34.8)  # last seen at 4.8 s, quiet until 34.8 s


def test_only_the_steps_count() -> None:
    film = Film(dwell_s=1, zones=["steps"]).scene(10, someone(zones=("street",))).scene(1)
    assert film.told() == []
    film.scene(3, someone(zones=("street", "steps"))).scene(1)
    assert film.onsets() == 1
    assert facts(film.updates[0].event.evidence)["zone"].value == "steps"


def test_a_box_that_trembles_at_the_edge_of_the_zone_keeps_its_time() -> None:
    film = Film(dwell_s=3, zones=["steps"])
    for _ in range(5):
        film.scene(0.6, someone(zones=("steps",))).scene(0.4, someone())
    assert film.scene(1, someone(zones=("steps",))).onsets() == 1


def test_leaving_the_zone_starts_the_wait_anew() -> None:
    film = Film(dwell_s=3, zones=["steps"])
    film.scene(2, someone(zones=("steps",))).scene(5, someone()).scene(2, someone(zones=("steps",)))
    assert film.told() == []


def test_another_lens_is_not_watched() -> None:
    assert Film(lens="garden", lenses=[PORCH], dwell_s=0).scene(10, someone()).told() == []


def test_lenses_do_not_share_a_visit() -> None:
    decider = Decider([parse_rule({"kind": "presence", "dwell_s": 0, "min_track_age_s": 0})])
    said = [
        update.event.lens
        for lens in ("porch", "room")
        for update in decider.on_observation(Observation(lens, NS_PER_S, 0, 640, 480, (someone(),)))
    ]
    assert said == ["porch", "room"]


def keyframes(film: Film, seconds: float, *who: TrackedObject, every_s: float = 10.0) -> Film:
    """Tell a scene as an idle lens sees it: one look per keyframe."""
    for _ in range(round(seconds / every_s)):
        seen = Observation(film.lens, film.at_ns, film.at_ns, 640, 480, who, idle=True)
        film.updates += film.decider.on_observation(seen)
        film.at_ns += round(every_s * NS_PER_S)
    return film


def test_a_car_parks_for_the_night() -> None:
    """The lens goes idle and looks every ten seconds; the visit lasts until the car leaves."""
    car = someone(4, ObjectClass.CAR)
    film = Film(classes=["car"], dwell_s=2, end_after_s=5).scene(20, car)
    keyframes(film, 8 * 3600, car)
    assert [phase for phase, _ in film.told()] == ["onset"]
    film.scene(3, car).scene(10)
    assert [phase for phase, _ in film.told()] == ["onset", "end"]
    assert film.told()[1][1] > 8 * 3600


def test_who_is_there_in_two_looks_of_an_idle_lens_was_there_in_between() -> None:
    film = keyframes(Film(dwell_s=5), 20, someone())
    assert film.told() == [("onset", 10.0)]


def test_two_looks_with_the_stream_down_in_between_are_not_one_stay() -> None:
    film = Film(dwell_s=5).scene(1, someone())
    film.at_ns += 600 * NS_PER_S
    assert film.scene(1, someone()).told() == []


def test_too_unsure_for_this_rule() -> None:
    assert Film(dwell_s=0, min_score=0.9).scene(10, someone(score=0.89)).told() == []
    assert Film(dwell_s=0, min_score=0.9).scene(10, someone(score=0.9)).onsets() == 1


def test_the_camera_goes_dark_in_the_middle_of_a_visit() -> None:
    film = Film(dwell_s=1, end_after_s=3).scene(5, someone())
    last_seen_ns = film.at_ns - NS_PER_S // FPS
    assert film.decider.on_tick(last_seen_ns + 9 * NS_PER_S) == ()
    (end,) = film.decider.on_tick(last_seen_ns + 10 * NS_PER_S)
    assert end.phase == "end"
    assert end.event.end_wall_ns == last_seen_ns


def test_the_clock_is_set_back_in_the_middle_of_a_visit() -> None:
    film = Film(dwell_s=1).scene(5, someone())
    film.at_ns -= 3600 * NS_PER_S
    film.scene(5, someone())
    assert [update.phase for update in film.updates] == ["onset", "end", "onset"]
    for update in film.updates:
        assert update.event.end_wall_ns is None or update.event.end_wall_ns >= update.event.onset_wall_ns


def test_frames_a_little_out_of_order_change_nothing() -> None:
    film = Film(dwell_s=1).scene(5, someone())
    late = Observation(PORCH, film.at_ns - NS_PER_S, 0, 640, 480, ())
    assert film.decider.on_observation(late) == ()


def test_the_unit_stops_in_the_middle_of_a_visit() -> None:
    film = Film(dwell_s=1).scene(5, someone())
    (end,) = film.decider.finish()
    assert end.phase == "end"
    assert film.decider.finish() == ()


def test_why_this_clip() -> None:
    film = Film(dwell_s=2, min_score=0.5, end_after_s=3)
    film.scene(3, someone(7)).scene(2, someone(7), someone(8, box=FAR)).scene(10)
    onset, end = film.updates
    assert onset.event.rule == "person for 2 s"
    why = facts(onset.event.evidence)
    assert (why["class"].value, why["class"].threshold) == ("person", "person")
    assert (why["stayed"].value, why["stayed"].threshold, why["stayed"].unit) == (2.0, 2.0, "s")
    assert (why["score"].value, why["score"].threshold) == (0.8, 0.5)
    assert why["track"].value == 7
    assert facts(end.event.evidence)["most at once"].value == 2
    assert alert_for(onset.event).text == "Person, porch camera."
    assert alert_for(onset.event).wall_ns == onset.event.onset_wall_ns


def test_a_rule_that_neither_alerts_nor_cuts() -> None:
    film = Film(dwell_s=0, alert=False, clip=False, severity="note", name="who passes").scene(5, someone())
    (onset,) = film.updates
    assert (onset.raises_alert, onset.cuts_clip) == (False, False)
    assert (onset.event.severity, onset.event.rule) == ("note", "who passes")
