"""Forms of allauth, where this hub answers otherwise."""

from typing import Any

from allauth.account.forms import ResetPasswordForm
from django.http import HttpRequest

from custodes.hub.fleet import mailroom


class QuietReset(ResetPasswordForm):  # type: ignore[misc]  # allauth has no types
    """Asks for a reset. The mail is written and sent after the answer, which so takes the same time for all."""

    def save(self, request: HttpRequest, **kwargs: Any) -> str:
        """Have the mail sent in the background; for an address that nobody has, nothing is."""
        mailroom.later(lambda: super(QuietReset, self).save(request, **kwargs))
        return str(self.cleaned_data["email"])
