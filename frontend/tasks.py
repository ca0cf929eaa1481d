"""Housekeeping of the installation itself."""

from celery import shared_task
from django.conf import settings
from django.db import connection


@shared_task
def purge_broker() -> int:
    """Where the database is the broker, kombu marks consumed messages and keeps them: let the old ones go."""
    if not settings.CELERY_BROKER_URL.startswith("sqla+"):
        return 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('kombu_message')")
        if cursor.fetchone()[0] is None:
            return 0
        cursor.execute("DELETE FROM kombu_message WHERE NOT visible AND timestamp < now() - interval '1 hour'")
        return int(cursor.rowcount)
