"""The model server as a command: the only long-lived process that loads models."""

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError

from curation.serving import actions


class Command(BaseCommand):
    help = "Serve the models over the Open Inference Protocol v2 (REST) until interrupted. Needs no database."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
        parser.add_argument("--port", type=int, default=8001, help="port to listen on (default: %(default)s)")

    def handle(self, *args: Any, host: str, port: int, **options: Any) -> None:
        try:
            actions.serve_models(host=host, port=port)
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from None
