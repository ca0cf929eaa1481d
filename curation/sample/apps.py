from django.apps import AppConfig


class SampleConfig(AppConfig):
    name = "curation.sample"
    label = "sample"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from curation.sources import actions as sources

        from ._newsroom import DOMAIN
        from ._transport import NewsroomTransport

        sources.register_transport(DOMAIN, NewsroomTransport())
