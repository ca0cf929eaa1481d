from django.apps import AppConfig


class TopicsConfig(AppConfig):
    name = "curation.topics"
    label = "topics"
    default_auto_field = "django.db.models.BigAutoField"
