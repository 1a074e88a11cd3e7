"""The secrets that marks and words are drawn from, and a view's word: what the hub keeps without any arithmetic."""

from dataclasses import dataclass, field
from uuid import UUID

FIRST_WINDOW = 10
_LEAST_SECRET_BYTES = 16


@dataclass(frozen=True, slots=True)
class MarkKey:
    """What the pattern of one clip is drawn from. The secret is at least 16 bytes and is not printed."""

    secret: bytes = field(repr=False)
    clip_id: UUID

    def __post_init__(self) -> None:
        if len(self.secret) < _LEAST_SECRET_BYTES:
            raise ValueError(f"a mark's secret needs at least {_LEAST_SECRET_BYTES} bytes")


@dataclass(frozen=True, slots=True)
class CodeKey:
    """What the words of one clip's views are drawn from. The secret is at least 16 bytes and is not printed."""

    secret: bytes = field(repr=False)
    clip_id: UUID

    def __post_init__(self) -> None:
        if len(self.secret) < _LEAST_SECRET_BYTES:
            raise ValueError(f"a word's secret needs at least {_LEAST_SECRET_BYTES} bytes")


@dataclass(frozen=True, slots=True)
class CodeWord:
    """The word of one view: A or B per fragment. In any `window` fragments it is two letters from others."""

    view_id: UUID
    letters: str
    window: int = FIRST_WINDOW
