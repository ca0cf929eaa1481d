"""The vectors that come with the library: complete, true, and never used for another embedder."""

from __future__ import annotations

import random

import numpy as np
import pytest

from curation.serving import queries
from curation.serving.queries import current_space, embed
from curation.serving.types import ModelUnavailable, Space
from illustrate.brief import _vectors, fixed

SHARE_WITHOUT = 0.02  # of our own texts that may be newer than the file: some seconds at the first picture


@pytest.fixture
def forgetful():
    """Nothing remembered from before, and nothing kept of what the test did."""

    def forget() -> None:
        _vectors._fixed_vectors.cache_clear()
        _vectors._shipped.cache_clear()

    forget()
    yield
    forget()


def test_our_own_texts_have_their_vectors_with_them():
    texts = set(fixed.fixed_texts())
    absent = fixed.not_shipped()
    assert len(absent) <= SHARE_WITHOUT * len(texts), (
        f"{len(absent)} texts changed, {absent[:5]} …: run `python manage.py embed_phrases` and commit vectors.npz"
    )


def test_a_shipped_vector_is_the_embedders_own(forgetful):
    rows = random.Random(7).sample(fixed.fixed_texts(), 120)
    texts, languages = [text for text, _ in rows], [language for _, language in rows]
    cosines = (_vectors.fixed_vectors(texts, languages) * embed(texts, languages)).sum(axis=1)
    assert cosines.min() >= 0.9995


def test_what_is_not_shipped_is_embedded_and_kept(settings, tmp_path, forgetful):
    settings.GYEOL_HOME = tmp_path
    shipped = fixed.fixed_texts()[0]
    new = ("Nobody has written this phrase before", "en")
    vectors = _vectors.fixed_vectors([shipped[0], new[0]], [shipped[1], new[1]])
    np.testing.assert_allclose(vectors[1], embed([new[0]], ["en"])[0], atol=1e-5)
    assert (vectors[0] @ embed([shipped[0]], ["en"])[0]) >= 0.9995
    (kept,) = (tmp_path / "cache" / "vectors").glob("*.npy")
    assert np.load(kept).shape == (1, current_space().dimension)


def test_another_embedder_does_not_get_these_vectors(forgetful):
    assert not _vectors._shipped(Space("another", "1", 384)).rows
    ours = current_space()
    assert not _vectors._shipped(Space(ours.name, f"{ours.revision}.1", ours.dimension)).rows


def test_nothing_is_kept_under_a_space_that_another_version_has_left(settings, tmp_path, forgetful, monkeypatch):
    settings.GYEOL_HOME = tmp_path
    ours = current_space()
    former = Space(ours.name, "former", ours.dimension)  # asked for just before the embedder changed
    monkeypatch.setattr(_vectors, "current_space", lambda: former)
    with pytest.raises(ModelUnavailable):
        _vectors.fixed_vectors(["Nobody has written this phrase before"], ["en"])
    with pytest.raises(ModelUnavailable):
        _vectors.ship([("a bridge opens", "en")], tmp_path / "shipped.npz")
    assert not [*tmp_path.rglob("*.np*")]


def test_a_broken_file_costs_time_and_no_picture(settings, tmp_path, monkeypatch, forgetful, caplog):
    settings.GYEOL_HOME = tmp_path
    broken = tmp_path / "vectors.npz"
    broken.write_bytes(_vectors.SHIPPED.read_bytes()[:10_000])
    monkeypatch.setattr(_vectors, "SHIPPED", broken)
    text, language = fixed.fixed_texts()[0]
    np.testing.assert_allclose(_vectors.fixed_vectors([text], [language]), queries.embed([text], [language]), atol=1e-5)
    assert "cannot be read" in caplog.text


def test_the_file_is_the_same_when_it_is_made_again(tmp_path):
    rows = [("a bridge opens", "en"), ("다리 개통", "ko"), ("a bridge opens", "en")]
    first, second = tmp_path / "first.npz", tmp_path / "second.npz"
    assert _vectors.ship(rows, first) == 2
    assert _vectors.ship(rows[::-1], second) == 2
    assert first.read_bytes() == second.read_bytes()
