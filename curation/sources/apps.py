from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class SourcesConfig(AppConfig):
    name = "curation.sources"
    label = "sources"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        post_migrate.connect(_load_catalogue, sender=self)


def _load_catalogue(**_: Any) -> None:
    from curation.sources import actions

    actions.load_catalogue()
