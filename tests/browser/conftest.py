"""A whole installation, started as a newcomer starts it, and a real Chromium to look at it with."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent.parent
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost",  # nothing leaves this machine
]  # fmt: skip
# The newest of every paper, half the newsroom: still both languages, all formats, whole texts and teasers.
EVERY_ARTICLE = os.environ.get("GYEOL_VERIFY") == "all"
READY_SECONDS = 180
STALLED_SECONDS = 180  # without a new line: imagining the readers is silent, and takes a busy machine long


def _chromium() -> str | None:
    return next(
        (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
    )


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    executable = _chromium()
    if executable is None:
        if os.environ.get("CI"):
            pytest.fail("Chromium is missing: in CI the browser tests always run")
        pytest.skip("no Chromium on this machine: install it (Debian: apt install chromium) to run the browser tests")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        yield chromium
        chromium.close()


@dataclass
class Installation:
    """A running `manage.py up`."""

    home: Path
    address: str
    process: subprocess.Popen[str]
    lines: list[str]
    accounts: dict[str, tuple[str, str]] = field(default_factory=dict)  # role -> (e-mail, password)

    def status(self) -> dict[str, Any]:
        answer = subprocess.run(
            [sys.executable, "manage.py", "status", "--json"],
            cwd=ROOT, env=environment(self.home), capture_output=True, text=True, check=True, timeout=60,
        )  # fmt: skip
        status: dict[str, Any] = json.loads(answer.stdout)
        return status


def environment(home: Path) -> dict[str, str]:
    ours = {
        key: value
        for key, value in os.environ.items()
        if key
        not in {
            "DATABASE_URL",
            "STATIC_BACKEND",
            "DJANGO_SETTINGS_MODULE",
            "DJANGO_ALLOW_ASYNC_UNSAFE",
            "GYEOL_TEST_HOME",
        }
    }
    wanted = {"GYEOL_HOME": str(home), "GYEOL_FETCH": "off", "OMP_NUM_THREADS": "1"}
    return ours | wanted | ({} if EVERY_ARTICLE else {"SAMPLE_FEED_ENTRIES": "8"})


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(home: Path, port: int, *arguments: str) -> Installation:
    process = subprocess.Popen(
        [sys.executable, "manage.py", "up", "--port", str(port), *arguments],
        cwd=ROOT, env=environment(home), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        start_new_session=True,
    )  # fmt: skip
    lines: list[str] = []

    def collect() -> None:
        for line in process.stdout or ():
            lines.append(line)

    threading.Thread(target=collect, daemon=True).start()
    installation = Installation(home, f"http://127.0.0.1:{port}", process, lines)
    deadline = time.monotonic() + READY_SECONDS
    while not any("Ctrl-C ends everything" in line for line in lines):
        assert process.poll() is None, "".join(lines)
        assert time.monotonic() < deadline, "".join(lines)
        time.sleep(0.1)
    for line in list(lines):
        if found := re.match(r"\s+(reader|operator)\s+(\S+@\S+)\s+(\S+)", line):
            installation.accounts[found[1]] = (found[2], found[3])
    return installation


def stop(installation: Installation) -> int:
    installation.process.send_signal(signal.SIGINT)
    return installation.process.wait(60)


def _wait_while_it_gets_on(running: Installation, *, until: str) -> None:
    """Fails when nothing new is said for too long."""
    said, since = len(running.lines), time.monotonic()
    while not any(until in line for line in running.lines):
        assert running.process.poll() is None, "".join(running.lines)
        if len(running.lines) > said:
            said, since = len(running.lines), time.monotonic()
        assert time.monotonic() - since < STALLED_SECONDS, "".join(running.lines)[-3000:]
        time.sleep(0.5)


@pytest.fixture(scope="package")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """Started once for all browser tests, with every article that its newsroom has drawn."""
    home = tmp_path_factory.mktemp("installation")
    running = start(home, free_port())
    began = time.monotonic()
    # It tells itself how far it is; asking would start a process and take its time from the drawing. The imagined
    # readers, whom the dashboard shows, come last.
    _wait_while_it_gets_on(running, until="synthetic events")
    status = running.status()
    assert status["articles"] >= (180 if EVERY_ARTICLE else 90), status
    assert status["articles_illustrated"] == status["articles"], status
    assert status["illustrations_failed"] == 0, status
    print(f"\n{status['articles']} sample articles drawn {time.monotonic() - began:.0f} s after readiness: {status}")
    yield running
    code = stop(running)
    assert code == 0, "".join(running.lines)[-3000:]


@pytest.fixture
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A fresh reader's browser; parametrise indirectly with a width, a colour scheme and a language."""
    wanted = {"width": 1280, "scheme": "light", "locale": "en-GB"} | getattr(request, "param", {})
    context = browser.new_context(
        viewport={"width": wanted["width"], "height": 844 if wanted["width"] < 600 else 900},
        color_scheme=wanted["scheme"],
        locale=wanted["locale"],
        has_touch=wanted["width"] < 600,
    )
    context.set_default_timeout(20_000)
    yield context.new_page()
    context.close()
