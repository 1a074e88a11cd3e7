"""Addresses of drives, scores and disputes."""

from django.urls import path

from custodes.hub.portal.views import coaching, drives, reports

urlpatterns = [
    path("drives/", drives.index, name="drives"),
    path("drives/<uuid:trip_id>/", drives.show, name="drive"),
    path("drives/<uuid:trip_id>/trip.json", drives.export, name="drive_export"),
    path("drives/events/<uuid:event_id>/dispute/", drives.dispute, name="drive_dispute"),
    path("drivers/<uuid:person_id>/", drives.driver, name="driver"),
    path("reports/", reports.index, name="reports"),
    path("disputes/", drives.disputes, name="disputes"),
    path("disputes/<uuid:dispute_id>/answer/", drives.answer, name="dispute_answer"),
    path("disputes/policy/<uuid:organisation_id>/", drives.policy, name="dispute_policy"),
    path("coaching/", coaching.index, name="coaching"),
    path("coaching/about/<str:what>/<uuid:about_id>/", coaching.give, name="coaching_give"),
    path("coaching/<uuid:talk_id>/", coaching.act, name="coaching_act"),
]
