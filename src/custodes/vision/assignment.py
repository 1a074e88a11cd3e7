"""Pair rows with columns so that the pairs' sum is the greatest: the assignment problem, for a few dozen of each.

After Jonker and Volgenant, "A Shortest Augmenting Path Algorithm for Dense and Sparse Linear Assignment Problems"
(1987), without its start-up phases: each row is added by the shortest path through the pairs that stand. A lens
follows few things, so the inner loop is plain Python; a library for it would take more memory than the tracker.
"""

import math

import numpy as np
from numpy.typing import NDArray


def best_pairs(worth: NDArray[np.floating]) -> list[tuple[int, int]]:
    """Return the pairs (row, column), by row, whose sum of `worth` (rows, columns) is the greatest.

    As many pairs as the shorter side has places. Raises ValueError when a value is not finite. The work grows with
    the square of the shorter side times the longer one.
    """
    if not np.isfinite(worth).all():
        raise ValueError("an assignment needs finite worths")
    turned = worth.shape[0] > worth.shape[1]
    costs: list[list[float]] = (-(worth.T if turned else worth)).astype(float).tolist()
    row_of = _assign(costs, min(worth.shape), max(worth.shape))
    pairs = [(row, column) for column, row in enumerate(row_of) if row >= 0]
    return sorted((column, row) if turned else (row, column) for row, column in pairs)


def _assign(costs: list[list[float]], rows: int, columns: int) -> list[int]:
    """Return the row of each column, or -1; `rows` is at most `columns`."""
    row_of = [-1] * columns
    row_price, column_price = [0.0] * rows, [0.0] * columns
    for start in range(rows):
        _add_row(start, costs, row_of, row_price, column_price)
    return row_of


def _add_row(
    start: int, costs: list[list[float]], row_of: list[int], row_price: list[float], column_price: list[float]
) -> None:
    """Give `start` a column, moving others along the cheapest path (Dijkstra's, on costs less prices)."""
    columns = len(row_of)
    reach, came_from = [math.inf] * columns, [-1] * columns
    open_columns, row, column, spent = list(range(columns)), start, -1, 0.0
    done: list[int] = []
    while row >= 0:
        base, line = spent - row_price[row], costs[row]
        for other in open_columns:
            length = base + line[other] - column_price[other]
            if length < reach[other]:
                reach[other], came_from[other] = length, row
        column = min(open_columns, key=reach.__getitem__)
        spent = reach[column]
        open_columns.remove(column)
        row = row_of[column]
        if row >= 0:
            done.append(column)
    row_price[start] += spent
    for passed in done:
        row_price[row_of[passed]] += spent - reach[passed]
        column_price[passed] -= spent - reach[passed]
    while column >= 0:
        row = came_from[column]
        row_of[column], column = row, _column_of(row, row_of, column) if row != start else -1


def _column_of(row: int, row_of: list[int], new: int) -> int:
    """Return the column that `row` held before it took `new`."""
    return next(column for column, holder in enumerate(row_of) if holder == row and column != new)
