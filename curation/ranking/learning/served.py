"""The feed's ranker: asks the model server for what was learned, and is the floor whenever that is not to be had."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np

from curation.ranking.learning import _wire, checkpoints
from curation.ranking.learning.inputs import inputs_of
from curation.ranking.learning.weights import Unfit
from curation.ranking.models import Checkpoint
from curation.ranking.rankers import ZSumRanker
from curation.ranking.types import Past, Pool, Ranking, Reader, ReaderProfile
from curation.serving import queries as serving
from curation.serving.types import InvalidRequest, ModelFailed, ModelUnavailable, ServingError

logger = logging.getLogger(__name__)

PATIENCE_SECONDS = 1.0  # somebody waits for the page
LOADING_SECONDS = 60.0  # that a model server needs at most for torch and the weights
REST_SECONDS = 30.0  # after a failure, in which this process does not ask again
REMEMBERED_SECONDS = 60.0  # that this process goes by what served when it last looked


@dataclass(frozen=True)
class ServedRanker:
    """`floor` where no training serves, and whenever the one that does cannot be had in time. Never raises for that.

    Real readers get what serves real readers. Simulated ones get what serves them, or else what serves real ones.
    """

    floor: ZSumRanker

    def __call__(self, pool: Pool, reader: Reader) -> Ranking:
        checkpoint = _MEMORY.serving(self.floor, is_synthetic=reader.profile.is_synthetic) if len(pool) else None
        if checkpoint is None:
            return self.floor(pool, reader)
        try:
            return _asked(checkpoint, self.floor, pool, reader, PATIENCE_SECONDS)
        except ServingError as error:
            logger.warning("the feed is ordered without checkpoint %d: %s", checkpoint, error)
            _MEMORY.rest()
            # Only what is wrong with the checkpoint itself is its fault.
            if isinstance(error, InvalidRequest | ModelFailed):
                _examine(checkpoint, self.floor)
            return self.floor(pool, reader)


def wake(checkpoint: int, floor: ZSumRanker) -> None:
    """Have the model server load it now, so that no reader waits for that. Where it cannot, the first one does."""
    anybody = Reader(ReaderProfile(reader_id=0), datetime.now(UTC), Past.of(np.empty(0, dtype=np.int64)))
    with suppress(ServingError):
        _asked(checkpoint, floor, Pool.of(np.ones(1, dtype=np.int64)), anybody, LOADING_SECONDS)


def _asked(checkpoint: int, floor: ZSumRanker, pool: Pool, reader: Reader, seconds: float) -> Ranking:
    """Raises ServingError."""
    scorers = [scorer for scorer, _ in floor.scorers]
    inputs = inputs_of(scorers, pool, reader)
    with serving.waiting_at_most(seconds):
        response = serving.infer(_wire.NAME, _wire.request_of(inputs, checkpoint))
    try:
        [text] = response.output("contributions").texts()
        found = _wire.read_answer(text, inputs.z.shape)
    except ValueError as error:
        raise ModelUnavailable(f"model {_wire.NAME!r} gave no contributions: {error}") from None
    if not np.isfinite(found).all():
        raise ModelFailed(f"model {_wire.NAME!r} gave contributions that are no numbers")
    return Ranking(found.sum(axis=0), found, tuple(scorer.name for scorer in scorers))


def _examine(checkpoint_id: int, floor: ZSumRanker) -> None:
    """Marks what is damaged or belongs to another ranking, where the dashboard finds it."""
    _MEMORY.forget()
    checkpoint = Checkpoint.objects.filter(pk=checkpoint_id).first()
    if checkpoint is not None:
        _is_usable(checkpoints.weights_of, checkpoint, floor)


def _is_usable(check: Callable[[Checkpoint, ZSumRanker], object], checkpoint: Checkpoint, floor: ZSumRanker) -> bool:
    try:
        check(checkpoint, floor)
    except Unfit as error:
        logger.error("checkpoint %d cannot serve: %s", checkpoint.pk, error)
        checkpoints.mark_broken(checkpoint_id=checkpoint.pk, reason=str(error))
        return False
    return True


@dataclass
class _Memory:
    """What this process knows of what serves: a page asks neither the database nor a silent server each time."""

    looked_at: float = -np.inf
    found: dict[bool, int] = field(default_factory=dict)  # by whether it serves simulated readers
    rests_until: float = -np.inf

    def serving(self, floor: ZSumRanker, *, is_synthetic: bool) -> int | None:
        now = time.monotonic()
        if now < self.rests_until:
            return None
        if now >= self.looked_at + REMEMBERED_SECONDS:
            self.looked_at = now
            self.found = self._look(floor)
        return self.found.get(is_synthetic, self.found.get(False))

    def rest(self) -> None:
        self.rests_until = time.monotonic() + REST_SECONDS

    def forget(self) -> None:
        self.looked_at = -np.inf

    def _look(self, floor: ZSumRanker) -> dict[bool, int]:
        rows = list(Checkpoint.objects.defer("weights", "progress").filter(state=Checkpoint.State.SERVING))
        return {row.is_synthetic: row.pk for row in rows if _is_usable(checkpoints.check, row, floor)}


_MEMORY = _Memory()


def forget() -> None:
    """Look anew what serves, and ask for it at once: for tests, and after a change made in this process."""
    _MEMORY.forget()
    _MEMORY.rests_until = -np.inf
