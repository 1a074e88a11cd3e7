"""Addresses of dispatch: the board, the plan and the routes."""

from django.urls import path

from custodes.hub.portal.views import board, plan, routes

urlpatterns = [
    path("", board.index, name="board"),
    path("feed/", board.feed, name="board_feed"),
    path("plan/", plan.index, name="plan"),
    path("plan/shifts/", plan.add, name="shift_plan"),
    path("plan/shifts/<int:pk>/", plan.change, name="shift_change"),
    path("plan/shifts/<int:pk>/cancel/", plan.cancel, name="shift_cancel"),
    path("plan/copy/", plan.copy, name="plan_copy"),
    path("routes/", routes.index, name="routes"),
    path("routes/<uuid:route_id>/", routes.change, name="route"),
    path("routes/<uuid:route_id>/dispatchers/", routes.dispatchers, name="route_dispatchers"),
    path("organisations/<uuid:organisation_id>/bind/", routes.bind, name="routes_bind"),
]
