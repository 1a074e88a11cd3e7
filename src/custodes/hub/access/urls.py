"""Addresses of footage: the only ones that send any."""

from django.urls import path

from custodes.hub.access import share_views, views

app_name = "access"

urlpatterns = [
    path("views/<uuid:view_id>/film/<str:part>", views.film, name="film"),
    path("views/<uuid:view_id>/manifest.json", views.manifest, name="manifest"),
    path("views/<uuid:view_id>/progress", views.progress, name="progress"),
    path("views/<uuid:view_id>/proof.json", views.proof, name="proof"),
    path("shared/views/<uuid:view_id>/film/<str:part>", share_views.film, name="shared_film"),
    path("shared/views/<uuid:view_id>/manifest.json", share_views.manifest, name="shared_manifest"),
    path("shared/views/<uuid:view_id>/progress", share_views.progress, name="shared_progress"),
    path("clips/<uuid:clip_id>/poster", views.poster, name="poster"),
]
