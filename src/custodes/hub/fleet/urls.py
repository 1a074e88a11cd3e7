"""Addresses of setup and of one-time links."""

from django.urls import path

from custodes.hub.fleet import views

app_name = "fleet"

urlpatterns = [
    path("setup/<str:token>", views.set_up, name="setup"),
    path("enter/<str:token>", views.enter, name="enter"),
]
