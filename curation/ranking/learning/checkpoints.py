"""Which training serves, which one did before, and what is kept of them."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from curation.articles.models import EmbeddingSpace
from curation.ranking.learning.inputs import schema_of
from curation.ranking.learning.weights import Unfit, Weights, unpacked
from curation.ranking.models import Checkpoint
from curation.ranking.rankers import ZSumRanker

State = Checkpoint.State
KEPT = 10  # trainings, the latest; what serves and what served before it stay beyond them


def weights_of(checkpoint: Checkpoint, floor: ZSumRanker) -> Weights:
    """Raises Unfit where it may not be used, with the reason in words."""
    check(checkpoint, floor)
    return unpacked(
        bytes(checkpoint.weights),
        sha256=checkpoint.sha256,
        scorers=len(floor.scorers),
        dimension=checkpoint.dimension,
    )


def check(checkpoint: Checkpoint, floor: ZSumRanker) -> None:
    """Whether it is of this ranking and of this site's vectors, without looking at its bytes. Raises Unfit."""
    if checkpoint.schema != schema_of(floor):
        raise Unfit("the scorers have changed since it was trained")
    space = current_space()
    if (checkpoint.space_name, checkpoint.space_revision) != space:
        then, now = ("/".join(each) for each in ((checkpoint.space_name, checkpoint.space_revision), space))
        raise Unfit(f"it knows vectors of {then}, and those of the site are now of {now}")


def current_space() -> tuple[str, str]:
    """Name and revision of the vectors that readers' histories are compared by; empty where there are none."""
    space = EmbeddingSpace.objects.filter(is_current=True).values_list("name", "revision").first()
    return space or ("", "")


def serving(*, is_synthetic: bool) -> Checkpoint | None:
    """What serves real readers, or what serves simulated ones alone, without its weights."""
    serves = Checkpoint.objects.filter(state=State.SERVING, is_synthetic=is_synthetic)
    return serves.defer("weights", "progress").first()


def served_before(*, is_synthetic: bool) -> QuerySet[Checkpoint]:
    """What served and was replaced by another one, the latest first."""
    served = Checkpoint.objects.filter(state=State.RETIRED, is_synthetic=is_synthetic, served_at__isnull=False)
    return served.order_by("-served_at", "-pk")


@transaction.atomic
def promote_checkpoint(*, checkpoint_id: int, floor: ZSumRanker, at: datetime, reason: str) -> Checkpoint:
    """From now on it serves, and what served until now is retired.

    Raises Checkpoint.DoesNotExist, and Unfit for what was never trained, is damaged, or belongs to another ranking.
    """
    checkpoint = Checkpoint.objects.select_for_update().get(pk=checkpoint_id)
    if checkpoint.state == State.SERVING:
        return checkpoint
    if not checkpoint.weights:
        raise Unfit("it has no weights: its training did not come to an end")
    weights_of(checkpoint, floor)
    _retire(checkpoint.is_synthetic, f"replaced by {checkpoint.pk}")
    checkpoint.state, checkpoint.reason, checkpoint.served_at = State.SERVING, reason, at
    checkpoint.save(update_fields=["state", "reason", "served_at"])
    return checkpoint


@transaction.atomic
def roll_back(*, is_synthetic: bool, floor: ZSumRanker, at: datetime) -> tuple[Checkpoint | None, Checkpoint | None]:
    """Take away what serves, or last broke, and let serve what served before it, or else the floor.

    What was taken away, and what serves now. What was rolled back is not come back to; only `promote_checkpoint` does.
    """
    standing = Checkpoint.objects.select_for_update().filter(is_synthetic=is_synthetic)
    taken = standing.filter(state=State.SERVING).first()
    if taken is None:
        taken = standing.filter(state=State.BROKEN).order_by("-served_at", "-pk").first()
    if taken is not None:
        taken.state, taken.served_at = State.RETIRED, None
        taken.reason = f"rolled back on {at:%Y-%m-%d %H:%M} UTC"
        taken.save(update_fields=["state", "served_at", "reason"])
    for before in served_before(is_synthetic=is_synthetic):
        try:
            weights_of(before, floor)
        except Unfit:
            continue
        before.state, before.reason = State.SERVING, "serves again, after a rollback"
        before.save(update_fields=["state", "reason"])
        return taken, before
    return taken, None


def mark_broken(*, checkpoint_id: int, reason: str) -> None:
    """It served and cannot: the floor takes its place until another one serves."""
    Checkpoint.objects.filter(pk=checkpoint_id, state=State.SERVING).update(state=State.BROKEN, reason=reason)


def prune_checkpoints() -> int:
    """Forget the oldest; returns how many."""
    kept = set(Checkpoint.objects.order_by("-created_at", "-pk").values_list("pk", flat=True)[:KEPT])
    kept |= set(Checkpoint.objects.filter(state=State.SERVING).values_list("pk", flat=True))
    for is_synthetic in (False, True):
        kept |= set(served_before(is_synthetic=is_synthetic).values_list("pk", flat=True)[:1])
    count, _ = Checkpoint.objects.exclude(pk__in=kept).exclude(state=State.TRAINING).delete()
    return count


def _retire(is_synthetic: bool, reason: str) -> None:
    there = Checkpoint.objects.filter(is_synthetic=is_synthetic)
    there.filter(state=State.SERVING).update(state=State.RETIRED, reason=reason)
    # A broken one is not a trouble any more; nor is it one to go back to.
    there.filter(state=State.BROKEN).update(state=State.RETIRED, served_at=None)
