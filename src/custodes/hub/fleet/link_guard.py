"""Guessed links are counted like wrong passwords, by the same lock: by the address that they come from."""

from axes.handlers.proxy import AxesProxyHandler
from django.http import HttpRequest

from custodes.hub.fleet import door_entries

SHARED_LINK = {"email": "a shared link"}
"""What axes counts under, in the place of a name."""


def is_locked(request: HttpRequest) -> bool:
    """Say whether too many links that lead nowhere came from this address."""
    return not AxesProxyHandler.is_allowed(request, SHARED_LINK)


def count_failure(request: HttpRequest) -> None:
    """Count one link that led nowhere."""
    door_entries.failed(request, way="shared_link")
    AxesProxyHandler.user_login_failed(sender=__name__, credentials=SHARED_LINK, request=request)
