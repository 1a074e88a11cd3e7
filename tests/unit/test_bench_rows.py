"""What a measurement says of itself."""

from collections.abc import Iterator

import pytest

from bench.rows import Row, interleaved
from bench.run import benches, main, page


def row(**changes: object) -> Row:
    values: dict[str, object] = {"area": "unit", "work": "decode", "ours": 6.0, "unit": "ms"}
    return Row(**(values | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "ratio", "met"),
    [
        ({}, None, None),
        ({"target": 6.0}, None, True),
        ({"target": 5.9}, None, False),
        ({"reference": 12.0, "target": 0.5}, 0.5, True),
        ({"reference": 12.0, "target": 0.49}, 0.5, False),
        ({"reference": 12.0, "target": 0.5, "sense": "at least"}, 0.5, True),
        ({"reference": 12.0, "target": 0.6, "sense": "at least"}, 0.5, False),
    ],
)
def test_a_target_bounds_the_ratio_where_there_is_one(
    changes: dict[str, object], ratio: float | None, met: bool | None
) -> None:
    measured = row(**changes)
    assert (measured.ratio, measured.met) == (ratio, met)


def test_both_sides_take_turns_and_the_warm_up_does_not_count() -> None:
    order: list[str] = []
    costs = {"ours": iter([100, 3, 1, 2]), "peer": iter([100, 7, 9, 8])}
    now = 0

    def work(name: str, cost: Iterator[int]) -> None:
        nonlocal now
        order.append(name)
        now += next(cost)

    ours, peer = interleaved(
        lambda: work("ours", costs["ours"]),
        lambda: work("peer", costs["peer"]),
        rounds=3,
        clock=lambda: float(now),
    )
    assert order == ["ours", "peer"] * 4
    assert (ours, peer) == (2.0, 8.0)


def test_the_page_shows_a_missed_target() -> None:
    text = page([row(target=5.0), row(area="hub", work="start")], machine="a machine", when="2026-01-01")
    assert "| decode | 6 ms | – | – | at most 5 ms | no |" in text
    assert "## hub" in text


def test_an_unknown_bench_is_named_with_the_known_ones() -> None:
    with pytest.raises(SystemExit, match=r"no bench called nothing\. Known: .*film"):
        benches(["nothing"])
    with pytest.raises(SystemExit):
        main(["nothing"])
