"""What every test may ask for."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

CORPUS = Path(__file__).resolve().parent.parent.parent / "shared" / "corpus"


@pytest.fixture(scope="session")
def corpus() -> Path:
    if not CORPUS.is_dir():
        pytest.skip("the corpus (../shared/corpus) is not on this machine")
    return CORPUS


@pytest.fixture(autouse=True)
def media_in_a_folder_of_its_own(settings, tmp_path):  # type: ignore[no-untyped-def]
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture(autouse=True)
def passwords_that_cost_no_time(settings):  # type: ignore[no-untyped-def]
    """Hashing one as the product does takes a third of a second by design, and most tests make a reader or two.

    The browser tests sign up and log in with the product's own.
    """
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def nothing_learned_serves() -> None:
    """Feeds are the floor's: a process looks up what serves once a minute, and here it just has. What tests of the
    learned ranker do about that is `served.forget()`.
    """
    from curation.ranking.learning import served

    served._MEMORY.looked_at, served._MEMORY.found = time.monotonic(), {}


# -- Two workers share the run -------------------------------------------------------------------------------

# What starts first: a long file begun last keeps one worker busy while the other has gone home.
LONGEST_FIRST = ("browser", "verification", "integration", "architecture", "unit")


def _folder(path: str) -> str:
    return path.split("tests/", 1)[1].split("/", 1)[0]


# Two clusters at once would starve each other.
WITH_RAY = ("test_models_door.py", "test_models_on_ray.py")


class ByFile(LoadScopeScheduling):  # type: ignore[misc]
    """A file's tests stay on one worker, and so do all tests with a browser, which share one running installation, and
    all with Ray.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.split("::", 1)[0]
        if _folder(file) == "browser":
            return "browser"
        return "ray" if file.endswith(WITH_RAY) else file


@pytest.hookimpl(optionalhook=True)  # absent with `-p no:xdist`
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile:
    config.option.loadscopereorder = False  # it would put the files with the fewest tests last
    return ByFile(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    places = {folder: place for place, folder in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: places.get(_folder(item.nodeid), len(places)))
