"""Django's settings, from the typed object that `custodes.hub.config` reads."""

import secrets
from datetime import timedelta
from pathlib import Path
from typing import Any

from custodes.hub.config import HubSettings, load

HUB: HubSettings = load()

SECRET_KEY_FILE = HUB.keys_dir / "django_secret"
# `custodes hub serve` makes the file before it loads this module. A process that has no hub (tests, tools)
# gets a key that dies with it.
SECRET_KEY = SECRET_KEY_FILE.read_text().strip() if SECRET_KEY_FILE.is_file() else secrets.token_urlsafe(64)

DEBUG = False
ALLOWED_HOSTS = HUB.host_names
ROOT_URLCONF = "custodes.hub.urls"
ASGI_APPLICATION = "custodes.hub.asgi.application"
AUTH_USER_MODEL = "fleet.Person"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "custodes.hub.portal",  # first: its templates stand before allauth's
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    *(["allauth.socialaccount", "allauth.socialaccount.providers.openid_connect"] if HUB.oidc else []),
    "axes",
    "django_htmx",
    "leaflet",
    "custodes.hub.audit",
    "custodes.hub.fleet",
    "custodes.hub.consent",
    "custodes.hub.vault",
    "custodes.hub.clips",
    "custodes.hub.driving",
    "custodes.hub.ingest",
    "custodes.hub.access",
    "custodes.hub.process",
    "custodes.hub.leak",
    "custodes.hub.dispatch",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "custodes.hub.headers.SecurityHeaders",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "custodes.hub.headers.PersonalTimeAndTongue",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "custodes.hub.fleet.session_rules.SessionRules",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
    "custodes.hub.headers.DeniedLooksMissing",
]

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "custodes.hub.fleet.session_rules.limits",
            ],
        },
    }
]

# synchronous=FULL: units keep the ledger's signed heads as witnesses. NORMAL may lose the last transactions in a
# power cut, and the hub would then look as if its operator had cut the ledger short. See docs/design/audit.md.
SQLITE_PRAGMAS = (
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA busy_timeout=10000; PRAGMA foreign_keys=ON; "
    "PRAGMA temp_store=MEMORY; PRAGMA secure_delete=ON;"
)
DATABASES: dict[str, dict[str, Any]] = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(HUB.database_path),
        "CONN_MAX_AGE": None,  # as long as the thread: `page_threads`
        "OPTIONS": {"timeout": 10, "transaction_mode": "IMMEDIATE", "init_command": SQLITE_PRAGMAS},
    }
}

AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("email", "display_name")},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {"NAME": "custodes.hub.fleet.password_words.NoWordsOfThisHub"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "custodes.hub.fleet.accounts.InvitedOnly"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if HUB.is_https else "http"
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
# Its mail to an address that nobody has here would lead to the sign-up page, which there is not.
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
# Wrong passwords are counted by axes, in the database, where a restart does not forget them (`InvitedOnly`). This
# is for wrong codes of a second factor: by address, and by person. Counted in the memory of the hub's one process.
ACCOUNT_RATE_LIMITS = {"login_failed": "10/m/ip,5/300s/key"}
ACCOUNT_FORMS = {"reset_password": "custodes.hub.fleet.account_forms.QuietReset"}
SOCIALACCOUNT_ADAPTER = "custodes.hub.fleet.providers.KnownPeopleOnly"
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {
        "APPS": [
            {
                "provider_id": one.name,
                "name": one.label,
                "client_id": one.client_id,
                "secret": one.client_secret(),
                "settings": {"server_url": one.issuer, "oauth_pkce_enabled": True},
            }
            for one in HUB.oidc
        ],
    }
}
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False  # `KnownPeopleOnly` matches addresses, and only those that are vouched for
SOCIALACCOUNT_LOGIN_ON_GET = False
SOCIALACCOUNT_OPENID_CONNECT_URL_PREFIX = "oidc"
MFA_ADAPTER = "custodes.hub.fleet.accounts.NamedHub"
MFA_FORMS = {
    "authenticate": "custodes.hub.fleet.one_time_codes.SignInCode",
    "reauthenticate": "custodes.hub.fleet.one_time_codes.ProofCode",
    "activate_totp": "custodes.hub.fleet.one_time_codes.FirstCode",
    "authenticate_webauthn": "custodes.hub.fleet.one_time_codes.SignInPasskey",
    "login_webauthn": "custodes.hub.fleet.one_time_codes.LoginPasskey",
    "reauthenticate_webauthn": "custodes.hub.fleet.one_time_codes.ProofPasskey",
}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_PASSKEY_SIGNUP_ENABLED = False
MFA_TOTP_ISSUER = HUB.name
# Browsers allow passkeys on http://localhost only; everywhere else they want TLS.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not HUB.is_https

AXES_FAILURE_LIMIT = HUB.sign_in.failures_before_lock
AXES_COOLOFF_TIME = timedelta(minutes=HUB.sign_in.lock_minutes)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_USERNAME_CALLABLE = "custodes.hub.fleet.accounts.name_tried"
AXES_LOCKOUT_CALLABLE = "custodes.hub.fleet.views.locked"
# One place says who asks (`custodes.hub.proxies`); axes would read headers by itself where django-ipware is installed.
AXES_CLIENT_IP_CALLABLE = "custodes.hub.proxies.address_of"
AXES_RESET_ON_SUCCESS = True
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False

SESSION_ENGINE = "custodes.hub.fleet.session_store"
SESSION_COOKIE_AGE = HUB.sign_in.session_hours * 3600
# `__Host-`: a browser takes such a cookie over TLS alone, for this very host, and from nobody beside or above it.
COOKIE_PREFIX = "__Host-" if HUB.is_https else ""
SESSION_COOKIE_NAME = f"{COOKIE_PREFIX}custodes_session"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = HUB.is_https
CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}custodes_csrf"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SECURE = HUB.is_https
CSRF_TRUSTED_ORIGINS = [HUB.public_url] if HUB.public_url else []
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HUB.is_https else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HUB.is_https
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

USE_TZ = True
TIME_ZONE = HUB.time_zone
USE_I18N = True
LANGUAGE_CODE = HUB.languages[0]
LANGUAGES = [(code, name) for code, name in (("en", "English"), ("fr", "Français")) if code in HUB.languages]
LOCALE_PATHS = [Path(__file__).parent / "locale"]
LANGUAGE_COOKIE_NAME = "custodes_language"

STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_MAX_AGE = 3600

# The clip page draws its own map without a tile server; nothing is loaded from a third party's host.
LEAFLET_CONFIG = {"TILES": [], "MINIMAP": False, "RESET_VIEW": False, "NO_GLOBALS": True, "ATTRIBUTION_PREFIX": ""}

# Without a host nothing is sent and nothing printed: a log that holds reset links would let its readers in.
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if HUB.mail.host else 'dummy'}.EmailBackend"
EMAIL_HOST = HUB.mail.host
EMAIL_PORT = HUB.mail.port
EMAIL_HOST_USER = HUB.mail.user
EMAIL_HOST_PASSWORD = HUB.mail.password_file.read_text().strip() if HUB.mail.password_file else ""
EMAIL_USE_TLS = HUB.mail.security == "starttls"
EMAIL_USE_SSL = HUB.mail.security == "tls"
DEFAULT_FROM_EMAIL = HUB.mail.sender
SERVER_EMAIL = HUB.mail.sender

# Films arrive by tus in pieces that the ingest reads as a stream; a form is small.
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "filters": {"discreet": {"()": "custodes.hub.discreet.WithoutSecrets"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["discreet"]}},
    "root": {"handlers": ["stderr"], "level": HUB.log_level.upper()},
    # httpx would write the addresses of people's browsers.
    "loggers": {
        "axes": {"level": "WARNING"},
        "httpx": {"level": "WARNING"},
        "_granian": {"level": "WARNING"},
        "granian.access": {"level": "WARNING"},
    },
}
