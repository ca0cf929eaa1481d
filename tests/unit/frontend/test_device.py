"""What browsers and robots ask for by themselves."""

from __future__ import annotations

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


def test_robots_are_asked_to_stay_out(client: Client) -> None:
    assert b"Disallow: /\n" in client.get("/robots.txt").content


def test_the_old_name_of_the_icon_leads_to_the_mark(client: Client) -> None:
    answer = client.get("/favicon.ico")
    assert answer.status_code == 302
    assert answer["Location"].endswith(".svg")
