"""Feeds and pages that nobody here wrote, the whole way: fetch, parse, decide, store, prepare. Counts are printed."""

from __future__ import annotations

import gzip
import json
import os
import re
import tarfile
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from curation.articles import actions as articles
from curation.articles import queries as article_queries
from curation.articles.models import Article, ArticleEntry, ArticleVector
from curation.sources import actions, queries
from curation.sources.models import Entry, Fetch, Source
from curation.sources.types import FeedRefused
from curation.topics import actions as topics
from illustrate import actions as illustrate
from illustrate import pipeline
from illustrate.models import Picture
from tests.factories.sources import SourceFactory
from tests.loopback import Answer, Site, serve

pytestmark = [pytest.mark.corpus, pytest.mark.xdist_group("embedder")]
AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
# The newest entry of each feed goes all the way to a picture; with GYEOL_VERIFY=all every entry does, within an hour.
EVERY_ENTRY = os.environ.get("GYEOL_VERIFY") == "all"
AT_ONCE = 200


def files_of(folder: Path) -> Iterator[Path]:
    return (p for p in sorted(folder.rglob("*")) if p.is_file() and not p.name.startswith(("UPSTREAM", "SOURCE")))


@pytest.fixture
def site(settings) -> Iterator[Site]:
    settings.FETCH = "on"
    settings.FETCH_ALLOW_NETWORKS = ["127.0.0.0/8"]
    settings.FETCH_MAX_BYTES = 32 * 1024 * 1024
    with serve() as running:
        yield running


def visit(site: Site, name: str, body: bytes, at: datetime = AT, source: Source | None = None) -> tuple[Source, object]:
    path = f"/{name}"
    site.pages[path] = Answer(body, headers={"Content-Type": "application/xml"})
    source = source or SourceFactory(address=site.address(path), language="")
    return source, actions.fetch_source(source_id=source.pk, at=at)


@pytest.mark.timeout(0 if EVERY_ENTRY else 900)
@pytest.mark.django_db
def test_every_real_feed_goes_the_whole_way_without_a_crash(site, corpus, settings, tmp_path, capsys):
    korean = "12-korean-news-knews-rss/snapshot-2022-08-01/publishers"  # beside it lie other tools' JSON, no feeds
    folders = ["10-real-feeds-kagi", "11-real-feeds-reader-fixtures", korean]
    outcomes: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    for folder in folders:
        for number, path in enumerate(files_of(corpus / folder)):
            _, outcome = visit(site, f"{folder[:2]}/{number}", path.read_bytes())
            outcomes[f"{folder[:2]} {outcome.outcome}"] += 1
            if outcome.outcome != "stored":
                reasons[outcome.reason.partition(":")[0][:60]] += 1
    assert Fetch.objects.filter(outcome__in=("failed", "refused"), reason="").count() == 0
    assert not Fetch.objects.filter(reason__contains="the parser failed").exists()

    entries = Entry.objects.count()
    site.pages.clear()
    Source.objects.update(excerpts_only=True)  # the pages of these feeds are not to be fetched
    chosen = Entry.objects.order_by("source", "pk")
    if not EVERY_ENTRY:
        chosen = chosen.distinct("source")
    chosen = list(chosen.values_list("pk", flat=True))
    for start in range(0, len(chosen), AT_ONCE):
        articles.prepare_entries(entry_ids=chosen[start : start + AT_ONCE], at=AT)
    prepared = Article.objects.filter(pk__in=ArticleEntry.objects.filter(entry__in=chosen).values("article"))
    languages = Counter(prepared.values_list("language", flat=True)).most_common(6)
    pictures, dated = Entry.objects.exclude(image_url="").count(), Entry.objects.exclude(published_at=None).count()
    failed = prepared.exclude(failure="").count()
    with capsys.disabled():
        print(f"\nreal feeds: {dict(sorted(outcomes.items()))}")
        print(f"refused because: {dict(reasons.most_common())}")
        print(f"entries {entries}, with picture {pictures}, dated {dated}")
        print(f"prepared {prepared.count()} of {len(chosen)} entries, failed {failed}, languages {dict(languages)}")
    assert prepared.ready().count() == prepared.count() > 0.8 * len(chosen)
    assert ArticleVector.objects.count() == prepared.count()
    assert outcomes["10 stored"] >= 60
    assert outcomes["12 stored"] >= 8
    assert entries > 4000

    settings.MEDIA_ROOT = tmp_path
    Article.objects.update(image_url="")  # nor are their photos
    while topics.assign_waiting(at=AT, limit=AT_ONCE):
        pass
    for article_id in prepared.order_by("pk").values_list("pk", flat=True):
        picture = illustrate.request_picture(article_id=article_id, at=AT)
        assert pipeline.draw(picture_id=picture.pk, at=AT), (article_id, Picture.objects.get(pk=picture.pk).failure)
    drawn = Picture.objects.filter(article__in=prepared, state=Picture.State.ATTACHED)
    decisions = Counter(evaluation["decision"] for evaluation in drawn.values_list("evaluation", flat=True))
    with capsys.disabled():
        print(f"illustrated {drawn.count()} of {prepared.count()}: {dict(decisions)}")
    assert drawn.count() == prepared.count()
    assert decisions["fallback"] <= 0.15 * drawn.count()


@pytest.mark.django_db
def test_two_days_of_korean_feeds_bring_each_item_once(site, corpus, capsys):
    archives = sorted((corpus / "12-korean-news-knews-rss" / "daily-history").glob("*.tar.xz"))
    if len(archives) < 2:
        pytest.skip("two consecutive days of 12-* are not on this machine")
    sources: dict[str, Source] = {}
    days = []
    for number, archive in enumerate(archives[:2]):
        at = AT + timedelta(days=number)
        found: Counter[str] = Counter()
        bodies = _members(archive)
        for name, body in bodies.items():
            sources[name], outcome = visit(site, name, body, at=at, source=sources.get(name))
            assert outcome.outcome == "stored", (name, outcome.reason)
            found["new"] += len(outcome.new_ids)
            found["changed"] += len(outcome.changed_ids)
        total = Entry.objects.count()
        for name, body in bodies.items():
            _, again = visit(site, name, body, at=at + timedelta(hours=1), source=sources[name])
            assert (list(again.new_ids), list(again.changed_ids)) == ([], []), name
        assert Entry.objects.count() == total
        days.append(dict(found))
    links = Entry.objects.exclude(link="").values_list("link", flat=True)
    with capsys.disabled():
        print(
            f"\ntwo days of 12-*: {len(sources)} feeds, {days}; {len(links)} entries with {len(set(links))} addresses"
        )
    assert 0 < days[1]["new"] < days[0]["new"]


def _members(archive: Path) -> dict[str, bytes]:
    with tarfile.open(archive) as tar:
        chosen = sorted((m for m in tar if m.isfile() and m.name.endswith(".xml")), key=lambda m: m.name)
        return {Path(m.name).name: tar.extractfile(m).read() for m in chosen[::3]}  # type: ignore[union-attr]


def test_extraction_agrees_with_what_people_marked_as_the_article(corpus, capsys):
    folder = corpus / "20-scrapinghub-article-extraction-benchmark"
    truth = json.loads((folder / "ground-truth.json").read_text())
    scores = []
    for key, marked in truth.items():
        page = folder / "html" / f"{key}.html.gz"
        if page.exists():
            found = article_queries.extract(gzip.decompress(page.read_bytes()), marked["url"])
            scores.append(_token_f1(found.text, marked["articleBody"]))
    mean = sum(scores) / len(scores)
    with capsys.disabled():
        print(f"\nextraction: {len(scores)} pages, mean token F1 {mean:.3f}, below .5: {sum(s < 0.5 for s in scores)}")
    assert mean > 0.9


def _token_f1(found: str, marked: str) -> float:
    ours, theirs = (Counter(re.findall(r"\w+", text.lower())) for text in (found, marked))
    return 2 * (ours & theirs).total() / max(1, ours.total() + theirs.total())


# -- Conformance ---------------------------------------------------------------------------------------------

_SIMPLE = re.compile(
    r"""^(?:not )?bozo and (feed|entries\[0\])\[['"](title|link|language|id)['"]\] == u?(['"])((?:(?!\3)[^\\])*)\3$"""
)


def test_feedparsers_own_cases_read_the_same(corpus, capsys):
    """Those whose expectation is one plain comparison; it is read as data."""
    agreed, odd = Counter(), []
    for path in files_of(corpus / "01-feedparser-tests" / "wellformed"):
        body = path.read_bytes()
        match = re.search(rb"Expect:\s*(.*?)\s*-->", body, re.DOTALL)
        simple = _SIMPLE.match(match[1].decode("utf-8", "replace")) if match else None
        if not simple or "sanitize" in path.parts or not simple[4] or re.search("[<&]|127.0.0.1", simple[4]):
            continue  # their sanitiser is not ours, and they ask a server of their own
        if (simple[1], simple[2]) in (("feed", "id"), ("entries[0]", "language")):
            continue  # nothing here asks for these
        try:
            feed = queries.parse(body, url="")
        except FeedRefused:
            continue
        holder = feed if simple[1] == "feed" else next(iter(feed.entries), None)
        ours = getattr(holder, "external_id" if simple[2] == "id" else simple[2], None)
        agreed[ours == simple[4]] += 1
        if ours != simple[4]:
            odd.append(f"{path.name}: {ours!r} for {simple[4]!r}")
    with capsys.disabled():
        print(f"\nfeedparser cases: {agreed[True]} agree, {agreed[False]} differ: {odd[:6]}")
    assert agreed[True] >= 0.9 * agreed.total() > 20


def test_gofeeds_unified_feeds_read_the_same(corpus, capsys):
    agreed, odd = Counter(), []
    for path in files_of(corpus / "02-gofeed-testdata" / "testdata" / "translator"):
        expected_path = path.with_suffix(".json")
        if path.suffix != ".xml" or not expected_path.exists():
            continue
        expected = json.loads(expected_path.read_text())
        try:
            feed = queries.parse(path.read_bytes(), url="")
        except FeedRefused as refusal:
            odd.append(f"{path.name}: {refusal}")
            continue
        wanted = {"title": expected.get("title"), "language": expected.get("language")}
        got = {"title": feed.title, "language": feed.language}
        for item, entry in zip(expected.get("items") or [], feed.entries, strict=False):
            wanted |= {"item title": item.get("title"), "item id": item.get("guid")}
            got |= {"item title": entry.title, "item id": entry.external_id}
        for name, value in wanted.items():
            if value:
                agreed[got[name] == value] += 1
                if got[name] != value:
                    odd.append(f"{path.name} {name}: {got[name]!r} for {value!r}")
    with capsys.disabled():
        print(f"\ngofeed pairs: {agreed[True]} agree, {agreed[False]} differ: {odd[:8]}")
    assert agreed[True] >= 0.9 * agreed.total() >= 9
