"""What may be done to articles: make them of entries, make them ready, correct them."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from functools import partial

import numpy as np
from django.db import IntegrityError, connection, transaction
from django.db.models import F, Q

from curation.articles import _meaning, queries, signals
from curation.articles._draft import is_full_text_of, make_draft, namesake_url, wants_full_text
from curation.articles.models import Article, ArticleEntry, ArticleVector, EmbeddingSpace
from curation.articles.types import Draft, Extracted
from curation.serving.types import InvalidRequest, ServingError
from curation.sources import queries as sources
from curation.sources.models import Entry
from curation.sources.types import FetchFailed, FetchingIsOff, is_no_fault_of_the_text

logger = logging.getLogger(__name__)

FETCHING_BUDGET_SECONDS = 120  # of one run; entries left over wait for the next
WAITING_BUDGET_SECONDS = 150  # of a run that looks for what waits: with a last slow page it ends within its task's time
EMBEDDED_AT_ONCE = 32  # articles, a headline and a lead each
REEMBEDDED_AT_ONCE = 320  # in a run that looks for what waits
FULL_TEXT_TRIES = 3
FULL_TEXT_RETRY_AFTER = timedelta(hours=1)
FULL_TEXT_RETRY_WITHIN = timedelta(days=2)
FULL_TEXT_RETRIES_AT_ONCE = 10
_WAITING_LOCK = 0x6779_656F_6C01  # any number that is nobody else's
_CORRECTABLE = (
    "title", "html", "text", "summary", "language", "author", "reading_seconds", "image_url", "image_alt",
    "published_at", "sorted_at", "content_hash", "has_full_text",
)  # fmt: skip


def prepare_entry(*, entry_id: int, at: datetime) -> Article | None:
    """The entry's article: ready, waiting for the model server, or failed with a reason; None if the entry is gone."""
    prepare_entries(entry_ids=[entry_id], at=at)
    return Article.objects.filter(article_entries__entry=entry_id).first()


def prepare_entries(*, entry_ids: Sequence[int], at: datetime) -> None:
    """Clean, full text, language, duplicates, then meaning. Each step is stored, so that a run may end anywhere.

    No transaction is open while the network or the model server is asked.
    """
    _prepare(entry_ids, at, deadline=time.monotonic() + FETCHING_BUDGET_SECONDS)


def prepare_waiting(*, at: datetime, limit: int, grace: timedelta = timedelta(0)) -> int:
    """How many entries and articles were waiting and have been tried: finds what an announcement missed.

    `grace` leaves alone what came in so lately that its own message is probably on the way. While one run is at it,
    others do nothing.
    """
    with _only_run() as is_only:
        return _prepare_waiting(at, limit, grace) if is_only else 0


def _prepare_waiting(at: datetime, limit: int, grace: timedelta) -> int:
    deadline = time.monotonic() + WAITING_BUDGET_SECONDS
    missed = (
        Entry.objects.filter(Q(first_seen_at__lte=at - grace) | Q(changed_at__lte=at - grace))
        .filter(Q(article_entry=None) | ~Q(article_entry__entry_hash=F("content_hash")))
        .order_by("first_seen_at", "pk")
    )
    entry_ids = list(missed.values_list("pk", flat=True)[:limit])
    _prepare(entry_ids, at, deadline=deadline)
    unready = Article.objects.filter(ready_at=None, failure="", first_seen_at__lte=at - grace).order_by("first_seen_at")
    article_ids = list(unready.values_list("pk", flat=True)[:limit])
    _make_ready(article_ids, at)
    return len(entry_ids) + len(article_ids) + _retry_full_texts(at, deadline=deadline) + _reembed_some()


def _reembed_some() -> int:
    try:
        return reembed(limit=REEMBEDDED_AT_ONCE)
    except ServingError as error:
        logger.warning("articles of another embedder wait for the model server: %s", error)
        return 0


@contextmanager
def _only_run() -> Iterator[bool]:
    """Whether no other run is looking for what waits. The lock is the connection's: a lost worker gives it back."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_WAITING_LOCK])
        (is_only,) = cursor.fetchone()
    try:
        yield is_only
    finally:
        if is_only:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_WAITING_LOCK])


def _prepare(entry_ids: Sequence[int], at: datetime, *, deadline: float) -> None:
    waiting: list[int] = []
    entries = Entry.objects.select_related("source").filter(pk__in=entry_ids).order_by("pk")
    taken_over = {row.entry_id: row for row in ArticleEntry.objects.select_related("article").filter(entry__in=entries)}
    for entry in entries:
        known = taken_over.get(entry.pk)
        if known is not None and known.entry_hash == entry.content_hash:
            waiting.append(known.article_id)
            continue
        if time.monotonic() > deadline:
            break
        try:
            if known is None or known.article.failure:
                waiting.append(_take_over(entry, at, failed=known.article if known else None).pk)
            else:
                _correct(known, entry, at)
        except ServingError as error:
            logger.warning("entry %s waits for the model server: %s", entry.pk, error)
        except Exception as error:
            if is_no_fault_of_the_text(error):
                raise
            # Strangers' text through many parsers: one that breaks any of them must not hold up the others.
            logger.exception("entry %s cannot be prepared", entry.pk)
            _store_failure(entry, f"{type(error).__name__}: {error}"[:300], at)
    _make_ready(waiting, at)


# -- Full text -----------------------------------------------------------------------------------------------


def _full_text(entry: Entry) -> tuple[Extracted | None, int]:
    """The page's article if it was found, and how many of our tries this one used up."""
    try:
        page = sources.fetch_document(entry.link)
    except FetchingIsOff:
        return None, 0
    except FetchFailed as failure:
        return None, 1 if failure.is_passing else FULL_TEXT_TRIES
    extracted = queries.extract(page.body, page.url, page.content_type)
    return (extracted, FULL_TEXT_TRIES) if is_full_text_of(extracted, entry) else (None, FULL_TEXT_TRIES)


def _draft(entry: Entry) -> tuple[Draft, int]:
    page, tries = _full_text(entry) if wants_full_text(entry) else (None, 0)
    return make_draft(entry, page), tries


def _retry_full_texts(at: datetime, *, deadline: float) -> int:
    """A site that was down for an hour must not leave its readers with teasers for ever."""
    unlucky = Article.objects.ready().filter(
        has_full_text=False,
        full_text_tries__range=(1, FULL_TEXT_TRIES - 1),
        full_text_tried_at__lte=at - FULL_TEXT_RETRY_AFTER,
        first_seen_at__gte=at - FULL_TEXT_RETRY_WITHIN,
    )
    chosen = list(unlucky.order_by("full_text_tried_at").values_list("pk", flat=True)[:FULL_TEXT_RETRIES_AT_ONCE])
    for article_id in chosen:
        if time.monotonic() > deadline:
            break
        article = unlucky.filter(pk=article_id).first()  # asked again: the pages before took their time
        if article is None:
            continue
        known = article.article_entries.select_related("entry__source").filter(entry__source=article.source_id).first()
        if known is None:
            continue
        page, tries = _full_text(known.entry)
        Article.objects.filter(pk=article.pk).update(
            full_text_tried_at=at, full_text_tries=F("full_text_tries") + min(tries, FULL_TEXT_TRIES)
        )
        if page is not None:
            try:
                _store_correction(article, make_draft(known.entry, page), at, is_correction=False)
            except ServingError as error:
                logger.warning("the full text of article %s waits for the model server: %s", article.pk, error)
                Article.objects.filter(pk=article.pk).update(full_text_tries=1)
    return len(chosen)


# -- Taking an entry over ------------------------------------------------------------------------------------


def _take_over(entry: Entry, at: datetime, *, failed: Article | None) -> Article:
    """`failed` is what came of the entry before its publisher changed it: nobody has seen it, and it makes room."""
    draft, tries = _draft(entry)
    with transaction.atomic():
        if failed is not None:
            Article.objects.filter(pk=failed.pk, ready_at=None).exclude(failure="").delete()
        # Two publishers may send the same text at the same moment: one of the two waits here and finds the other's.
        _lock_words(draft.content_hash)
        article = _same_article(draft, entry) or _create(draft, entry, at, tries)
        ArticleEntry.objects.get_or_create(entry=entry, defaults={"article": article, "entry_hash": entry.content_hash})
    return article


def _same_article(draft: Draft, entry: Entry) -> Article | None:
    """An article of the same owner with this address or these very words."""
    owned = Article.objects.filter(owner=entry.source.owner_id)
    return (
        owned.filter(url=draft.url).exclude(_is_namesake(draft, entry)).first()
        or owned.filter(url=namesake_url(draft.url, entry)).first()
        or owned.filter(content_hash=draft.content_hash).order_by("pk").first()
    )


def _is_namesake(draft: Draft, entry: Entry) -> Q:
    """Feeds whose items all link to one page: a different headline of the same source is a different article."""
    return Q(source=entry.source_id) & ~Q(title=draft.title)


def _create(draft: Draft, entry: Entry, at: datetime, tries: int) -> Article:
    values = asdict(draft) | {
        "source_id": entry.source_id,
        "owner_id": entry.source.owner_id,
        "full_text_tries": tries,
        "full_text_tried_at": at if tries else None,
    }
    if Article.objects.filter(url=draft.url, owner=entry.source.owner_id).exists():
        values["url"] = namesake_url(draft.url, entry)
    try:
        with transaction.atomic():
            return Article.objects.create(**values)
    except IntegrityError:  # another run was faster with this address
        return Article.objects.get(url=values["url"], owner=entry.source.owner_id)


def _store_failure(entry: Entry, reason: str, at: datetime) -> None:
    """The entry counts as taken over, so that nobody tries it for ever; the reason says why it is not shown."""
    digest = hashlib.sha256(f"{entry.pk} {entry.external_id}".encode()).hexdigest()
    with transaction.atomic():
        known = ArticleEntry.objects.filter(entry=entry).first()
        if known is not None:  # a correction that cannot be read leaves the article as it was
            ArticleEntry.objects.filter(pk=known.pk).update(entry_hash=entry.content_hash)
            Article.objects.filter(pk=known.article_id).exclude(failure="").update(failure=reason.replace("\x00", ""))
            return
        article = Article.objects.create(
            url=f"urn:gyeol:entry:{digest}",
            title=entry.title,
            language="und",
            source=entry.source,
            owner_id=entry.source.owner_id,
            first_seen_at=entry.first_seen_at,
            sorted_at=entry.first_seen_at,
            content_hash=digest,
            failure=reason.replace("\x00", ""),
        )
        ArticleEntry.objects.create(entry=entry, article=article, entry_hash=entry.content_hash)


# -- Corrections ---------------------------------------------------------------------------------------------


def _correct(known: ArticleEntry, entry: Entry, at: datetime) -> None:
    """The publisher changed the entry. Only the source that had the article first speaks for it."""
    article = known.article
    if article.source_id == entry.source_id:
        draft, _ = _draft(entry)
        if article.has_full_text and not draft.has_full_text:  # its page cannot be had today: the text stays
            kept = {name: getattr(article, name) for name in ("html", "text", "reading_seconds", "has_full_text")}
            draft = replace(draft, **kept)
        if (draft.title, draft.text, draft.image_url) != (article.title, article.text, article.image_url):
            _store_correction(article, draft, at, is_correction=True)
    ArticleEntry.objects.filter(pk=known.pk).update(entry_hash=entry.content_hash)


def _store_correction(article: Article, draft: Draft, at: datetime, *, is_correction: bool) -> None:
    """`is_correction` is False when only our own knowledge of the article grew."""
    moved = _meaning.has_moved(article.title, draft.title, (article.language, draft.language))
    for name in _CORRECTABLE:
        setattr(article, name, getattr(draft, name))
    space = _meaning.current_space()
    vector = _meaning.article_vectors([article], space)[0]
    search = _meaning.search_vectors([article])[0]
    if is_correction:
        article.corrected_at = at
    with transaction.atomic():
        Article.objects.select_for_update().get(pk=article.pk)
        article.save(update_fields=[*_CORRECTABLE, "corrected_at"])
        Article.objects.filter(pk=article.pk).update(search=search)
        ArticleVector.objects.update_or_create(article=article, space=space, defaults={"vector": vector})
        if article.ready_at is not None:
            transaction.on_commit(
                partial(signals.article_changed.send_robust, sender=Article, article_id=article.pk, meaning_moved=moved)
            )


# -- Becoming ready ------------------------------------------------------------------------------------------


def _make_ready(article_ids: Iterable[int], at: datetime) -> None:
    """Embeds many at once. When the model server does not answer they simply wait."""
    articles = list(Article.objects.filter(pk__in=set(article_ids), ready_at=None, failure="").order_by("pk"))
    if not articles:
        return
    try:
        space = _meaning.current_space()
        vectors = _meaning.article_vectors(articles, space)
        searches = _meaning.search_vectors(articles)
    except InvalidRequest as error:
        if len(articles) == 1:
            Article.objects.filter(pk=articles[0].pk).update(failure=f"the embedder refused it: {error}"[:300])
            return
        for article in articles:  # one of them spoils the batch
            _make_ready([article.pk], at)
        return
    except ServingError as error:
        logger.warning("%s articles wait for the model server: %s", len(articles), error)
        return
    for article, vector, search in zip(articles, vectors, searches, strict=True):
        with transaction.atomic():
            became_ready = Article.objects.filter(pk=article.pk, ready_at=None).update(search=search, ready_at=at)
            if not became_ready:
                continue  # another run was faster
            ArticleVector.objects.update_or_create(article=article, space=space, defaults={"vector": vector})
            transaction.on_commit(partial(signals.article_ready.send_robust, sender=Article, article_id=article.pk))


# -- Another embedder ----------------------------------------------------------------------------------------


def reembed(*, limit: int) -> int:
    """Bring articles whose vectors lie in a space left behind into the current one, the newest first; how many.

    With another embedder, or a new version of it, they could no longer be compared with what comes in. Each step is
    stored, so that a run may end anywhere. Raises ServingError.
    """
    space = _meaning.current_space()
    left_behind = ArticleVector.objects.filter(space__is_current=False)
    if not left_behind.exists():
        return 0
    behind = Article.objects.filter(pk__in=left_behind.values("article")).order_by("-sorted_at", "-pk")
    articles = list(behind[:limit])
    for start in range(0, len(articles), EMBEDDED_AT_ONCE):
        _reembed(articles[start : start + EMBEDDED_AT_ONCE], space)
    return len(articles)


def count_left_behind() -> int:
    """Articles whose vectors lie in a space left behind."""
    return ArticleVector.objects.filter(space__is_current=False).values("article").distinct().count()


def _reembed(articles: Sequence[Article], space: EmbeddingSpace) -> None:
    try:
        vectors: Sequence[np.ndarray | None] = list(_meaning.article_vectors(articles, space))
    except InvalidRequest as error:
        if len(articles) > 1:  # one of them spoils the batch
            for article in articles:
                _reembed([article], space)
            return
        logger.warning("article %s has no place in the new space: the embedder refused it: %s", articles[0].pk, error)
        vectors = [None]
    for article, vector in zip(articles, vectors, strict=True):
        with transaction.atomic():
            if not Article.objects.select_for_update().filter(pk=article.pk).exists():
                continue
            if vector is not None:  # a correction that came meanwhile has the better one
                ArticleVector.objects.get_or_create(article=article, space=space, defaults={"vector": vector})
            ArticleVector.objects.filter(article=article).exclude(space=space).delete()


def _lock_words(content_hash: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [content_hash])
