"""Keeps the processes of one installation alive: starts them, watches them, and ends them in order."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

PR_SET_PDEATHSIG = 1  # linux/prctl.h
RESTARTS_PER_MINUTE = 5
LAST_PORT = 65535
SHOWN_CHARACTERS = 200  # of a line on the terminal; the log has all of it
ALARMS = ("WARNING ", "ERROR ", "CRITICAL ", "Traceback ", "[WARNING]", "[ERROR]")


class StartError(RuntimeError):
    """The installation cannot start; the message says why in one line."""


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


@dataclass
class Child:
    """One supervised process: its command, and how its life went."""

    name: str
    command: Sequence[str]
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 10
    process: subprocess.Popen[str] | None = None
    started: list[float] = field(default_factory=list)  # monotonic seconds


def port_is_free(host: str, port: int) -> bool:
    """Raises StartError when this machine cannot listen at `host`, or not on such a port, whoever has it."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except socket.gaierror:
        raise StartError(f"{host} is no address of this machine (HOST=127.0.0.1 make run).") from None
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return False
            raise StartError(f"Gyeol cannot listen at {host}, port {port}: {error.strerror}.") from None
    return True


def free_port(host: str, wanted: int) -> int:
    """`wanted` if nobody has it, else any."""
    if wanted <= LAST_PORT and port_is_free(host, wanted):
        return wanted
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def _end_with_parent() -> None:
    """The child gets SIGTERM when the supervisor is killed outright (Linux; elsewhere the next start cleans up)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Supervisor:
    """Runs children in process groups of their own, their output in one log file each.

    Lines that tell of trouble are also shown, with the child's name before them; `verbose` shows every line.
    """

    def __init__(self, log_folder: Path, environment: Mapping[str, str], *, verbose: bool = False) -> None:
        self.log_folder = log_folder
        self.environment = dict(environment)
        self.verbose = verbose
        self.children: list[Child] = []
        self.stopping = threading.Event()
        log_folder.mkdir(parents=True, exist_ok=True)

    def start(self, child: Child) -> None:
        if child not in self.children:
            self.children.append(child)
        child.started.append(time.monotonic())
        child.process = subprocess.Popen(
            child.command,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
            preexec_fn=_end_with_parent,
        )
        threading.Thread(target=self._relay, args=(child, child.process.stdout), daemon=True).start()

    def _relay(self, child: Child, stream: IO[str] | None) -> None:
        if stream is None:
            return
        with (self.log_folder / f"{child.name}.log").open("a") as log:
            for line in stream:
                log.write(line)
                log.flush()
                if self.verbose or (not self.stopping.is_set() and any(word in line for word in ALARMS)):
                    say(f"  {child.name:<7}| {line.rstrip()[:SHOWN_CHARACTERS]}")

    def wait_until(self, ready: Callable[[], bool], what: str, seconds: float) -> None:
        """Raises StartError when a child dies meanwhile or the time is over."""
        deadline = time.monotonic() + seconds
        while not ready():
            for child in self.children:
                if child.process and child.process.poll() is not None:
                    raise StartError(f"{child.name} ended with {child.process.returncode}: {self.last_words(child)}")
            if time.monotonic() > deadline:
                raise StartError(f"{what} did not answer within {seconds:.0f} s (logs: {self.log_folder})")
            time.sleep(0.1)

    def last_words(self, child: Child) -> str:
        with contextlib.suppress(FileNotFoundError):
            lines = [line for line in (self.log_folder / f"{child.name}.log").read_text().splitlines() if line.strip()]
            return f"{lines[-1][:200]} (log: {self.log_folder / (child.name + '.log')})" if lines else "no output"
        return "no output"

    def restart_dead(self) -> None:
        """Start again whatever ended; raises StartError when a child keeps ending."""
        for child in self.children:
            if child.process is None or child.process.poll() is None:
                continue
            code = child.process.returncode
            now = time.monotonic()
            child.started = [moment for moment in child.started if now - moment < 60]
            self._end_group(child, signal.SIGKILL)  # whatever its group left behind
            if len(child.started) >= RESTARTS_PER_MINUTE:
                raise StartError(f"{child.name} keeps ending (last with {code}): {self.last_words(child)}")
            say(f"gyeol: {child.name} ended with {code}; starting it again.")
            time.sleep(min(2 ** len(child.started) / 4, 5))
            self.start(child)

    def stop(self) -> None:
        """End every child: each is asked, so that it ends its own; whatever is left of its group then is killed.

        A second Ctrl-C does not wait: nothing is left running under a database that is about to end.
        """
        self.stopping.set()
        try:
            self._ask_all()
        except KeyboardInterrupt:
            say("gyeol: ending at once.")
        finally:
            for child in self.children:
                if child.process is not None:
                    self._end_group(child, signal.SIGKILL)
                    child.process.wait()

    def _ask_all(self) -> None:
        for child in reversed(self.children):
            if child.process is not None and child.process.poll() is None:
                child.process.send_signal(child.stop_signal)
        for child in reversed(self.children):
            if child.process is None:
                continue
            try:
                child.process.wait(child.stop_seconds)
            except subprocess.TimeoutExpired:
                say(f"gyeol: {child.name} did not end within {child.stop_seconds:.0f} s, killing it.")

    @staticmethod
    def _end_group(child: Child, how: signal.Signals) -> None:
        if child.process is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.process.pid, how)
