"""Everything that differs between sites, from the environment; an unsafe combination refuses to start."""

import os
from pathlib import Path

import dj_database_url
from django.utils.translation import gettext_lazy as _

from config import environment

BASE_DIR = Path(__file__).resolve().parent.parent

DEMO = environment.flag(os.environ, "SAMSYN_DEMO")
STATE = environment.state_folder(os.environ, BASE_DIR)
# Compiled kernels are kept here; numba reads the name when it is imported first.
os.environ["NUMBA_CACHE_DIR"] = str(environment.private_folder(STATE / "numba"))
HOST = os.environ.get("SAMSYN_HOST") or "127.0.0.1"
PORT = environment.port(os.environ)
ARCHIVES = environment.archives(os.environ, STATE, demo=DEMO)
REDIS_URL = os.environ.get("REDIS_URL") or None
# Where jobs wait for `manage.py work`; None: threads of the web process run them.
BROKER_URL = environment.broker(os.environ) or REDIS_URL
PREFETCH = environment.prefetched(os.environ)
# The public origin; None while Samsyn is only reached on this machine.
ORIGIN = environment.origin(os.environ)

environment.refuse_unsafe(HOST, ORIGIN, ARCHIVES, demo=DEMO)

HTTPS = bool(ORIGIN and ORIGIN.startswith("https://"))
DEBUG = False
SECRET_KEY = environment.secret_key(os.environ, STATE)
ALLOWED_HOSTS = environment.DEMO_HOSTS if DEMO or not ORIGIN else [environment.host_of(ORIGIN)]
CSRF_TRUSTED_ORIGINS = [ORIGIN] if ORIGIN else []

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "rest_framework",
    "drf_spectacular",
    "viewer",
    "messaging",
    "worklist",
]

MIDDLEWARE = [
    "viewer.headers.HeadersMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "viewer.sessions.ActivityMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "viewer.trouble.NotSavedMiddleware",
]

ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

if os.environ.get("DATABASE_URL"):
    DATABASES = {"default": dj_database_url.parse(os.environ["DATABASE_URL"], conn_health_checks=True)}
else:
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(environment.private_file(STATE / "samsyn.sqlite3")),
            "OPTIONS": {
                # A transaction takes the writer's place when it begins: none fails half-way for having read first.
                "transaction_mode": "IMMEDIATE",
                "timeout": 5,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-16000;",
            },
            "TEST": {"NAME": str(STATE / "test.sqlite3")},
        }
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

if REDIS_URL:
    CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "viewer.layer.RedisLayer",
            # Installations that share a Redis don't hear each other.
            "CONFIG": {"url": REDIS_URL, "name": environment.derived(SECRET_KEY, "live")},
        }
    }
else:
    CHANNEL_LAYERS = {"default": {"BACKEND": "viewer.layer.LocalLayer"}}

LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "login"
# Demo passwords are known by design; elsewhere they must be good ones.
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

SESSION_ENGINE = "viewer.sessions"
SESSION_IDLE = 15 * 60  # seconds without a hand on the page
SESSION_ABSOLUTE = 12 * 60 * 60  # seconds since login
SESSION_COOKIE_AGE = SESSION_IDLE
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_NAME = "__Host-samsyn-session" if HTTPS else "samsyn-session"
SESSION_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "viewer.views.errors.csrf_failed"
CSRF_COOKIE_NAME = "__Host-samsyn-csrf" if HTTPS else "samsyn-csrf"
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SAMESITE = "Lax"

# HeadersMiddleware sets the rest, the same on every door.
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "no-referrer"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
if HTTPS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
# The frames are ours to refuse: `frame-ancestors 'none'` in the policy, X-Frame-Options in HeadersMiddleware.
SILENCED_SYSTEM_CHECKS = ["security.W002"]
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("sv", _("Swedish"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
LANGUAGE_COOKIE_NAME = "samsyn-language"
TIME_ZONE = environment.time_zone(os.environ)
USE_TZ = True

HTMX = BASE_DIR / "node_modules" / "htmx.org" / "dist"
OPENSEADRAGON = BASE_DIR / "node_modules" / "openseadragon" / "build" / "openseadragon"
STATICFILES_DIRS: list[Path | tuple[str, Path]] = [BASE_DIR / "static"]
STATICFILES_DIRS += [each for each in (("htmx", HTMX), ("openseadragon", OPENSEADRAGON)) if each[1].is_dir()]
# Addresses hold the hash of what they serve, so that browsers may keep it for ever.
STATIC_URL = f"/static/{environment.tree_hash(STATICFILES_DIRS)}/"

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "viewer.authentication.BearerAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["viewer.parsing.JsonParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Samsyn",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"discreet": {"()": "viewer.logs.Discreet"}},
    "formatters": {
        "plain": {"()": "viewer.logs.PlainFormatter", "format": "{asctime} {levelname} {name}: {message}", "style": "{"}
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain", "filters": ["discreet"]}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "django": {"handlers": ["console"], "level": "WARNING", "propagate": False},
        "django.server": {"handlers": ["console"], "level": "WARNING", "propagate": False},
        "uvicorn": {"handlers": ["console"], "level": "WARNING", "propagate": False},
        # Where somebody listens, or seems to, a line is made up for each picture.
        "uvicorn.access": {"handlers": [], "propagate": False},
        "celery": {"handlers": ["console"], "level": "WARNING", "propagate": False},
        "highdicom": {"handlers": ["console"], "level": "WARNING", "propagate": False},
    },
}
