"""The kinds of error. A kind decides what the caller does; a message says what failed and what to do next."""

from typing import Self


class CustodesError(Exception):
    """Base of all errors that Custodes raises on purpose."""


class Temporary(CustodesError):
    """Try again later; nothing was lost."""


class Permanent(CustodesError):
    """Trying again will not help: quarantine the input, tell its owner."""


class BadInput(Permanent):
    """A person, file or setting is wrong. The message is one line: what is wrong, where, what to do."""


class Denied(CustodesError):
    """Not allowed, or not there: a page answers 404 to both alike."""

    @classmethod
    def of(cls, wanted: object) -> Self:
        """Return the refusal of `wanted`, named by its id or in words; it never says which of the two it was."""
        return cls(f"{wanted} is not there, or not for you.")


class Corrupt(CustodesError):
    """Stored bytes are not what was written: repair or quarantine."""
