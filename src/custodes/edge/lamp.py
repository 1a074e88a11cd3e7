"""A light that shows that people are filmed or looked at: a file that gets 1 or 0."""

from collections.abc import Callable
from pathlib import Path


class Lamp:
    """Writes when what it shows changes. A light that cannot be reached is said once, and tried again each time."""

    def __init__(self, path: Path | None, say: Callable[[str], None]) -> None:
        """`path`: such as `/sys/class/leds/recording/brightness`; None: there is no lamp."""
        self._path = path
        self._say = say
        self._shown: bool | None = None
        self._told = False

    def show(self, *, lit: bool) -> None:
        """Light the lamp, or put it out."""
        if self._path is None or lit == self._shown:
            return
        try:
            with self._path.open("w", encoding="ascii") as light:
                light.write("1\n" if lit else "0\n")
        except OSError as error:
            if not self._told:
                self._say(f"privacy.lamp: {self._path} cannot be written: {error.strerror}. Check its path and rights.")
            self._told = True
        else:
            self._shown = lit
