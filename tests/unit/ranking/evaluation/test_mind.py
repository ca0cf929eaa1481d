"""MIND's files are read as they are, holes and all, and what cannot be read is named with its line."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from curation.articles.models import Article
from curation.ranking.evaluation.mind import read_mind
from curation.ranking.evaluation.replay import Replay
from curation.ranking.evaluation.types import Dataset, LogUnreadable

NEWS = """\
N1\tnews\tnewsus\tA bridge opens\tOver the river.\thttps://example.org/1\t[]\t[]
N2\tsports\tsoccer\t"Late goal" decides
N3\tnews\tnewsworld\tBallots counted\t\thttps://example.org/3\t[]\t[]

N4\tfood\trecipes\tSoup with "one quote\tWarm.\thttps://example.org/4
"""
BEHAVIORS = """\
1\tU1\t11/11/2019 9:05:58 AM\tN1 N9 N2\tN3-0 N4-1
2\tU2\t11/11/2019 12:30:00 AM\t\tN1-1 N2-0 N8-0

3\tU1\t11/11/2019 1:00:00 PM\tN1 N9 N2\tN4-1 N2-0\r
4\tU3\t11/11/2019 2:00:00 PM\tN4\tN1-0 N2-1
5\tU3\t11/11/2019 3:00:00 PM\tN4\tN3-1 N2-1
"""


def embed(articles: Sequence[Article], sources: Sequence[Path], progress: object) -> np.ndarray:
    """Each article's own axis, so that it can be told where a vector went."""
    return np.eye(len(articles), 8, dtype=np.float32)


def written(folder: Path, *, news: str = NEWS, behaviors: str = BEHAVIORS) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "news.tsv").write_bytes(news.encode())
    (folder / "behaviors.tsv").write_bytes(behaviors.encode())
    return folder


def read(folder: Path) -> Dataset:
    return read_mind(folder, progress=lambda doing, done, of: None, embed=embed)


def test_lists_come_in_the_order_of_time_with_what_was_clicked(tmp_path: Path) -> None:
    dataset = read(written(tmp_path))
    questions = list(Replay(dataset.log, range(5)))
    assert [question.reader.at for question in questions[:2]] == [
        datetime(2019, 11, 11, 0, 30, tzinfo=UTC), datetime(2019, 11, 11, 9, 5, 58, tzinfo=UTC),
    ]  # fmt: skip
    assert [question.wanted.tolist() for question in questions] == [
        [True, False, False], [False, True], [True, False], [False, True], [True, True],
    ]  # fmt: skip
    assert questions[1].reader_code == questions[2].reader_code != questions[0].reader_code
    assert [question.history_length for question in questions] == [0, 3, 3, 1, 1]


def test_texts_topics_and_holes(tmp_path: Path) -> None:
    given: list[tuple[str, str, str]] = []

    def listen(articles: Sequence[Article], sources: Sequence[Path], progress: object) -> np.ndarray:
        given.extend((article.title, article.summary, article.language) for article in articles)
        assert [path.name for path in sources] == ["news.tsv"]
        return embed(articles, sources, progress)

    dataset = read_mind(written(tmp_path), progress=lambda doing, done, of: None, embed=listen)
    assert given == [
        ("A bridge opens", "Over the river.", "en"), ('"Late goal" decides', "", "en"),
        ("Ballots counted", "", "en"), ('Soup with "one quote', "Warm.", "en"),
    ]  # fmt: skip
    first = next(iter(Replay(dataset.log, range(1))))
    told = [{slug for slug, score in zip(first.pool.slugs, row, strict=True) if score} for row in first.pool.topics]
    assert told == [{"news", "news/newsus"}, {"sports", "sports/soccer"}, set()]
    assert first.pool.vectors.argmax(axis=1).tolist()[:2] == [0, 1]
    assert not first.pool.vectors[2].any()  # N8 is named in behaviors.tsv alone
    assert np.isnan(first.pool.ages).all()
    assert len(set(first.pool.areas.tolist())) == 3
    assert dataset.notes == {"articles_without_text": 2}


def test_a_history_is_told_latest_first(tmp_path: Path) -> None:
    dataset = read(written(tmp_path))
    second = list(Replay(dataset.log, range(5)))[1]
    assert second.past_rows.tolist() == [1, second.past_rows[1], 0]  # N2, N9 without a text, N1
    assert not second.reader.past.vectors[1].any()
    assert second.reader.past.weights.tolist() == [1.0, 1.0, 1.0]


def test_one_folder_is_cut_in_time_and_two_by_their_names(tmp_path: Path) -> None:
    one = read(written(tmp_path / "one"))
    assert (list(one.train), list(one.test)) == ([0, 1], [2, 3, 4])
    written(tmp_path / "two" / "MINDsmall_train")
    later = BEHAVIORS.replace("11/11/2019", "11/12/2019").replace("N8", "N1")
    extra = NEWS + "N5\tnews\tnewsus\tNew\n"
    written(tmp_path / "two" / "MINDsmall_dev", behaviors=later, news=extra)
    (tmp_path / "two" / "notes").mkdir()
    two = read(tmp_path / "two")
    assert (list(two.train), list(two.test)) == ([1, 2, 3, 4], [5, 6, 7, 8, 9])
    assert two.log.readers == 3
    [question] = Replay(two.log, range(5, 6))
    # N1 was opened once in the folder before, 24 hours ago: once more by the same reader is no second time.
    assert question.pool.clicks[0] == pytest.approx(2.0**-4)
    assert question.pool.impressions[0] == pytest.approx(2.0**-4 + 2.0 ** (-10.5 / 6))


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"behaviors": BEHAVIORS + "6\tU1\tyesterday\t\tN1-1"}, r"line 7: 'yesterday' is no time"),
        ({"behaviors": "1\tU1\t11/11/2019 9:05:58 AM\tN1-1 N2-0"}, r"behaviors.tsv, line 1: needs impression id"),
        ({"behaviors": "\n1\tU1\t11/11/2019 9:05:58 AM\t\tN1 N2"}, r"line 2: 'N1' does not end in -0 or -1.*test set"),
        ({"behaviors": "1\tU1\t11/11/2019 9:05:58 AM\t\tN1-2"}, r"line 1: 'N1-2' does not end"),
        ({"behaviors": "1\tU1\t11/11/2019 9:05:58 AM\t\t "}, r"line 1: no impressions"),
        ({"behaviors": "\n"}, r"behaviors.tsv has no impressions"),
        ({"news": "N1\tnews\tnewsus\tTitle\nN2\tnews"}, r"news.tsv, line 2: needs id, category"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_named_with_its_line(tmp_path: Path, files: dict[str, str], message: str) -> None:
    with pytest.raises(LogUnreadable, match=message):
        read(written(tmp_path, **files))


def test_what_is_no_utf8_is_named(tmp_path: Path) -> None:
    written(tmp_path)
    (tmp_path / "news.tsv").write_bytes(b"N1\tnews\tnewsus\tCaf\xe9\n")
    with pytest.raises(LogUnreadable, match=r"news.tsv is not UTF-8"):
        read(tmp_path)


@pytest.mark.parametrize("folder", ["nowhere", "empty", "halves"])
def test_a_folder_without_the_files_is_told_what_is_expected(tmp_path: Path, folder: str) -> None:
    (tmp_path / "empty").mkdir()
    written(tmp_path / "halves" / "one")
    written(tmp_path / "halves" / "other")
    with pytest.raises(LogUnreadable, match=r"holds no MIND data.*behaviors.tsv and news.tsv.*msnews.github.io"):
        read(tmp_path / folder)
