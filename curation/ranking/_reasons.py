"""Says why a card is where it is, from the scorer that truly put it there."""

from __future__ import annotations

from typing import Any

import numpy as np

from curation.ranking.scorers import topic_affinity
from curation.ranking.types import Pool, Ranking, Reader

Reason = dict[str, Any]


def deciding(ranking: Ranking, row: int) -> str:
    """The scorer with the greatest contribution above 0, of those that can be named here; "" where there is none."""
    shares = np.where(ranking.explains[:, row], ranking.contributions[:, row], 0.0)
    best = int(np.argmax(shares)) if len(shares) else -1
    return ranking.scorers[best] if best >= 0 and shares[best] > 0 else ""


def explain(pool: Pool, reader: Reader, ranking: Ranking, row: int) -> Reason:
    """A topic is named as reason only where the reader follows it: what was inferred is said by what it came from.

    The kind is "none" where nothing lifted the article: it is there because a page has room.
    """
    scorer = deciding(ranking, row)
    if scorer == "topics":
        weighed = pool.topics[row].astype(np.float64) * topic_affinity(pool, reader)
        topic = pool.slugs[int(np.argmax(weighed))]
        if topic in reader.profile.topics:
            return {"kind": "topic", "topic": topic}
        return _like(pool, reader, row, pool.slugs.index(topic))
    if scorer == "history":
        return _like(pool, reader, row)
    if scorer == "source":
        return {"kind": "source", "source": int(pool.sources[row])}
    if scorer == "phrase":
        phrase = pool.phrase_ids[int(np.argmax(pool.phrases[row]))]
        return {"kind": "phrase", "phrase": phrase} if phrase in reader.profile.phrases else {"kind": "none"}
    return {"kind": {"popularity": "popular", "freshness": "fresh"}.get(scorer, "none")}


def _like(pool: Pool, reader: Reader, row: int, topic: int | None = None) -> Reason:
    """The liked article nearest to this one; of the topic's, where it is a topic that was inferred."""
    past = reader.past
    eligible = past.liked if topic is None else past.liked & (past.topics[:, topic] > 0)
    nearness = np.where(eligible, past.vectors @ pool.vectors[row], -np.inf)
    return {"kind": "like", "article": int(past.ids[int(np.argmax(nearness))])}
