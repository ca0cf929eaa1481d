"""Makes up readers and lets them read, so that an empty site can be tried; their rows are marked synthetic."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
from django.contrib.auth.hashers import make_password
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from accounts.models import Preference, Subscription, User
from curation.sample import actions as sample
from curation.sample.types import Taste


class Command(BaseCommand):
    help = (
        "Make up readers and let them read for some days up to now: they sign up, follow topics, see slates, open, "
        "finish, save and hide by a stated model (see docs/simulation.md). Their rows are marked synthetic and never "
        "rank for real readers. The same seed again adds only what is missing. Prints totals as JSON."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--readers", type=int, default=200, metavar="N", help="how many readers (200)")
        parser.add_argument("--days", type=int, default=14, metavar="D", help="for how many days up to now (14)")
        parser.add_argument("--seed", type=int, default=1, metavar="S", help="the same seed makes the same readers (1)")
        parser.add_argument(
            "--tastes",
            type=Path,
            metavar="FILE",
            help='true tastes: JSON lines {"reader": 0, "topics": {"slug": weight}, "activity": 0.6}, '
            "or CSV with the columns reader, topic, weight and optionally activity",
        )

    def handle(self, *, readers: int, days: int, seed: int, tastes: Path | None, **options: Any) -> None:
        for name, value, least in (("--readers", readers, 1), ("--days", days, 1), ("--seed", seed, 0)):
            if value < least:
                raise CommandError(f"{name} is at least {least}")
        began, at = time.monotonic(), timezone.now()
        try:
            given = sample.read_tastes(tastes) if tastes else {}
            imagined = sample.imagine_tastes(count=readers, seed=seed, given=given)
            with transaction.atomic():
                reader_ids = _sign_up(imagined, seed=seed, at=at)
                totals = sample.simulate(
                    reader_ids=reader_ids, days=days, seed=seed, tastes=imagined, at=at, progress=self._say
                )
        except (OSError, ValueError) as error:
            raise CommandError(str(error)) from None
        seconds = round(time.monotonic() - began, 1)
        figures = {"readers": len(reader_ids), "days": days, "seed": seed, **totals, "seconds": seconds}
        self.stdout.write(orjson.dumps(figures).decode())

    def _say(self, done: int, of: int) -> None:
        self.stderr.write(f"{done} of {of} readers")


def _sign_up(tastes: list[Taste], *, seed: int, at: datetime) -> list[int]:
    """Accounts that nobody can sign in to, following what their taste would pick; those already there are kept."""
    emails = [f"synthetic-{seed}-{number}@sample.invalid" for number in range(len(tastes))]
    User.objects.bulk_create(
        [
            User(email=email, name=f"Synthetic reader {number}", is_synthetic=True, password=make_password(None))
            for number, email in enumerate(emails)
        ],
        ignore_conflicts=True,
    )
    known = dict(User.objects.filter(email__in=emails, is_synthetic=True).values_list("email", "pk"))
    reader_ids = [known[email] for email in emails]
    Preference.objects.bulk_create(
        [Preference(reader_id=reader_id, onboarded_at=at) for reader_id in reader_ids], ignore_conflicts=True
    )
    Subscription.objects.bulk_create(
        [
            Subscription(reader_id=reader_id, topic_id=slug, created_at=at)
            for reader_id, taste in zip(reader_ids, tastes, strict=True)
            for slug in taste.follows
        ],
        ignore_conflicts=True,
    )
    return reader_ids
