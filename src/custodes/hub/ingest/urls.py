"""Addresses of the app `ingest`, under `/api/unit/v1/`. The ASGI door answers them before Django does."""

from django.urls import URLPattern, URLResolver, path, re_path

from custodes.hub.ingest.views import unit_api

app_name = "ingest"
urlpatterns: list[URLPattern | URLResolver] = [
    path("enrol", unit_api, name="enrol"),
    path("heartbeat", unit_api, name="heartbeat"),
    path("clips", unit_api, name="clips"),
    re_path(r"^clips/[0-9a-f-]{36}$", unit_api, name="clip"),
    re_path(r"^tus/$", unit_api, name="tus"),
    re_path(r"^tus/[0-9a-f-]{36}/[a-z0-9._-]{1,48}$", unit_api, name="upload"),
]
