"""Addresses of setup, of one-time links and of invitations."""

from django.urls import path

from custodes.hub.fleet import views

app_name = "fleet"

urlpatterns = [
    path("setup/<str:token>", views.set_up, name="setup"),
    path("enter/<str:token>", views.enter, name="enter"),
    path("second-factor/", views.second_factor_page, name="second_factor"),
    path("prove/", views.no_proof, name="no_proof"),
    path("session/", views.session, name="session"),
    path("join/<str:token>", views.join, name="join"),
]
