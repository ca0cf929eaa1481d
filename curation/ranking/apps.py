from django.apps import AppConfig


class RankingConfig(AppConfig):
    name = "curation.ranking"
    label = "ranking"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from curation.ranking.learning.door import model
        from curation.serving.actions import register_models

        register_models(model())
