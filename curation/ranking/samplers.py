"""What is chosen by chance, with the probability of each choice: those clicks say what other orders would earn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curation.ranking.types import Floats, Integers, Pool, Reader


@dataclass(frozen=True)
class Drawn:
    """The row that was drawn, and the probability with which it was."""

    row: int
    propensity: float


@dataclass(frozen=True)
class ThompsonSampler:
    """Draws what might be best for all that is known: the less a topic or an article was tried, the wider the guess.

    Beta posteriors of the reader's click rate in each topic and of everybody's click rate on each article are drawn
    `draws` times; a candidate's probability is the share of draws that it wins, mixed with an even chance for all, so
    that no propensity is 0. Thompson (1933); Chapelle and Li, "An Empirical Evaluation of Thompson Sampling" (2011).
    """

    window: int = 100
    draws: int = 64
    even: float = 0.1
    topic_strength: float = 8.0  # impressions that what holds for all topics is worth for one
    article_strength: float = 20.0

    def __call__(self, pool: Pool, reader: Reader, rows: Integers, random: np.random.Generator) -> Drawn | None:
        """One of `rows`, of which the first `window` count; None of none."""
        rows = rows[: self.window]
        if not len(rows):
            return None
        chances = self.chances(pool, reader, rows, random)
        at = int(random.choice(len(rows), p=chances))
        return Drawn(int(rows[at]), float(chances[at]))

    def chances(self, pool: Pool, reader: Reader, rows: Integers, random: np.random.Generator) -> Floats:
        """(len(rows),) probabilities, each at least even / len(rows)."""
        wins = np.argmax(self._guesses(pool, reader, rows, random), axis=0)
        share = np.bincount(wins, minlength=len(rows)) / self.draws
        chances: Floats = (1 - self.even) * share + self.even / len(rows)
        return chances / chances.sum()

    def _guesses(self, pool: Pool, reader: Reader, rows: Integers, random: np.random.Generator) -> Floats:
        """(len(rows), draws) log odds of a click."""
        seen = reader.seen
        tried = seen.topics.sum(axis=0, dtype=np.float64)
        opened = seen.topics[seen.opened].sum(axis=0, dtype=np.float64)
        rate = (seen.opened.sum() + 1.0) / (len(seen.ids) + 12.0)
        wins, losses = rate * self.topic_strength + opened, (1 - rate) * self.topic_strength + tried - opened
        for_topic = _beta(random, wins, losses, self.draws)
        # What no topic tells lies where the reader's own rate is.
        topics = pool.topics[rows].astype(np.float64)
        told = topics.sum(axis=1, keepdims=True)
        by_topic = (topics @ for_topic + 0.2 * rate) / (told + 0.2)

        shown = np.nan_to_num(pool.impressions[rows])
        clicks = np.minimum(pool.clicks[rows], shown)
        prior = (clicks.sum() + 1.0) / (shown.sum() + 20.0)
        wins, losses = prior * self.article_strength + clicks, (1 - prior) * self.article_strength + shown - clicks
        by_article = _beta(random, wins, losses, self.draws)
        return _log_odds(by_topic) + _log_odds(by_article)


def _beta(random: np.random.Generator, wins: Floats, losses: Floats, draws: int) -> Floats:
    """(len(wins), draws)"""
    return random.beta(np.maximum(wins, 1e-3)[:, None], np.maximum(losses, 1e-3)[:, None], (len(wins), draws))


def _log_odds(rate: Floats) -> Floats:
    rate = np.clip(rate, 1e-6, 1 - 1e-6)
    return np.log(rate / (1 - rate))
