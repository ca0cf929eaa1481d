#!/usr/bin/env python
"""Gyeol's command line: every command runs here, with the database brought up when nobody else has."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "curation.settings")
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    from curation import embedded

    try:
        settings.DEBUG  # noqa: B018  # the first that is asked reads them all
    except ImproperlyConfigured as error:
        sys.exit(f"gyeol: {error}")
    with embedded.database_for(sys.argv[1:]):
        execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
