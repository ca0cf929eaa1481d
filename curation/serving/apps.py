from django.apps import AppConfig


class ServingConfig(AppConfig):
    name = "curation.serving"
    label = "serving"
    default_auto_field = "django.db.models.BigAutoField"
