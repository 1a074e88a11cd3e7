"""Every address of the hub. `tests/access/test_matrix.py` fails for a route that it does not know."""

from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.views.decorators.http import require_safe


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Say that the hub answers, and nothing else about it."""
    return HttpResponse("ok\n", content_type="text/plain; charset=utf-8")


urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("accounts/", include("custodes.hub.fleet.account_urls")),
    path("", include("custodes.hub.fleet.urls")),
    path("", include("custodes.hub.access.urls")),
    path("api/unit/v1/", include("custodes.hub.ingest.urls")),
    path("", include("custodes.hub.portal.urls")),
]
