"""Django's settings, from one typed object."""

SECRET_KEY = "replaced-by-the-floor"
USE_TZ = True
AUTH_USER_MODEL = "fleet.Person"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "custodes.hub.audit",
    "custodes.hub.fleet",
    "custodes.hub.vault",
    "custodes.hub.clips",
    "custodes.hub.ingest",
    "custodes.hub.access",
    "custodes.hub.process",
    "custodes.hub.portal",
]
