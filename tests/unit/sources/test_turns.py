"""The pause between two visits to one host."""

import time

import pytest

from curation.sources import _http
from curation.sources.types import FetchFailed


@pytest.fixture(autouse=True)
def nobody_was_visited(monkeypatch):
    monkeypatch.setattr(_http, "_last_visits", type(_http._last_visits)())


def test_a_refused_visit_leaves_the_hosts_turn_as_it_was():
    now = time.monotonic()
    _http._last_visits["e.org"] = now + 60
    for _ in range(2):
        with pytest.raises(FetchFailed, match="too many visits"):
            _http._wait_for_turn("e.org", now + 10)
    assert _http._last_visits["e.org"] == now + 60


@pytest.mark.parametrize(
    ("address", "waits"), [("http://93.184.215.14/", True), ("http://e.org/", True), ("http://127.0.0.1:9/", False)]
)
def test_an_opened_network_ends_the_pause_for_its_own_hosts_alone(settings, monkeypatch, address, waits):
    settings.FETCH_ALLOW_NETWORKS = ["127.0.0.0/8"]
    asked = []

    def wait(host, deadline):
        asked.append(host)
        raise FetchFailed("not now")

    monkeypatch.setattr(_http, "_wait_for_turn", wait)
    with pytest.raises(FetchFailed):
        _http.get(address, accept="*/*", may_fetch=True)
    assert bool(asked) == waits
