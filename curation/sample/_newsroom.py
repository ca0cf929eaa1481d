"""The written newsroom: publishers and articles as they stand in the YAML files, checked on reading."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

FOLDER = Path(__file__).parent / "newsroom"
DOMAIN = "sample.invalid"  # reserved by RFC 2606: it can never be anybody's address


class Photo(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    scene: str
    alt: str


class Publisher(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    slug: str
    lang: Literal["en", "ko"]
    format: Literal["rss", "atom", "json"]
    delivery: Literal["full", "teaser"]  # teaser: the feed has the first paragraph, the page the rest
    name: str
    tagline: str
    areas: tuple[str, ...]

    @property
    def site(self) -> str:
        return f"https://{self.slug}.{DOMAIN}/"

    @property
    def address(self) -> str:
        return self.site + {"rss": "feed.xml", "atom": "atom.xml", "json": "feed.json"}[self.format]


class SampleArticle(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    key: str = Field(pattern=r"^[a-z0-9-]+$")
    publisher: str
    title: str
    author: str
    topics: tuple[str, ...]
    age_hours: float | None = None  # published this long before the first start
    day: int | None = None  # or that many days after it
    kind: Literal["news", "explainer", "column", "review", "profile"]
    story: str = ""
    photo: Photo | None = None
    body: str

    @model_validator(mode="after")
    def _has_one_date(self) -> SampleArticle:
        if (self.age_hours is None) == (self.day is None):
            raise ValueError(f"{self.key}: give either age_hours or day")
        return self

    def published_at(self, started_at: datetime) -> datetime:
        """When it appears on an installation first started at `started_at`."""
        if self.day is not None:
            # A paper has its hours: spread the day's news over it, the same way at every reading.
            return started_at + timedelta(days=self.day, hours=-(sum(map(ord, self.key)) % 12))
        return started_at - timedelta(hours=self.age_hours or 0)

    def paragraphs(self) -> list[str]:
        return [paragraph.strip() for paragraph in self.body.strip().split("\n\n") if paragraph.strip()]


@cache
def publishers() -> dict[str, Publisher]:
    rows = yaml.safe_load((FOLDER / "publishers.yaml").read_text(encoding="utf-8"))
    return {row["slug"]: Publisher.model_validate(row) for row in rows}


@cache
def articles() -> tuple[SampleArticle, ...]:
    found = []
    for path in sorted(FOLDER.glob("*/*.yaml")):
        rows = yaml.safe_load(path.read_text(encoding="utf-8")) or []
        found += [SampleArticle.model_validate(row) for row in rows]
    return tuple(found)


def published(publisher: str, *, started_at: datetime, at: datetime) -> list[tuple[SampleArticle, datetime]]:
    """What `publisher` has printed by `at`, newest first."""
    dated = [(article, article.published_at(started_at)) for article in articles() if article.publisher == publisher]
    return sorted(((a, when) for a, when in dated if when <= at), key=lambda pair: pair[1], reverse=True)
