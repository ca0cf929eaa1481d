"""The one settings module. The environment decides; nothing here starts anything or touches the network.

Sections, in order: paths, core, database, applications, people, languages, files, models, broker and jobs,
reading, pictures, API and admin, logging.
"""

import os
from pathlib import Path
from typing import Any

import environ
from celery.schedules import crontab
from django.core.exceptions import ImproperlyConfigured
from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from curation import embedded


class _Env(environ.Env):
    """Says which setting it is that cannot be read."""

    def get_value(self, var: str, *args: Any, **options: Any) -> Any:
        try:
            return super().get_value(var, *args, **options)
        except ValueError as error:
            raise ImproperlyConfigured(f"{var} is {os.environ.get(var)!r}: {error}") from None


env = _Env()

# -- Paths ---------------------------------------------------------------------------------------------------

BASE_DIR = Path(__file__).resolve().parent.parent
GYEOL_HOME = Path(env("GYEOL_HOME", default=str(BASE_DIR / ".gyeol")))

# -- Core ----------------------------------------------------------------------------------------------------

DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env("SECRET_KEY", default="") or embedded.secret_key(GYEOL_HOME)
PUBLIC_URL = env("PUBLIC_URL", default=f"http://127.0.0.1:{env('PORT', default='8000')}").rstrip("/")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[PUBLIC_URL])
_https = PUBLIC_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _https
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.bool("BEHIND_PROXY", default=False) else None
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
ROOT_URLCONF = "frontend.urls"
WSGI_APPLICATION = "frontend.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
SILENCED_SYSTEM_CHECKS: list[str] = []

# -- Database ------------------------------------------------------------------------------------------------

DATABASE_URL = env("DATABASE_URL", default="") or embedded.dsn(GYEOL_HOME)
DATABASES = {"default": env.db_url_config(DATABASE_URL)}
DATABASES["default"]["ENGINE"] = "django.db.backends.postgresql"
DATABASES["default"].setdefault("OPTIONS", {})
DATABASES["default"]["OPTIONS"]["pool"] = (
    {"min_size": 1, "max_size": env.int("DATABASE_POOL", default=8), "timeout": 10}
    if env.bool("GYEOL_WEB", default=False)
    else False
)
# A pool and persistent connections exclude each other: Django refuses both at once.
DATABASES["default"]["CONN_MAX_AGE"] = 0

# -- Applications --------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "rest_framework",
    "drf_spectacular",
    "django_htmx",
    "django_linear_migrations",
    "curation.serving",
    "curation.sources",
    "curation.articles",
    "curation.topics",
    "curation.engagement",
    "curation.ranking",
    "curation.analytics",
    "curation.sample",
    "illustrate",
    "accounts",
    "frontend",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "frontend.middleware.short_patience",
    "frontend.middleware.reader_language",
    "frontend.middleware.content_security_policy",
    "frontend.middleware.no_nul",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "frontend" / "templates"],  # before allauth's and unfold's own
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "frontend.context.site",
            ],
        },
    },
]

# -- People --------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "feed"
LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_ADAPTER = "accounts.adapter.SignupAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_UNIQUE_EMAIL = True
ACCOUNT_LOGOUT_ON_GET = False
# open | invitation | closed; the operator may change it on the site, this is the value of a new installation.
SIGNUP_POLICY = env("SIGNUP", default="open")

EMAIL_CONFIGURED = bool(env("SMTP_URL", default=""))
if EMAIL_CONFIGURED:
    vars().update(env.email_url("SMTP_URL"))
else:
    EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
DEFAULT_FROM_EMAIL = env("MAIL_FROM", default="gyeol@localhost")
ACCOUNT_EMAIL_VERIFICATION = "mandatory" if EMAIL_CONFIGURED else "none"

# -- Languages -----------------------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("ko", _("Korean"))]
LOCALE_PATHS = [BASE_DIR / "frontend" / "locale"]
FORMAT_MODULE_PATH = ["frontend.formats"]
USE_I18N = True
TIME_ZONE = "UTC"
USE_TZ = True

# -- Files ---------------------------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = GYEOL_HOME / "static"
MEDIA_URL = env("MEDIA_URL", default="/media/")
MEDIA_ROOT = Path(env("MEDIA_ROOT", default=str(GYEOL_HOME / "media")))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": env("STATIC_BACKEND", default="whitenoise.storage.CompressedManifestStaticFilesStorage")
    },
}
WHITENOISE_USE_FINDERS = DEBUG

# -- Models --------------------------------------------------------------------------------------------------

# Any Open Inference Protocol endpoint. Empty: models run in this process, for commands with no server running.
MODELS_URL = env("MODELS_URL", default="")
MODELS_TIMEOUT_SECONDS = 30
MODELS_TIMEOUT_SECONDS_IN_PAGES = 3  # a reader waits for the answer; a worker can try longer
# Off in web and worker, whatever else is set: they never load a model into themselves.
LOCAL_MODELS = env.bool("GYEOL_LOCAL_MODELS", default=True)

# Larger models, each by a folder or a hub's id; "" does without. Several versions of one are "1=PATH 2=PATH": the last
# one answers, so rolling back is putting the old one last.
CAPTION_MODEL = env("CAPTION_MODEL", default="")  # says in a sentence what a publisher's photo shows
QUESTION_MODEL = env("QUESTION_MODEL", default="")  # answers the fixed questions about it
BRIEF_MODEL = env("BRIEF_MODEL", default="")  # reads an article for its brief
DIFFUSION_MODEL = env("DIFFUSION_MODEL", default="")  # paints over the composer's layout
FACE_MODEL = env("FACE_MODEL", default="")  # tells faces apart: refuses a painted likeness of somebody in the photo
SAFETY_MODEL = env("SAFETY_MODEL", default="")  # refuses what nobody should see
MODELS_DEVICE = env("MODELS_DEVICE", default="auto")  # auto | cpu | cuda | cuda:1 | mps
MODELS_DTYPE = env("MODELS_DTYPE", default="auto")  # auto | float32 | bfloat16 | float16 | float8 (weights only)
EMBEDDER = env("EMBEDDER", default="minilm")
# Models of your own: each entry is `package.module:function`, and the function gives them (docs/serving.md).
MODELS_EXTRA = env.list("MODELS_EXTRA", default=[])

# -- Broker and jobs -----------------------------------------------------------------------------------------

CELERY_BROKER_URL = env("CELERY_BROKER_URL", default="") or embedded.broker_url(DATABASE_URL)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_SOFT_TIME_LIMIT = 240
CELERY_TASK_TIME_LIMIT = 300
CELERY_TASK_DEFAULT_QUEUE = "ingest"
CELERY_TASK_ROUTES = {
    "curation.ranking.tasks.*": {"queue": "rank"},
    "curation.analytics.tasks.*": {"queue": "rank"},
    "illustrate.tasks.*": {"queue": "render"},
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE = {
    "poll-due-sources": {"task": "curation.sources.tasks.poll_due_sources", "schedule": 60.0},
    "prepare-waiting-articles": {"task": "curation.articles.tasks.prepare_waiting_articles", "schedule": 60.0},
    "assign-waiting-articles": {"task": "curation.topics.tasks.assign_waiting_articles", "schedule": 60.0},
    "reconcile-pictures": {"task": "illustrate.tasks.reconcile_pictures", "schedule": 60.0},
    "refresh-popularity": {"task": "curation.ranking.tasks.refresh_popularity", "schedule": 120.0},
    "refresh-demand": {"task": "curation.ranking.tasks.refresh_demand", "schedule": 1800.0},
    "train-ranker": {"task": "curation.ranking.tasks.train_ranker", "schedule": crontab(hour="3", minute="40")},
    "purge-broker": {"task": "frontend.tasks.purge_broker", "schedule": 3600.0},
    "remove-empty-stories": {
        "task": "curation.topics.tasks.remove_empty_stories",
        "schedule": crontab(hour="4", minute="20"),
    },
    "prune-old-fetches": {"task": "curation.sources.tasks.prune_fetches", "schedule": crontab(hour="4", minute="20")},
    "forget-phrases": {"task": "accounts.tasks.forget_phrases", "schedule": crontab(hour="4", minute="30")},
    "prune-old-slates": {"task": "curation.engagement.tasks.prune_slates", "schedule": crontab(hour="4", minute="10")},
}
for _entry in CELERY_BEAT_SCHEDULE.values():
    # A round that nobody began before the next one is due is worth nothing: rounds do not pile up.
    _entry["options"] = {"expires": _entry["schedule"] if isinstance(_entry["schedule"], float) else 3600.0}

# -- Reading -------------------------------------------------------------------------------------------------

# on | off | ask: `ask` leaves it to the operator's click on the first-run page.
FETCH = env("GYEOL_FETCH", default="ask")
FETCH_USER_AGENT = f"Gyeol/0.1 (+{PUBLIC_URL})"
FETCH_TIMEOUT_SECONDS = 20
FETCH_MAX_BYTES = 8 * 1024 * 1024
FETCH_MAX_REDIRECTS = 5
# Addresses (CIDR) that the guard lets through although they are private: a feed on your own network, a test server.
FETCH_ALLOW_NETWORKS = env.list("FETCH_ALLOW_NETWORKS", default=[])
# Of each paper of the sample newsroom, the newest: fewer are read and drawn sooner on a small machine.
SAMPLE_FEED_ENTRIES = env.int("SAMPLE_FEED_ENTRIES", default=100)

# -- Pictures ------------------------------------------------------------------------------------------------

PICTURE_WIDTHS = (1200, 800, 400)
PICTURE_MAX_ATTEMPTS = 3
# Who signs pictures (C2PA): paths of a certificate with its issuers and of its private key, both PEM. Without them the
# installation signs with a certificate that it makes for itself.
C2PA_CERTIFICATE = env("C2PA_CERTIFICATE", default="")
C2PA_PRIVATE_KEY = env("C2PA_PRIVATE_KEY", default="")
# composer, or diffusion: the model of DIFFUSION_MODEL paints over what the composer laid out, and whenever it cannot,
# or may not be shown, the composer's own picture stays.
PICTURE_RENDERER = env("PICTURE_RENDERER", default="composer")
DIFFUSION_STEPS = env.int("DIFFUSION_STEPS", default=4)
DIFFUSION_GUIDANCE = env.float("DIFFUSION_GUIDANCE", default=0.0)  # 0: the model's own
DIFFUSION_STRENGTH = env.float("DIFFUSION_STRENGTH", default=0.7)  # of the change to the layout, 0 to 1
DIFFUSION_SCHEDULER = env("DIFFUSION_SCHEDULER", default="")  # a diffusers class; "" is the model's own
DIFFUSION_PIXELS = env.int("DIFFUSION_PIXELS", default=1024 * 576)  # that a picture is painted with
DIFFUSION_BATCH_PIXELS = env.int("DIFFUSION_BATCH_PIXELS", default=4 * 1024 * 1024)  # painted together
DIFFUSION_OFFLOAD = env("DIFFUSION_OFFLOAD", default="none")  # none | model | sequential
DIFFUSION_IP_ADAPTER = env("DIFFUSION_IP_ADAPTER", default="")  # a safetensors file beside an image_encoder folder
DIFFUSION_STYLE_SHEET = env.bool("DIFFUSION_STYLE_SHEET", default=True)  # show the look to a model that can look
DIFFUSION_ADAPTERS = env.dict("DIFFUSION_ADAPTERS", default={})  # LoRA by name: "house=/srv/lora/house"
DIFFUSION_ADAPTER = env("DIFFUSION_ADAPTER", default="")  # the one in use
# Cosine from which a painted face counts as somebody in the photo; it belongs to the face model. 0.35 suits the ArcFace
# family, whose strangers seldom reach 0.3.
FACE_LIKENESS_FROM = env.float("FACE_LIKENESS_FROM", default=0.35)
DIFFUSION_TIMEOUT_SECONDS = env.int("DIFFUSION_TIMEOUT_SECONDS", default=180)  # for one picture, waiting included

# -- API and admin -------------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_THROTTLE_CLASSES": ["rest_framework.throttling.UserRateThrottle"],
    "DEFAULT_THROTTLE_RATES": {"events": "120/min", "user": "600/min"},
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Gyeol API",
    "DESCRIPTION": "Feed, articles, topics, subscriptions and events of one reader.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
}
# The one accent of the pages, from paper to ink.
_VERMILION = {
    "50": "#fdf3ef", "100": "#fae3da", "200": "#f4c5b4", "300": "#eb9d83", "400": "#df6f4e", "500": "#d24a28",
    "600": "#bf3517", "700": "#9e2a12", "800": "#7d2413", "900": "#632013", "950": "#370e07",
}  # fmt: skip
# Warm greys from paper to night paper: the admin is of one house with the pages.
_PAPER = {
    "50": "#faf6ee", "100": "#f1ebdf", "200": "#e3dbcc", "300": "#cdc3b1", "400": "#a89d8b", "500": "#6e6558",
    "600": "#5a5248", "700": "#463f38", "800": "#302b26", "900": "#211d19", "950": "#191613",
}  # fmt: skip


def _menu(title: object, icon: str, model: str) -> dict[str, object]:
    app, name = model.split(".")
    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(f"admin:{app}_{name}_changelist"),
        "permission": lambda request: request.user.has_perm(f"{app}.view_{name}"),
    }


UNFOLD = {
    "SITE_TITLE": "Gyeol",
    "SITE_HEADER": "Gyeol",
    "SITE_URL": "/",
    "COLORS": {"primary": _VERMILION, "base": _PAPER},
    "SIDEBAR": {
        "navigation": [
            {
                "items": [
                    {"title": _("Overview"), "icon": "monitoring", "link": reverse_lazy("admin:index")},
                    _menu(_("Articles"), "article", "articles.article"),
                    _menu(_("Sources"), "rss_feed", "sources.source"),
                    _menu(_("Pictures"), "palette", "illustrate.picture"),
                    _menu(_("Reports of pictures"), "flag", "illustrate.picturereport"),
                    _menu(_("Styles"), "brush", "illustrate.stylepreset"),
                    {
                        "title": _("What styles draw"),
                        "icon": "style",
                        "link": reverse_lazy("styles"),
                        "permission": lambda request: request.user.is_editor,
                    },
                    _menu(_("Accounts"), "group", "accounts.user"),
                    _menu(_("Invitations"), "mail", "accounts.invitation"),
                ],
            },
            {
                "separator": True,
                "items": [
                    {
                        "title": _("This installation"),
                        "icon": "tune",
                        "link": reverse_lazy("first_run"),
                        "permission": lambda request: request.user.role == "operator",
                    },
                    {
                        "title": _("Back to reading"),
                        "icon": "arrow_back",
                        "link": reverse_lazy("feed"),
                        "active": lambda request: False,  # every page of the admin lies below "/"
                    },
                ],
            },
        ],
    },
    "SITE_ICON": lambda request: static("gyeol/mark.svg"),
    "STYLES": [lambda request: static("gyeol/admin.css")],
    "DASHBOARD_CALLBACK": "frontend.dashboard.overview.fill_dashboard",
}

# -- Logging -------------------------------------------------------------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{levelname} {name}: {message}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": env("LOG_LEVEL", default="INFO")},
    "loggers": {
        "httpx": {"level": "WARNING"},
        "httpcore": {"level": "WARNING"},
        "trafilatura": {"level": "ERROR"},  # every odd link of a stranger's page would be a warning
        "celery.app.trace": {"level": "WARNING"},
        "sqlalchemy": {"level": "WARNING"},
        "django.request": {"level": "ERROR"},  # a mistyped address is no trouble of the operator's
    },
}
