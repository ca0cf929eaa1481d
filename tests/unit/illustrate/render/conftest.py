from __future__ import annotations

from typing import Any

import pytest

from illustrate.types import Brief


@pytest.fixture
def make_brief():
    """A brief with everything plain, changed by keywords."""

    def make(**changes: Any) -> Brief:
        values: dict[str, Any] = {
            "title_hash": "8c2f",
            "area": "politics",
            "topics": ("elections",),
            "language": "en",
            "hero": "ballot-box",
            "supports": (),
            "scene": "ground",
            "verb": "vote",
            "mood": "neutral",
            "setting": "",
            "time_of_day": "day",
            "season": "",
            "register": "plain",
            "persona": True,
            "palette": "politics",
        }
        return Brief(**(values | changes))

    return make
