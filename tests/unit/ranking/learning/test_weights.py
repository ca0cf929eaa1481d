"""What is stored comes back, and what is damaged or belongs elsewhere is refused with a reason."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from curation.ranking.learning.weights import Unfit, Weights, at_floor, digest, packed, unpacked
from curation.ranking.pipelines import FLOOR

WEIGHTS = at_floor(FLOOR, 8, seed=3)
STORED = packed(WEIGHTS)


def read(stored: bytes, **other: object) -> Weights:
    return unpacked(stored, **{"sha256": digest(STORED), "scorers": WEIGHTS.scorers, "dimension": 8, **other})


@pytest.mark.parametrize("dimension", [0, 8])
def test_what_is_stored_comes_back(dimension):
    weights = at_floor(FLOOR, dimension, seed=3)
    stored = packed(weights)
    again = unpacked(stored, sha256=digest(stored), scorers=weights.scorers, dimension=dimension)
    for each in fields(Weights):
        np.testing.assert_array_equal(getattr(again, each.name), getattr(weights, each.name))


@pytest.mark.parametrize("damaged", [STORED[:-1], STORED[:40], b"", STORED[:100] + b"\0" + STORED[101:]])
def test_damaged_bytes_are_told_by_their_sum(damaged):
    with pytest.raises(Unfit, match="do not match their sha256"):
        read(damaged)


@pytest.mark.parametrize("stored", [b"", b"not weights at all", STORED[:-8]])
def test_bytes_that_are_no_weights_are_refused_whatever_their_sum(stored):
    with pytest.raises(Unfit, match="no weights"):
        read(stored, sha256=digest(stored))


def test_another_shape_and_what_is_no_number_are_refused():
    for other in ({"scorers": 3}, {"dimension": 9}):
        with pytest.raises(Unfit, match="shapes"):
            read(STORED, **other)
    stored = packed(replace(WEIGHTS, attention=np.array([np.nan, 1.0, 0.0, 0.0])))
    with pytest.raises(Unfit, match="no numbers"):
        read(stored, sha256=digest(stored))
