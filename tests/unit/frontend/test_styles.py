"""The pages about looks: for editors alone, in both languages, with sheets that are drawn on demand and kept."""

from __future__ import annotations

import io

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone, translation
from PIL import Image

from accounts.models import Preference, User
from frontend.pages._measures import measures
from illustrate import styles
from illustrate.models import StylePreset

pytestmark = pytest.mark.django_db

PAGES = ("/editors/styles/", "/editors/styles/grain/", "/editors/styles/grain/sheet/examples-1.webp")


@pytest.fixture(autouse=True)
def nothing_kept():  # type: ignore[no-untyped-def]
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def editor(db) -> Client:  # type: ignore[no-untyped-def]
    user = User.objects.create_user("editor@example.org", "a-long-passphrase", role=User.Role.EDITOR)
    Preference.objects.create(reader=user, onboarded_at=timezone.now())
    client = Client()
    client.force_login(user)
    return client


@pytest.mark.parametrize("path", PAGES)
def test_readers_may_not_see_them_and_visitors_are_asked_to_sign_in(path: str, page: Client) -> None:
    assert page.get(path).status_code == 403
    answer = Client().get(path)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/account/login/")


@pytest.mark.parametrize("path", PAGES)
def test_editors_see_them(path: str, editor: Client) -> None:
    assert editor.get(path).status_code == 200
    assert editor.post(path).status_code == 405


def test_every_look_is_listed_and_the_one_in_use_is_named(editor: Client) -> None:
    StylePreset.objects.update(is_production=False)
    StylePreset.objects.update_or_create(
        slug="pen", version=1, defaults={"name_en": "Pen", "name_ko": "펜", "is_production": True}
    )
    listed = editor.get("/editors/styles/").content.decode()
    for preset in styles.looks():
        assert f'href="/editors/styles/{preset.slug}/"' in listed
    assert listed.count("Articles are drawn in it now.") == 1
    assert "Articles are drawn in it now." in editor.get("/editors/styles/pen/").content.decode()
    assert "Articles are drawn in it now." not in editor.get("/editors/styles/grain/").content.decode()


@pytest.mark.parametrize("preset", styles.looks(), ids=lambda preset: preset.slug)
@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_look_is_told_in_the_readers_language(preset, language: str, editor: Client) -> None:  # type: ignore[no-untyped-def]
    answer = editor.get(f"/editors/styles/{preset.slug}/", headers={"accept-language": language})
    text = answer.content.decode()
    for words in ("name", "about"):
        assert getattr(preset, f"{words}_{language}") in text
    for line in (*getattr(preset, f"do_{language}"), *getattr(preset, f"dont_{language}")):
        assert line in text
    assert ("기자들" in text) == (language == "ko")
    assert text.count('class="moods"') == 12
    assert text.count('class="swatches"') == (12 if preset.dark else 24)
    assert ("nights-1.webp" in text) != preset.dark


def test_measures_say_what_a_look_does_and_leave_out_what_it_does_not() -> None:
    with translation.override("en"):
        told = {preset.slug: dict(measures(preset)) for preset in styles.looks()}
    assert told["cut-paper"]["Outline"] == "None."
    assert "shadow" in told["cut-paper"]["Shadows"]
    assert "Scissors" not in told["pen"]
    assert told["pen"]["Shadows"] == "Hatched with a thin pen."
    assert "Print" in told["riso"]
    assert "Print" not in told["grain"]


@pytest.mark.parametrize("name", ["examples-2", "nights-1", "personas-health"])
def test_a_sheet_is_a_webp_for_its_reader_alone(name: str, editor: Client) -> None:
    answer = editor.get(f"/editors/styles/pen/sheet/{name}.webp")
    assert answer["Content-Type"] == "image/webp"
    assert "private" in answer["Cache-Control"]
    with Image.open(io.BytesIO(answer.content)) as image:
        assert image.format == "WEBP"
        assert image.width == (1200 if name.startswith("personas") else styles.WIDTH)


def test_a_sheet_is_drawn_once_a_day(editor: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    address = "/editors/styles/pen/sheet/examples-2.webp"
    first = editor.get(address).content
    monkeypatch.setattr(styles, "sheet", lambda preset, name: pytest.fail("drawn again"))
    assert editor.get(address).content == first


@pytest.mark.parametrize(
    "path",
    ["nosuch/", "nosuch/sheet/examples-1.webp", "pen/sheet/examples-99.webp", "pen/sheet/personas-nosuch.webp"],
)
def test_what_there_is_not_is_not_found(path: str, editor: Client) -> None:
    assert editor.get(f"/editors/styles/{path}").status_code == 404


def test_editors_find_the_way_there(editor: Client, page: Client) -> None:
    assert 'href="/editors/styles/"' in editor.get("/topics/").content.decode()
    assert 'href="/editors/styles/"' not in page.get("/topics/").content.decode()
