"""Where one benchmark runs: a process of its own, a home that is thrown away, a database only if it asks for one."""

from __future__ import annotations

import contextlib
import importlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

# What would lead a measurement to somebody's own site.
NOT_INHERITED = ("DATABASE_URL", "MODELS_URL", "CELERY_BROKER_URL", "GYEOL_FETCH", "SMTP_URL")


def measure(name: str, told: Mapping[str, Any]) -> dict[str, float]:
    """The figures of one benchmark; with NEEDS_DATABASE it finds a throw-away cluster, migrated. `told` are arguments
    of its `run`.
    """
    for variable in NOT_INHERITED:
        os.environ.pop(variable, None)
    with tempfile.TemporaryDirectory(prefix="gyeol-bench-") as folder:
        os.environ["GYEOL_HOME"] = folder
        os.environ.setdefault("LOG_LEVEL", "ERROR")
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "curation.settings")
        import django

        django.setup()
        module = importlib.import_module(f"benchmarks.{name}")
        with _database(Path(folder)) if getattr(module, "NEEDS_DATABASE", False) else contextlib.nullcontext():
            return {figure: float(value) for figure, value in module.run(**told).items()}


@contextlib.contextmanager
def _database(home: Path) -> Iterator[None]:
    from django.core.management import call_command
    from django.db import connections

    from curation import embedded

    server = embedded.Server(home)
    server.start()
    try:
        call_command("migrate", verbosity=0, interactive=False)
        yield
    finally:
        connections.close_all()
        server.stop()
