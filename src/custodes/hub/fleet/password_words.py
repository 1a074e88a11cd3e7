"""Passwords that anybody who knows this hub would try first are refused."""

import re
from collections.abc import Iterable

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from custodes.hub.fleet.models import Membership, Person

ALWAYS = ("custodes", "dashcam", "camera", "dispatcher", "password", "welcome")
SHORTEST_WORD = 4
REST_AT_LEAST = 8
"""Letters and digits that must be left once these words are taken out: a sentence that has one of them is fine."""


class NoWordsOfThisHub:
    """Refuses a password that is little more than names around this hub: its own, its host's, the organisation's."""

    def __init__(self, *names: str) -> None:
        """Refuse further names too: those of an organisation that is yet to be."""
        self._names = names

    def validate(self, password: str, user: Person | None = None) -> None:
        """Raise ValidationError when hardly anything is left beside these words."""
        rest = password.lower()
        for word in sorted(_words(user, self._names), key=len, reverse=True):
            rest = rest.replace(word, "")
        if rest != password.lower() and len(re.sub(r"[\W_]", "", rest)) < REST_AT_LEAST:
            raise ValidationError(self.get_help_text(), code="words_of_this_hub")

    def get_help_text(self) -> str:
        """Say what is refused."""
        return _("Not just the name of this hub, of your organisation or of what it is for, with a number behind it.")


def _words(person: Person | None, further: Iterable[str]) -> set[str]:
    names = [settings.HUB.name, *settings.HUB.host_names, *further]
    if person is not None and person.pk is not None:
        held = Membership.objects.filter(person_id=person.pk).select_related("organisation")
        names += [row.organisation.name for row in held]
    found = {word for name in names for word in re.findall(r"[^\W_]+", name.lower()) if len(word) >= SHORTEST_WORD}
    return found | set(ALWAYS)
