from django.apps import AppConfig


class IllustrateConfig(AppConfig):
    name = "illustrate"
    label = "illustrate"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from illustrate import statistics

        statistics.register()
