"""Answers for the newsroom's hosts inside this process: the ingester's normal path, without a network."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

import httpx
from django.conf import settings

from . import _documents, _newsroom, _photos
from .models import Newsroom


class NewsroomTransport(httpx.BaseTransport):
    """Serves `https://<publisher>.sample.invalid/`: the feed, article pages and photographs, as of now."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        publisher = _newsroom.publishers().get(request.url.host.removesuffix(f".{_newsroom.DOMAIN}"))
        newsroom = Newsroom.objects.filter(closed_at__isnull=True).first()
        if publisher is None or newsroom is None:
            return httpx.Response(404, request=request)
        now = datetime.now(UTC)
        dated = _newsroom.published(publisher.slug, started_at=newsroom.started_at, at=now)
        path = request.url.path
        if str(request.url.copy_with(query=None)) == publisher.address:
            return _answer(request, *_documents.feed(publisher, dated[: settings.SAMPLE_FEED_ENTRIES]))
        for article, at in dated:
            if path == f"/{article.key}":
                return _answer(request, _documents.page(publisher, article, at), "text/html; charset=utf-8")
            if article.photo and path == f"/photos/{article.key}.jpg":
                return _answer(request, _photos.photograph(article.photo.scene, article.key), "image/jpeg")
        return httpx.Response(404, request=request)


def _answer(request: httpx.Request, body: bytes, content_type: str) -> httpx.Response:
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"content-type": content_type, "etag": etag}
    if request.headers.get("if-none-match") == etag:
        return httpx.Response(304, headers=headers, request=request)
    return httpx.Response(200, headers=headers, stream=httpx.ByteStream(body), request=request)
