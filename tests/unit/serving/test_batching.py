from __future__ import annotations

import gc
import time
import weakref
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.serving import _registry
from curation.serving._batching import Worker
from curation.serving._registry import MAX_ROWS
from curation.serving.types import (
    Cancelled,
    DeadlineExceeded,
    InferRequest,
    InvalidRequest,
    ModelFailed,
    ModelUnavailable,
    OutOfMemory,
    Overloaded,
    Running,
    Tensor,
)

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
        workers.append(Worker(lengths.model(**options)))
        workers[-1].wait_until_loaded(30)
        return workers[-1]

    yield start
    lengths.gate.set()
    for worker in workers:
        worker.close()


@pytest.fixture
def busy(lengths, start):
    """A worker that computes for somebody until the gate opens: whoever comes now, waits."""

    def busy(**options):
        worker = start(**{"window_seconds": 0.0, **options})
        occupant = worker.submit(request("occupant"))
        assert lengths.entered.wait(30)
        worker.occupant = occupant
        return worker

    return busy


def values(future):
    return future.result(30)[0].array().tolist()


# -- Together ------------------------------------------------------------------------------------------------


def test_concurrent_callers_share_a_batch_and_each_gets_its_own_rows(lengths, start):
    worker = start(window_seconds=0.2)
    futures = [worker.submit(request("a" * n, "b" * (n + 1))) for n in range(1, 9)]
    lengths.gate.set()
    assert [values(future) for future in futures] == [[n, n + 1] for n in range(1, 9)]
    assert lengths.batches == [16]


def test_a_batch_never_grows_beyond_its_bound_and_nobody_is_lost(lengths, start):
    worker = start(window_seconds=0.05)
    futures = [worker.submit(request(*["x"] * 30)) for _ in range(7)]
    lengths.gate.set()
    assert [len(values(future)) for future in futures] == [30] * 7
    assert max(lengths.batches) <= 64
    assert sum(lengths.batches) == 210


def test_a_batch_is_filled_up_to_its_cost(lengths, busy):
    """Pixels rather than pictures: two large ones are too many where five small ones are not."""
    worker = busy(cost=lambda request: len(request.input("text").texts()[0]), max_cost=10)
    futures = [worker.submit(request(text)) for text in ("large1", "large2", "tiny", "larger than all")]
    lengths.gate.set()
    assert [values(future) for future in futures] == [[6], [6], [4], [15]]
    assert lengths.computed[1:] == [["large1"], ["large2", "tiny"], ["larger than all"]]


def test_only_requests_that_ask_for_the_same_share_a_batch(lengths, busy):
    worker = busy()
    asked = [("a", {"steps": 4}), ("b", {"steps": 8}), ("c", {"steps": 4, "timeout": 9_000_000, "priority": 2})]
    futures = [worker.submit(request(text, **parameters)) for text, parameters in asked]
    lengths.gate.set()
    assert [values(future) for future in futures] == [[1]] * 3
    assert lengths.computed[1:] == [["a", "c"], ["b"]]


def test_what_is_urgent_is_computed_before_what_came_earlier(lengths, busy):
    worker = busy(max_rows=1)
    futures = [worker.submit(request("first")), worker.submit(request("last", priority=3))]
    futures += [worker.submit(request("urgent", priority=1)), worker.submit(request("second", priority=0))]
    lengths.gate.set()
    for future in futures:
        future.result(30)
    assert lengths.computed[1:] == [["urgent"], ["first"], ["second"], ["last"]]


def test_a_lone_caller_of_a_quick_model_does_not_wait_for_company(lengths, start):
    worker = start(window_seconds=1.0)
    lengths.gate.set()
    worker.submit(request("the first may wait")).result(30)
    began = time.monotonic()
    for _ in range(3):
        worker.submit(request("alone")).result(30)
    assert time.monotonic() - began < 0.5


@given(st.lists(st.lists(st.tuples(st.text(max_size=2), st.integers(0, 9)), max_size=4), min_size=1, max_size=4))
def test_rows_come_apart_as_they_were_put_together(callers: list[list[tuple[str, int]]]) -> None:
    def of(rows: list[tuple[str, int]]) -> InferRequest:
        words = Tensor("words", "BYTES", (len(rows), 2), [word for text, _ in rows for word in (text, text + "!")])
        numbers = np.array([[number, -number, 0] for _, number in rows], dtype=np.int64).reshape(len(rows), 3)
        return InferRequest((words, Tensor("numbers", "INT64", numbers.shape, numbers.ravel())))

    requests = [of(rows) for rows in callers]
    parts = _registry.parted(_registry.joined(requests).inputs, [len(rows) for rows in callers])
    for asked, (words, numbers) in zip(requests, parts, strict=True):
        assert words.texts() == asked.input("words").texts()
        assert np.array_equal(numbers.array(), asked.input("numbers").array())


# -- What goes wrong -----------------------------------------------------------------------------------------


def test_one_callers_bad_text_does_not_spoil_the_others_answers(lengths, busy):
    worker = busy()
    futures = [worker.submit(request(text)) for text in ("fine", "spoil", "good")]
    lengths.gate.set()
    assert values(futures[0]) == values(futures[2]) == [4]
    with pytest.raises(ModelFailed, match="spoilt"):
        futures[1].result(30)
    assert lengths.computed[1:] == [["fine", "spoil", "good"], ["fine"], ["spoil", "good"], ["spoil"], ["good"]]
    assert values(worker.submit(request("later"))) == [5]


def test_a_model_that_cannot_weigh_a_request_refuses_it(lengths, start):
    def cost(asked: InferRequest) -> float:
        return 1 / 0

    with pytest.raises(InvalidRequest, match="cannot weigh"):
        start(cost=cost).submit(request("a"))


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [("unreadable", InvalidRequest, "it cannot be read"), ("panics", ModelFailed, "unwrap")],
    ids=["what a model says of it", "a library that panics"],
)
def test_what_is_wrong_with_one_request_reaches_its_caller_alone(lengths, busy, text, kind, words):
    worker = busy()
    futures = [worker.submit(request(text)) for text in (text, "fine")]
    lengths.gate.set()
    with pytest.raises(kind, match=words):
        futures[0].result(30)
    assert values(futures[1]) == [4]
    assert worker.is_ready


def test_out_of_memory_is_everybodys_and_is_not_tried_again(lengths, busy):
    worker = busy()
    futures = [worker.submit(request(text)) for text in ("fine", "huge")]
    lengths.gate.set()
    for future in futures:
        error = future.exception(30)
        assert isinstance(error, OutOfMemory)
        # The frames of the computation would hold on to what fills the memory.
        assert error.__traceback__ is error.__cause__ is error.__context__ is None
    assert lengths.computed[1:] == [["fine", "huge"]]


def test_a_model_that_answers_other_rows_than_asked_misleads_nobody(lengths, start):
    lengths.gate.set()
    with pytest.raises(ModelFailed, match="shape"):
        start().submit(request("few", "many")).result(30)


def test_a_library_that_ends_its_thread_leaves_nobody_waiting(lengths, busy):
    worker = busy()
    future, other = worker.submit(request("deadly")), worker.submit(request("x", steps=2))
    lengths.gate.set()
    for each in (future, other):
        with pytest.raises(ModelUnavailable, match="it broke"):
            each.result(30)
    assert worker.state.state == "failed"
    with pytest.raises(ModelUnavailable, match="it broke"):
        worker.submit(request("x"))


def test_a_full_queue_turns_callers_away_at_once_and_says_for_how_long(lengths, start):
    worker = start(window_seconds=0.0, max_waiting=3, max_rows=1)
    first = worker.submit(request("a"))
    time.sleep(0.4)
    lengths.gate.set()
    first.result(30)
    lengths.gate.clear()
    lengths.entered.clear()
    first = worker.submit(request("a"))
    assert lengths.entered.wait(30)
    waiting = [worker.submit(request("b")) for _ in range(3)]
    began = time.monotonic()
    with pytest.raises(Overloaded) as refusal:
        worker.submit(request("c"))
    assert time.monotonic() - began < 0.5
    # One is computed and three wait, one at a time, 0.4 s each as lately.
    assert refusal.value.retry_after_seconds >= 2
    lengths.gate.set()
    assert all(future.result(30) for future in [first, *waiting])


def test_too_many_rows_are_refused_before_they_block_others(start):
    with pytest.raises(InvalidRequest, match="at most"):
        start().submit(request(*["x"] * (MAX_ROWS + 1)))


@pytest.mark.parametrize("parameters", [{"timeout": 0}, {"timeout": "1"}, {"timeout": True}, {"priority": -1}])
def test_a_deadline_or_priority_that_is_none_is_refused(start, parameters):
    with pytest.raises(InvalidRequest, match=next(iter(parameters))):
        start().submit(request("x", **parameters))


# -- Callers who go, and deadlines ---------------------------------------------------------------------------


def test_a_caller_who_went_away_costs_no_computation(lengths, busy):
    worker = busy()
    gone = worker.submit(request("gone"))
    assert gone.cancel()
    stays = worker.submit(request("stays"))
    lengths.gate.set()
    stays.result(30)
    assert lengths.computed[1:] == [["stays"]]


def test_who_went_away_leaves_room_in_the_queue(lengths, busy):
    worker = busy(max_waiting=1)
    worker.submit(request("gone")).cancel()
    assert worker.submit(request("stays"))


def test_a_request_past_its_deadline_is_told_so_and_never_computed(lengths, busy):
    worker = busy()
    late = worker.submit(request("late", timeout=20_000))
    patient = worker.submit(request("patient", timeout=60_000_000))
    time.sleep(0.05)
    lengths.gate.set()
    assert values(patient) == [7]
    with pytest.raises(DeadlineExceeded, match=r"0\.02 s"):
        late.result(30)
    assert lengths.computed[1:] == [["patient"]]


def test_a_computation_ends_at_its_next_step_once_all_who_asked_have_gone(lengths, start):
    worker = start(window_seconds=0.2)
    one, other = worker.submit(request("one")), worker.submit(request("other"))
    assert lengths.entered.wait(30)
    one.cancel()
    time.sleep(0.05)
    assert lengths.computed == [["one", "other"]]
    assert worker.progress("") is None
    other.cancel()
    lengths.entered.clear()
    worker.submit(request("next"))
    assert lengths.entered.wait(30)  # though the gate has never opened


def test_a_computation_ends_at_its_next_step_once_every_deadline_has_passed(lengths, start):
    worker = start(window_seconds=0.0)
    late = worker.submit(request("late", timeout=30_000))
    with pytest.raises(DeadlineExceeded):
        late.result(30)
    lengths.gate.set()
    assert values(worker.submit(request("next"))) == [4]


def test_a_request_is_followed_and_called_off_by_its_id(lengths, busy):
    worker = busy()
    running = worker.occupant
    named = worker.submit(request("named", id="n"))
    assert worker.progress("n").state == "waiting"
    assert worker.progress("nobody") is None
    assert worker.cancel("n")
    with pytest.raises(Cancelled):
        named.result(0)
    assert not worker.cancel("n")
    running.cancel()
    lengths.entered.clear()
    followed = worker.submit(request("followed", id="f"))
    assert lengths.entered.wait(30)
    time.sleep(0.05)
    progress = worker.progress("f")
    assert (progress.state, progress.steps, progress.step > 1) == ("running", 12000, True)
    assert worker.cancel("f")
    with pytest.raises(Cancelled):
        followed.result(0)


# -- Loading and unloading -----------------------------------------------------------------------------------


def test_a_model_that_does_not_load_says_why_to_everybody():
    worker = Worker(broken_model())
    with pytest.raises(ModelUnavailable, match="the weights are gone"):
        worker.wait_until_loaded(30)
    with pytest.raises(ModelUnavailable, match="the weights are gone"):
        worker.submit(request("x"))
    assert not worker.is_ready


def test_a_model_is_warm_before_anybody_asks(lengths, start):
    lengths.gate.set()
    start(warm=request("warm"))
    assert lengths.computed == [["warm"]]


def test_a_model_that_cannot_compute_its_own_example_has_not_loaded(lengths):
    lengths.gate.set()
    worker = Worker(lengths.model(warm=request("spoil")))
    with pytest.raises(ModelUnavailable, match="spoilt"):
        worker.wait_until_loaded(30)


def test_closing_refuses_whoever_still_waits_and_ends_what_is_computed(lengths, busy):
    worker = busy()
    running, waiting = worker.occupant, worker.submit(request("x"))
    worker.close()  # the gate is shut: it would be computed for a minute
    for future in (running, waiting):
        with pytest.raises(ModelUnavailable):
            future.result(0)
    with pytest.raises(ModelUnavailable):
        worker.submit(request("x"))


def test_unloading_finishes_what_is_computed_and_lets_go_of_the_model(lengths):
    closed = []

    class Weights:
        def __call__(self, request: InferRequest, running: Running) -> tuple[Tensor, ...]:
            return lengths.compute(request, running)

        def close(self) -> None:
            closed.append(True)

    made = []

    def load() -> Weights:
        weights = Weights()
        made.append(weakref.ref(weights))
        return weights

    worker = Worker(replace(lengths.model(), load=load))
    running = worker.submit(request("running"))
    assert lengths.entered.wait(30)
    done = worker.begin_closing(interrupt=False)
    assert not done.done()
    lengths.gate.set()
    assert values(running) == [7]
    done.result(30)
    gc.collect()
    assert closed == [True]
    assert made[0]() is None
    assert worker.state.state == "unloaded"
