"""The supervisor with real processes: what dies is started again, what keeps dying ends it all, nothing stays."""

from __future__ import annotations

import os
import socket
import sys
import time
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from accounts.models import User
from frontend._supervisor import Child, StartError, Supervisor, free_port, port_is_free
from frontend.management.commands.up import _make_accounts


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not state.exists() or state.read_text().rsplit(")", 1)[1].split()[0] != "Z"


def _python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def _wait(condition, seconds: float = 10) -> bool:  # type: ignore[no-untyped-def]
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return False


@pytest.fixture
def supervisor(tmp_path: Path):  # type: ignore[no-untyped-def]
    running = Supervisor(tmp_path / "log", os.environ)
    yield running
    running.stop()


def test_a_child_that_dies_is_started_again_and_said_in_one_line(
    supervisor: Supervisor, capsys: pytest.CaptureFixture[str]
) -> None:
    child = Child("clock", _python("import time; time.sleep(60)"))
    supervisor.start(child)
    assert child.process is not None
    first = child.process.pid
    child.process.kill()
    child.process.wait()
    supervisor.restart_dead()
    assert child.process.pid != first
    assert capsys.readouterr().out == "gyeol: clock ended with -9; starting it again.\n"


def test_a_child_that_keeps_dying_ends_it_all_with_its_last_words(supervisor: Supervisor) -> None:
    child = Child("broken", _python("import sys; sys.exit('no such model')"))
    supervisor.start(child)

    def until_it_gives_up() -> None:
        while True:
            assert child.process is not None
            child.process.wait()
            time.sleep(0.1)
            supervisor.restart_dead()

    with pytest.raises(StartError, match=r"broken keeps ending .*no such model"):
        until_it_gives_up()


def test_waiting_for_readiness_notices_a_dead_child_at_once(supervisor: Supervisor) -> None:
    supervisor.start(Child("web", _python("raise SystemExit('port taken')")))
    with pytest.raises(StartError, match="web ended with 1"):
        supervisor.wait_until(lambda: False, "the web server", 20)


def test_stopping_leaves_no_grandchild_behind(supervisor: Supervisor, tmp_path: Path) -> None:
    note = tmp_path / "grandchild"
    code = (
        "import subprocess, sys, time; from pathlib import Path\n"
        "stubborn = 'import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(60)'\n"
        "p = subprocess.Popen([sys.executable, '-c', stubborn])\n"
        f"Path({str(note)!r}).write_text(str(p.pid)); time.sleep(60)"
    )
    child = Child("worker", _python(code), stop_seconds=1)
    supervisor.start(child)
    assert _wait(lambda: note.exists() and note.read_text())
    grandchild = int(note.read_text())
    assert _alive(grandchild)
    supervisor.stop()
    assert _wait(lambda: not _alive(grandchild))


def test_a_port_in_use_is_noticed_and_another_found() -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        assert not port_is_free("127.0.0.1", port)
        assert free_port("127.0.0.1", port) != port


def test_a_port_that_this_machine_cannot_listen_on_is_not_called_in_use() -> None:
    with pytest.raises(StartError, match="no address of this machine"):
        port_is_free("no-such-host.invalid", 8000)
    with pytest.raises(StartError, match=r"cannot listen at 192\.0\.2\.1"):
        port_is_free("192.0.2.1", 8000)


def test_a_port_in_use_is_noticed_on_ipv6_too() -> None:
    with socket.socket(socket.AF_INET6) as taken:
        try:
            taken.bind(("::1", 0))
        except OSError:
            pytest.skip("this machine has no IPv6 loopback")
        taken.listen()
        assert not port_is_free("::1", taken.getsockname()[1])


def test_the_port_after_the_last_one_is_another() -> None:
    assert 0 < free_port("127.0.0.1", 65_536) <= 65_535


@pytest.mark.parametrize("port", ["abc", "0", "65536", "-1", ""])
def test_what_is_no_port_is_said_in_one_line(port: str) -> None:
    with pytest.raises(CommandError, match="a port is a number from 1 to 65535"):
        call_command("up", "--port", port)


def test_a_second_ctrl_c_leaves_nothing_running(supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = Child("slow", _python("import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(60)"))
    supervisor.start(slow)
    assert slow.process is not None
    pid = slow.process.pid
    wait = slow.process.wait
    impatient = iter([KeyboardInterrupt()])

    def interrupted(*timeout: float) -> int:
        for error in impatient:
            raise error
        return wait(*timeout)

    monkeypatch.setattr(slow.process, "wait", interrupted)
    supervisor.stop()
    assert not _alive(pid)


@pytest.mark.django_db
def test_there_is_an_operator_even_if_somebody_signed_up_first() -> None:
    User.objects.create_user("quick@example.org", "a-long-passphrase")
    assert [role for role, _, _ in _make_accounts()] == ["operator"]
    assert _make_accounts() == []


@pytest.mark.django_db
def test_nobody_is_made_by_half(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("accounts.actions.pick_topics", lambda **_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        _make_accounts()
    assert not User.objects.exists()
