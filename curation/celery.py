"""The Celery app: three queues, and a database that is the truth of every job."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "curation.settings")

app = Celery("gyeol")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
