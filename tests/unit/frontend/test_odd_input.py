"""Input that no form sends: an answer with a reason, never an error of the site."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import Invitation, User
from curation.topics.models import Phrase

pytestmark = pytest.mark.django_db
NUL = "\x00"


@pytest.mark.parametrize(
    "address", ["/sources/?q=%00", "/sources/?%00=q", "/search/?q=%00", "/media/%00.400.webp", "/invitation/%00/"]
)
def test_a_nul_in_the_address_is_a_bad_request(page: Client, address: str) -> None:
    assert page.get(address).status_code == 400


@pytest.mark.parametrize(
    ("address", "field"),
    [
        ("/phrases/", "text"),
        ("/settings/muted-words/add", "word"),
        ("/first-run/reset-password", "email"),
        ("/first-run/invite", "email"),
    ],
)
def test_a_nul_in_a_form_is_a_bad_request(client: Client, operator: User, address: str, field: str) -> None:
    client.force_login(operator)
    assert client.post(address, {field: f"a{NUL}b"}).status_code == 400
    assert not Phrase.objects.exists()


@pytest.mark.parametrize("email", ["a" * 400 + "@example.org", "nobody", "a@b"])
def test_nobody_is_invited_at_an_address_that_cannot_be_one(client: Client, operator: User, email: str) -> None:
    client.force_login(operator)
    html = client.post("/first-run/invite", {"email": email}, follow=True).content.decode()
    assert "That is no e-mail address." in html
    assert not Invitation.objects.exists()


@pytest.mark.parametrize("phrase", ["!!!", "–"])
def test_a_phrase_without_a_word_is_refused_by_the_api(page: Client, phrase: str) -> None:
    answer = page.post("/api/v1/subscriptions", {"phrase": phrase}, content_type="application/json")
    assert answer.status_code == 400
    assert "word" in answer.content.decode()
