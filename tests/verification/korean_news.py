"""The Korean newspapers of the corpus, read in place."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import feedparser

FOLDER = "12-korean-news-knews-rss"


def daily_titles(corpus: Path, day: str) -> dict[str, str]:
    """guid -> title of everything that the newspapers' feeds held on one day."""
    titles: dict[str, str] = {}
    with tarfile.open(corpus / FOLDER / "daily-history" / f"{day}.tar.xz") as archive:
        for member in archive.getmembers():
            body = archive.extractfile(member) if member.name.endswith(".xml") else None
            if body is not None:
                for entry in feedparser.parse(io.BytesIO(body.read())).entries:
                    titles.setdefault(entry.get("id", entry.get("link", "")), entry.get("title", ""))
    return titles
