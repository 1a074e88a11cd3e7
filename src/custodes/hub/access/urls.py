"""Addresses of footage: the only ones that send any."""

from django.urls import path

from custodes.hub.access import views

app_name = "access"

urlpatterns = [
    path("views/<uuid:view_id>/film/<str:part>", views.film, name="film"),
    path("views/<uuid:view_id>/manifest.json", views.manifest, name="manifest"),
    path("views/<uuid:view_id>/progress", views.progress, name="progress"),
    path("views/<uuid:view_id>/proof.json", views.proof, name="proof"),
    path("clips/<uuid:clip_id>/poster", views.poster, name="poster"),
]
