"""What holds for every request: its session has not ended, and who sees others' footage showed a second factor."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from custodes.hub.fleet import open_sessions, second_factor
from custodes.hub.fleet.models import OpenSession, Person

BY_THEMSELVES = frozenset(
    {
        *("portal:inbox_feed", "portal:board_feed", "portal:inbox_changed", "portal:site_health", "portal:enrol_state"),
        *("portal:clip_state", "portal:worker", "portal:jsi18n", "fleet:session", "healthz"),
    }
)
"""Addresses that an open page asks by itself: they keep nobody signed in."""
WITHOUT_SECOND_FACTOR = frozenset(
    {
        *("portal:settings", "portal:sessions_end", "portal:session_end", "portal:why_not", "portal:offline"),
        *("portal:inbox_feed", "portal:board_feed", "portal:worker", "portal:jsi18n", "healthz"),
    }
)
"""Addresses, besides those of accounts and footage, that a session without a second factor may use. The gate itself
gives such a session no footage, so that none of these can leak any."""
PROOFS = frozenset({"mfa_authenticate", "mfa_reauthenticate", "mfa_reauthenticate_webauthn", "mfa_login_webauthn"})
"""Addresses at which a second factor is shown: the other ones of `mfa_` change or show what there is."""
SPACES_OF_THEIR_OWN = frozenset({"fleet", "access", "ingest"})


class SessionRules:
    """Middleware: ends what has run out, marks the person with what their session has shown, leads to enrolment."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer `request`; a session that has ended is nobody's."""
        person = request.user
        request.open_session = None  # type: ignore[attr-defined]  # ours
        if isinstance(person, Person):
            row = open_sessions.find(request.session, person, now=timezone.now())
            if row is None:
                logout(request)
                messages.info(request, _("Your session has ended. Sign in again to go on."))
            else:
                request.open_session = row  # type: ignore[attr-defined]
                person.open_session = row.pk
                person.second_factor_shown = second_factor.was_shown(request)

                async def same_person() -> Person:
                    return person

                request.auser = same_person
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        """Note that somebody is there; send who must show a second factor to where they can."""
        row = session_of(request)
        match = request.resolver_match
        if row is None or match is None:
            return None
        now = timezone.now()
        if match.view_name not in BY_THEMSELVES:
            open_sessions.touch(row, request, now=now)
        if match.view_name.startswith("mfa_") and match.view_name not in PROOFS and second_factor.is_owed(request):
            return lead_to(request, reverse("fleet:second_factor"))
        person = request.user
        if not isinstance(person, Person) or person.second_factor_shown or not second_factor.is_needed(person, now=now):
            return None
        is_account_page = match.view_name.startswith(("account_", "mfa_", "socialaccount_", "openid_connect_"))
        if is_account_page or match.view_name in WITHOUT_SECOND_FACTOR or match.app_name in SPACES_OF_THEIR_OWN:
            return None
        return lead_to(request, reverse("fleet:second_factor"))


def session_of(request: HttpRequest) -> OpenSession | None:
    """Return the open session of who asks."""
    row = getattr(request, "open_session", None)
    return row if isinstance(row, OpenSession) else None


def lead_to(request: HttpRequest, address: str) -> HttpResponse:
    """Send a browser to `address`, also from within a piece of a page that htmx asks for."""
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Redirect": address})
    return HttpResponseRedirect(address)


def limits(request: HttpRequest) -> dict[str, object]:
    """Tell every page how long its session has, and the sign-in page by which providers people come in."""
    row = session_of(request)
    left = None if row is None else open_sessions.left(row, now=timezone.now())
    return {"session_left": left, "providers": settings.HUB.oidc}
