"""Running the model server."""

from __future__ import annotations


def serve_models(*, host: str, port: int) -> None:
    """Serves every model of the registry until SIGINT or SIGTERM."""
    from curation.serving import _server

    _server.serve(host, port)
