"""Says why a card is where it is, from the contribution that truly put it there."""

from __future__ import annotations

from typing import Any

import numpy as np

from curation.ranking.scorers import followed_topics, topic_shares, wished_topics
from curation.ranking.types import Floats, Pool, Reader

Reason = dict[str, Any]

EXPLORATION = "exploration"  # what chance adds, beside what the scorers do
CLOSE_FROM = 0.45  # cosine from which one article can be named for another; below, only the history as a whole can


def deciding(contributions: dict[str, float]) -> str:
    """The name of the greatest contribution above 0; "" where there is none: the page had room."""
    best = max(contributions, key=contributions.__getitem__, default="")
    return best if best and contributions[best] > 0 else ""


def explain(pool: Pool, reader: Reader, row: int, contributions: dict[str, float]) -> Reason:
    """`scorer` is the deciding one; `kind` and what else is there say it in a way that a page can put into words."""
    scorer = deciding(contributions)
    return {"scorer": scorer, **_told(scorer, pool, reader, row)}


def _told(scorer: str, pool: Pool, reader: Reader, row: int) -> Reason:
    past, topics = reader.past, pool.topics[row].astype(np.float64)
    if scorer == "history":
        nearness = np.where(past.liked, past.vectors @ pool.vectors[row], -np.inf)
        nearest = int(np.argmax(nearness))
        if nearness[nearest] >= CLOSE_FROM:
            return {"kind": "like", "article": int(past.ids[nearest])}
        return {"kind": "history"}
    if scorer == "topics":
        return {"kind": "habit", "topic": _foremost(pool, topics * topic_shares(past))}
    if scorer == "follow_topic":
        return {"kind": "topic", "topic": _foremost(pool, topics * followed_topics(pool, reader))}
    if scorer == "wish":
        return {"kind": "wish", "topic": _foremost(pool, topics * wished_topics(pool, reader))}
    if scorer in {"follow_source", "publisher"}:
        kind = "source" if scorer == "follow_source" else "publisher"
        return {"kind": kind, "source": int(pool.sources[row])}
    if scorer == "follow_phrase":
        return {"kind": "phrase", "phrase": pool.phrase_ids[int(np.argmax(pool.phrases[row]))]}
    if scorer == "breadth":
        return {"kind": "story", "sources": int(pool.story_sources[row])}
    kinds = {
        "popularity": "popular",
        "demand": "demand",
        "satisfaction": "satisfying",
        "freshness": "fresh",
        EXPLORATION: "explore",
    }
    return {"kind": kinds.get(scorer, "none")}


def _foremost(pool: Pool, weighed: Floats) -> str:
    return pool.slugs[int(np.argmax(weighed))]
