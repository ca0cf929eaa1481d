"""One training from the site's log to its verdict: it may be killed at any point and is then gone on with."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.models import Q
from django.utils import timezone

from curation.ranking.evaluation import site
from curation.ranking.evaluation.replay import Replay
from curation.ranking.evaluation.types import Log, Question
from curation.ranking.learning import checkpoints, gate, served
from curation.ranking.learning.checkpoints import State
from curation.ranking.learning.examples import MOST_LISTS
from curation.ranking.learning.fit import LearnedRanker, fit_ranker
from curation.ranking.learning.inputs import schema_of
from curation.ranking.learning.weights import Unfit, digest, packed
from curation.ranking.models import Checkpoint
from curation.ranking.pipelines import FLOOR
from curation.ranking.rankers import Ranker
from curation.ranking.types import ReaderProfile

FEWEST_LISTS = 500  # of which something was opened; fewer teach nothing that the floor does not know
RESUMED_WITHIN = timedelta(hours=36)  # a training that was broken off is gone on with, the next night too
SECONDS_BETWEEN_LINES = 3.0
_LOCK = 7_310_452_119  # of PostgreSQL's advisory locks, a number of our own

SCORERS = tuple(scorer for scorer, _ in FLOOR.scorers)

Say = Callable[[str], None]


def train_ranker(
    *, profiles: Mapping[int, ReaderProfile], seed: int, is_synthetic: bool, at: datetime, say: Say
) -> dict[str, Any]:
    """Train on what real readers did, or `is_synthetic` on what simulated ones did, and let it serve if it is better.

    `profiles` are what readers state, by their id. The answer is JSON-ready: `state` is that of the checkpoint, or
    "waiting" where the log is too short and "busy" where another training runs; `reason` says why.
    What went wrong is raised, and stands in the checkpoint as well.
    """
    with _only_run() as is_only:
        if not is_only:
            return {"state": "busy", "reason": "another training is running"}
        checkpoint = _begun(seed, is_synthetic, at)
        try:
            return _Run(checkpoint, profiles, say).run()
        except Exception as error:
            with suppress(DatabaseError):  # the database may be what is gone; then it is gone on with
                _close(checkpoint, State.FAILED, f"{type(error).__name__}: {error}")
            raise


def note_broken_off(reason: str) -> None:
    """Why the nightly training ended without a word, until it is gone on with."""
    Checkpoint.objects.filter(state=State.TRAINING, is_synthetic=False).update(reason=reason)


@contextmanager
def _only_run() -> Iterator[bool]:
    """Whether no other training runs. The lock is the connection's: one that is killed gives it back."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
        (is_only,) = cursor.fetchone()
    try:
        yield is_only
    finally:
        if is_only:
            with suppress(DatabaseError), connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])


@transaction.atomic
def _begun(seed: int, is_synthetic: bool, at: datetime) -> Checkpoint:
    """The training that was broken off or not judged yet, where it is this one, or a new one."""
    name, revision = checkpoints.current_space()
    what = {"seed": seed, "schema": schema_of(FLOOR), "space_name": name, "space_revision": revision}
    mine = Checkpoint.objects.filter(is_synthetic=is_synthetic)
    # What was judged has a reason for where it is.
    open_ones = mine.filter(Q(state=State.TRAINING) | Q(state=State.TRAINED, reason=""))
    same = open_ones.filter(created_at__gt=at - RESUMED_WITHIN, created_at__lte=at, **what)
    checkpoint = same.order_by("-created_at", "-pk").first()
    others = open_ones.exclude(pk=checkpoint.pk) if checkpoint else open_ones
    for other in others:
        _close(other, State.FAILED, "it was broken off, and another one was begun")
    if checkpoint is None:
        return Checkpoint.objects.create(created_at=at, is_synthetic=is_synthetic, **what)
    checkpoint.reason = ""
    checkpoint.save(update_fields=["reason"])
    return checkpoint


def _close(checkpoint: Checkpoint, state: str, reason: str) -> None:
    checkpoint.state, checkpoint.reason, checkpoint.progress = state, reason, b""
    checkpoint.save(update_fields=["state", "reason", "progress"])


@dataclass
class _Run:
    checkpoint: Checkpoint
    profiles: Mapping[int, ReaderProfile]
    say: Say
    said_at: float = 0.0
    doing: str = ""

    def run(self) -> dict[str, Any]:
        checkpoint = self.checkpoint
        resumed = bool(checkpoint.progress) or checkpoint.state == State.TRAINED
        dataset = site.read_site(
            profiles=self.profiles, with_synthetic=checkpoint.is_synthetic, progress=self._progress
        )
        cut = _cut(dataset.log, checkpoint.created_at)
        if cut.answered < FEWEST_LISTS:
            checkpoint.delete()
            few = f"something was opened of {cut.answered:,} lists: {FEWEST_LISTS} are needed to learn from them"
            return {"state": "waiting", "reason": few}
        if checkpoint.state == State.TRAINING:
            self._train(dataset.log, cut)
        self._judge(dataset.log, cut)
        checkpoints.prune_checkpoints()
        return {
            "checkpoint": self.checkpoint.pk,
            "state": self.checkpoint.state,
            "reason": self.checkpoint.reason,
            "resumed": resumed,
            "metrics": self.checkpoint.metrics,
        }

    def _train(self, log: Log, cut: _Cut) -> None:
        from curation.ranking.learning._torch_fit import Keeper

        checkpoint = self.checkpoint
        rows = Checkpoint.objects.filter(pk=checkpoint.pk)
        keeper = Keeper(bytes(checkpoint.progress), lambda state: rows.update(progress=state))
        learned = fit_ranker(self._counted(log, cut.train), seed=checkpoint.seed, say=self.say, resume=keeper)
        checkpoint.weights = packed(learned.weights)
        checkpoint.sha256 = digest(checkpoint.weights)
        checkpoint.dimension = learned.weights.dimension
        checkpoint.trained_until = datetime.fromtimestamp(float(log.lists.at[cut.train[-1]]), UTC)
        checkpoint.progress, checkpoint.state = b"", State.TRAINED
        checkpoint.metrics = {"training": dict(learned.told), "simulated_readers": checkpoint.is_synthetic}
        checkpoint.save()

    def _judge(self, log: Log, cut: _Cut) -> None:
        checkpoint = self.checkpoint
        weights = checkpoints.weights_of(checkpoint, FLOOR)
        verdict = gate.judge(
            log,
            cut.gate,
            challenger=LearnedRanker(SCORERS, weights),
            floor=FLOOR,
            serving=_serving(checkpoint.is_synthetic),
            seed=checkpoint.seed,
            progress=self._progress,
        )
        checkpoint.metrics |= verdict.metrics
        checkpoint.save(update_fields=["metrics"])
        if not verdict.passes:
            _close(checkpoint, State.REFUSED, verdict.reason)
        elif checkpoint.is_synthetic:
            asked = f"manage.py ranker promote {checkpoint.pk}"
            told = f"{verdict.reason}. It knows simulated readers alone, and serves them only when asked: {asked}"
            _close(checkpoint, State.TRAINED, told)
        else:
            if settings.MODELS_URL:
                served.wake(checkpoint.pk, FLOOR)
            self.checkpoint = checkpoints.promote_checkpoint(
                checkpoint_id=checkpoint.pk, floor=FLOOR, at=timezone.now(), reason=verdict.reason
            )

    def _counted(self, log: Log, numbers: range) -> Iterator[Question]:
        for done, question in enumerate(Replay(log, numbers), start=1):
            yield question
            self._progress("asking the lists anew", done, len(numbers))

    def _progress(self, doing: str, done: int, of: int) -> None:
        now = time.monotonic()
        if doing != self.doing or done == of or now - self.said_at >= SECONDS_BETWEEN_LINES:
            self.say(f"{doing}: {done:,} of {of:,}")
            self.said_at, self.doing = now, doing


# -- What is learned from, and what is measured against ------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Cut:
    """Numbers of lists, the gate's after all that was trained on, and how many of the log's have an answer."""

    train: range
    gate: range
    answered: int


def _cut(log: Log, until: datetime) -> _Cut:
    """The same for the same moment, whatever the log knows by now. What is before only fills histories and counters."""
    lists = log.lists
    count = int(np.searchsorted(lists.at, until.timestamp(), side="right"))
    opened = np.bincount(np.repeat(np.arange(len(lists)), lists.sizes), lists.clicked, len(lists))[:count]
    answered = (opened > 0) & (opened < lists.sizes[:count])
    end = round((1 - site.EVALUATED) * count)
    latest = np.flatnonzero(answered[:end])[-MOST_LISTS:]
    first = max(round(site.COLD * end), int(latest[0]) if len(latest) else 0)
    return _Cut(range(first, end), range(end, count), int(answered.sum()))


def _serving(is_synthetic: bool) -> Ranker | None:
    """What the readers get whom the training is about; None where that is the floor."""
    checkpoint = checkpoints.serving(is_synthetic=is_synthetic) or checkpoints.serving(is_synthetic=False)
    try:
        return LearnedRanker(SCORERS, checkpoints.weights_of(checkpoint, FLOOR)) if checkpoint else None
    except Unfit:
        return None
