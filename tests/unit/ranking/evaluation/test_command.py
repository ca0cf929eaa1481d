"""`manage.py evaluate_ranking`, from files or from the database to figures."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from accounts.models import Subscription, User
from curation.sample import actions as sample
from tests.factories.ranking import NOW, ArticleFactory, TopicFactory
from tests.unit.ranking.evaluation.newspapers import FIRST_DAY, write_deskdrop, write_mind

PIPELINES = ["random", "popular", "recent_popular", "mean_cosine", "als", "bm25", "item_knn", "floor", "default"]
FIGURES = ["auc", "mrr", "ndcg@5", "ndcg@10", "recall@10", "ild", "coverage", "novelty", "calibration"]
SMALL = {"articles": 40, "readers": 12}


@pytest.fixture(autouse=True)
def a_home_of_its_own(settings: Any, tmp_path: Path) -> None:
    settings.GYEOL_HOME = tmp_path / "home"


def said(*arguments: str | Path) -> tuple[str, str]:
    out, progress = StringIO(), StringIO()
    call_command("evaluate_ranking", *map(str, arguments), stdout=out, stderr=progress)
    return out.getvalue(), progress.getvalue()


def report_of(*arguments: str | Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(said(*arguments, "--json")[0])
    return told


def is_complete(report: dict[str, Any], pipelines: list[str]) -> bool:
    assert list(report["pipelines"]) == pipelines
    for name, told in report["pipelines"].items():
        assert set(told) >= {*FIGURES, "ci95", "by_history"}, name
        assert list(told["by_history"]) == ["0", "1-5", "6-20", "21-50", "51+"]
        for metric in FIGURES[:5]:
            low, high = told["ci95"][metric]
            assert 0 <= low <= told[metric] <= high <= 1
    assert report["compared"] == pipelines[-1]
    assert list(report["against"]) == pipelines[:-1]
    for told in report["against"].values():
        assert told["ci95"][0] <= told["ndcg@10_difference"] <= told["ci95"][1]
    return True


def test_mind_from_two_folders_without_a_database(tmp_path: Path) -> None:
    write_mind(tmp_path / "MINDsmall_train", **SMALL, impressions=60, days=4, candidates=8)
    begins = FIRST_DAY + timedelta(days=4)
    write_mind(tmp_path / "MINDsmall_dev", **SMALL, impressions=40, days=1, candidates=8, begins=begins, seed=2)
    out, progress = said("--dataset", "mind", "--path", tmp_path, "--json")
    report = json.loads(out)
    assert is_complete(report, PIPELINES)
    assert (report["dataset"], report["split"]) == ("mind", "MINDsmall_train before MINDsmall_dev")
    assert report["impressions"] == 40
    assert report["skipped"]["articles_without_text"] == 0
    assert report["gate"]["chosen"] == "floor"
    assert report["pipelines"]["floor"]["ild"] > 0  # the embedder was asked
    assert "embedding: 40 of 40" in progress
    assert "evaluating: 40 of 40" in progress

    # The vectors are kept: a second run does not embed, and says the same.
    again, progress = said("--dataset", "mind", "--path", tmp_path, "--pipeline", "floor", "--json")
    assert json.loads(again)["pipelines"]["floor"] == report["pipelines"]["floor"]
    assert "embedding" not in progress
    with (tmp_path / "MINDsmall_dev" / "news.tsv").open("a", encoding="utf-8") as file:
        file.write("N900\tnews\tnews1\tSomething new\n")
    assert "embedding: 41 of 41" in said("--dataset", "mind", "--path", tmp_path, "--pipeline", "floor")[1]


def test_a_table_is_for_people(tmp_path: Path) -> None:
    write_mind(tmp_path, **SMALL, impressions=50, days=2, candidates=8)
    out, _ = said("--dataset", "mind", "--path", tmp_path, "--pipeline", "floor", "--limit", "20")
    assert out.startswith("mind, the last 60% in time: 20 lists of ")
    assert "nDCG@10 of floor, against\n  random " in out
    assert "recent_popular: halved every " in out
    assert "default is floor: there is no learned ranker" in out


def test_only_what_was_asked_for_beside_the_baselines(tmp_path: Path) -> None:
    write_mind(tmp_path, **SMALL, impressions=40, days=2, candidates=8)
    report = report_of("--dataset", "mind", "--path", tmp_path, "--pipeline", "floor", "--pipeline", "item_knn")
    assert is_complete(report, [*PIPELINES[:4], "item_knn", "floor"])
    assert report["impressions"] == 24
    seeded = [
        report_of("--dataset", "mind", "--path", tmp_path, "--pipeline", "default", "--seed", seed) for seed in "12"
    ]
    first, second = (each["pipelines"] for each in seeded)
    assert first["random"]["auc"] != second["random"]["auc"]
    assert first["default"]["auc"] == second["default"]["auc"]


@pytest.mark.parametrize("texts", [True, False])
def test_deskdrop_with_and_without_texts(tmp_path: Path, texts: bool) -> None:
    write_deskdrop(tmp_path, articles=60, readers=15, interactions=500, days=20, texts=texts)
    report = report_of("--dataset", "deskdrop", "--path", tmp_path, "--pipeline", "default", "--pipeline", "als")
    assert is_complete(report, [*PIPELINES[:4], "als", "default"])
    assert report["impressions"] > 10
    assert (report["pipelines"]["default"]["ild"] is None) == (not texts)
    assert report["pipelines"]["default"]["calibration"] is None  # it has no topics
    if not texts:
        assert report["pipelines"]["mean_cosine"]["auc"] == 0.5


@pytest.mark.django_db
def test_the_sites_own_log() -> None:
    for slug in ("space", "food", "music"):
        TopicFactory(slug=slug)
    for number in range(60):
        topics = {("space", "food", "music")[number % 3]: 0.9}
        ArticleFactory(hours=1 + 2 * number, topics=topics, vector=np.eye(384)[number % 3])
    tastes = sample.imagine_tastes(count=12, seed=3, given={})
    readers = [User.objects.create(email=f"s{number}@sample.invalid", is_synthetic=True) for number in range(12)]
    for reader, taste in zip(readers, tastes, strict=True):
        for slug in taste.follows:
            Subscription.objects.create(reader=reader, topic_id=slug, created_at=NOW)
    ids = [reader.pk for reader in readers]
    sample.simulate(reader_ids=ids, days=5, seed=3, tastes=tastes, at=NOW, progress=lambda done, of: None)
    report = report_of("--dataset", "site", "--synthetic", "--pipeline", "default")
    assert is_complete(report, [*PIPELINES[:4], "default"])
    assert report["skipped"]["simulated_readers"] is True
    assert report["exploration"]["slots"] > 0
    assert report["pipelines"]["default"]["calibration"] is not None
    with pytest.raises(CommandError, match="no list is left to evaluate"):
        report_of("--dataset", "site")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--dataset", "mind"], "--path is missing: expected are behaviors.tsv and news.tsv.*msnews.github.io"),
        (["--dataset", "deskdrop"], "--path is missing: expected is users_interactions.csv.*Kaggle"),
        (["--dataset", "mind", "--path", "/nowhere"], "/nowhere holds no MIND data.*no data set is shipped"),
        (["--dataset", "deskdrop", "--path", "/nowhere"], "/nowhere holds no DeskDrop data.*no data set is shipped"),
        (["--dataset", "mind", "--path", "/nowhere", "--limit", "0"], "--limit is at least 1"),
        (["--dataset", "mind", "--path", "/nowhere", "--seed", "-1"], "--seed is at least 0"),
    ],
)
def test_what_is_missing_is_said_in_one_line(arguments: list[str], message: str) -> None:
    with pytest.raises(CommandError, match=message):
        said(*arguments)


def test_an_unknown_pipeline_is_refused_with_those_that_there_are(tmp_path: Path) -> None:
    write_mind(tmp_path, **SMALL, impressions=40, days=2, candidates=8)
    with pytest.raises(CommandError, match="no pipeline is called loudest; there is: random, popular"):
        said("--dataset", "mind", "--path", tmp_path, "--pipeline", "loudest")
