"""The feed's ranker asks the door and never lets a page down: whatever goes wrong, the floor orders the list."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest

from curation.ranking.learning import _wire, served
from curation.ranking.learning.door import Ranker
from curation.ranking.learning.fit import LearnedRanker
from curation.ranking.learning.inputs import inputs_of
from curation.ranking.learning.served import ServedRanker
from curation.ranking.models import Checkpoint
from curation.ranking.pipelines import FLOOR
from curation.serving import queries
from curation.serving._local import LocalDriver
from curation.serving._registry import MODELS, Registry
from curation.serving.types import (
    InferRequest,
    InferResponse,
    InvalidRequest,
    ModelFailed,
    ModelUnavailable,
    Running,
    Tensor,
)
from tests.unit.ranking.learning.logs import SCORERS, World
from tests.unit.ranking.learning.site import checkpoint, learned_weights

FEED = ServedRanker(FLOOR)
LEARNED = LearnedRanker(SCORERS, learned_weights())


@pytest.fixture(autouse=True)
def a_process_that_knows_nothing_yet():
    served.forget()
    yield
    served.forget()


@pytest.fixture(scope="module")
def question():
    questions = World(lambda pool, reader, z: np.zeros(len(pool)), dimension=384, size=40).questions(40)
    return next(each for each in questions if len(each.reader.past.ids) > 10)


@pytest.fixture
def door(monkeypatch):
    """The real model in this process, on a thread of its own."""
    driver = LocalDriver(Registry(model for model in MODELS if model.spec.name == _wire.NAME))
    monkeypatch.setattr(queries, "_driver", lambda url: driver)
    monkeypatch.setattr(served, "PATIENCE_SECONDS", 60.0)  # others may use the cores, and torch is imported here
    yield driver
    driver.close()


class Answering:
    """A door that says what it is told to, and counts who asks."""

    def __init__(self, answer) -> None:
        self.answer, self.asked = answer, 0

    def infer(self, name, request, version=""):
        self.asked += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return InferResponse(name, "1", self.answer)


def answering(monkeypatch, answer) -> Answering:
    driver = Answering(answer)
    monkeypatch.setattr(queries, "_driver", lambda url: driver)
    return driver


def is_floor(ranking, question) -> bool:
    return np.array_equal(ranking.contributions, FLOOR(question.pool, question.reader).contributions)


# -- When all is well ----------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_the_door_gives_what_the_ranker_computes_here(door, question):
    serving = checkpoint("serving")
    found, here = FEED(question.pool, question.reader), LEARNED(question.pool, question.reader)
    assert not is_floor(found, question)
    assert found.scorers == here.scorers
    np.testing.assert_allclose(found.contributions, here.contributions, atol=0.01)  # halves on the way
    np.testing.assert_allclose(found.scores, found.contributions.sum(axis=0))
    serving.refresh_from_db()
    assert serving.state == "serving"


@pytest.mark.django_db
def test_while_nothing_serves_a_process_asks_the_database_once_a_minute(
    question, django_assert_num_queries, monkeypatch
):
    nobody = answering(monkeypatch, AssertionError("nobody asks"))
    for queries_made in (1, 0, 0):
        with django_assert_num_queries(queries_made):
            assert is_floor(FEED(question.pool, question.reader), question)
    checkpoint("refused")
    served._MEMORY.looked_at -= served.REMEMBERED_SECONDS
    assert is_floor(FEED(question.pool, question.reader), question)
    assert nobody.asked == 0


@pytest.mark.django_db
def test_what_was_trained_on_simulated_readers_serves_them_alone(question, monkeypatch):
    checkpoint("serving", is_synthetic=True)
    driver = answering(monkeypatch, ModelUnavailable("away"))
    assert is_floor(FEED(question.pool, question.reader), question)
    assert driver.asked == 0
    simulated = replace(question.reader, profile=replace(question.reader.profile, is_synthetic=True))
    FEED(question.pool, simulated)
    assert driver.asked == 1


def test_an_empty_list_asks_nobody(question, monkeypatch):
    nobody = answering(monkeypatch, AssertionError("nobody asks"))
    assert len(FEED(question.pool.take(np.arange(0)), question.reader).scores) == 0
    assert nobody.asked == 0


# -- When it is not ------------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize(
    "answer",
    [
        ModelUnavailable("away"),
        ModelFailed("it broke"),
        InvalidRequest("no checkpoint of that number"),
        (Tensor.of_text("contributions", ["AAAA"]),),
        (Tensor.of_text("contributions", ["not base64"]),),
        (Tensor.of_text("contributions", []),),
        (Tensor.of_text("another", ["AAAA"]),),
        _wire.answer_of([np.full((len(SCORERS), 40), np.nan)]),
    ],
)
def test_whatever_the_door_says_wrongly_the_floor_orders_and_the_checkpoint_stays(question, monkeypatch, answer):
    serving = checkpoint("serving")
    driver = answering(monkeypatch, answer)
    assert is_floor(FEED(question.pool, question.reader), question)
    serving.refresh_from_db()
    assert serving.state == "serving"  # it is whole: the fault is another's
    assert is_floor(FEED(question.pool, question.reader), question)
    assert driver.asked == 1  # and nobody waits again before half a minute is over
    served._MEMORY.rests_until -= served.REST_SECONDS
    FEED(question.pool, question.reader)
    assert driver.asked == 2


@pytest.mark.django_db
def test_a_server_that_is_away_costs_one_reader_a_second_and_then_nobody(question, settings):
    settings.MODELS_URL = "http://127.0.0.1:9"
    checkpoint("serving")
    began = time.monotonic()
    assert is_floor(FEED(question.pool, question.reader), question)
    assert time.monotonic() - began < 3
    began = time.monotonic()
    assert is_floor(FEED(question.pool, question.reader), question)
    assert time.monotonic() - began < 0.2


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("damage", [{"weights": b"\x00" * 300}, {"sha256": "0" * 64}])
def test_damaged_weights_are_found_at_the_door_and_told(door, question, damage):
    serving = checkpoint("serving")
    Checkpoint.objects.filter(pk=serving.pk).update(**damage)
    assert is_floor(FEED(question.pool, question.reader), question)
    serving.refresh_from_db()
    assert (serving.state, serving.reason) == (
        "broken",
        "its bytes do not match their sha256: they were damaged or changed",
    )


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("other", "why"), [({"schema": "older"}, "scorers have changed"), ({"space_name": "e5"}, "knows vectors of e5/1")]
)
def test_what_belongs_to_another_ranking_is_told_before_anybody_is_asked(question, monkeypatch, other, why):
    nobody = answering(monkeypatch, AssertionError("nobody asks"))
    serving = checkpoint("serving", **other)
    assert is_floor(FEED(question.pool, question.reader), question)
    serving.refresh_from_db()
    assert serving.state == "broken"
    assert why in serving.reason
    assert nobody.asked == 0


@pytest.mark.django_db(transaction=True)
def test_a_checkpoint_that_is_gone_leaves_the_floor(door, question):
    serving = checkpoint("serving")
    FEED(question.pool.take(np.arange(0)), question.reader)
    assert served._MEMORY.serving(FLOOR, is_synthetic=False) == serving.pk
    serving.delete()
    assert is_floor(FEED(question.pool, question.reader), question)
    served._MEMORY.rests_until = 0.0
    assert served._MEMORY.serving(FLOOR, is_synthetic=False) is None


# -- At the door ---------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_the_door_refuses_lists_that_do_not_fit_and_says_why(question):
    trained = checkpoint("refused")
    ranker = Ranker()
    good = _wire.request_of(inputs_of(SCORERS, question.pool, question.reader), trained.pk)

    def asked(request: InferRequest) -> None:
        ranker(request, Running())

    asked(good)
    for number, why in ((987, "there is no checkpoint 987"), ("1", "is the number of a training")):
        with pytest.raises(InvalidRequest, match=why):
            asked(replace(good, parameters={_wire.CHECKPOINT: number}))
    with pytest.raises(InvalidRequest, match="is the number"):
        asked(replace(good, parameters={}))
    for name, text in (("z", "!!"), ("z", "AAAA"), ("vectors", "AAAA"), ("past", "AAAA"), ("told", "AAAAAAAA")):
        others = tuple(each for each in good.inputs if each.name != name)
        with pytest.raises(InvalidRequest, match="does not fit together"):
            asked(replace(good, inputs=(*others, Tensor.of_text(name, [text]))))
    fewer = _wire.request_of(inputs_of(SCORERS[:-1], question.pool, question.reader), trained.pk)
    with pytest.raises(InvalidRequest, match="scorers"):
        asked(fewer)


@pytest.mark.django_db(transaction=True)
def test_the_door_remembers_the_last_few_and_has_what_serves_ready(question):
    numbers = [checkpoint("serving").pk, *(checkpoint("refused").pk for _ in range(3))]
    ranker = Ranker()
    assert list(ranker._networks) == numbers[:1]
    inputs = inputs_of(SCORERS, question.pool, question.reader)
    for number in numbers:
        ranker(_wire.request_of(inputs, number), Running())
    assert list(ranker._networks) == numbers[1:]


def test_several_readers_lists_travel_in_one_request(question):
    inputs = [inputs_of(SCORERS, question.pool, question.reader)]
    short = question.pool.take(np.arange(7))
    inputs.append(inputs_of(SCORERS, short, question.reader))
    one, two = (_wire.request_of(each, 1) for each in inputs)
    from curation.serving import _registry

    both = _wire.read_requests(_registry.joined([one, two]), 384)
    for sent, came in zip(inputs, both, strict=True):
        np.testing.assert_allclose(came.z, sent.z, rtol=1e-6)
        np.testing.assert_allclose(came.vectors, sent.vectors, atol=1e-3)
        assert came.past.shape == sent.past.shape
        np.testing.assert_allclose(came.told, sent.told, rtol=1e-6)
    answers = _wire.answer_of([each.z for each in inputs])[0].texts()
    np.testing.assert_allclose(_wire.read_answer(answers[1], inputs[1].z.shape), inputs[1].z, rtol=1e-6)
