from django.apps import AppConfig


class RankingConfig(AppConfig):
    name = "curation.ranking"
    label = "ranking"
    default_auto_field = "django.db.models.BigAutoField"
