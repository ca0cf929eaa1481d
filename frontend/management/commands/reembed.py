"""Every article into the space of the embedder in use, now rather than little by little."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from curation.articles import actions
from curation.serving import queries as serving
from curation.serving.types import ServingError

AT_ONCE = 256


class Command(BaseCommand):
    help = (
        "After EMBEDDER or its version changed: bring all articles into its space. The background work does so by "
        "itself, a few hundred a minute; this does it now. It may be stopped and started again."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            space = serving.current_space()
            done = 0
            while moved := actions.reembed(limit=AT_ONCE):
                done += moved
                self.stdout.write(f"{done:,} articles moved, {actions.count_left_behind():,} left")
        except ServingError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"Every article is in the space of {space.name}, version {space.revision}.")
