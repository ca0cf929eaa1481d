"""A real model server on loopback: it gives what is learned, damaged weights are told, and its death costs nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from django.db import connection

from curation.analytics import queries as analytics
from curation.ranking.learning import _wire, served
from curation.ranking.learning.served import ServedRanker
from curation.ranking.models import Checkpoint
from curation.ranking.pipelines import FLOOR
from curation.serving import queries
from curation.serving.types import ServingError
from tests.factories.ranking import NOW
from tests.integration.test_models_door import free_port, wait_until
from tests.unit.ranking.learning.logs import World
from tests.unit.ranking.learning.site import checkpoint

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
ROOT = Path(__file__).resolve().parents[4]


@pytest.fixture
def server(settings) -> Iterator[subprocess.Popen[bytes]]:
    port = free_port()
    settings.MODELS_URL = f"http://127.0.0.1:{port}"
    name = connection.settings_dict["NAME"]
    environment = os.environ | {
        "OMP_NUM_THREADS": "1",
        "DATABASE_URL": os.environ["DATABASE_URL"].replace("/gyeol?", f"/{name}?"),
    }
    command = [sys.executable, "manage.py", "serve_models", "--port", str(port)]
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True
    )
    served.forget()
    try:
        assert wait_until(is_there, 240)
        yield process
    finally:
        served.forget()
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def is_there() -> bool:
    try:
        return any(state.name == _wire.NAME and state.state == "ready" for state in queries.model_states())
    except ServingError:
        return False


def test_over_http_it_serves_is_told_when_damaged_and_missed_by_nobody_when_dead(server, monkeypatch):
    monkeypatch.setattr(served, "PATIENCE_SECONDS", 20.0)  # others may use the cores
    feed = ServedRanker(FLOOR)
    questions = World(lambda pool, reader, z: np.zeros(len(pool)), dimension=384, size=40).questions(40)
    question = next(each for each in questions if len(each.reader.past.ids) > 10)
    floor = FLOOR(question.pool, question.reader).contributions

    serving = checkpoint("serving")
    served.wake(serving.pk, FLOOR)
    assert not np.array_equal(feed(question.pool, question.reader).contributions, floor)

    damaged = checkpoint()
    Checkpoint.objects.filter(pk=serving.pk).update(state="retired")
    Checkpoint.objects.filter(pk=damaged.pk).update(state="serving", served_at=NOW, weights=b"cut short")
    served.forget()
    np.testing.assert_array_equal(feed(question.pool, question.reader).contributions, floor)
    damaged.refresh_from_db()
    assert damaged.state == "broken"
    assert [trouble.key for trouble in analytics.overview(NOW).troubles] == ["ranker_broken"]

    Checkpoint.objects.filter(pk=damaged.pk).delete()
    Checkpoint.objects.filter(pk=serving.pk).update(state="serving")
    served.forget()
    assert not np.array_equal(feed(question.pool, question.reader).contributions, floor)  # the door remembers it
    os.killpg(server.pid, signal.SIGKILL)
    server.wait()
    monkeypatch.setattr(served, "PATIENCE_SECONDS", 1.0)
    np.testing.assert_array_equal(feed(question.pool, question.reader).contributions, floor)
    serving.refresh_from_db()
    assert serving.state == "serving"
    assert [trouble.key for trouble in analytics.overview(NOW).troubles] == ["models_away"]
