"""How long to wait before the next call, when calls fail."""

from random import Random


class Backoff:
    """Double the wait with every failure up to `most_s`, and spread it by chance over its upper half.

    The spread keeps many units that lost one network from calling in the same instant.
    """

    def __init__(self, *, first_s: float, most_s: float, random: Random) -> None:
        self._first_s = first_s
        self._most_s = most_s
        self._random = random
        self.attempt = 0

    def next_s(self) -> float:
        """Count one more failure and return the wait before the next call (s)."""
        self.attempt += 1
        longest_s: float = min(self._most_s, self._first_s * 2.0 ** min(self.attempt - 1, 32))
        return longest_s * self._random.uniform(0.5, 1.0)

    def reset(self) -> None:
        """Take that a call succeeded."""
        self.attempt = 0
