"""Dangerous acts ask for the password or a second factor anew when the last one was shown some minutes ago."""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.internal.flows.reauthentication import get_reauthentication_flows, suspend_request
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode

from custodes.hub.fleet import second_factor
from custodes.hub.fleet.session_rules import lead_to

PROOFS = frozenset({"password", "mfa", "socialaccount", second_factor.LINK})
View = TypeVar("View", bound=Callable[..., Any])


def is_fresh(request: HttpRequest) -> bool:
    """Say whether whoever sits there has proven within `sign_in.step_up_minutes` that they are who signed in."""
    proofs = [one for one in get_authentication_records(request, request.user) if one.get("method") in PROOFS]
    since_s = time.time() - settings.HUB.sign_in.step_up_minutes * 60
    return any(since_s <= float(one.get("at", 0)) <= time.time() + 1 for one in proofs)


def asks_anew(view: View) -> View:
    """Let a view act for a fresh proof only: others are asked for one first, and then what they sent is done."""

    @wraps(view)
    def asked(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if request.method in {"GET", "HEAD"} or not request.user.is_authenticated or is_fresh(request):
            return view(request, *args, **kwargs)
        return ask(request)

    return cast(View, asked)


def ask(request: HttpRequest) -> HttpResponse:
    """Send somebody to where they prove anew who they are. A form that they sent waits; a piece of a page does not."""
    ways = [str(way["id"]) for way in get_reauthentication_flows(request.user)]
    if "mfa_reauthenticate" in ways:
        address = reverse("mfa_reauthenticate")
    elif ways:
        address = reverse("account_reauthenticate")
    else:
        return lead_to(request, reverse("fleet:no_proof"))
    if request.headers.get("HX-Request"):
        page = request.headers.get("HX-Current-URL", "")
        here = page if url_has_allowed_host_and_scheme(page, {request.get_host()}) else "/"
        return lead_to(request, f"{address}?{urlencode({'next': here})}")
    return cast(HttpResponse, suspend_request(request, address))
