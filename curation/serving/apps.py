from django.apps import AppConfig


class ServingConfig(AppConfig):
    name = "curation.serving"
    label = "serving"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from curation.serving import _language, actions

        actions.register_models(*_language.MODELS)
