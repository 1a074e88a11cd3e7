"""Forms of allauth, where this hub answers otherwise."""

from typing import Any
from urllib.parse import urlsplit

from allauth.account.forms import ResetPasswordForm
from allauth.core.context import request_context
from django.conf import settings
from django.http import HttpRequest
from django.utils import translation

from custodes.hub.fleet import account_codes, mailroom
from custodes.hub.fleet.models import Person


class QuietReset(ResetPasswordForm):  # type: ignore[misc]  # allauth has no types
    """Asks for a reset. The mail is written and sent after the answer, which so takes the same time for all."""

    def save(self, request: HttpRequest, **kwargs: Any) -> str:
        """Have the mail sent in the background; for an address that nobody has, nothing is."""
        mailroom.later(lambda: self._write(super(QuietReset, self).save, **kwargs))
        return str(self.cleaned_data["email"])

    def _write(self, save: Any, **kwargs: Any) -> None:
        """Write and send the mail, in its reader's language, with a link to the hub's own address.

        An address that somebody else wrote into the database is nobody's: the password's code binds both.
        """
        self.users: list[Person] = [user for user in self.users if account_codes.password_fits(user)]
        request = _OwnRequest()
        with request_context(request), translation.override(self.users[0].language if self.users else None):
            save(request, **kwargs)


class _OwnRequest(HttpRequest):
    """A request to this hub as its settings call it.

    allauth takes the link's host from a request. The one that came says whatever its sender put into `Host`, and a
    reset link to a foreign host would hand the account over.
    """

    def __init__(self) -> None:
        super().__init__()
        self._address = urlsplit(settings.HUB.base_url)
        self.META["HTTP_HOST"] = self._address.netloc

    def _get_scheme(self) -> str:
        return self._address.scheme
