"""Addresses of the app `ingest`, under `/api/unit/v1/`. The ASGI door answers them before Django does."""

from django.urls import URLPattern, URLResolver, re_path

from custodes.hub.ingest.operations import OPERATIONS
from custodes.hub.ingest.views import unit_api

NAMES = {
    "enrol": "enrol",
    "heartbeat": "heartbeat",
    "clips": "clips",
    "clips/{clip_id}": "clip",
    "trips": "trips",
    "sign-ons": "sign_ons",
    "tus/": "tus",
    "tus/{clip_id}/{part}": "upload",
}
app_name = "ingest"
urlpatterns: list[URLPattern | URLResolver] = [
    re_path(f"^{pattern}$", unit_api, name=NAMES[address])
    for address, pattern in {one.address: one.pattern.pattern for one in OPERATIONS}.items()
]
