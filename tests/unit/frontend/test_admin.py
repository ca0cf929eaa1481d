"""Every page of the operator's admin opens, and only for operators."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from accounts.models import User
from curation.sources.models import Source
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db
PAGES = [
    reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    for model in admin.site._registry
    if model._meta.app_label in {"accounts", "sources", "articles", "illustrate"}
]


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
