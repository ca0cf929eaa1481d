"""The Celery app: three queues, and a database that is the truth of every job."""

import os
from typing import Any

from celery import Celery
from celery.signals import celeryd_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "curation.settings")

app = Celery("gyeol")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

DATABASE_POLLING_SECONDS = 0.1


@celeryd_init.connect
def poll_the_database_often(**kwargs: Any) -> None:
    """With the database as broker a worker asks for work; kombu's one second would be felt at every step.

    It is set on the class: as a transport option kombu refuses it.
    """
    if app.conf.broker_url.startswith("sqla+"):
        from kombu.transport.sqlalchemy import Transport

        Transport.polling_interval = DATABASE_POLLING_SECONDS
