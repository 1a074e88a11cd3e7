"""The button: one press, one event; a nervous second press is part of the first."""

from custodes.core.clock import NS_PER_S
from custodes.core.types import ManualMark
from custodes.edge.decide import Decider, alert_for, parse_rule


def test_somebody_presses_the_button() -> None:
    decider = Decider([parse_rule({"kind": "mark"})])
    onset, end = decider.on_mark(ManualMark(5 * NS_PER_S, by="driver", note="a near miss"))
    assert (onset.phase, end.phase) == ("onset", "end")
    assert onset.event.event_id == end.event.event_id
    assert (onset.event.end_wall_ns, end.event.end_wall_ns) == (None, 5 * NS_PER_S)
    assert [(one.name, one.value) for one in onset.event.evidence] == [
        ("pressed by", "driver"),
        ("note", "a near miss"),
    ]
    assert alert_for(onset.event).text.startswith("Marked.")


def test_a_nervous_second_press() -> None:
    decider = Decider([parse_rule({"kind": "mark", "again_after_s": 5})])
    presses = [len(decider.on_mark(ManualMark(at * NS_PER_S))) for at in (10, 12, 14, 15, 19, 20)]
    assert presses == [2, 0, 0, 2, 0, 2]


def test_a_press_after_the_clock_was_set_back_counts() -> None:
    decider = Decider([parse_rule({"kind": "mark"})])
    assert len(decider.on_mark(ManualMark(1000 * NS_PER_S))) == 2
    assert len(decider.on_mark(ManualMark(10 * NS_PER_S))) == 2


def test_without_a_rule_the_button_does_nothing() -> None:
    assert Decider([]).on_mark(ManualMark(NS_PER_S)) == ()
