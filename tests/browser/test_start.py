"""`manage.py up` as operators know it: behind another name, started again, with its port taken, with its data kept."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from .conftest import ROOT, environment, free_port, start, stop

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def test_it_starts_behind_another_name_ends_by_ctrl_c_and_starts_again_with_everything_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALLOWED_HOSTS", "news.example.org")
    port = free_port()
    first = start(tmp_path, port, "--empty")
    assert set(first.accounts) == {"reader", "operator"}
    assert first.status()["readers"] == 2
    assert stop(first) == 0, "".join(first.lines)

    began = time.monotonic()
    again = start(tmp_path, port, "--empty")
    print(f"\nthe second start answered after {time.monotonic() - began:.1f} s")
    assert again.accounts == {}
    assert again.status()["readers"] == 2
    assert stop(again) == 0, "".join(again.lines)


def test_a_port_in_use_is_said_in_one_line(tmp_path: Path) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        ended = subprocess.run(
            [sys.executable, "manage.py", "up", "--port", str(port)],
            cwd=ROOT, env=environment(tmp_path), capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
    assert ended.returncode == 1
    assert ended.stderr.strip() == (
        f"CommandError: Port {port} is in use: end what holds it, or choose another (PORT=8080 make run)."
    )
