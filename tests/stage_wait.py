"""Wait for a condition with a deadline."""

import time
from collections.abc import Callable


def until(question: Callable[[], object], *, within_s: float = 60.0) -> None:
    """Ask again and again until the answer is true; fail at the deadline."""
    deadline = time.monotonic() + within_s
    while not question():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within_s} s")
        time.sleep(0.02)
