"""Invents logs in the shape of MIND and of DeskDrop, as large as one likes.

`python -m tests.unit.ranking.evaluation.newspapers DIR` writes one of MIND-small's size, if it is not there yet, and
says how much processor time the replay takes for a list, without any pipeline.
"""

from __future__ import annotations

import csv
import os
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

SECTIONS = ("news", "sports", "finance", "travel", "foodanddrink", "lifestyle")
WORDS = {
    "news": "council votes bridge parliament mayor strike election budget court law",
    "sports": "match season coach goal league final striker injury record team",
    "finance": "market shares bank rates profit merger inflation bond trade currency",
    "travel": "island train hotel coast museum flight valley harbour trail village",
    "foodanddrink": "bread soup harvest oven wine cheese recipe spice kitchen orchard",
    "lifestyle": "garden sleep walk home habit family repair colour winter friends",
}
FIRST_DAY = datetime(2019, 11, 11, tzinfo=UTC)


def write_mind(
    folder: Path, *, articles: int, readers: int, impressions: int, days: float, seed: int = 1, first_id: int = 0,
    begins: datetime = FIRST_DAY, candidates: int = 30,
) -> None:  # fmt: skip
    """behaviors.tsv and news.tsv; readers love one section each, and a few articles are loved by all."""
    random = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    section = np.random.default_rng(7).integers(0, len(SECTIONS), articles)
    with (folder / "news.tsv").open("w", encoding="utf-8", newline="\n") as file:
        for number in range(articles):
            words = WORDS[SECTIONS[section[number]]].split()
            title = " ".join(random.choice(words, 5)).capitalize() + f" {number}"
            abstract = " ".join(random.choice(words, 12)) if number % 9 else ""
            name = SECTIONS[section[number]]
            file.write(
                f"N{number}\t{name}\t{name}{number % 4}\t{title}\t{abstract}\thttps://example.org/{number}\t[]\t[]\n"
            )
    loved = np.random.default_rng(9).permutation(readers) % len(SECTIONS)
    popular = np.random.default_rng(11).random(articles) < 0.03
    moments = np.sort(random.random(impressions)) * days * 86_400
    by_section = [np.flatnonzero(section == each) for each in range(len(SECTIONS))]
    histories = [
        " ".join(
            f"N{row}"
            for row in np.random.default_rng([13, reader]).choice(
                by_section[loved[reader]], min(reader % 60, len(by_section[loved[reader]])), replace=False
            )
        )
        for reader in range(readers)
    ]
    with (folder / "behaviors.tsv").open("w", encoding="utf-8", newline="\n") as file:
        for number, moment in enumerate(moments):
            reader = int(random.integers(readers))
            size = int(random.integers(5, 2 * candidates))
            # What is shown moves on with time, as news does.
            centre = moment / (days * 86_400) * articles
            rows = np.unique(np.clip(random.normal(centre, articles / 8, size), 0, articles - 1).astype(int))
            chance = 0.03 + 0.15 * (section[rows] == loved[reader]) + 0.25 * popular[rows]
            clicked = random.random(len(rows)) < chance
            clicked[int(np.argmax(chance))] |= not clicked.any()
            at = begins + timedelta(seconds=float(moment))
            hour = at.strftime("%I").lstrip("0")
            shown = " ".join(f"N{row}-{int(hit)}" for row, hit in zip(rows, clicked, strict=True))
            file.write(
                f"{first_id + number}\tU{reader}\t{at.month}/{at.day}/{at.year} {hour}:{at:%M:%S %p}\t"
                f"{histories[reader]}\t{shown}\n"
            )


def write_deskdrop(
    folder: Path, *, articles: int, readers: int, interactions: int, days: int, texts: bool = True, seed: int = 1
) -> None:
    """users_interactions.csv and, with texts, shared_articles.csv; ids are large and signed, as there."""
    random = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    begins = int(datetime(2016, 3, 14, tzinfo=UTC).timestamp())
    ids = random.choice(2**40, articles, replace=False) * 4_194_301 - 2**62
    section = random.integers(0, len(SECTIONS), articles)
    shared_at = np.sort(random.random(articles)) * days * 86_400
    if texts:
        with (folder / "shared_articles.csv").open("w", encoding="utf-8", newline="") as file:
            lines = csv.writer(file)
            lines.writerow(
                ["timestamp", "eventType", "contentId", "authorPersonId", "authorSessionId", "authorUserAgent",
                 "authorRegion", "authorCountry", "contentType", "url", "title", "text", "lang"]
            )  # fmt: skip
            for row in range(articles):
                words = WORDS[SECTIONS[section[row]]].split()
                title, text = " ".join(random.choice(words, 4)), " ".join(random.choice(words, 30))
                author = -int(random.integers(1, 90))
                lines.writerow(
                    [begins + int(shared_at[row]), "CONTENT SHARED", ids[row], author, 1, "", "", "",
                     "HTML", f"https://example.org/{row}", title, f'{text}, "quoted"\nand broken', "en"]
                )  # fmt: skip
    loved = np.arange(readers) % len(SECTIONS)
    moments = np.sort(random.random(interactions)) * days * 86_400
    with (folder / "users_interactions.csv").open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(["timestamp", "eventType", "contentId", "personId", "sessionId", "userAgent", "userRegion"])
        for moment in moments:
            there = int(np.searchsorted(shared_at, moment))
            if not there:
                continue
            reader = int(readers * random.random() ** 2)
            recent = np.maximum(there - 1 - random.geometric(0.02, 4), 0)
            mine = recent[section[recent] == loved[reader]]
            row = int(mine[0]) if len(mine) else int(recent[0])
            kind = random.choice(
                ["VIEW", "LIKE", "BOOKMARK", "COMMENT CREATED", "FOLLOW"], p=[0.84, 0.08, 0.04, 0.02, 0.02]
            )
            lines.writerow([begins + int(moment), kind, ids[row], -9_000_000_000 - reader, 1, "", ""])


def _time_the_replay(folder: Path) -> None:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "curation.settings")
    django.setup()
    from curation.ranking.evaluation.mind import read_mind
    from curation.ranking.evaluation.replay import Replay

    if not folder.exists():
        size = {"articles": 40_000, "readers": 50_000, "candidates": 37}
        write_mind(folder / "MINDsmall_train", **size, impressions=157_000, days=6)
        begins = FIRST_DAY + timedelta(days=6)
        write_mind(folder / "MINDsmall_dev", **size, impressions=73_000, days=1, seed=2, begins=begins)
    began = time.monotonic()
    random = np.random.default_rng(0)
    dataset = read_mind(
        folder,
        progress=lambda doing, done, of: None,
        embed=lambda articles, sources, progress: random.normal(size=(len(articles), 384)).astype(np.float32),
    )
    print(f"read in {time.monotonic() - began:.1f} s")
    for count in (10_000, 73_000):
        numbers = dataset.test[:count]
        began = time.process_time()
        candidates = sum(len(question.rows) for question in Replay(dataset.log, numbers))
        seconds = time.process_time() - began
        told = f"{seconds / len(numbers) * 1000:.3f} ms a list of {candidates / len(numbers):.0f}"
        print(f"{len(numbers):,} lists: {seconds:.1f} s, {told}")


if __name__ == "__main__":
    _time_the_replay(Path(sys.argv[1]))
