"""Baselines and peers score by what had happened, each by its own rule."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from curation.ranking.evaluation.baselines import MeanCosineBaseline, PopularBaseline, RandomBaseline
from curation.ranking.evaluation.peers import AlsModel, NeighbourModel, Peer, opened_before
from curation.ranking.evaluation.replay import Replay
from curation.ranking.evaluation.types import Acts, Articles, Given, Lists, Log, Marks, Question
from curation.ranking.types import Past
from tests.unit.ranking.evaluation.logs import DAY, DAYS, READERS, log_of


def two_circles(*, readers: int = 30, given: bool = False) -> Log:
    """Even readers open articles 0 to 9, odd ones 10 to 19, and nobody 20; everybody is then asked for all of them,
    on the day after.
    """
    random = np.random.default_rng(4)
    opened = [(reader, 10 * (reader % 2) + int(row)) for reader in range(readers) for row in random.permutation(10)[:6]]
    who, what = (np.array(column, dtype=np.int32) for column in zip(*opened, strict=True))
    at = random.random(len(opened)) * DAY
    order = np.argsort(at)
    acts = Acts(at[order], who[order], what[order], np.ones(len(at)), at[order])
    asked = np.arange(readers, dtype=np.int32)
    lists = Lists.of(
        asked, np.full(readers, 1.5 * DAY), np.full(readers, 21), np.tile(np.arange(21, dtype=np.int32), readers),
        np.zeros(21 * readers, dtype=np.bool_),
    )  # fmt: skip
    histories = [[row for reader, row in opened if reader == each] for each in range(readers)]
    nothing = Marks.of(np.empty(0), np.empty(0, np.int32), np.empty(0, np.int32))
    return Log(
        articles=Articles.of(np.arange(1, 22)),
        lists=lists,
        readers=readers,
        clicks=nothing if given else Marks.of(at, who, what),
        acts=acts,
        given=Given(asked, np.arange(0, 6 * readers + 1, 6), np.concatenate(histories).astype(np.int32))
        if given
        else None,
    )


@pytest.mark.parametrize(
    "model", [AlsModel(factors=2), NeighbourModel(neighbours=10), NeighbourModel(neighbours=10, bm25=(1.2, 0.75))]
)
def test_peers_find_what_readers_like_this_one_opened(model: AlsModel | NeighbourModel) -> None:
    log = two_circles()
    peer = Peer(log, model, "peer")
    for question in Replay(log, range(len(log.lists))):
        scores = peer(question)
        mine = slice(0, 10) if question.reader_code % 2 == 0 else slice(10, 20)
        others = slice(10, 20) if question.reader_code % 2 == 0 else slice(0, 10)
        assert scores[mine].min() > scores[others].max()
        assert scores[20] == 0.0
    assert len(peer.fit_seconds) == 1


@pytest.mark.parametrize("model", [AlsModel(factors=4), NeighbourModel()])
def test_a_reader_without_history_has_no_scores(model: AlsModel | NeighbourModel) -> None:
    log = two_circles()
    question = next(iter(Replay(log, range(1))))
    assert not Peer(log, model, "peer")(replace(question, history=question.history[:0])).any()


@pytest.mark.parametrize("model", [AlsModel(factors=4), NeighbourModel(), NeighbourModel(bm25=(1.2, 0.75))])
def test_before_anybody_opened_anything_there_are_no_scores(model: AlsModel | NeighbourModel) -> None:
    log = two_circles()
    question = next(iter(Replay(log, range(1))))
    assert not Peer(log, model, "peer")(replace(question, at=0.0)).any()


def test_the_matrix_holds_what_was_opened_before_and_the_histories_that_were_given_before() -> None:
    log = two_circles()
    early, late = (opened_before(log, _at(log, at)) for at in (0.5 * DAY, 1.5 * DAY))
    assert late.nnz == 180
    assert late.max() == 1.0
    assert early.nnz == int((log.clicks.at < 0.5 * DAY).sum()) < 180
    twice = log_of(3)
    once = opened_before(twice, _at(twice, DAYS * DAY))
    assert len(twice.clicks) > once.nnz
    assert once.max() == 1.0
    given = two_circles(given=True)
    assert opened_before(given, _at(given, 1.5 * DAY)).nnz == 0  # told at this moment, not before
    assert opened_before(given, _at(given, 1.6 * DAY)).nnz == 180


def _at(log: Log, at: float) -> Question:
    return replace(next(iter(Replay(log, range(1)))), at=at)


def test_peers_are_fitted_each_day_and_after_so_many_questions() -> None:
    log = log_of(3)
    questions = list(Replay(log, range(len(log.lists))))
    daily = Peer(log, NeighbourModel(), "daily")
    often = Peer(log, NeighbourModel(), "often", every=1)
    for question in questions:
        daily(question)
        often(question)
    assert len(daily.fit_seconds) == len({question.at // DAY for question in questions})
    assert len(often.fit_seconds) == len(questions)


def test_popular_counts_each_readers_clicks_so_far_and_lets_them_fade() -> None:
    log = log_of(8)
    plain, fading = PopularBaseline(log), PopularBaseline(log, 24.0)
    for question in Replay(log, range(len(log.lists))):
        last = {
            (int(reader), int(row)): float(at)
            for at, reader, row in zip(log.clicks.at, log.clicks.readers, log.clicks.rows, strict=True)
            if at < question.at
        }
        sums, faded = np.zeros(len(log.articles)), np.zeros(len(log.articles))
        for (_, row), at in last.items():
            sums[row] += 1
            faded[row] += 0.5 ** ((question.at - at) / DAY)
        assert plain(question) == pytest.approx(sums[question.rows])
        assert fading(question) == pytest.approx(faded[question.rows], abs=1e-9)


def test_mean_cosine_ignores_weights_and_what_was_refused() -> None:
    question = next(iter(Replay(log_of(1), range(1))))
    vectors = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]], dtype=np.float32)
    past = Past.of(np.arange(3), weights=np.array([2.5, 0.3, -1.0]), vectors=vectors)
    pool = replace(question.pool, vectors=np.array([[1.0, 0.0], [0.6, 0.8], [0.0, 0.0]], dtype=np.float32))
    told = MeanCosineBaseline()(replace(question, pool=pool, reader=replace(question.reader, past=past)))
    assert told == pytest.approx([0.5**0.5, 1.4 * 0.5**0.5, 0.0], abs=1e-6)
    nothing = replace(question.reader, past=past.take(np.array([2])))
    assert MeanCosineBaseline()(replace(question, pool=pool, reader=nothing)).tolist() == [0.0, 0.0, 0.0]


def test_chance_is_the_same_for_the_same_list_and_seed() -> None:
    one, other = list(Replay(log_of(READERS), range(2)))
    assert RandomBaseline(1)(one).tolist() == RandomBaseline(1)(one).tolist()
    assert RandomBaseline(1)(one).tolist() != RandomBaseline(2)(one).tolist()
    assert RandomBaseline(1)(one)[0] != RandomBaseline(1)(other)[0]
