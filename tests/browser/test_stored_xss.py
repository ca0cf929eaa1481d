"""Hostile HTML that a feed may carry: stored the way every article is, shown in a real Chromium, and nothing runs.

The content security policy is switched off in the browser, so that the sanitiser alone has to hold.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Browser

from curation.articles import queries
from curation.articles.models import Article
from curation.sources.models import Source

pytestmark = [
    pytest.mark.browser,
    pytest.mark.corpus,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(600),
]

TRAP = """
window.ran = [];
for (const name of ["alert", "confirm", "prompt", "print"]) window[name] = (...a) => { window.ran.push(name); };
window.addEventListener("error", () => {});
"""
# A title may say "javascript:" and do nothing.
ATTRIBUTES_THAT_LOAD = ["href", "src", "srcset", "action", "formaction", "data", "poster", "background", "xlink:href"]
WHAT_CAME_OF_IT = """LOADS => [
  window.ran,
  [...document.querySelectorAll(".prose *")].flatMap(element => [...element.attributes]
    .filter(a => a.name.startsWith("on")
      || LOADS.includes(a.name) && /^\\s*(javascript|data|vbscript):/i.test(a.value))
    .map(a => a.name)),
  document.querySelectorAll(".prose script, .prose iframe").length,
  document.querySelectorAll(".prose").length,
]"""


def test_no_payload_runs_when_the_stored_article_is_shown(live_server, browser: Browser, corpus: Path) -> None:  # type: ignore[no-untyped-def]
    payloads = [case["payload"] for case in json.loads((corpus / "30-security/DOMPurify/expect.json").read_text())]
    now = timezone.now()
    source = Source.objects.create(address="https://hostile.example.org/feed", name="Hostile", status="active")
    articles = Article.objects.bulk_create(
        Article(
            url=f"https://hostile.example.org/{number}", title=f"Payload {number}", language="en", source=source,
            html=queries.clean_html(payload, "https://hostile.example.org/") + "<p>the end</p>", text="x",
            first_seen_at=now, sorted_at=now, ready_at=now, content_hash=f"{number:064d}", has_full_text=True,
        )
        for number, payload in enumerate(payloads)
    )  # fmt: skip
    context = browser.new_context(bypass_csp=True, java_script_enabled=True, service_workers="block")
    context.add_init_script(TRAP)
    page = context.new_page()
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    harmful = []
    for article, payload in zip(articles, payloads, strict=True):
        page.goto(f"{live_server.url}/a/{article.pk}/", wait_until="load")
        ran, attributes, scripts, proses = page.evaluate(WHAT_CAME_OF_IT, ATTRIBUTES_THAT_LOAD)
        assert proses == 1
        if ran or attributes or scripts:
            harmful.append((payload[:120], ran, attributes, scripts))
    context.close()
    print(f"\n{len(payloads)} payloads shown, {len(harmful)} harmful, {len(dialogs)} dialogs")
    assert harmful == []
    assert dialogs == []


def test_the_trap_would_notice(browser: Browser) -> None:
    context = browser.new_context()
    context.add_init_script(TRAP)
    page = context.new_page()
    page.goto("data:text/html,<script>alert(1)</script>")
    assert page.evaluate("window.ran") == ["alert"]
    context.close()
