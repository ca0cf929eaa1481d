"""DeskDrop is asked day by day: of what was there in the morning, what each reader opened first on that day."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from curation.articles.models import Article
from curation.ranking.evaluation.deskdrop import read_deskdrop
from curation.ranking.evaluation.replay import Replay
from curation.ranking.evaluation.types import Dataset, LogUnreadable, Question

DAY = 86_400
HEADER = "timestamp,eventType,contentId,personId,sessionId,userAgent,userRegion,userCountry"
SHARED_HEADER = (
    "timestamp,eventType,contentId,authorPersonId,authorSessionId,authorUserAgent,authorRegion,authorCountry,"
    "contentType,url,title,text,lang"
)
# day and hour, kind, article, reader; the first eighty of a hundred are one reader's on day 1 and 2
EARLY = [(1, 0.01 * number, "VIEW", f"-{900 + number}", "-1") for number in range(80)]
LATE = [
    (100, 9, "LIKE", "-900", "-2"),  # known since day 1
    (100, 10, "VIEW", "-900", "-2"),  # says no less than the like before
    (100, 11, "VIEW", "-7", "-2"),  # appears on this day: nobody could have proposed it
    (101, 9, "VIEW", "-7", "-3"),
    (101, 10, "VIEW", "-900", "-2"),  # opened before: not wanted any more
    (101, 11, "BOOKMARK", "-901", "-2"),
    (102, 9, "VIEW", "-901", "-1"),  # this reader has read it on day 1
    (102, 10, "VIEW", "-8", "-4"),  # nothing that was there in the morning: no question
    *[(103, 9, "VIEW", "-950", f"-{20 + number}") for number in range(13)],
]


def embed(articles: Sequence[Article], sources: Sequence[Path], progress: object) -> np.ndarray:
    return np.eye(len(articles), 4, dtype=np.float32)


def written(folder: Path, rows: list[tuple[float, float, str, str, str]], shared: str = "") -> Path:
    lines = [f"{round(day * DAY + hour * 3600)},{kind},{article},{reader},5,Mozilla,SP,BR"
             for day, hour, kind, article, reader in rows]  # fmt: skip
    (folder / "users_interactions.csv").write_text("\n".join([HEADER, *lines]) + "\n", "utf-8")
    if shared:
        (folder / "shared_articles.csv").write_text(SHARED_HEADER + "\n" + shared, "utf-8")
    return folder


def read(folder: Path) -> Dataset:
    return read_deskdrop(folder, progress=lambda doing, done, of: None, embed=embed)


def asked(dataset: Dataset) -> list[tuple[int, set[int], Question]]:
    return [
        (int(question.at // DAY), set(question.rows[question.wanted].tolist()), question)
        for question in Replay(dataset.log, dataset.test)
    ]


def test_each_day_asks_for_what_was_there_and_new_to_the_reader(tmp_path: Path) -> None:
    dataset = read(written(tmp_path, EARLY + LATE))
    questions = asked(dataset)
    # The cut lies within day 100: the first whole day after it is 101.
    assert [(day, wanted) for day, wanted, _ in questions[:2]] == [(101, {1}), (101, {80})]
    assert [(day, wanted) for day, wanted, _ in questions[2:]] == [(103, {50})] * 13
    second, third = questions[0][2], questions[1][2]
    assert 0 not in second.rows
    assert 80 not in second.rows
    assert set(range(81)) - set(second.rows.tolist()) == {0, 80}
    assert third.history_length == 0
    assert len(third.rows) == 81
    assert second.reader.past.weights.tolist() == [1.0, 1.5]  # the view of -7, and the like of -900, latest first
    assert second.past_rows.tolist() == [80, 0]


def test_counters_are_those_of_the_morning(tmp_path: Path) -> None:
    day, _, question = asked(read(written(tmp_path, EARLY + LATE)))[0]
    assert np.isnan(question.pool.impressions).all()
    assert question.at == 101 * DAY == day * DAY
    third = asked(read(written(tmp_path, EARLY + LATE)))[1][2]
    # Once by each reader, with the last time.
    told = 2 ** (-(101 * 24 - 100 * 24 - 10) / 72) + 2 ** (-(101 * 24 - 24) / 72)
    assert third.pool.demand[third.rows == 0][0] == pytest.approx(told)


def test_training_asks_the_last_thirty_days_before(tmp_path: Path) -> None:
    rows = [(1, 0, "VIEW", f"-{900 + number}", "-1") for number in range(40)]
    rows += [(float(day), 8, "VIEW", f"-{900 + day % 40}", f"-{day}") for day in range(30, 100)]
    dataset = read(written(tmp_path, rows))
    days = [int(dataset.log.lists.at[number] // DAY) for number in dataset.train]
    first = int(dataset.log.lists.at[dataset.test.start] // DAY)
    assert days == list(range(first - 30, first))
    assert list(dataset.train) + list(dataset.test) == list(range(len(dataset.log.lists)))


def test_texts_share_times_authors_and_removals(tmp_path: Path) -> None:
    shared = (
        f'{50 * DAY},CONTENT SHARED,-700,-31,1,,,,HTML,https://e.org,A title,"Several\nlines, ""quoted""",pt\n'
        f"{60 * DAY},CONTENT SHARED,-900,-32,1,,,,HTML,https://e.org,Known,Text,en\n"
        f"{70 * DAY},CONTENT SHARED,-701,-31,1,,,,HTML,https://e.org,Gone,Text,en\n"
        f"{100 * DAY + 5},CONTENT REMOVED,-701,-31,1,,,,HTML,https://e.org,Gone,Text,en\n"
        f"{102 * DAY + 5},CONTENT SHARED,-702,-31,1,,,,HTML,https://e.org,Later,Text,en\n"
    )
    dataset = read(written(tmp_path, EARLY + LATE, shared))
    (_, _, question), *_ = [each for each in asked(dataset) if each[0] == 101]
    rows = question.rows.tolist()
    assert 0 in rows
    assert 2 not in rows
    assert 3 not in rows
    place = rows.index(0)
    assert question.pool.ages[place] == 51 * 24
    assert question.pool.vectors[place].tolist() == [1.0, 0.0, 0.0, 0.0]
    assert dataset.log.articles.sources[:4].tolist() == [1, 2, 1, 1]
    # -900 was opened on day 1, before it was shared: that is when it was known.
    assert dataset.log.articles.published_at[1] == DAY
    unshared = int(question.rows[question.rows > 3][0])
    assert np.isnan(dataset.log.articles.published_at[unshared])
    assert dataset.log.articles.sources[unshared] == 0
    assert not dataset.log.articles.vectors[unshared].any()


def test_without_texts_there_are_no_vectors(tmp_path: Path) -> None:
    _, _, question = asked(read(written(tmp_path, EARLY + LATE)))[0]
    assert question.pool.vectors.shape[1] == question.reader.past.vectors.shape[1] == 0


def test_trailing_columns_may_be_absent_and_ids_are_no_numbers(tmp_path: Path) -> None:
    lines = [f"{day * DAY},VIEW,9223372036854775{day:03},-8{day % 3}" for day in range(1, 60)]
    text = "timestamp,eventType,contentId,personId\n" + "\n".join(lines) + "\n"
    (tmp_path / "users_interactions.csv").write_text(text, "utf-8")
    dataset = read(tmp_path)
    assert len(dataset.log.articles) == 59
    assert dataset.log.readers == 3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("timestamp,eventType,contentId\n1,VIEW,2\n", "no column personId"),
        (HEADER + "\nsoon,VIEW,1,2,3,,,\n", "line 2: 'soon' is no time in seconds"),
        (HEADER + "\n5,VIEW,1,2,3,,,\n6,SNIFF,1,2,3,,,\n", "line 3: unknown eventType 'SNIFF'"),
        (HEADER + "\n5,VIEW,1\n", "line 2: too few columns"),
        (HEADER + "\n", "has no interactions"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "users_interactions.csv").write_text(text, "utf-8")
    with pytest.raises(LogUnreadable, match=message):
        read(tmp_path)


def test_a_folder_without_the_file_is_told_what_is_expected(tmp_path: Path) -> None:
    with pytest.raises(LogUnreadable, match=r"holds no DeskDrop data.*users_interactions.csv.*Kaggle"):
        read(tmp_path)
