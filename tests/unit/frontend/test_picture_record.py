"""How a picture was made, told to whoever may see its article: in words, in both languages, with its seal."""

from __future__ import annotations

import io
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import c2pa
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation
from PIL import Image

from accounts.models import User
from curation.articles.models import Article
from frontend.pages import _record
from frontend.pages._linked_data import script
from frontend.pages._names import MOODS as MOOD_NAMES
from illustrate import _files
from illustrate.brief._rules import load
from illustrate.evaluate import judge
from illustrate.models import Picture, StylePreset
from illustrate.types import MOODS, SCENES, TIMES_OF_DAY
from tests.unit.illustrate.provenance.drawings import brief, drawing, painted, provenance

pytestmark = pytest.mark.django_db

EVALUATION = {
    "decision": "accept",
    "reasons": [],
    "figures": {"edges": 0.05, "hero_share": 0.2, "contrast": 0.4, "twin_bits": 22, "register": 1, "topics": 0.5,
                "words": 0.5, "desk": 0.5, "on_topic": 0.92, "cut_off": 0, "face_cut": 0, "overlap": 0,
                "face_covered": 0},
    "failed": [],
    "attempts": 2,
}  # fmt: skip
PHOTO = {"faces": 2, "palette": ["#102030", "#a0b0c0"], "brightness": 0.59, "rejected": ""}
REFUSED = ["gavel in dispute: 16% of a face is hidden"]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(autouse=True)
def own_certificate(settings: Any, home: Path) -> None:
    settings.GYEOL_HOME = home


def draw(article: Article, how: dict[str, Any] | None = None, **fields: Any) -> Picture:
    """A picture with a real file."""
    preset = StylePreset.objects.filter(is_production=True).first()
    assert preset is not None
    how = how or provenance(photo=PHOTO, refused=REFUSED)
    picture = Picture.objects.create(
        article=article, preset=preset, state="attached", requested_at=timezone.now(), drawn_at=timezone.now(), seed=7,
        brief=brief(title_hash="aaaabbbbccccdddd").to_dict(), evaluation=EVALUATION, has_crops=True,
        alt_en="A lighthouse by the sea.", alt_ko="바닷가에 있는 등대.", colour="#808080",
    )  # fmt: skip
    picture.file = f"pictures/00/{picture.pk}-secret.{{width}}.webp"
    body, picture.provenance = _encoded(json.dumps(how))
    default_storage.save(_files.path_of(picture.file, "1200"), ContentFile(body))
    for name, value in fields.items():
        setattr(picture, name, value)
    picture.save()
    return picture


@cache
def _encoded(how: str) -> tuple[bytes, dict[str, Any]]:
    made = drawing(json.loads(how))
    return _files.encode(made, "")["1200"], made.provenance


def pages(article: Article) -> list[str]:
    return [f"/a/{article.pk}/picture/", f"/a/{article.pk}/picture.json", f"/a/{article.pk}/picture/download"]


def change(picture: Picture) -> None:
    path = Path(default_storage.path(_files.path_of(picture.file, "1200")))
    body = bytearray(path.read_bytes())
    body[len(body) // 2] ^= 1
    path.write_bytes(body)


# -- Who may see it ------------------------------------------------------------------------------------------


def test_everybody_may_see_how_the_picture_of_a_public_article_was_made(
    client: Client, articles: list[Article]
) -> None:
    draw(articles[0])
    for address in pages(articles[0]):
        assert client.get(address).status_code == 200, address
        assert client.post(address).status_code == 405, address


def test_the_record_of_a_private_picture_is_its_owners_alone(
    page: Client, stranger: User, operator: User, private_article: Article
) -> None:
    draw(private_article)
    others = [Client(), Client(), Client()]
    others[1].force_login(stranger)
    others[2].force_login(operator)
    for address in pages(private_article):
        assert page.get(address).status_code == 200, address
        for other in others:
            assert other.get(address).status_code == 404, address
    assert "nobody but you can open this page" in page.get(pages(private_article)[0]).content.decode()


def test_where_no_picture_is_shown_there_is_nothing_to_tell(page: Client, articles: list[Article]) -> None:
    taken_down = draw(articles[1])
    Picture.objects.filter(pk=taken_down.pk).update(state=Picture.State.TAKEN_DOWN)
    unready = draw(articles[2])
    Article.objects.filter(pk=unready.article_id).update(ready_at=None)
    for article in articles[:3]:
        for address in pages(article):
            assert page.get(address).status_code == 404, address


def test_a_page_without_a_picture_leads_back_to_its_article_and_gives_nothing_away(
    page: Client, stranger: User, articles: list[Article], private_article: Article
) -> None:
    for article in (articles[0], private_article):
        Picture.objects.filter(pk=draw(article).pk).update(state=Picture.State.TAKEN_DOWN)
        answer = page.get(pages(article)[0])
        assert answer.status_code == 404
        assert "There is no picture of this article to tell about." in answer.content.decode()
        assert f'href="/a/{article.pk}/"' in answer.content.decode()
    other = Client()
    other.force_login(stranger)
    text = other.get(pages(private_article)[0]).content.decode()
    assert "There is no such page." in text
    assert private_article.title not in text


def test_an_editor_draws_it_again_and_takes_it_down_here_too(
    page: Client, operator: User, articles: list[Article]
) -> None:
    picture = draw(articles[0])
    record = pages(articles[0])[0]
    assert "For editors" not in page.get(record).content.decode()
    editor = Client()
    editor.force_login(operator)
    text = editor.get(record).content.decode()
    for action, leads_to in (("redraw", record), ("take-down", f"/a/{articles[0].pk}/")):
        assert f'formaction="/pictures/{picture.pk}/{action}" name="next" value="{leads_to}"' in text
        assert editor.post(f"/pictures/{picture.pk}/{action}", {"next": leads_to}).headers["Location"] == leads_to
    picture.refresh_from_db()
    assert picture.state == Picture.State.TAKEN_DOWN


# -- What it tells -------------------------------------------------------------------------------------------


def test_it_tells_in_words_what_was_asked_what_drew_it_and_how_it_was_judged(
    page: Client, articles: list[Article]
) -> None:
    draw(articles[0])
    text = page.get(pages(articles[0])[0]).content.decode()
    for words in (
        "Drawn by rules that people wrote", "A lighthouse", "By the sea", "Somebody warns", "Worry", "At dusk",
        "Those of Climate &amp; nature", "an invented person", "The house&#x27;s own composer, revision 3",
        "2 faces were counted; nobody was recognised.", "#102030", "59 % of white",
        "Accepted at attempt 2.", "It shows what the article is about", "0.92 of 1", "22 of 64 marks differ",
        "A gavel · Two halves with a rift between them", "a face was hidden",
        "https://creativecommons.org/publicdomain/zero/1.0/",
        "The seal of the largest file is whole",
        "a certificate that this site made for itself",
    ):  # fmt: skip
        assert words in text, words
    for key in ("hero_share", "face_covered", "twin_bits", "aaaabbbbccccdddd"):
        assert key not in text, key


def test_a_model_is_named_with_what_it_was_told(page: Client, articles: list[Article]) -> None:
    draw(articles[0], painted())
    text = page.get(pages(articles[0])[0]).content.decode()
    for words in (
        "A model painted it over a sketch, and the house drew the people in", "house-painter", "3f1c09a7",
        "a lighthouse by the sea", "Drawn by the composer, over the painting",
        "Made by a trained model, with people drawn by an algorithm", "The sketch can still be seen in it",
    ):  # fmt: skip
        assert words in text, words
    assert "/srv/" not in text
    label = page.get(f"/a/{articles[0].pk}/").content.decode()
    assert "AI illustration: how it was made" in label
    assert "TrainedAlgorithmicMediaDigitalSource" in label


def test_a_painting_that_was_not_fit_is_told_apart_from_one_that_never_came(
    page: Client, articles: list[Article]
) -> None:
    meant = {"renderer": "diffusion", "reason": "nothing answers at http://10.0.0.7:8001"}
    draw(articles[0], provenance(instead_of=meant | {"unfit": True}))
    draw(articles[1], provenance(instead_of=meant | {"unfit": False}))
    unfit, never = (page.get(pages(article)[0]).content.decode() for article in articles[:2])
    assert "not fit to be shown" in unfit
    assert "which gave none" not in unfit
    assert "which gave none" in never
    assert "not fit to be shown" not in never
    told = page.get(pages(articles[1])[1])
    assert told.json()["instead"] == "unanswered"
    assert "10.0.0.7" not in never + told.content.decode(), "where the models are is the operator's own matter"


def test_a_picture_that_was_given_up_says_so(page: Client, articles: list[Article]) -> None:
    draw(articles[0], provenance(given_up="the workers that drew it were killed"), evaluation={"decision": "fallback"})
    text = page.get(pages(articles[0])[0]).content.decode()
    assert "time after time" in text
    assert "Nothing that was drawn fitted" not in text


def test_the_models_that_read_the_article_and_saw_its_photo_are_named(page: Client, articles: list[Article]) -> None:
    photo = PHOTO | {"source": "SmolVLM2", "facts": {"weather": "rain"}}
    draw(articles[0], provenance(read={"by": "writer", "confidence": 0.8}, photo=photo))
    text = page.get(pages(articles[0])[0]).content.decode()
    assert "A language model and the house&#x27;s rules" in text
    assert "SmolVLM2" in text
    told = page.get(pages(articles[0])[1]).json()
    assert told["photo"]["facts"] == {"weather": "rain"}
    assert told["read"] == {"by": "writer", "confidence": 0.8}


@pytest.mark.parametrize(("language", "label"), [("en", "AI illustration"), ("ko", "AI 그림")])
def test_a_card_too_says_that_a_model_painted_its_picture(
    page: Client, articles: list[Article], language: str, label: str
) -> None:
    draw(articles[0], painted())
    draw(articles[1])
    text = page.get("/", headers={"accept-language": language}).content.decode()
    captions = re.findall(r"<figcaption>(.*?)</figcaption>", text)
    assert len(captions) == 2
    assert captions.count(label) == 1


def test_it_tells_the_same_in_korean(page: Client, articles: list[Article]) -> None:
    draw(articles[0])
    text = page.get(pages(articles[0])[0], headers={"accept-language": "ko"}).content.decode()
    for words in ("이 그림이 만들어진 과정", "등대", "바닷가", "누군가 경고해요", "걱정", "해 질 녘",
                  "가장 큰 파일의 봉인이 온전해요", "얼굴 2개를 셌어요", "2번째 시도에 통과했어요",
                  "내려받기"):  # fmt: skip
        assert words in text, words
    assert re.search(r"<time [^>]*>\d{4}년 \d+월 \d+일 오[전후] \d+:\d\d</time>", text)
    for words in ("Main thing", "The seal", "Accepted", "Download", "revision"):
        assert words not in text, words


def test_every_key_that_a_picture_can_have_has_its_words() -> None:
    assert set(_record._SCENES) == set(SCENES)
    assert set(MOOD_NAMES) == set(MOODS)
    assert set(_record._HOURS) == set(TIMES_OF_DAY)
    scenes, reading = load("scenes.toml"), load("reading.toml")
    assert set(_record._HAPPENINGS) >= set(scenes["strong"]) | set(scenes["weak"])
    assert set(_record._PLACES) >= {each["name"] for each in reading["setting"]}
    assert set(_record._SEASONS) == {each["name"] for each in reading["season"]}
    assert set(_record._CHECKS) >= set(judge._REASONS)
    with translation.override("ko"):
        for table in (_record._SCENES, _record._HAPPENINGS, _record._PLACES, _record._SEASONS, _record._HOURS):
            assert all(re.search("[가-힣]", _record._known(table, key)) for key in table)


def test_a_check_that_failed_says_so_and_comes_first(page: Client, articles: list[Article]) -> None:
    failed = EVALUATION | {"decision": "fallback", "failed": ["hero_share"]}
    draw(articles[0], evaluation=failed)
    text = page.get(pages(articles[0])[0]).content.decode()
    assert "the emblem of the desk stands in and claims nothing" in text
    assert text.index("The main thing too small") < text.index("It shows what the article is about")


def test_a_row_from_before_there_were_records_has_a_page_too(page: Client, articles: list[Article]) -> None:
    draw(articles[0], provenance={}, evaluation={}, brief={}, seed=None)
    assert page.get(pages(articles[0])[0]).status_code == 200
    assert page.get(f"/a/{articles[0].pk}/").status_code == 200


def test_programs_get_the_same_as_json_without_the_operators_folders(client: Client, articles: list[Article]) -> None:
    picture = draw(articles[0])
    Picture.objects.filter(pk=picture.pk).update(
        provenance=picture.provenance | {"unsigned_because": "C2PA_CERTIFICATE (/etc/secret) cannot be read"}
    )
    told = client.get(pages(articles[0])[1]).json()
    assert told["asked"]["hero"] == "lighthouse"
    assert told["seal"] == "whole"
    assert told["seed"] == 7
    for address in pages(articles[0])[:2]:
        assert "/etc/secret" not in client.get(address).content.decode()


def test_the_number_of_queries_stays_the_same(page: Client, articles: list[Article]) -> None:
    picture = draw(articles[0])
    address = pages(articles[0])[0]
    page.get(address)
    counts = []
    for many in (1, 9):
        Picture.objects.filter(pk=picture.pk).update(provenance=picture.provenance | {"refused": REFUSED * many})
        with CaptureQueriesContext(connection) as queries:
            page.get(address)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 8


# -- Seal and download ---------------------------------------------------------------------------------------


def test_a_file_that_was_changed_is_told_of_and_not_offered(page: Client, articles: list[Article]) -> None:
    picture = draw(articles[0])
    record, as_json, download = pages(articles[0])
    assert download in page.get(record).content.decode()
    change(picture)
    text = page.get(record).content.decode()
    assert "The seal of the largest file is broken" in text
    assert download not in text
    assert page.get(as_json).json()["seal"] == "broken"
    assert page.get(download).status_code == 404


def test_what_is_downloaded_is_signed_and_named_by_its_number_alone(page: Client, private_article: Article) -> None:
    draw(private_article)
    answer = page.get(pages(private_article)[2])
    assert answer["Content-Type"] == "image/jpeg"
    assert answer["Content-Disposition"] == f'attachment; filename="gyeol-{private_article.pk}.jpg"'
    assert "private" in answer["Cache-Control"]
    with c2pa.Reader("image/jpeg", io.BytesIO(answer.content)) as reader:
        assert reader.get_validation_state() == "Valid"
    with Image.open(io.BytesIO(answer.content)) as image:
        assert image.size == (1200, 675)
    for secret in (private_article.title, "aaaabbbbccccdddd"):
        assert secret.encode() not in answer.content


# -- From the article ----------------------------------------------------------------------------------------


def linked_data(text: str) -> list[dict[str, Any]]:
    found = re.findall(r'<script type="application/ld\+json" nonce="[\w-]+">(.*?)</script>', text, re.DOTALL)
    return [json.loads(each) for each in found]


def test_label_and_menu_lead_to_the_record(page: Client, articles: list[Article]) -> None:
    draw(articles[0])
    record = pages(articles[0])[0]
    text = page.get(f"/a/{articles[0].pk}/").content.decode()
    assert re.search(rf'<figcaption><a href="{record}">Illustration: how it was made</a></figcaption>', text)
    assert text.count(f'href="{record}"') == 2
    assert f'href="{record}"' in page.get("/").content.decode()


def test_programs_are_told_licence_maker_and_kind_of_the_picture(client: Client, articles: list[Article]) -> None:
    draw(articles[0])
    (image,) = linked_data(client.get(f"/a/{articles[0].pk}/").content.decode())
    assert image["@type"] == "ImageObject"
    assert image["contentUrl"].startswith("http://testserver/media/pictures/")
    assert image["contentUrl"].endswith(".1200.webp")
    assert image["encodingFormat"] == "image/webp"
    assert image["license"] == "https://creativecommons.org/publicdomain/zero/1.0/"
    assert image["acquireLicensePage"] == f"http://testserver/a/{articles[0].pk}/picture/"
    assert image["creator"]["@type"] == "SoftwareApplication"
    assert image["digitalSourceType"] == "https://schema.org/AlgorithmicMediaDigitalSource"
    assert image["isPartOf"]["name"] == articles[0].title


@pytest.mark.parametrize(
    "title", ["</script><script>alert(1)</script>", "<!--<script>", "]]> & \u2028 \" ' \\", "</SCRIPT >"]
)
def test_no_headline_breaks_out_of_it(title: str, client: Client, articles: list[Article]) -> None:
    draw(articles[0])
    Article.objects.filter(pk=articles[0].pk).update(title=title)
    answer = client.get(f"/a/{articles[0].pk}/")
    (image,) = linked_data(answer.content.decode())
    assert image["isPartOf"]["name"] == title
    inside = script(image, "nonce").partition(">")[2].removesuffix("</script>")
    assert not set("<>&\u2028\u2029") & set(inside)
    nonce = re.search(r'ld\+json" nonce="([\w-]+)"', answer.content.decode())
    assert nonce is not None
    assert f"'nonce-{nonce[1]}'" in answer["Content-Security-Policy"]


def test_nothing_is_told_to_programs_of_a_private_article(page: Client, private_article: Article) -> None:
    draw(private_article)
    assert "ld+json" not in page.get(f"/a/{private_article.pk}/").content.decode()
