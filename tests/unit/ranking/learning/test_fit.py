"""What is learned: what decided the clicks, free of the place, and nothing where chance decided them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from curation.ranking.learning.examples import examples_of
from curation.ranking.learning.fit import STATED, LearnedRanker, fit_examples, fit_ranker
from curation.ranking.learning.weights import KNOTS, at_floor
from curation.ranking.pipelines import FLOOR
from tests.unit.ranking.learning.logs import NAMES, SCORERS, World, ndcg, without_places


def silent(line: str) -> None: ...


def by_breadth(pool, reader, z):
    """The floor has it the other way round: it loves what is fresh, and hardly hears how many tell a story."""
    return -1.5 + 1.2 * np.clip(z["breadth"], 0, 3) - 0.8 * np.clip(z["freshness"], -2, 2)


def by_history_if_there_is_one(pool, reader, z):
    warm = reader.past.liked.sum() >= 8
    return -2.5 + 1.6 * np.clip(z["history" if warm else "popularity"], -2, 3)


def by_a_part_of_the_vector(pool, reader, z):
    """Which no cosine of whole vectors tells."""
    if not len(reader.past.ids):
        return np.full(len(pool), -2.5)
    return -3.0 + 22 * ((pool.vectors[:, :5] @ reader.past.vectors[:, :5].T).max(axis=1) - 0.25)


def by_nothing(pool, reader, z):
    return np.full(len(pool), -1.5)


@pytest.mark.parametrize(
    ("worth", "lists", "gained"),
    [(by_breadth, 400, 0.15), (by_history_if_there_is_one, 400, 0.1), (by_a_part_of_the_vector, 1200, 0.15)],
)
def test_it_learns_what_the_floor_does_not_know(worth, lists, gained):
    world = World(worth)
    later = list(world.questions(200, seed=9))
    learned = fit_ranker(world.questions(lists), seed=1)
    assert ndcg(learned, later) > ndcg(FLOOR, later)
    assert ndcg(learned, later, worth) > ndcg(FLOOR, later, worth) + gained


def test_what_is_owed_to_the_place_is_not_laid_at_the_articles_door():
    shown = list(World(by_breadth, by_place=1.5, shown_by=FLOOR).questions(1000))
    fair = list(World(by_breadth).questions(200, seed=9))
    knowing = fit_ranker(shown, seed=1)
    unknowing = fit_ranker(map(without_places, shown), seed=1)
    assert ndcg(knowing, fair, by_breadth) > ndcg(unknowing, fair, by_breadth) + 0.03
    worth = knowing.told["places"]
    assert worth[0] == 1.0
    assert worth[1] < 0.7
    assert worth[9] < worth[4] < worth[1]


def test_noise_leaves_it_the_floor():
    world = World(by_nothing, shown_by=FLOOR)
    learned = fit_ranker(world.questions(700), seed=1)
    later = list(world.questions(200, seed=9))
    assert abs(ndcg(learned, later) - ndcg(FLOOR, later)) < 0.02


def test_few_lists_give_the_floor_itself():
    learned = fit_ranker(World(by_breadth).questions(10), seed=1)
    question = next(iter(World(by_breadth).questions(1)))
    found, floor = learned(question.pool, question.reader), FLOOR(question.pool, question.reader)
    np.testing.assert_allclose(found.contributions, floor.contributions, atol=1e-12)


def test_the_same_seed_gives_the_same_ranker_and_lines_are_said():
    said: list[str] = []
    one, other = (fit_ranker(World(by_breadth).questions(200), seed=4, say=said.append) for _ in range(2))
    np.testing.assert_array_equal(one.weights.shapes, other.weights.shapes)
    np.testing.assert_array_equal(one.weights.key, other.weights.key)
    assert any("epoch 1" in line for line in said)


def test_broken_off_after_any_epoch_it_comes_to_the_same_weights():
    from curation.ranking.learning._torch_fit import Keeper

    examples = examples_of(World(by_breadth).questions(200), SCORERS, seed=4)
    states: list[bytes] = []
    whole = fit_examples(examples, seed=4, say=silent, resume=Keeper(keep=states.append), floor=FLOOR)
    said: list[str] = []
    for state in (states[0], states[len(states) // 2], states[-1]):
        resumed = fit_examples(examples, seed=4, say=said.append, resume=Keeper(state), floor=FLOOR)
        np.testing.assert_array_equal(resumed.weights.shapes, whole.weights.shapes)
        np.testing.assert_array_equal(resumed.weights.key, whole.weights.key)
    assert f"goes on after epoch {len(states)}" in said


def test_it_is_gone_on_with_although_the_log_knows_a_little_more_by_now():
    from curation.ranking.learning._torch_fit import Keeper

    questions = list(World(by_breadth).questions(150))
    states: list[bytes] = []
    fit_ranker(questions[:140], seed=4, resume=Keeper(keep=states.append))
    said: list[str] = []
    fit_ranker(questions, seed=4, say=said.append, resume=Keeper(states[-1]))
    assert f"goes on after epoch {len(states)}" in said


def test_what_another_training_kept_or_what_is_damaged_is_begun_anew():
    from curation.ranking.learning._torch_fit import Keeper

    examples = examples_of(World(by_breadth).questions(120), SCORERS, seed=4)
    states: list[bytes] = []
    fit_examples(examples, seed=5, say=silent, resume=Keeper(keep=states.append), floor=FLOOR)
    for state in (states[0], states[0][:-5], b"no state"):
        said: list[str] = []
        fit_examples(examples, seed=4, say=said.append, resume=Keeper(state), floor=FLOOR)
        assert not any("goes on" in line for line in said)


def test_what_a_reader_states_cannot_be_unlearned():
    def against_what_is_followed(pool, reader, z):
        return -1.0 - 2.0 * np.clip(z["follow_topic"], 0, 3)

    learned = fit_ranker(World(against_what_is_followed).questions(500), seed=1)
    begun = LearnedRanker(SCORERS, at_floor(FLOOR, 16))
    for name in STATED:
        at = NAMES.index(name)
        steps, least = np.diff(learned.weights.shapes[at]), np.diff(begun.weights.shapes[at]) / 2
        assert (steps >= least - 1e-6).all(), name
        assert not learned.weights.gates[at].any()
        assert learned.weights.shapes[at][KNOTS.index(0.0)] == 0


def test_logs_without_vectors_and_positions_are_learned_from_as_well():
    def bare(question):
        past = replace(question.reader.past, vectors=question.reader.past.vectors[:, :0])
        return replace(
            without_places(question),
            pool=replace(question.pool, vectors=question.pool.vectors[:, :0]),
            reader=replace(question.reader, past=past),
            propensities=np.full(len(question.rows), np.nan, dtype=np.float32),
        )

    learned = fit_ranker((bare(each) for each in World(by_breadth).questions(400)), seed=1)
    later = [bare(each) for each in World(by_breadth).questions(100, seed=9)]
    assert learned.weights.dimension == 0
    assert ndcg(learned, later, by_breadth) > ndcg(FLOOR, later, by_breadth) + 0.1
