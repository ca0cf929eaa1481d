from __future__ import annotations

import time

import pytest

from curation.serving._batching import MAX_BATCH_ROWS, Overloaded, Worker
from curation.serving._registry import MAX_ROWS
from curation.serving.types import InvalidRequest, ModelUnavailable

from .models import Lengths, broken_model, request


@pytest.fixture
def lengths():
    model = Lengths()
    yield model
    model.gate.set()


@pytest.fixture
def start(lengths):
    workers = []

    def start(**options):
        workers.append(Worker(lengths.model(), **options))
        workers[-1].wait_until_loaded(5)
        return workers[-1]

    yield start
    lengths.gate.set()
    for worker in workers:
        worker.close()


def test_concurrent_callers_share_a_batch_and_each_gets_its_own_rows(lengths, start):
    worker = start(window=0.2)
    futures = [worker.submit(request("a" * n, "b" * (n + 1))) for n in range(1, 9)]
    lengths.gate.set()
    answers = [future.result(5)[0].array().tolist() for future in futures]
    assert answers == [[n, n + 1] for n in range(1, 9)]
    assert lengths.batches == [16]


def test_a_batch_never_grows_beyond_its_bound_and_nobody_is_lost(lengths, start):
    worker = start(window=0.05)
    futures = [worker.submit(request(*["x"] * 30)) for _ in range(7)]
    lengths.gate.set()
    assert [len(future.result(5)[0].array()) for future in futures] == [30] * 7
    assert max(lengths.batches) <= MAX_BATCH_ROWS
    assert sum(lengths.batches) == 210


def test_one_callers_bad_text_is_not_hidden_and_later_callers_are_served(lengths, start):
    worker = start()
    lengths.gate.set()
    with pytest.raises(ValueError, match="spoilt"):
        worker.submit(request("spoil")).result(5)
    assert worker.submit(request("fine")).result(5)[0].array().tolist() == [4]


def test_a_full_queue_turns_callers_away_at_once(lengths, start):
    worker = start(window=0.0, waiting=3)
    first = worker.submit(request("a"))
    assert lengths.entered.wait(5)
    waiting = [worker.submit(request("b")) for _ in range(3)]
    began = time.monotonic()
    with pytest.raises(Overloaded):
        worker.submit(request("c"))
    assert time.monotonic() - began < 0.5
    lengths.gate.set()
    assert all(future.result(5) for future in [first, *waiting])


def test_a_caller_who_went_away_costs_no_computation(lengths, start):
    worker = start(window=0.0)
    worker.submit(request("a"))
    assert lengths.entered.wait(5)
    gone = worker.submit(request("b"))
    assert gone.cancel()
    stays = worker.submit(request("c"))
    lengths.gate.set()
    stays.result(5)
    assert sum(lengths.batches) == 2


def test_too_many_rows_are_refused_before_they_block_others(start):
    with pytest.raises(InvalidRequest, match="at most"):
        start().submit(request(*["x"] * (MAX_ROWS + 1)))


def test_a_model_that_does_not_load_says_why_to_everybody():
    worker = Worker(broken_model())
    with pytest.raises(ModelUnavailable, match="the weights are gone"):
        worker.wait_until_loaded(5)
    with pytest.raises(ModelUnavailable, match="the weights are gone"):
        worker.submit(request("x"))
    assert not worker.is_ready


def test_closing_refuses_whoever_still_waits(lengths):
    worker = Worker(lengths.model(), window=0.0)
    lengths.gate.set()
    worker.wait_until_loaded(5)
    worker.close()
    with pytest.raises(ModelUnavailable):
        worker.submit(request("x"))
