"""Makes readers up: what they care about, when they come, what they look at, open, finish, save and hide.

The model, all of it drawn from the seed:

* **Taste.** Weights over the topics, from a Dirichlet distribution with concentration 0.12 a topic (a few topics make
  up most of it), or from a file. A reader picks the topics that make up most of the taste at sign-up.
* **Days.** On a day the reader comes with the probability `activity`, Beta(2, 2) over readers, then 1 + Poisson(0.4)
  times, around 8, 12.5 and 20.5 o'clock UTC.
* **List.** A light ranker in memory stands in for the real pipeline, so that 200 readers and 14 days take seconds:
  affinity to the picked topics and freshness as z-scores, nothing that was read or shown twice, 20 cards, one of them
  drawn at random and logged with its propensity. It knows what the reader picked, never the taste.
* **Position bias.** The reader scrolls to a geometrically distributed depth (mean 11 cards): so far the cards leave
  impressions. A card at place k (from 0) is looked at closely with probability (k + 1) ** -0.35.
* **Clicks.** A card looked at is opened with probability sigmoid(-4.0 + 4.5 × match + 0.8 × freshness), where match is
  the article's topic scores weighed by the taste relative to its dearest topic, and freshness halves every 24 h.
* **After the click.** Active reading time is lognormal around a share of the article's reading time that grows with
  the match; one in fifteen to one in five is saved, again by match. A card looked at and not wanted is hidden rarely.

Articles count from the moment they were published. Every id is derived from seed, reader, date and session, and a
session that is already stored is left as it is: simulating again adds only what is missing.
"""

from __future__ import annotations

import csv
import json
import math
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from django.db import transaction
from numpy.typing import NDArray

from curation.articles.models import Article
from curation.engagement.models import ArticleState, Event, Slate, SlateItem
from curation.sample.types import Taste
from curation.topics import queries as topics
from curation.topics.models import ArticleTopic

PAGE = 20
PIPELINE = "simulation/1"
NAMESPACE = uuid.UUID("5b0f5d2e-6a27-4f0e-9c59-3d7f6a1c8e42")
CONCENTRATION = 0.12
HOURS = ((8.0, 0.35), (12.5, 0.25), (20.5, 0.40))  # when people read, and how many of them
WINDOW = timedelta(days=7)
MEAN_DEPTH = 11
OPENS = (-4.0, 4.5, 0.8)  # log odds of a click: whatever it is, by match, by freshness
READERS_A_BATCH = 25

Floats = NDArray[np.float64]
Progress = Callable[[int, int], None]


# -- Tastes --------------------------------------------------------------------------------------------------


def read_tastes(path: Path) -> dict[int, Taste]:
    """True tastes from a file, by the reader's number from 0.

    JSON lines: `{"reader": 0, "topics": {"climate": 3, "football": 1}, "activity": 0.6}`. CSV with a header line:
    `reader,topic,weight` and optionally `activity`, one line a topic. Weights are any numbers from 0 up; activity is
    optional. Raises ValueError with the line's number.
    """
    weights: dict[int, dict[str, float]] = {}
    activities: dict[int, float] = {}
    for number, row in _lines(path):
        try:
            reader = int(row["reader"])
            topics = row["topics"] if "topics" in row else {row["topic"]: row["weight"]}
            found = {str(slug): float(weight) for slug, weight in topics.items()}
            activity = row.get("activity")
            if activity not in (None, ""):
                activities[reader] = float(activity)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ValueError(f"{path.name}, line {number}: needs reader, topics and their weights ({error})") from None
        if reader < 0 or not all(0 <= weight < math.inf for weight in found.values()):
            raise ValueError(f"{path.name}, line {number}: reader and weights are numbers from 0 up")
        if not 0 <= activities.get(reader, 0.0) <= 1:
            raise ValueError(f"{path.name}, line {number}: activity lies between 0 and 1")
        weights.setdefault(reader, {}).update(found)
    tastes = {}
    for reader, topics in weights.items():
        total = sum(topics.values())
        if total <= 0:
            raise ValueError(f"{path.name}: reader {reader} has no topic with a weight above 0")
        shares = {slug: weight / total for slug, weight in topics.items()}
        tastes[reader] = Taste(shares, activities.get(reader, math.nan))
    return tastes


def _lines(path: Path) -> Iterable[tuple[int, Mapping[str, Any]]]:
    with path.open(encoding="utf-8", newline="") as file:
        if path.suffix.lower() == ".csv":
            yield from enumerate(csv.DictReader(file), start=2)
            return
        for number, line in enumerate(file, start=1):
            if line.strip():
                try:
                    row = json.loads(line)
                except ValueError:
                    raise ValueError(f"{path.name}, line {number}: not JSON") from None
                if not isinstance(row, dict):
                    raise ValueError(f"{path.name}, line {number}: not a JSON object")
                yield number, row


def imagine_tastes(count: int, seed: int, given: Mapping[int, Taste]) -> list[Taste]:
    """`count` tastes: the given ones, and drawn ones for everybody else. Raises ValueError for an unknown topic."""
    slugs = sorted(topic.slug for area in topics.areas() for topic in area.topics)
    if unknown := {slug for taste in given.values() for slug in taste.topics} - set(slugs):
        raise ValueError(f"unknown topics: {', '.join(sorted(unknown))}")
    tastes = []
    for number in range(count):
        random = np.random.default_rng([seed, number])
        weights = random.dirichlet(np.full(len(slugs), CONCENTRATION))
        activity = float(random.beta(2, 2))
        drawn = Taste(dict(zip(slugs, weights.tolist(), strict=True)), activity)
        taste = given.get(number, drawn)
        tastes.append(Taste(taste.topics, activity) if math.isnan(taste.activity) else taste)
    return tastes


# -- The press that they read --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Press:
    """Everybody's articles as arrays, oldest first. Times are seconds since the epoch."""

    ids: NDArray[np.int64]
    times: Floats
    reading_seconds: Floats
    topics: Floats  # n × t
    slugs: tuple[str, ...]

    @classmethod
    def load(cls, since: datetime, until: datetime) -> Press:
        rows = list(
            Article.objects.ready()
            .visible_to(None)
            .filter(sorted_at__gte=since, sorted_at__lte=until)
            .order_by("sorted_at", "pk")
            .values_list("pk", "sorted_at", "reading_seconds")
        )
        ids = np.array([row[0] for row in rows], dtype=np.int64)
        place = {pk: number for number, pk in enumerate(ids.tolist())}
        about = list(ArticleTopic.objects.filter(article_id__in=place).values_list("article_id", "topic_id", "score"))
        slugs = tuple(sorted({slug for _, slug, _ in about}))
        column = {slug: number for number, slug in enumerate(slugs)}
        topics = np.zeros((len(ids), len(slugs)))
        for article, slug, score in about:
            topics[place[article], column[slug]] = score
        return cls(
            ids=ids,
            times=np.array([row[1].timestamp() for row in rows], dtype=np.float64),
            reading_seconds=np.array([max(row[2], 20) for row in rows], dtype=np.float64),
            topics=topics,
            slugs=slugs,
        )

    def weigh(self, weights: Mapping[str, float]) -> Floats:
        """Each article's topic scores, weighed."""
        return self.topics @ np.array([weights.get(slug, 0.0) for slug in self.slugs])


# -- One reader ----------------------------------------------------------------------------------------------


@dataclass
class Diary:
    """What came of a reader's sessions, as rows that are not stored yet."""

    slates: list[Slate] = field(default_factory=list)
    items: list[SlateItem] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    states: dict[tuple[int, int], ArticleState] = field(default_factory=dict)

    def without(self, stored: set[uuid.UUID]) -> Diary:
        kept = [event for event in self.events if event.slate_id not in stored]
        touched = {(event.reader_id, event.article_id) for event in kept if event.kind != Event.Kind.IMPRESSION}
        return Diary(
            slates=[slate for slate in self.slates if slate.pk not in stored],
            items=[item for item in self.items if item.slate_id not in stored],
            events=kept,
            states={key: state for key, state in self.states.items() if key in touched},
        )


def live(
    press: Press, *, reader_id: int, number: int, taste: Taste, seed: int, dates: Sequence[date], until: datetime
) -> Diary:
    """All sessions of one reader; `number` is the reader's place among the simulated ones."""
    diary = Diary()
    shown, read = np.zeros(len(press.ids)), np.zeros(len(press.ids), dtype=np.bool_)
    picked = press.weigh(dict.fromkeys(taste.follows, 1.0))
    dearest = max(taste.topics.values())
    match = np.clip(press.weigh({slug: weight / dearest for slug, weight in taste.topics.items()}), 0.0, 1.0)
    for day in dates:
        random = np.random.default_rng([seed, number, day.toordinal()])
        if random.random() >= taste.activity:
            continue
        midnight = datetime.combine(day, time.min, tzinfo=UTC)
        centres, shares = zip(*HOURS, strict=True)
        hours = np.sort(random.choice(centres, 1 + random.poisson(0.4), p=shares))
        for session, hour in enumerate(np.clip(hours + random.normal(0, 0.9, len(hours)), 0.1, 23.4)):
            at = midnight + timedelta(hours=float(hour))
            if at + timedelta(minutes=30) > until:
                break
            key = f"{seed}/{reader_id}/{day.isoformat()}/{session}"
            _sit_down(press, diary, key, reader_id, at, until, random, shown, read, picked, taste.follows, match)
    return diary


def _sit_down(
    press: Press,
    diary: Diary,
    key: str,
    reader_id: int,
    at: datetime,
    until: datetime,
    random: np.random.Generator,
    shown: Floats,
    read: NDArray[np.bool_],
    picked: Floats,
    follows: Sequence[str],
    match: Floats,
) -> None:
    """One session: a slate, what was seen of it, and what came of that."""
    now = at.timestamp()
    there = np.flatnonzero((press.times <= now) & (press.times > now - WINDOW.total_seconds()) & (shown < 2) & ~read)
    if not len(there):
        return
    fresh = np.exp2(-(now - press.times[there]) / 86_400)
    shares = np.stack([_z(picked[there]), 0.7 * _z(fresh)])
    order = np.argsort(-shares.sum(axis=0), kind="stable")
    page = order[:PAGE].tolist()
    propensities = [1.0] * len(page)
    surprise = -1
    if len(order) > PAGE:
        surprise = int(random.integers(4, PAGE))
        rest = order[PAGE:]
        page[surprise], propensities[surprise] = int(random.choice(rest)), 1.0 / len(rest)

    slate_id = uuid.uuid5(NAMESPACE, key)
    diary.slates.append(
        Slate(id=slate_id, reader_id=reader_id, surface="feed", pipeline=PIPELINE, created_at=at, is_synthetic=True)
    )
    scores = shares.sum(axis=0)
    followed = np.isin(np.array(press.slugs), np.array(follows))
    for position, (row, propensity) in enumerate(zip(page, propensities, strict=True)):
        contributions = dict(zip(("follow_topic", "freshness"), shares[:, row].tolist(), strict=True))
        if position == surprise:
            contributions["exploration"] = max(float(scores[order[PAGE - 1]] - scores[row]), 0.0)
        reason = _reason(contributions, press, press.topics[there[row]] * followed)
        diary.items.append(
            SlateItem(
                slate_id=slate_id,
                position=position,
                article_id=int(press.ids[there[row]]),
                score=sum(contributions.values()),
                reason=reason,
                contributions=contributions,
                propensity=propensity,
            )
        )

    def happened(kind: Event.Kind, position: int, article: int, when: datetime, **more: Any) -> None:
        event = uuid.uuid5(NAMESPACE, f"{key}/{position}/{kind}")
        when = min(when, until)
        diary.events.append(
            Event(
                id=event,
                reader_id=reader_id,
                kind=kind,
                article_id=article,
                slate_id=slate_id,
                position=position,
                at=when,
                received_at=when,
                is_synthetic=True,
                **more,
            )
        )

    def state(article: int) -> ArticleState:
        return diary.states.setdefault((reader_id, article), ArticleState(reader_id=reader_id, article_id=article))

    depth = min(int(random.geometric(1 / MEAN_DEPTH)), len(page))
    clock = at
    for position in range(depth):
        row = page[position]
        place = int(there[row])
        article, liking = int(press.ids[place]), float(match[place])
        clock += timedelta(seconds=float(random.exponential(2.5)) + 1)
        shown[place] += 1
        happened(Event.Kind.IMPRESSION, position, article, clock)
        looked, opened, after = random.random(3)
        if looked >= look(position):
            continue
        if opened < _sigmoid(OPENS[0] + OPENS[1] * liking + OPENS[2] * float(fresh[row])):
            read[place] = True
            happened(Event.Kind.CLICK, position, article, clock + timedelta(milliseconds=300))
            state(article).read_at = clock + timedelta(milliseconds=300)
            wanted = press.reading_seconds[place] * (0.2 + 0.7 * liking)
            active = min(float(wanted * random.lognormal(0.0, 0.6)), 1800.0)
            clock += timedelta(seconds=active)
            happened(
                Event.Kind.DWELL, position, article, clock,
                active_ms=int(active * 1000), visible_ms=int(active * 1000 * (1 + random.random() / 3)),
            )  # fmt: skip
            if after < 0.065 + 0.135 * liking:
                happened(Event.Kind.SAVE, position, article, clock)
                state(article).saved_at = clock
        elif after < 0.02 * (1 - liking):
            read[place] = True  # it will not be shown again
            happened(Event.Kind.HIDE, position, article, clock)
            state(article).hidden_at = clock


def look(position: Any) -> Any:
    """The probability of looking closely at a card at this place, from 0."""
    return (position + 1) ** -0.35


def _reason(contributions: Mapping[str, float], press: Press, followed: Floats) -> dict[str, Any]:
    """As the product gives it: the greatest contribution above 0."""
    best = max(contributions, key=contributions.__getitem__)
    if contributions[best] <= 0:
        return {"scorer": "", "kind": "none"}
    if best == "follow_topic" and followed.any():
        return {"scorer": best, "kind": "topic", "topic": press.slugs[int(np.argmax(followed))]}
    return {"scorer": best, "kind": {"freshness": "fresh", "exploration": "explore"}.get(best, "none")}


def _z(values: Floats) -> Floats:
    spread = float(values.std())
    return (values - values.mean()) / spread if spread > 1e-9 else np.zeros(len(values))


def _sigmoid(value: float) -> float:
    return 1 / (1 + math.exp(-value))


# -- All of them ---------------------------------------------------------------------------------------------


def simulate(
    *, reader_ids: Sequence[int], days: int, seed: int, tastes: Sequence[Taste], at: datetime, progress: Progress
) -> dict[str, int]:
    """Store what these readers did in the `days` up to `at`; returns how many rows were added, by kind."""
    today = at.astimezone(UTC).date()
    dates = [today - timedelta(days=back) for back in reversed(range(days))]
    press = Press.load(datetime.combine(dates[0], time.min, tzinfo=UTC) - WINDOW, at)
    if not len(press.ids):
        raise ValueError("there is nothing to read yet: no article was published in these days")
    totals = dict.fromkeys(
        [
            "articles",
            "sessions",
            "sessions_already_there",
            "events",
            "impressions",
            "clicks",
            "reads",
            "saves",
            "hides",
        ],
        0,
    )
    totals["articles"] = len(press.ids)
    for first in range(0, len(reader_ids), READERS_A_BATCH):
        batch = Diary()
        for number in range(first, min(first + READERS_A_BATCH, len(reader_ids))):
            diary = live(
                press,
                reader_id=reader_ids[number],
                number=number,
                taste=tastes[number],
                seed=seed,
                dates=dates,
                until=at,
            )
            batch.slates += diary.slates
            batch.items += diary.items
            batch.events += diary.events
            batch.states |= diary.states
        _store(batch, totals)
        progress(min(first + READERS_A_BATCH, len(reader_ids)), len(reader_ids))
    return totals


@transaction.atomic
def _store(diary: Diary, totals: dict[str, int]) -> None:
    ids = [slate.pk for slate in diary.slates]
    stored = set(Slate.objects.filter(pk__in=ids).values_list("pk", flat=True))
    new = diary.without(stored)
    Slate.objects.bulk_create(new.slates, batch_size=2000)
    SlateItem.objects.bulk_create(new.items, batch_size=2000)
    Event.objects.bulk_create(new.events, batch_size=2000, ignore_conflicts=True)
    ArticleState.objects.bulk_create(new.states.values(), batch_size=2000, ignore_conflicts=True)
    totals["sessions"] += len(new.slates)
    totals["sessions_already_there"] += len(stored)
    totals["events"] += len(new.events)
    counted = {"impression": "impressions", "click": "clicks", "dwell": "reads", "save": "saves", "hide": "hides"}
    for event in new.events:
        totals[counted[event.kind]] += 1
