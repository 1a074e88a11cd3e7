"""Names of people, organisations, sites, units and routes: one line, with nothing in it that nobody sees.

Names stand in other people's letters. One with line breaks writes sentences of its own there, and one with marks of
writing direction shows another order of letters than it has (Unicode Technical Report 36, 2.10).
"""

import unicodedata
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _

from custodes.core.errors import BadInput

JOINERS = "\u200c\u200d"
"""Join letters in Persian, Hindi and others: what is left of the invisible characters that names need."""


def on_one_line(text: str) -> str:
    """Return `text` with each run of white space as one space, and without control and invisible characters."""
    if text.isprintable() and "  " not in text:
        return text.strip()
    return " ".join("".join(letter for letter in " ".join(text.split()) if not _is_hidden(letter)).split())


def clean(text: str) -> str:
    """Return a name that was typed, each run of white space as one space. Raises BadInput for hidden characters."""
    name = " ".join(text.split())
    if any(map(_is_hidden, name)):
        raise BadInput(_("A name has no control characters and none that change the direction of writing."))
    return name


if TYPE_CHECKING:
    _Text = models.CharField[str, str]
else:
    _Text = models.CharField


class NameField(_Text):
    """A name: refused by forms where it has hidden characters, and stored and read on one line whoever wrote it."""

    def clean(self, value: Any, model_instance: models.Model | None) -> Any:
        """Return what a form stores. Raises ValidationError for hidden characters."""
        try:
            return super().clean(clean(value) if isinstance(value, str) else value, model_instance)
        except BadInput as error:
            raise ValidationError(str(error)) from None

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:  # noqa: FBT001  # Django's
        """Put the name on one line, on the row in memory too: entries tell what is stored."""
        value = super().pre_save(model_instance, add)
        if isinstance(value, str):
            value = on_one_line(value)
            setattr(model_instance, self.attname, value)
        return value

    def from_db_value(self, value: Any, *_args: Any) -> Any:
        """Read a name on one line, also one of an older hub, or one that was written by hand."""
        return on_one_line(value) if isinstance(value, str) else value

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        """Say that the column is that of a plain CharField: no migration knows of names."""
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.CharField", args, kwargs


def _is_hidden(letter: str) -> bool:
    return unicodedata.category(letter) in {"Cc", "Cf", "Cs", "Zl", "Zp"} and letter not in JOINERS
