"""Which version answers, and what an operator's own models do to the registry."""

from __future__ import annotations

import os
import sys
import time
import types
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from django.core.exceptions import ImproperlyConfigured

from curation.serving import _registry, queries
from curation.serving._local import LocalDriver
from curation.serving._registry import Registry
from curation.serving.queries import waiting_at_most
from curation.serving.types import Compute, DeadlineExceeded, Model, ModelSpec, ModelUnavailable

from .models import Lengths, broken_model, request


@pytest.fixture
def versions():
    old, new = Lengths(version="old"), Lengths(version="new")
    for each in (old, new):
        each.gate.set()
    return old, new


@pytest.fixture
def drivers():
    made = []

    def driver(*models):
        made.append(LocalDriver(Registry(models)))
        return made[-1]

    yield driver
    for each in made:
        each.close()


def test_the_last_registered_answers_and_the_others_by_their_names(drivers, versions):
    driver = drivers(*(each.model() for each in versions))
    assert driver.infer("lengths", request("a")).version == "new"
    assert driver.infer("lengths", request("a"), "old").version == "old"
    assert driver.spec("lengths").version == "new"
    assert [spec.version for spec in driver.versions("lengths")] == ["old", "new"]


def test_a_new_version_that_does_not_load_leaves_the_old_one_answering(drivers, versions):
    broken = replace(versions[1].model(), load=broken_model().load)
    driver = drivers(versions[0].model(), broken)
    assert driver.infer("lengths", request("a")).version == "old"
    assert driver.spec("lengths").version == "old"
    with pytest.raises(ModelUnavailable, match="the weights are gone"):
        driver.infer("lengths", request("a"), "new")


def test_a_version_registered_anew_replaces_the_one_that_ran(drivers, versions):
    driver = drivers(versions[0].model())
    driver.infer("lengths", request("first"))
    again = Lengths(version="old")
    again.gate.set()
    driver.models.register(again.model())
    driver.infer("lengths", request("second"))
    assert versions[0].computed == [["first"]]
    assert again.computed == [["second"]]


def test_models_are_loaded_when_asked_for_and_not_before(drivers, versions):
    driver = drivers(*(each.model() for each in versions))
    assert {state.state for state in driver.states()} == {"unloaded"}
    driver.infer("lengths", request("a"))
    assert [(state.version, state.state) for state in driver.states()] == [("old", "unloaded"), ("new", "ready")]


def test_a_server_loads_one_model_at_a_time_and_the_essential_ones_first(drivers):
    """Libraries that are imported and set up by two threads at once break."""
    loading, order = [], []

    def model(name, is_essential):
        def load():
            loading.append(name)
            assert loading == [name]
            time.sleep(0.02)
            loading.remove(name)
            order.append(name)
            return lambda request, running: ()

        return Model(ModelSpec(name, "1", "test", (), ()), load, is_essential=is_essential)

    driver = drivers(*(model(f"{letter}", letter in "ce") for letter in "abcdef"))
    driver.start()
    assert {state.state for state in driver.states()} <= {"loading", "ready"}
    for letter in "abcdef":
        driver.worker(letter).wait_until_loaded(30)
    assert order == ["c", "e", "a", "b", "d", "f"]


def test_models_loaded_by_whoever_asks_are_loaded_one_at_a_time_too(drivers):
    loading = []

    def load():
        loading.append(1)
        assert loading == [1]
        time.sleep(0.02)
        loading.pop()
        return lambda request, running: ()

    driver = drivers(*(Model(ModelSpec(name, "1", "test", (), ()), load) for name in "abcd"))
    for worker in [driver.worker(name) for name in "abcd"]:
        worker.wait_until_loaded(30)


@pytest.fixture
def extra(monkeypatch, settings):
    """The registry as a fresh process builds it, with an operator's module beside it."""
    monkeypatch.setattr(_registry, "MODELS", Registry([Lengths(version="house").model()]))
    _registry.models.cache_clear()
    module = types.ModuleType("newsroom_models")
    monkeypatch.setitem(sys.modules, "newsroom_models", module)
    settings.MODELS_EXTRA = ["newsroom_models:ours"]
    yield module
    _registry.models.cache_clear()


def test_an_operators_models_come_after_the_houses_own(extra):
    extra.ours = lambda: [Lengths(version="ours").model(), broken_model()]
    registry = _registry.models()
    assert [model.spec.version for model in registry.versions("lengths")] == ["house", "ours"]
    assert "broken" in registry


@pytest.mark.parametrize("entry", ["newsroom_models:theirs", "newsroom_models", "no_such_module:ours"])
def test_an_entry_that_gives_no_models_is_said_in_words(extra, settings, entry):
    settings.MODELS_EXTRA = [entry]
    with pytest.raises(ImproperlyConfigured, match=f"MODELS_EXTRA: '{entry}'") as raised:
        _registry.models()
    assert ("write package.module:function" in str(raised.value)) == (":" not in entry)


def slow_to_load(model: Model, seconds: float) -> Model:
    def load() -> Compute:
        time.sleep(seconds)
        return model.load()

    return replace(model, load=load)


def test_a_deadline_holds_while_the_model_loads(drivers, versions):
    driver = drivers(slow_to_load(versions[0].model(), 2))
    began = time.monotonic()
    with pytest.raises(DeadlineExceeded):
        driver.infer("lengths", request("a", timeout=200_000))
    assert time.monotonic() - began < 1.5
    with waiting_at_most(0.2), pytest.raises(ModelUnavailable):
        driver.infer("lengths", request("a"))
    assert time.monotonic() - began < 1.9
    assert driver.infer("lengths", request("ab")).output("length").array().tolist() == [2]


def test_callers_who_come_together_get_one_driver(monkeypatch, settings):
    """Two of them would load every model twice."""
    made = []

    def slowly(self: LocalDriver) -> None:
        made.append(self)
        time.sleep(0.1)

    monkeypatch.setattr(LocalDriver, "__init__", slowly)
    queries._made.cache_clear()
    try:
        with ThreadPoolExecutor(4) as callers:
            drivers = list(callers.map(queries._driver, [""] * 4))
    finally:
        queries._made.cache_clear()
    assert len(made) == 1
    assert drivers == made * 4


def test_a_forked_process_makes_a_driver_of_its_own(settings):
    """Two processes on one connection would read each other's answers."""
    settings.MODELS_URL = "http://models.invalid"
    driver = queries._driver(settings.MODELS_URL)
    try:
        child = os.fork()
        if child == 0:
            os._exit(0 if queries._driver(settings.MODELS_URL) is not driver else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert queries._driver(settings.MODELS_URL) is driver
    finally:
        queries._made.cache_clear()
