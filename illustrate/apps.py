from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_delete, post_migrate


class IllustrateConfig(AppConfig):
    name = "illustrate"
    label = "illustrate"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from django.core.checks import register

        from curation.articles.signals import article_changed
        from curation.serving.actions import register_models
        from curation.topics.signals import article_assigned
        from illustrate import _models, statistics
        from illustrate.checks import PICTURES, check_certificate, check_painting, check_renderer

        register(check_certificate)
        register(check_renderer, PICTURES)
        register(check_painting, PICTURES)
        statistics.register()
        register_models(*_models.configured())
        # Not article_ready: a picture wants its article's area and topics first.
        article_assigned.connect(_request, dispatch_uid="illustrate.request")
        article_changed.connect(_redraw, dispatch_uid="illustrate.redraw")
        # However a picture goes, also with its article, its source or its reader: the files go too.
        post_delete.connect(_remove_files, sender="illustrate.Picture", dispatch_uid="illustrate.remove_files")
        post_migrate.connect(_sync, sender=self, dispatch_uid="illustrate.sync")


def _request(*, article_id: int, **kwargs: Any) -> None:
    from django.utils import timezone

    from illustrate import actions

    actions.request_picture(article_id=article_id, at=timezone.now())


def _redraw(*, article_id: int, meaning_moved: bool, **kwargs: Any) -> None:
    from django.utils import timezone

    from illustrate import actions

    if meaning_moved:
        actions.redraw_article(article_id=article_id, at=timezone.now())
    else:
        actions.redraw_headline(article_id=article_id, at=timezone.now())


def _remove_files(*, instance: Any, using: str, **kwargs: Any) -> None:
    from django.db import transaction

    from illustrate import actions

    if file := instance.file:
        transaction.on_commit(lambda: actions.remove_files(file), using=using, robust=True)


def _sync(*, using: str, **kwargs: Any) -> None:
    from illustrate import actions

    actions.sync_presets(using=using)
