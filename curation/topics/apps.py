from functools import partial
from typing import Any

from django.apps import AppConfig
from django.db import transaction
from django.db.models.signals import post_delete, post_migrate


class TopicsConfig(AppConfig):
    name = "curation.topics"
    label = "topics"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from curation.articles.signals import article_changed, article_ready

        article_ready.connect(_assign, dispatch_uid="topics.assign")
        article_changed.connect(_assign_again, dispatch_uid="topics.assign_again")
        post_delete.connect(_recount, sender="topics.Assignment", dispatch_uid="topics.recount")
        post_migrate.connect(_sync, sender=self, dispatch_uid="topics.sync")


def _assign(*, article_id: int, **kwargs: Any) -> None:
    from curation.topics import tasks

    tasks.assign_article.delay(article_id=article_id)


def _assign_again(*, article_id: int, meaning_moved: bool, **kwargs: Any) -> None:
    from curation.topics import actions

    actions.follow_article(article_id=article_id)
    if meaning_moved:
        _assign(article_id=article_id)


def _recount(*, instance: Any, using: str, **kwargs: Any) -> None:
    from curation.topics import actions

    if instance.story_id is not None:
        transaction.on_commit(partial(actions.recount_story, story_id=instance.story_id), using=using)


def _sync(*, using: str, **kwargs: Any) -> None:
    from curation.topics import actions

    actions.sync_topics(using=using)
