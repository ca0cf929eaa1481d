"""The sample newsroom's articles as measuring material: invented, in two languages, over all areas."""

from __future__ import annotations

from pathlib import Path

import yaml

NEWSROOM = Path(__file__).resolve().parent.parent / "curation" / "sample" / "newsroom"


def articles(language: str) -> list[dict[str, str]]:
    """`title`, `body` and `area` of each article, the areas taking turns."""
    files = sorted((NEWSROOM / language).glob("*.yaml"))
    desks = [
        [
            {"title": article["title"], "body": article["body"], "area": path.stem}
            for article in yaml.safe_load(path.read_text(encoding="utf-8"))
        ]
        for path in files
    ]
    return [desk[turn] for turn in range(max(map(len, desks))) for desk in desks if turn < len(desk)]
