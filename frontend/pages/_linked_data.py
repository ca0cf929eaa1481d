"""What a page tells programs of its picture, in the words of schema.org."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from curation.articles.models import Article
from illustrate.queries import Published
from illustrate.types import Shown

_SOURCES = {
    "algorithm": "AlgorithmicMediaDigitalSource",
    "model": "TrainedAlgorithmicMediaDigitalSource",
    "composite": "CompositeWithTrainedAlgorithmicMediaDigitalSource",
}
# As JSON may write them: nothing in a headline can end the script, or begin another.
_ESCAPES = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}


def picture_data(request: HttpRequest, article: Article, shown: Shown, published: Published) -> SafeString:
    """A JSON-LD script element about the picture of an article that everybody may see."""
    record = request.build_absolute_uri(reverse("picture_record", args=[article.pk]))
    image: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "ImageObject",
        "contentUrl": request.build_absolute_uri(published.address),
        "encodingFormat": "image/webp",
        "width": shown.width,
        "height": shown.height,
        "caption": shown.alt,
        "creator": {"@type": "SoftwareApplication", "name": "Gyeol", "applicationCategory": "Illustration"},
        "creditText": "Gyeol",
        "acquireLicensePage": record,
        "representativeOfPage": True,
        "isPartOf": {
            "@type": "WebPage",
            "url": request.build_absolute_uri(reverse("article", args=[article.pk])),
            "name": article.title,
        },
    }
    if published.licence_page:
        image |= {"license": published.licence_page, "copyrightNotice": published.licence}
    if published.kind:
        image["digitalSourceType"] = f"https://schema.org/{_SOURCES[published.kind]}"
    return script(image, getattr(request, "csp_nonce", ""))


def script(data: dict[str, Any], nonce: str) -> SafeString:
    told = SafeString(json.dumps(data, ensure_ascii=False).translate(_ESCAPES))
    return format_html('<script type="application/ld+json" nonce="{}">{}</script>', nonce, told)
