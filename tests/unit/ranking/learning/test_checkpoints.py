"""One training serves at a time, a step back is one command, and old ones are forgotten but not the way back."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from curation.analytics import queries as analytics
from curation.articles.models import EmbeddingSpace
from curation.ranking.learning import checkpoints
from curation.ranking.learning.weights import Unfit
from curation.ranking.models import Checkpoint
from curation.ranking.pipelines import FLOOR
from tests.factories.ranking import NOW
from tests.unit.ranking.learning.site import checkpoint

pytestmark = pytest.mark.django_db
State = Checkpoint.State


def states() -> dict[int, str]:
    return dict(Checkpoint.objects.values_list("pk", "state"))


def promote(number: int, hours: float = 0.0) -> Checkpoint:
    at = NOW + timedelta(hours=hours)
    return checkpoints.promote_checkpoint(checkpoint_id=number, floor=FLOOR, at=at, reason="better")


def told(capsys, *arguments):
    call_command("ranker", *arguments, "--json")
    return json.loads(capsys.readouterr().out)


def ranker_troubles() -> dict[str, str]:
    return {each.key: each.reason for each in analytics._ranker_troubles(NOW)}


def test_the_database_lets_only_one_serve_and_only_one_be_trained():
    checkpoint("serving")
    checkpoint("training", weights=b"")
    for state in ("serving", "training"):
        with pytest.raises(IntegrityError), transaction.atomic():
            checkpoint(state)
    for state in ("serving", "training"):
        checkpoint(state, is_synthetic=True)  # of the other readers, one as well
    with pytest.raises(IntegrityError), transaction.atomic():
        Checkpoint.objects.filter(state="serving").update(served_at=None)


def test_what_is_promoted_serves_and_retires_what_served():
    one, two = checkpoint(), checkpoint()
    promote(one.pk)
    assert promote(two.pk, 1).served_at == NOW + timedelta(hours=1)
    assert states() == {one.pk: State.RETIRED, two.pk: State.SERVING}
    assert promote(two.pk, 2).served_at == NOW + timedelta(hours=1)  # again changes nothing


@pytest.mark.parametrize(
    ("other", "why"),
    [
        ({"schema": "older"}, "scorers have changed"),
        ({"space_revision": "2"}, "vectors of random/2, and those of the site are now of random/1"),
        ({"sha256": "0" * 64}, "do not match their sha256"),
        ({"weights": b"", "sha256": ""}, "did not come to an end"),
        ({"dimension": 8}, "shapes"),
    ],
)
def test_what_cannot_serve_is_not_promoted_and_what_serves_stays(other, why):
    serving, unfit = checkpoint("serving"), checkpoint(**other)
    with pytest.raises(Unfit, match=why):
        promote(unfit.pk)
    assert states() == {serving.pk: State.SERVING, unfit.pk: State.TRAINED}
    with pytest.raises(CommandError, match=f"{unfit.pk} cannot serve: .*{why}"):
        call_command("ranker", "promote", str(unfit.pk))
    with pytest.raises(CommandError, match="there is no training 987"):
        call_command("ranker", "promote", "987")


def test_rollback_goes_back_step_by_step_to_the_floor_and_never_to_what_was_rolled_back(capsys):
    one, two, three, four = (checkpoint().pk for _ in range(4))
    for hours, number in enumerate((one, two, three)):
        promote(number, hours)
    assert told(capsys, "rollback") == {"rolled_back": three, "serving": two}
    promote(four, 4)
    assert told(capsys, "rollback") == {"rolled_back": four, "serving": two}  # not three
    assert told(capsys, "rollback") == {"rolled_back": two, "serving": one}
    assert told(capsys, "rollback") == {"rolled_back": one, "serving": None}
    assert told(capsys, "rollback") == {"rolled_back": None, "serving": None}
    assert set(states().values()) == {State.RETIRED}
    assert told(capsys, "promote", str(three))["state"] == "serving"  # asked for, it serves


def test_rollback_passes_over_what_cannot_serve_any_more():
    one, two, three = (checkpoint().pk for _ in range(3))
    for hours, number in enumerate((one, two, three)):
        promote(number, hours)
    Checkpoint.objects.filter(pk=two).update(weights=b"damaged")
    taken, now = checkpoints.roll_back(is_synthetic=False, floor=FLOOR, at=NOW)
    assert (taken and taken.pk, now and now.pk) == (three, one)


def test_a_broken_one_is_told_until_it_is_rolled_back_or_another_serves():
    assert ranker_troubles() == {}
    broken = checkpoint("serving")
    checkpoints.mark_broken(checkpoint_id=broken.pk, reason="its bytes do not match")
    assert ranker_troubles() == {"ranker_broken": f"{broken.pk}: its bytes do not match"}
    checkpoints.roll_back(is_synthetic=False, floor=FLOOR, at=NOW)
    assert ranker_troubles() == {}
    again = checkpoint("broken")
    promote(checkpoint().pk)
    assert ranker_troubles() == {}
    assert states()[again.pk] == State.RETIRED


def test_a_training_of_which_nothing_came_is_told_until_one_comes_to_an_end():
    checkpoint("failed", days_ago=3, reason="MemoryError: too much")
    assert ranker_troubles() == {"ranker_not_trained": "MemoryError: too much"}
    checkpoint("refused", days_ago=2)
    assert ranker_troubles() == {}
    running = checkpoint("training", days_ago=0.1, reason="")
    assert ranker_troubles() == {}
    Checkpoint.objects.filter(pk=running.pk).update(created_at=NOW - timedelta(hours=7))
    assert ranker_troubles() == {"ranker_not_trained": "it did not come to an end"}
    Checkpoint.objects.filter(pk=running.pk).update(created_at=NOW, reason="ended by signal 9")
    assert ranker_troubles() == {"ranker_not_trained": "ended by signal 9"}
    checkpoint("failed", is_synthetic=True)  # a trial
    assert ranker_troubles() == {"ranker_not_trained": "ended by signal 9"}


def test_troubles_have_their_words_on_the_dashboard():
    from django.utils import timezone

    from frontend.dashboard.overview import _troubles

    checkpoint("broken")
    checkpoint("failed", reason="MemoryError: too much")
    words = {each.reason: str(each.words) for each in _troubles(analytics.overview(timezone.now()))}
    assert "ordered without it" in next(told for reason, told in words.items() if reason.endswith("as told"))
    assert "could not learn" in words["MemoryError: too much"]


def test_the_last_ten_are_kept_and_what_serves_and_the_way_back(capsys):
    before, serving = checkpoint("retired", days_ago=40), checkpoint("serving", days_ago=30)
    old = [checkpoint("refused", days_ago=25 - number).pk for number in range(4)]
    latest = [checkpoint("refused", days_ago=10 - number).pk for number in range(10)]
    assert checkpoints.prune_checkpoints() == len(old)
    assert [each["checkpoint"] for each in told(capsys, "list")] == [*reversed(latest), serving.pk, before.pk]


def test_the_command_lists_in_words_and_refuses_what_it_cannot_mean(capsys):
    call_command("ranker")
    assert "Nothing was trained yet" in capsys.readouterr().out
    shown = checkpoint("refused", is_synthetic=True, reason="not surely better")
    call_command("ranker", "list")
    assert f"{shown.pk}  2026-11-20 09:00  refused  (simulated readers)  not surely better" in capsys.readouterr().out
    for arguments in (["promote"], ["rollback", "3"], ["list", "3"]):
        with pytest.raises(CommandError, match="promote takes the number"):
            call_command("ranker", *arguments)


def test_the_current_space_is_the_sites():
    assert checkpoints.current_space() == ("", "")
    EmbeddingSpace.objects.create(name="minilm", revision="3", dimension=384, is_current=True)
    assert checkpoints.current_space() == ("minilm", "3")
