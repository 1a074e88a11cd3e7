"""Headers that every answer carries, and the reader's own language and time zone."""

import zoneinfo
from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers
from django.views.defaults import page_not_found

from custodes.core.errors import Denied
from custodes.hub.fleet import door_entries

# Nothing from a third party, nothing inline: a script runs only from a file of ours. Pictures may be `data:` for
# the TOTP code and Leaflet's markers, films may be `blob:` for a still of the player.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "media-src 'self' blob:",
        "connect-src 'self'",
        "font-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
PERMISSIONS_POLICY = "camera=(), microphone=(), geolocation=(), payment=(), usb=(), interest-cohort=()"
PRIVATE = "private, no-store"
SIGN_OUT = "/accounts/logout/"


class SecurityHeaders:
    """Put the content policy on every answer, and `private, no-store` on every one that a session stands behind."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer `request`; a view that set a header itself keeps its own."""
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        if request.method == "POST" and request.path == SIGN_OUT:
            response.headers.setdefault("Clear-Site-Data", '"cache", "storage"')
        if not request.path.startswith(settings.STATIC_URL):
            response.headers.setdefault("Cache-Control", PRIVATE)
        return response


class PersonalTimeAndTongue:
    """Speak the language and show the time zone of the person who asks, for the length of one request."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer `request` in its person's language and zone; strangers get the browser's and the hub's."""
        person = request.user
        if not person.is_authenticated:
            with timezone.override(None):
                return self.get_response(request)
        language = person.language if person.language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
        with translation.override(language), timezone.override(zone_of(person.time_zone)):
            request.LANGUAGE_CODE = language
            response = self.get_response(request)
            response.headers["Content-Language"] = language
        patch_vary_headers(response, ("Cookie",))
        return response


def zone_of(name: str) -> zoneinfo.ZoneInfo | None:
    """Return the zone called `name`, or None (the hub's own) for an empty or unknown name."""
    try:
        return zoneinfo.ZoneInfo(name) if name else None
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return None


class DeniedLooksMissing:
    """Answer whatever the gate refuses exactly as an address that leads nowhere."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer `request`."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Turn Denied into the page of a missing address; leave the rest to Django. Either is counted."""
        if isinstance(exception, Denied | Http404 | PermissionDenied):
            door_entries.refused(request)
        if isinstance(exception, Denied):
            return page_not_found(request, Http404())
        return None
