"""Addresses of who drives: signing on, what was not mine, what was."""

from django.urls import path

from custodes.hub.portal.views import identity

urlpatterns = [
    path("me/driving/", identity.index, name="driving_me"),
    path("me/driving/pin/", identity.pin, name="driving_pin"),
    path("me/driving/card/", identity.card, name="driving_card"),
    path("wheel/<uuid:site_id>/", identity.wheel_page, name="wheel"),
    path("sites/<uuid:site_id>/wheel-code/", identity.wheel_code, name="wheel_code"),
    path("drives/<uuid:trip_id>/not-me/", identity.deny, name="drive_deny"),
    path("drives/<uuid:trip_id>/mine/", identity.claim, name="drive_claim"),
    path("drives/claims/<uuid:claim_id>/answer/", identity.answer, name="claim_answer"),
]
