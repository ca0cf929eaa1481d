"""A real model server with a real pipeline: painted over HTTP, one version corrupt, and killed while it paints."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from curation.analytics import queries as analytics
from curation.serving import queries
from illustrate import painting, pipeline
from illustrate.evaluate import painted
from illustrate.types import Subject
from tests import tiny_models
from tests.factories.illustrate import NOW
from tests.integration.test_models_door import free_port, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.django_db]
ROOT = Path(__file__).resolve().parents[2]
WHALES = Subject("Whales return to the bay", "Biologists counted forty whales.")


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The newer version's weights are cut short, as a download that broke off leaves them."""
    good = tiny_models.stable_diffusion(tmp_path_factory.mktemp("models") / "good")
    corrupt = tiny_models.stable_diffusion(tmp_path_factory.mktemp("models") / "corrupt")
    (weights,) = (corrupt / "unet").glob("*.safetensors")
    weights.write_bytes(weights.read_bytes()[:5000])
    return f"1={good} 2={corrupt}"


@pytest.fixture
def server(models, settings) -> Iterator[subprocess.Popen[bytes]]:
    port = free_port()
    settings.MODELS_URL = f"http://127.0.0.1:{port}"
    settings.PICTURE_RENDERER, settings.DIFFUSION_PIXELS = "diffusion", 128 * 72
    command = [sys.executable, "manage.py", "serve_models", "--port", str(port)]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "DIFFUSION_MODEL": models}
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True
    )
    try:
        assert wait_until(queries.is_ready, 120)
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def test_a_picture_is_painted_by_the_version_that_works_and_survives_the_servers_death(server, settings, monkeypatch):
    # Random weights paint noise, which no judge lets pass: here the way is tested, not the taste.
    monkeypatch.setattr(painted, "EDGES_FROM", 0.0)
    monkeypatch.setattr(painted, "EDGES_TO", 1.0)
    monkeypatch.setattr(painted, "KEPT_FROM", -1.0)
    assert wait_until(lambda: not any(state.state == "loading" for state in queries.model_states()), 120)
    settings.DIFFUSION_STEPS = 2
    drawing = pipeline.make(WHALES, preset="", seed=3)
    assert drawing.provenance["renderer"] == "diffusion", drawing.provenance.get("instead_of")
    told = drawing.provenance["painting"]
    assert (told["model_version"], told["pipeline"], told["layout"]) == ("1", "StableDiffusionPipeline", "image")
    (trouble,) = analytics.overview(NOW).troubles
    assert trouble.key == "model_failed"
    assert trouble.reason.startswith("diffusion/2: it could not be loaded")

    settings.DIFFUSION_STEPS, settings.DIFFUSION_STRENGTH, settings.DIFFUSION_TIMEOUT_SECONDS = 100, 1.0, 8
    made: list[pipeline.Drawing] = []
    # The embedder goes down with its server: what is drawn before the painting is already there.
    paint = painting.paint

    def painted_while_killed(*args, **kwargs):  # type: ignore[no-untyped-def]
        threading.Timer(0.5, os.killpg, (server.pid, signal.SIGKILL)).start()
        return paint(*args, **kwargs)

    monkeypatch.setattr(painting, "paint", painted_while_killed)
    made.append(pipeline.make(WHALES, preset="", seed=3, picture_id=7))
    assert made[0].provenance["renderer"] == "composer"
    assert made[0].provenance["instead_of"]["reason"]
    assert [trouble.key for trouble in analytics.overview(NOW).troubles] == ["models_away"]
