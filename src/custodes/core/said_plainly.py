"""What is wrong with one value, in words for whoever wrote it: pydantic's own are for programmers."""

from collections.abc import Mapping
from typing import Any

_NUMBER = "is no number; give one, such as 2.5"
_WHOLE = "is no whole number; give one, such as 2"
_SWITCH = "is neither true nor false; give one of the two"
_TABLE = "is no table; give keys with values"
_LIST = "is no list; give one in [ ]"
_TIME = "is no time; give one, such as 2026-11-22T14:32:00"
_ID = "is no id; give one, such as 6f1d2c9e-8f0b-4f53-9a53-0d5b8f1f2b7a"
_WORDS: dict[str, str] = {
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "finite_number": _NUMBER,
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_from_float": _WHOLE,
    "bool_type": _SWITCH,
    "bool_parsing": _SWITCH,
    "string_type": "is no text; give one in quotes",
    "path_type": "is no path; give one in quotes",
    "dict_type": _TABLE,
    "model_type": _TABLE,
    "model_attributes_type": _TABLE,
    "list_type": _LIST,
    "tuple_type": _LIST,
    "uuid_type": _ID,
    "uuid_parsing": _ID,
    "datetime_type": _TIME,
    "datetime_parsing": _TIME,
    "datetime_from_date_parsing": _TIME,
    "greater_than_equal": "is too small; give {ge} or more",
    "greater_than": "is too small; give more than {gt}",
    "less_than_equal": "is too large; give {le} or less",
    "less_than": "is too large; give less than {lt}",
    "literal_error": "is not among what can be given: {expected}",
    "enum": "is not among what can be given: {expected}",
    "string_too_short": "is too short; give {min_length} characters or more",
    "string_too_long": "is too long; give {max_length} characters or fewer",
    "string_pattern_mismatch": "is not written as it must be: {pattern}",
    "too_short": "is too short; give {min_length} or more",
    "too_long": "is too long; give {max_length} or fewer",
}


def fault_of(found: Mapping[str, Any]) -> str:
    """Return what is wrong with the value and what to give instead, to stand behind its name; without a full stop.

    `found` is one of `ValidationError.errors()`.
    """
    words = _WORDS.get(found["type"])
    if words is None:
        return str(found["msg"]).removeprefix("Value error, ").removeprefix("Input ")
    return words.format(**found.get("ctx", {}))
