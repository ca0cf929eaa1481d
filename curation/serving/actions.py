"""Bringing models to the door, and running the server that they answer from."""

from __future__ import annotations

from curation.serving.types import Model


def register_models(*models: Model) -> None:
    """A chapter calls this in AppConfig.ready(). Nothing is loaded until somebody asks, or the model server starts.

    Several versions of one name may be registered: the last answers when a request names none.
    """
    from curation.serving._registry import MODELS

    MODELS.register(*models)


def serve_models(*, host: str, port: int) -> None:
    """Serves every model of the registry until SIGINT or SIGTERM. Raises ImproperlyConfigured."""
    from curation.serving import _registry, _server

    # What the server's own process would stumble over is said here, once.
    _server.check_port(host, port)
    _registry.models()
    _server.serve(host, port)
