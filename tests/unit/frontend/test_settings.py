"""What a reader chooses, takes along and erases; what an operator decides."""

from __future__ import annotations

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from accounts.models import Invitation, MutedWord, SignupPolicy, User
from curation.articles.models import Article
from curation.sources import queries as sources
from illustrate.models import Picture, PictureReport, StylePreset
from tests.unit.frontend.conftest import write_articles

pytestmark = pytest.mark.django_db
LIKINGS = {
    "language": "ko",
    "theme": "dark",
    "show_pictures": "on",
    "reading_languages": ["en"],
    "time_zone": "Asia/Seoul",
}


def test_choices_are_kept_and_seen_on_the_next_page(page: Client, reader: User) -> None:
    assert page.post("/settings/", LIKINGS).status_code == 302
    html = page.get("/settings/").content.decode()
    assert '<html lang="ko" data-theme="dark">' in html
    reader.preference.refresh_from_db()
    assert reader.preference.reading_languages == "en"
    assert reader.preference.time_zone == "Asia/Seoul"


@pytest.mark.parametrize(("field", "value"), [("theme", "pink"), ("language", "xx"), ("time_zone", "Mars/Olympus")])
def test_a_choice_that_is_none_changes_nothing(page: Client, reader: User, field: str, value: str) -> None:
    assert page.post("/settings/", LIKINGS | {field: value}).status_code == 400
    reader.preference.refresh_from_db()
    assert reader.preference.theme == "system"


def test_words_are_muted_and_unmuted(page: Client, reader: User) -> None:
    page.post("/settings/muted-words/add", {"word": " Football "})
    assert "football" in page.get("/settings/").content.decode()
    page.post("/settings/muted-words/remove", {"word": "football"})
    page.post("/settings/muted-words/add", {"word": ""})
    assert not MutedWord.objects.exists()


def test_everything_can_be_taken_along(page: Client, reader: User) -> None:
    article = write_articles(1)[0]
    picture = Picture.objects.create(
        article=article, preset=StylePreset.objects.get(is_production=True), requested_at=timezone.now()
    )
    PictureReport.objects.create(
        picture=picture, reader=reader, reason="ugly", comment="too blue", reported_at=timezone.now()
    )
    exported = page.get("/settings/export.json")
    assert json.loads(exported.content)["account"]["email"] == reader.email
    assert [report["comment"] for report in json.loads(exported.content)["picture_reports"]] == ["too blue"]
    assert "attachment" in exported["Content-Disposition"]
    assert b"<opml" in page.get("/settings/export.opml").content


@pytest.mark.parametrize("body", [b"", b"not xml", b"\xff\xfe\x00", b"<opml><body/>"])
def test_a_bad_opml_file_is_refused_in_one_line(page: Client, body: bytes) -> None:
    answer = page.post("/settings/import-opml", {"file": SimpleUploadedFile("x.opml", body)}, follow=True)
    assert answer.status_code == 200
    assert "imported" in answer.content.decode() or "Choose" in answer.content.decode()


def test_an_account_is_deleted_only_with_its_address_typed(page: Client, reader: User) -> None:
    assert page.post("/settings/delete-account/", {"email": "other@example.org"}).status_code == 400
    assert User.objects.filter(pk=reader.pk).exists()
    assert page.post("/settings/delete-account/", {"email": reader.email}).status_code == 302
    assert not User.objects.filter(pk=reader.pk).exists()


def test_the_last_operator_stays(client: Client, operator: User) -> None:
    client.force_login(operator)
    answer = client.post("/settings/delete-account/", {"email": operator.email})
    assert answer.status_code == 400
    assert "only operator" in answer.content.decode()


def test_the_installation_is_the_operators(page: Client, operator: User) -> None:
    for path in ("/first-run/", "/first-run/fetching", "/first-run/sample", "/first-run/sign-up", "/first-run/invite"):
        answer = page.get(path) if path == "/first-run/" else page.post(path)
        assert answer.status_code == 403, path
        assert Client().post(path).status_code in {302, 405}


def test_an_operator_decides_in_one_click_each(client: Client, operator: User, reader: User) -> None:
    client.force_login(operator)
    assert client.get("/first-run/").status_code == 200
    client.post("/first-run/fetching", {"on": "yes"})
    assert sources.is_fetching_on()
    client.post("/first-run/fetching", {"on": "no"})
    assert not sources.is_fetching_on()
    client.post("/first-run/sign-up", {"policy": "invitation"})
    assert SignupPolicy.objects.get().policy == "invitation"
    html = client.post("/first-run/invite", {"email": ""}, follow=True).content.decode()
    assert Invitation.objects.get().token in html
    html = client.post("/first-run/reset-password", {"email": reader.email}, follow=True).content.decode()
    assert reader.email in html
    before = reader.password
    reader.refresh_from_db()
    assert reader.password != before
    assert client.post("/first-run/sample").status_code == 302


def test_pages_of_ones_own_ask_for_a_sign_in(client: Client, db: None) -> None:
    for path in ("/saved/", "/settings/", "/welcome/", "/sources/add/", "/settings/export.json", "/first-run/"):
        assert client.get(path).headers["Location"].startswith("/account/login/"), path


def test_an_invitation_opens_the_closed_door_once(client: Client, operator: User) -> None:
    client.force_login(operator)
    client.post("/first-run/sign-up", {"policy": "invitation"})
    html = client.post("/first-run/invite", {"email": ""}, follow=True).content.decode()
    token = Invitation.objects.get().token
    assert f"/invitation/{token}/" in html
    guest = Client()
    assert "by invitation" in guest.get("/account/signup/").content.decode()
    assert guest.get("/invitation/made-up/").status_code == 410
    assert guest.get(f"/invitation/{token}/").headers["Location"] == "/account/signup/"
    answer = guest.post("/account/signup/", {"email": "guest@example.org", "password1": "a-long-passphrase"})
    assert answer.headers["Location"] == "/welcome/"
    assert Client().get(f"/invitation/{token}/").status_code == 410


def test_the_sample_goes_with_its_imagined_readers(client: Client, operator: User, reader: User) -> None:
    User.objects.create_user("made@example.org", None, is_synthetic=True)
    client.force_login(operator)
    client.post("/first-run/sample")
    assert set(User.objects.values_list("pk", flat=True)) == {operator.pk, reader.pk}


def test_without_mail_nobody_is_promised_a_letter(client: Client, settings, db: None) -> None:  # type: ignore[no-untyped-def]
    html = client.get("/account/password/reset/").content.decode()
    assert "an operator can give you a new password" in html
    assert 'type="email"' not in html
    settings.EMAIL_CONFIGURED = True
    assert 'type="email"' in client.get("/account/password/reset/").content.decode()


def test_a_setting_is_confirmed_in_the_language_that_follows(page: Client) -> None:
    chosen = {"language": "", "theme": "dark", "time_zone": "UTC", "reading_languages": []}
    html = page.post("/settings/", chosen, headers={"Accept-Language": "ko"}, follow=True).content.decode()
    assert "저장했어요." in html
    assert "Saved." not in html


def test_closed_sign_up_speaks_of_no_invitation(client: Client, operator: User) -> None:
    client.force_login(operator)
    client.post("/first-run/sign-up", {"policy": "closed"})
    guest = Client()
    for path in ("/", "/account/signup/"):
        html = guest.get(path).content.decode()
        assert "No new readers at the moment." in html
        assert "invitation" not in html
    assert "/account/signup/" not in guest.get("/account/login/").content.decode()


def test_an_invitation_for_somebody_else_is_refused_in_the_form(client: Client, operator: User) -> None:
    client.force_login(operator)
    client.post("/first-run/sign-up", {"policy": "invitation"})
    client.post("/first-run/invite", {"email": "Friend@example.org"})
    invitation = Invitation.objects.get()
    guest = Client()
    guest.get(f"/invitation/{invitation.token}/")
    answer = guest.post("/account/signup/", {"email": "other@example.org", "password1": "a-long-passphrase"})
    assert answer.status_code == 200
    assert "for somebody else" in answer.content.decode()
    assert not User.objects.filter(email="other@example.org").exists()
    answer = guest.post("/account/signup/", {"email": "friend@example.org", "password1": "a-long-passphrase"})
    assert answer.headers["Location"] == "/welcome/"
    invitation.refresh_from_db()
    assert invitation.used_by == User.objects.get(email="friend@example.org")


def test_an_invitation_used_a_moment_earlier_leaves_no_account(
    client: Client, operator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.force_login(operator)
    client.post("/first-run/sign-up", {"policy": "invitation"})
    client.post("/first-run/invite", {"email": ""})
    guest = Client()
    guest.get(f"/invitation/{Invitation.objects.get().token}/")
    monkeypatch.setattr("accounts.actions.use_invitation", lambda **_: False)  # the other one was quicker
    answer = guest.post("/account/signup/", {"email": "late@example.org", "password1": "a-long-passphrase"})
    assert answer.status_code == 410
    assert not User.objects.filter(email="late@example.org").exists()


def test_a_new_installation_asks_its_operator_until_the_answer(client: Client, operator: User, page: Client) -> None:
    client.force_login(operator)
    operator.preference.save()
    assert "/first-run/" in client.get("/").content.decode().split("<footer")[0]
    client.post("/first-run/fetching", {"on": "no"})
    assert "/first-run/" not in client.get("/").content.decode().split("<footer")[0]


def test_muted_sources_are_listed_and_can_be_heard_again(page: Client, reader: User, articles: list[Article]) -> None:
    source = articles[0].source
    page.post(f"/sources/{source.pk}/mute")
    assert f"/sources/{source.pk}/unmute" in page.get("/settings/").content.decode()
