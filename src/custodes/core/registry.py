"""A named set of plug-in parts: detectors, decision rules, blob stores, integrations."""

import difflib
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from custodes.core.errors import BadInput

T = TypeVar("T")


class Registry(Generic[T]):
    """Map names to parts of one kind; a part adds itself where it is defined."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._parts: dict[str, T] = {}

    def register(self, name: str) -> Callable[[T], T]:
        """Return a decorator that stores a part under `name`. Raises ValueError if the name is taken."""

        def add(part: T) -> T:
            if name in self._parts:
                raise ValueError(f"two {self.kind}s are called {name!r}")
            self._parts[name] = part
            return part

        return add

    def get(self, name: str) -> T:
        """Return the part called `name`. Raises BadInput that names the nearest known one."""
        try:
            return self._parts[name]
        except KeyError:
            raise BadInput(f"unknown {self.kind} {name!r}.{nearest(name, self._parts)}") from None

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._parts))

    def __contains__(self, name: str) -> bool:
        return name in self._parts


def nearest(name: str, known: "dict[str, T] | list[str]") -> str:
    """Return ' Did you mean …?' or ' Known: …', for the end of an error message."""
    close = difflib.get_close_matches(name, list(known), n=1)
    if close:
        return f" Did you mean {close[0]!r}?"
    return f" Known: {', '.join(sorted(known))}."
