"""Shows what the learned ranker was trained to, and lets an operator say which training serves."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

import orjson
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from curation.ranking.learning import checkpoints, served
from curation.ranking.learning.weights import Unfit
from curation.ranking.models import Checkpoint
from curation.ranking.pipelines import FLOOR


class Command(BaseCommand):
    help = (
        "list: the trainings that are kept, the latest first. promote N: that one serves from now on. rollback: what "
        "serves goes, and what served before it serves again, or else the floor. Pages follow within a minute."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("action", nargs="?", default="list", choices=["list", "promote", "rollback"])
        parser.add_argument("number", nargs="?", type=int, metavar="N", help="of the training to promote")
        parser.add_argument("--synthetic", action="store_true", help="roll back what serves simulated readers")
        parser.add_argument("--json", action="store_true", dest="as_json", help="JSON on standard output")

    def handle(self, *, action: str, number: int | None, synthetic: bool, as_json: bool, **options: Any) -> None:
        if (action == "promote") != (number is not None):
            raise CommandError("promote takes the number of a training, the others take none")
        told: Any
        if action == "list":
            told = [_told(each) for each in _all()]
            words = "\n".join(map(_line, told)) or "Nothing was trained yet: the floor orders the feed."
        elif action == "promote":
            told = _told(self._promoted(number or 0))
            words = f"{told['checkpoint']} serves"
        else:
            taken, now = checkpoints.roll_back(is_synthetic=synthetic, floor=FLOOR, at=timezone.now())
            told = {"rolled_back": taken and taken.pk, "serving": now and now.pk}
            words = f"{now.pk if now else 'the floor'} serves" if taken or now else "nothing served but the floor"
            _wake(now)
        self.stdout.write(orjson.dumps(told).decode() if as_json else words)

    def _promoted(self, number: int) -> Checkpoint:
        try:
            checkpoint = checkpoints.promote_checkpoint(
                checkpoint_id=number, floor=FLOOR, at=timezone.now(), reason="promoted by hand"
            )
        except Checkpoint.DoesNotExist:
            raise CommandError(f"there is no training {number}: manage.py ranker list") from None
        except Unfit as error:
            raise CommandError(f"{number} cannot serve: {error}") from None
        _wake(checkpoint)
        return checkpoint


def _all() -> list[Checkpoint]:
    return list(Checkpoint.objects.defer("weights", "progress").order_by("-created_at", "-pk"))


def _wake(checkpoint: Checkpoint | None) -> None:
    if checkpoint is not None and settings.MODELS_URL:
        served.wake(checkpoint.pk, FLOOR)


def _told(checkpoint: Checkpoint) -> dict[str, Any]:
    return {
        "checkpoint": checkpoint.pk,
        "state": checkpoint.state,
        "reason": checkpoint.reason,
        "simulated_readers": checkpoint.is_synthetic,
        "seed": checkpoint.seed,
        "created_at": checkpoint.created_at,
        "trained_until": checkpoint.trained_until,
        "served_at": checkpoint.served_at,
        "sha256": checkpoint.sha256,
        "metrics": checkpoint.metrics,
    }


def _line(told: dict[str, Any]) -> str:
    whose = " (simulated readers)" if told["simulated_readers"] else ""
    return f"{told['checkpoint']:>5}  {told['created_at']:%Y-%m-%d %H:%M}  {told['state']:<8}{whose}  {told['reason']}"
