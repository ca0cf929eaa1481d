"""What every page has: language, security policy, probes, words for every error."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from accounts.models import User
from curation.articles.models import Article
from frontend.pages import device, health

pytestmark = pytest.mark.django_db


def test_the_browser_chooses_the_language_until_the_reader_does(client: Client, page: Client, reader: User) -> None:
    nobody = Client()
    assert '<html lang="ko"' in nobody.get("/", headers={"Accept-Language": "ko"}).content.decode()
    reader.preference.language = "ko"
    reader.preference.save()
    html = page.get("/saved/", headers={"Accept-Language": "en"}).content.decode()
    assert '<html lang="ko"' in html
    assert "결" in html
    assert "저장" in html


def test_the_language_of_one_answer_does_not_leak_into_the_next(page: Client, reader: User) -> None:
    reader.preference.language = "ko"
    reader.preference.save()
    page.get("/saved/")
    assert '<html lang="en"' in Client().get("/", headers={"Accept-Language": "en"}).content.decode()


def test_the_foot_of_the_page_changes_the_language_with_and_without_account(page: Client, reader: User) -> None:
    nobody = Client()
    nobody.post("/settings/language", {"language": "ko", "next": "/"})
    assert '<html lang="ko"' in nobody.get("/").content.decode()
    page.post("/settings/language", {"language": "ko"})
    reader.preference.refresh_from_db()
    assert reader.preference.language == "ko"
    assert page.post("/settings/language", {"language": "xx"}).status_code == 302


def test_no_script_runs_that_the_page_did_not_sign(page: Client, articles: list[Article]) -> None:
    for path in ("/", f"/a/{articles[0].pk}/", "/settings/", "/account/2fa/", "/nowhere/"):
        answer = page.get(path)
        policy = answer["Content-Security-Policy"]
        nonce = re.search(r"script-src 'self' 'nonce-([^']+)'", policy)
        assert nonce
        assert "unsafe-eval" not in policy
        for script in re.findall(r"<script[^>]*>", answer.content.decode()):
            assert "src=" in script or nonce[1] in script
        assert not re.search(r"<[^>]+\son[a-z]+=", answer.content.decode())


def test_each_answer_has_a_nonce_of_its_own(client: Client) -> None:
    assert client.get("/")["Content-Security-Policy"] != client.get("/")["Content-Security-Policy"]


def test_errors_have_words_and_a_drawing(page: Client) -> None:
    missing = page.get("/nowhere/")
    assert missing.status_code == 404
    assert b'class="drawing"' in missing.content
    refused = page.get("/first-run/")
    assert refused.status_code == 403
    assert b'class="drawing"' in refused.content


def test_a_broken_page_says_so_without_the_database(client: Client, settings) -> None:  # type: ignore[no-untyped-def]
    from django.views.defaults import server_error

    answer = server_error(client.get("/healthz").wsgi_request)  # type: ignore[attr-defined]
    assert answer.status_code == 500
    assert b"Something broke here." in answer.content


def test_a_form_from_elsewhere_is_refused_in_our_words(reader: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(reader)
    answer = strict.post("/settings/", {})
    assert answer.status_code == 403
    assert "The page was open too long." in answer.content.decode()


def test_the_page_that_browsers_keep_holds_nothing_of_the_reader(page: Client, reader: User) -> None:
    kept = page.get("/offline/").content.decode()
    assert reader.email not in kept
    assert "data-reader" not in kept
    assert "csrfmiddlewaretoken" not in kept


def test_probes_answer_json(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}

    def refuse() -> bool:
        raise ConnectionError("down")

    monkeypatch.setitem(health._PROBES, "models", lambda: True)
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["database"]
    assert answer.json()["broker"]
    monkeypatch.setitem(health._PROBES, "broker", refuse)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["broker"] is False


def test_the_site_can_be_installed(client: Client) -> None:
    manifest = client.get("/manifest.webmanifest")
    assert manifest["Content-Type"] == "application/manifest+json"
    assert manifest.json()["background_color"] == device.PAPER
    worker = client.get("/service-worker.js")
    assert worker["Content-Type"].startswith("text/javascript")
    assert b"/offline/" in worker.content


def test_search_answers_for_anything_typed(page: Client, articles: list[Article]) -> None:
    for text in ("", "space", "우주", "'; drop table", "a" * 500, "& | ! ( ) :*"):
        assert page.get("/search/", {"q": text}).status_code == 200, text


@pytest.mark.parametrize("path", ["login", "signup", "password/reset"])
def test_doors_wear_our_clothes(client: Client, path: str) -> None:
    html = client.get(f"/account/{path}/").content.decode()
    assert 'class="door"' in html
    assert 'class="drawing"' in html
