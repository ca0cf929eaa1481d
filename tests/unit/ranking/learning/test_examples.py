"""What of a log the training sees, and how much each click counts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from curation.ranking.learning.examples import MOST_REFUSED, MOST_WEIGHT, PLACES, examples_of, places
from tests.unit.ranking.learning.logs import SCORERS, World


def by_chance(pool, reader, z):
    return np.full(len(pool), -1.0)


def test_only_lists_with_an_answer_count_and_of_those_the_latest():
    questions = list(World(by_chance).questions(60))
    questions[3] = replace(questions[3], wanted=np.zeros(20, dtype=bool))
    questions[4] = replace(questions[4], wanted=np.ones(20, dtype=bool))
    answered = [each.at for each in questions if each.wanted.any() and not each.wanted.all()]
    assert [each.at for each in examples_of(questions, SCORERS, seed=1).lists] == answered
    assert [each.at for each in examples_of(questions, SCORERS, seed=1, most=10).lists] == answered[-10:]


def test_everything_that_was_opened_is_kept_of_a_long_list_and_a_sample_of_the_rest():
    (question,) = World(by_chance, size=300).questions(1)
    (example,) = examples_of([question], SCORERS, seed=1).lists
    assert example.wanted.sum() == question.wanted.sum()
    assert (~example.wanted).sum() == MOST_REFUSED
    (again,) = examples_of([question], SCORERS, seed=1).lists
    np.testing.assert_array_equal(example.rows, again.rows)


def test_z_scores_are_those_of_the_whole_list():
    from curation.ranking.rankers import features

    (question,) = World(by_chance, size=200).questions(1)
    (example,) = examples_of([question], SCORERS, seed=1).lists
    _, z, _ = features(SCORERS, question.pool, question.reader)
    np.testing.assert_allclose(example.z[:, example.wanted], z[:, question.wanted], rtol=1e-5)


def test_what_was_shown_by_chance_weighs_by_its_propensity_up_to_a_cap():
    (question,) = World(by_chance, size=6).questions(1)
    told = np.array([1.0, 0.5, 0.2, 0.001, np.nan, 0.0], dtype=np.float32)
    question = replace(question, wanted=np.arange(6) < 5, propensities=told)
    (example,) = examples_of([question], SCORERS, seed=1).lists
    np.testing.assert_allclose(example.weights, [1, 2, 5, MOST_WEIGHT, 1, 1], rtol=1e-6)


def test_far_places_share_what_they_are_worth_and_unknown_ones_have_none():
    found = places(np.array([-1, 0, 19, 20, 29, 30, 59, 400]))
    assert found.tolist() == [PLACES, 0, 19, 20, 20, 21, 23, PLACES - 1]


def test_an_article_is_kept_once_and_a_batch_is_filled_up():
    questions = list(World(by_chance).questions(50))
    examples = examples_of(questions, SCORERS, seed=1)
    rows = {row for each in questions for row in [*each.rows.tolist(), *each.past_rows.tolist()]}
    assert len(examples.vectors) <= len(rows)
    lengths = [len(each.past) for each in examples.lists[:8]]
    batch = examples.batch(range(8))
    assert batch["past"].shape == (8, max(lengths), 16)
    assert batch["is_past"].sum(axis=1).tolist() == lengths
    np.testing.assert_allclose(batch["wanted"].sum(axis=1), 1.0, rtol=1e-6)
