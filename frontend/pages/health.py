"""Two probes: does the web process serve, and does everything that it needs answer too."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

logger = logging.getLogger(__name__)


@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    parts = {name: _answers(name, probe) for name, probe in _PROBES.items()}
    ready = all(parts.values())
    return JsonResponse({"status": "ok" if ready else "waiting", **parts}, status=200 if ready else 503)


def _answers(name: str, probe: Callable[[], bool]) -> bool:
    try:
        return probe()
    except Exception as error:  # whatever a driver raises, the probe's answer is the same
        logger.info("%s does not answer: %s", name, error)
        return False


def _database() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return cursor.fetchone() == (1,)


def _broker() -> bool:
    from curation.celery import app

    with app.connection_for_read() as broker:
        broker.ensure_connection(max_retries=1, timeout=2)
        broker.default_channel  # noqa: B018  the database transport connects only here
        return True


def _models() -> bool:
    from curation.serving import queries as serving

    return serving.is_ready()


_PROBES: dict[str, Callable[[], bool]] = {"database": _database, "broker": _broker, "models": _models}
