"""What there is to read, and in what order."""

from curation.celery import app as celery_app

__all__ = ["celery_app"]
