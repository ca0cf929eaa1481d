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
from tests.factories.accounts import UserFactory

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
