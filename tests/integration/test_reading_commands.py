"""`parse_feed` and `extract_article`: JSON alone on standard output, reasons on standard error, no database."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FEED = """<?xml version="1.0"?><rss version="2.0"><channel><title>News</title><link>/</link><language>ko</language>
<item><guid>1</guid><link>/a</link><title>하나</title><description>&lt;b onclick="x"&gt;둘&lt;/b&gt;</description>
<pubDate>Fri, 20 Nov 2026 21:00:00 +0900</pubDate></item></channel></rss>"""
PAGE = "<html lang=en><head><title>Bridge</title></head><body><article><h1>Bridge</h1>{}</article></body></html>"


def manage(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    unreachable = os.environ | {"DATABASE_URL": "postgres://nobody@127.0.0.1:9/none"}
    command = [sys.executable, "manage.py", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, env=unreachable, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.slow
def test_each_feed_file_is_one_line_of_json(tmp_path):
    (tmp_path / "a.xml").write_text(FEED)
    (tmp_path / "b.xml").write_text("hello")
    done = manage("parse_feed", tmp_path / "a.xml", tmp_path / "a.xml", "--url", "https://e.org/feed")
    assert (done.returncode, done.stderr) == (0, "")
    first, second = (json.loads(line) for line in done.stdout.splitlines())
    assert first == second
    assert {key: first[key] for key in ("format", "title", "link", "language", "bozo")} == {
        "format": "rss20", "title": "News", "link": "https://e.org/", "language": "ko", "bozo": False,
    }  # fmt: skip
    assert first["entries"] == [
        {
            "id": "1", "link": "https://e.org/a", "title": "하나", "summary_html": "<b>둘</b>", "content_html": "",
            "authors": [], "categories": [], "published_at": "2026-11-20T12:00:00+00:00", "updated_at": None,
            "image": None, "enclosures": [],
        }
    ]  # fmt: skip
    partly = manage("parse_feed", tmp_path / "a.xml", tmp_path / "b.xml")
    assert partly.returncode != 0
    assert len(partly.stdout.splitlines()) == 1
    assert "b.xml: not a feed" in partly.stderr


@pytest.mark.slow
def test_a_page_becomes_an_article_in_json(tmp_path):
    (tmp_path / "p.html").write_text(
        PAGE.format("<p>The harbour bridge opens to walkers again after nine years.</p>" * 9)
    )
    (tmp_path / "empty.html").write_text("")
    done = manage("extract_article", tmp_path / "p.html", "--url", "https://e.org/a")
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    assert list(found) == ["title", "authors", "published_at", "language", "text", "html", "image"]
    assert (found["title"], found["language"]) == ("Bridge", "en")
    assert "nine years" in found["text"]
    empty = manage("extract_article", tmp_path / "empty.html", "--url", "https://e.org/a")
    assert (empty.returncode != 0, empty.stdout) == (True, "")
    assert "no article found" in empty.stderr
