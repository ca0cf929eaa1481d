"""What an operator is told to look at: what was meant, how often it did not come to be, and why."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accounts.models import User
from curation.analytics import queries, registry
from illustrate.models import Picture, PictureReport
from tests.factories.illustrate import NOW, PictureFactory

pytestmark = pytest.mark.django_db


def drawn(provenance: dict, hours_ago: float = 1) -> None:
    picture = PictureFactory(state=Picture.State.ATTACHED, file="pictures/00/1-a.{width}.webp")
    Picture.objects.filter(pk=picture.pk).update(provenance=provenance, drawn_at=NOW - timedelta(hours=hours_ago))


def found() -> dict[str, tuple[int, str]]:
    return {trouble.key: (trouble.count, trouble.reason) for trouble in registry.troubles(NOW)}


def test_a_site_in_order_has_nothing_to_tell():
    drawn({"renderer": "composer"})
    drawn({"renderer": "diffusion"})
    PictureFactory()
    assert found() == {}


def test_each_kind_is_counted_with_its_commonest_reason_and_forgotten_after_a_day():
    for reason, times in (("out of memory", 2), ("it has a face", 1)):
        for _ in range(times):
            drawn({"instead_of": {"renderer": "diffusion", "reason": reason}})
    drawn({"instead_of": {"reason": "long ago"}}, hours_ago=25)
    drawn({"without_models": "nothing answers at http://127.0.0.1:8001"})
    drawn({"given_up": "ValueError: the pen broke"})
    PictureFactory(failure="pictures cannot be stored: No space left on device")
    drawn({"signed": False, "unsigned_because": "C2PA_CERTIFICATE has expired"})
    drawn({"signed": True})
    drawn({})
    Picture.objects.filter(state=Picture.State.ATTACHED, provenance={}).update(failure="ValueError: the pen broke")
    assert found() == {
        "paintings_refused": (3, "out of memory"),
        "pictures_without_models": (1, "nothing answers at http://127.0.0.1:8001"),
        "pictures_given_up": (1, "ValueError: the pen broke"),
        "redraws_failed": (1, "ValueError: the pen broke"),
        "pictures_unsigned": (1, "C2PA_CERTIFICATE has expired"),
        "pictures_held_up": (1, "pictures cannot be stored: No space left on device"),
    }


def test_open_reports_of_public_pictures_are_told_with_their_commonest_reason():
    reader = User.objects.create_user("reader@example.org", "a-long-passphrase")
    for reason, settled_at in (("ugly", None), ("ugly", None), ("offensive", None), ("offensive", NOW)):
        PictureReport.objects.create(
            picture=PictureFactory(), reader=reader, reason=reason, reported_at=NOW, settled_at=settled_at
        )
    own = PictureFactory(article__owner=reader)
    PictureReport.objects.create(picture=own, reader=reader, reason="other", reported_at=NOW)
    assert found() == {"pictures_reported": (3, "ugly")}


def test_the_dashboard_is_told_of_a_door_that_is_away(settings):
    settings.MODELS_URL = "http://127.0.0.1:9"
    (trouble,) = queries.overview(NOW).troubles
    assert trouble.key == "models_away"
    assert "nothing answers" in trouble.reason
