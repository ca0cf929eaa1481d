"""Starts one throw-away PostgreSQL before Django reads its settings; every test talks to the real thing.

Loaded as a plugin (`-p tests.cluster` in pyproject.toml): pytest-django reads the settings before any conftest is
imported, and would take the database of the installation in this folder.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest

_cluster = None


def _share_the_cores() -> None:
    """One worker a core: a second thread in each would mostly wait, spinning, for a core that the other has."""
    if os.environ.get("PYTEST_XDIST_WORKER"):
        for name in ("OMP_NUM_THREADS", "OPENCV_FOR_THREADS_NUM"):  # read when the libraries are first imported
            os.environ.setdefault(name, "1")


def _start_cluster() -> None:
    global _cluster
    if os.environ.get("GYEOL_TEST_HOME"):  # a worker of a run that has one
        return
    home = Path(tempfile.mkdtemp(prefix="gyeol-test-"))
    os.environ["GYEOL_HOME"] = os.environ["GYEOL_TEST_HOME"] = str(home)
    for name in ("DATABASE_URL", "MODELS_URL", "CELERY_BROKER_URL", "GYEOL_FETCH", "SMTP_URL", "SIGNUP"):
        os.environ.pop(name, None)
    # Playwright's synchronous API runs an event loop beside the tests; Django would take each query for a mistake.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    os.environ["STATIC_BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
    (home / "static").mkdir()  # whitenoise warns where there is none
    from curation import embedded

    _cluster = embedded.Server(home, fsync="off", max_connections="60")
    _cluster.start()
    os.environ["DATABASE_URL"] = embedded.dsn(home)


_share_the_cores()
_start_cluster()


def pytest_unconfigure(config: pytest.Config) -> None:
    if _cluster is not None:
        _cluster.stop()
        shutil.rmtree(os.environ["GYEOL_TEST_HOME"], ignore_errors=True)
