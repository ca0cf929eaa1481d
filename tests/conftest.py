"""One throw-away PostgreSQL for the whole run; every test talks to the real thing."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest

CORPUS = Path(__file__).resolve().parent.parent.parent / "shared" / "corpus"
_cluster = None


def _start_cluster() -> None:
    global _cluster
    if os.environ.get("GYEOL_TEST_HOME"):
        return
    home = Path(tempfile.mkdtemp(prefix="gyeol-test-"))
    os.environ["GYEOL_HOME"] = os.environ["GYEOL_TEST_HOME"] = str(home)
    os.environ.pop("DATABASE_URL", None)
    for name in ("MODELS_URL", "CELERY_BROKER_URL", "GYEOL_FETCH", "SMTP_URL", "SIGNUP"):
        os.environ.pop(name, None)
    os.environ["STATIC_BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
    from curation import embedded

    _cluster = embedded.Server(home, fsync="off", max_connections="60")
    _cluster.start()
    os.environ["DATABASE_URL"] = embedded.dsn(home)


_start_cluster()


def pytest_unconfigure(config: pytest.Config) -> None:
    if _cluster is not None:
        _cluster.stop()
        shutil.rmtree(os.environ["GYEOL_TEST_HOME"], ignore_errors=True)


@pytest.fixture(scope="session")
def corpus() -> Path:
    if not CORPUS.is_dir():
        pytest.skip("the corpus (../shared/corpus) is not on this machine")
    return CORPUS


@pytest.fixture(autouse=True)
def media_in_a_folder_of_its_own(settings, tmp_path):  # type: ignore[no-untyped-def]
    settings.MEDIA_ROOT = tmp_path / "media"
