"""Every page of the operator's admin opens, and only for operators."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from curation.sources.models import Source
from illustrate.models import PictureReport
from tests.factories.accounts import UserFactory
from tests.factories.illustrate import AttachedPictureFactory

pytestmark = pytest.mark.django_db
PAGES = [
    reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    for model in admin.site._registry
    if model._meta.app_label in {"accounts", "sources", "articles", "illustrate"}
]

PEOPLE = reverse("admin:accounts_user_changelist")


@pytest.mark.parametrize("page", ["/admin/", *PAGES])
def test_the_operator_sees_it(client: Client, page: str) -> None:
    client.force_login(UserFactory(role=User.Role.OPERATOR))
    assert client.get(page).status_code == 200


@pytest.mark.parametrize("role", [User.Role.READER, User.Role.EDITOR])
def test_others_are_sent_away(client: Client, role: str) -> None:
    client.force_login(UserFactory(role=role))
    for page in ("/admin/", *PAGES):
        assert client.get(page).status_code == 302, page


def test_a_source_shows_its_last_visits(client: Client) -> None:
    source = Source.objects.filter(owner=None).first() or Source.objects.create(
        address="https://a.example.org", name="A"
    )
    source.fetches.create(started_at="2026-11-22T09:00Z", outcome="failed", reason="the server said 500")
    client.force_login(UserFactory(role=User.Role.OPERATOR))
    page = client.get(reverse("admin:sources_source_change", args=[source.pk]))
    assert "the server said 500" in page.content.decode()


def test_an_account_is_not_deleted_here_where_its_private_articles_would_be_listed(client: Client) -> None:
    reader = UserFactory()
    client.force_login(UserFactory(role=User.Role.OPERATOR))
    assert client.get(reverse("admin:accounts_user_delete", args=[reader.pk])).status_code == 403
    client.post(PEOPLE, {"action": "delete_selected", "_selected_action": [reader.pk], "post": "yes"})
    assert User.objects.filter(pk=reader.pk).exists()


@pytest.mark.parametrize("change", [{"role": "reader", "is_active": "on"}, {"role": "operator"}])
def test_the_last_operator_stays_one(client: Client, change: dict[str, str]) -> None:
    User.objects.filter(role=User.Role.OPERATOR).delete()
    UserFactory(role=User.Role.OPERATOR, is_active=False)
    operator = UserFactory(role=User.Role.OPERATOR)
    client.force_login(operator)
    page = reverse("admin:accounts_user_change", args=[operator.pk])
    answer = client.post(page, {"email": operator.email, "name": "", **change})
    assert "last operator" in answer.content.decode()
    operator.refresh_from_db()
    assert (operator.role, operator.is_active) == (User.Role.OPERATOR, True)
    UserFactory(role=User.Role.OPERATOR)
    assert client.post(page, {"email": operator.email, "name": "", **change}).status_code == 302


def test_roles_are_not_changed_in_bulk(client: Client) -> None:
    operator = UserFactory(role=User.Role.OPERATOR)
    client.force_login(operator)
    assert 'name="form-0-role"' not in client.get(PEOPLE).content.decode()


def test_sources_are_paused_and_fetched_soon(client: Client) -> None:
    later = timezone.now() + timedelta(days=1)
    source = Source.objects.create(address="https://b.example.org", name="B", next_fetch_at=later, status="active")
    page = reverse("admin:sources_source_changelist")
    client.force_login(UserFactory(role=User.Role.OPERATOR))
    for action, status in (("fetch_now", "active"), ("pause", "paused"), ("fetch_now", "active")):
        client.post(page, {"action": action, "_selected_action": [source.pk]})
        source.refresh_from_db()
        assert source.status == status
        assert source.next_fetch_at <= timezone.now()


def _report(reason: str = "misleading") -> PictureReport:
    return PictureReport.objects.create(
        picture=AttachedPictureFactory(), reader=UserFactory(), reason=reason, reported_at=timezone.now()
    )


def test_a_report_leads_from_the_dashboard_to_the_unsettled_ones(client: Client) -> None:
    client.force_login(UserFactory(role=User.Role.OPERATOR))
    assert "Needs a look" not in client.get("/admin/").content.decode()
    report = _report()
    text = client.get("/admin/", headers={"accept-language": "ko"}).content.decode()
    assert "아직 아무도 처리하지 않은 그림 신고예요." in text
    assert "글에 없는 이야기를 해요" in text
    text = client.get("/admin/").content.decode()
    assert text.index("Needs a look") < text.index("Active today"), "what is wrong comes before what is counted"
    unsettled = f"{reverse('admin:illustrate_picturereport_changelist')}?settled_at__isnull=True"
    assert f'href="{unsettled}"' in text
    assert report.picture.article.title in client.get(unsettled).content.decode()
    client.post(unsettled, {"action": "settle", "_selected_action": [report.pk]})
    assert "Needs a look" not in client.get("/admin/").content.decode()


def test_a_report_is_shown_with_its_picture_and_where_that_stands_and_nothing_to_save(client: Client) -> None:
    report = _report()
    client.force_login(UserFactory(role=User.Role.OPERATOR))
    page = reverse("admin:illustrate_picturereport_change", args=[report.pk])
    text = client.get(page).content.decode()
    article = report.picture.article_id
    for words in (
        "It says something that the article does not", "secret.400.webp", f'href="/a/{article}/"',
        f'href="/a/{article}/picture/"',
    ):  # fmt: skip
        assert words in text, words
    for button in ('name="_save"', 'name="_continue"', f"picturereport/{report.pk}/delete"):
        assert button not in text, button


@pytest.mark.parametrize(("language", "words"), [("en", "A boat at sea."), ("ko", "바다 위의 배.")])
def test_a_drawing_is_described_in_the_operators_language(client: Client, language: str, words: str) -> None:
    AttachedPictureFactory(alt_en="A boat at sea.", alt_ko="바다 위의 배.")
    client.force_login(UserFactory(role=User.Role.OPERATOR))
    page = client.get(reverse("admin:illustrate_picture_changelist"), headers={"accept-language": language})
    assert f'alt="{words}"' in page.content.decode()


def test_an_article_goes_with_the_reports_of_its_picture(client: Client) -> None:
    report = _report()
    client.force_login(UserFactory(role=User.Role.OPERATOR))
    client.post(reverse("admin:articles_article_delete", args=[report.picture.article_id]), {"post": "yes"})
    assert not PictureReport.objects.exists()


def test_a_picture_leads_to_its_record_while_it_has_one(client: Client) -> None:
    picture = AttachedPictureFactory()
    client.force_login(UserFactory(role=User.Role.OPERATOR))
    page = reverse("admin:illustrate_picture_change", args=[picture.pk])
    record = f'href="/a/{picture.article_id}/picture/"'
    assert record in client.get(page).content.decode()
    picture.file = ""
    picture.save()
    assert record not in client.get(page).content.decode()
