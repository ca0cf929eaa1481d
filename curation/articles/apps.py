from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig


class ArticlesConfig(AppConfig):
    name = "curation.articles"
    label = "articles"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from curation.sources.signals import entry_stored

        entry_stored.connect(_prepare, dispatch_uid="prepare stored entries")


def _prepare(*, entry_ids: Sequence[int], **_: Any) -> None:
    from curation.articles import tasks

    for start in range(0, len(entry_ids), tasks.ENTRIES_AT_ONCE):
        tasks.prepare_entries.delay(entry_ids=entry_ids[start : start + tasks.ENTRIES_AT_ONCE])
