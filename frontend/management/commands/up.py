"""`manage.py up`: the whole installation in one terminal."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import ERROR, run_checks
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction
from django.utils import timezone

from accounts import actions as accounts
from accounts.models import User
from curation import embedded
from curation.analytics import queries
from curation.articles.models import Article
from curation.sample import actions as sample
from curation.sample import queries as sample_queries
from curation.sources.tasks import poll_due_sources
from frontend._supervisor import LAST_PORT, Child, StartError, Supervisor, free_port, port_is_free, say
from illustrate import queries as pictures
from illustrate.checks import PICTURES

NEEDED_DISK_BYTES = 500 * 1024 * 1024
DEMO_TOPICS = ["climate-change", "ai", "books", "food", "space", "cities", "football", "climate-change", "macroeconomy"]
SAMPLE_READERS = 200
SAMPLE_DAYS = 21


class Command(BaseCommand):
    help = "Start everything: database, web server, model server, worker and beat. Ctrl-C ends it."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default=os.environ.get("HOST", "127.0.0.1"))
        parser.add_argument("--port", type=_port, default=os.environ.get("PORT", "8000"))
        parser.add_argument("--empty", action="store_true", help="without the sample newsroom")
        parser.add_argument("--once", action="store_true", help="end as soon as everything is ready (for trials)")

    def handle(self, *args: Any, **options: Any) -> None:
        began = time.monotonic()
        # A supervisor asked to end by a service manager ends as it does by Ctrl-C.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        home: Path = settings.GYEOL_HOME
        try:
            with _only_one(home), _database(home):
                self._run(home, options, began)
        except (embedded.EmbeddedError, StartError) as error:
            raise CommandError(str(error)) from None
        except OSError as error:
            raise CommandError(f"{error.strerror or error}: {error.filename or home}") from None
        except KeyboardInterrupt:
            say("\nGyeol has ended. Everything is kept; `make run` starts it again.")

    def _run(self, home: Path, options: dict[str, Any], began: float) -> None:
        host, port = options["host"], options["port"]
        if not port_is_free(host, port):
            raise StartError(f"Port {port} is in use: end what holds it, or choose another (PORT=8080 make run).")
        if shutil.disk_usage(home).free < NEEDED_DISK_BYTES:
            raise StartError(f"The disk of {home} is full: at least 500 MB must be free.")
        _check_settings()

        with _step("Preparing the database"):
            call_command("migrate", verbosity=0, interactive=False)
        with _step("Preparing pages"):
            call_command("compile_messages", verbosity=0)
            call_command("collectstatic", verbosity=0, interactive=False)
        _prepare_signing()
        if not options["empty"] and _wants_newsroom():
            with _step("Delivering the sample newsroom"):
                sample.load_newsroom(at=timezone.now())
        connection.close()

        model_port = free_port("127.0.0.1", port + 1)
        environment = os.environ | {
            "DATABASE_URL": settings.DATABASE_URL,
            "MODELS_URL": os.environ.get("MODELS_URL") or f"http://127.0.0.1:{model_port}",
            "PORT": str(port),
            "PYTHONUNBUFFERED": "1",
        }
        supervisor = Supervisor(home / "log", environment, verbose=options["verbosity"] > 1)
        address = f"http://{_in_url(host)}:{port}"
        probe = f"http://{_in_url({'0.0.0.0': '127.0.0.1', '::': '::1'}.get(host, host))}:{port}"  # noqa: S104
        try:
            with _step("Starting the web server"):
                if not os.environ.get("MODELS_URL"):
                    supervisor.start(_model_server(model_port))
                supervisor.start(_web(host, port))
                supervisor.wait_until(lambda: _answers(f"{probe}/healthz"), "the web server", 60)
            # Reading needs no model: whoever comes back need not wait for them.
            self._welcome(address, time.monotonic() - began)
            with _step("Loading the models"):
                supervisor.wait_until(lambda: _answers(f"{environment['MODELS_URL']}/v2/health/ready"), "models", 180)
            with _step("Starting worker and beat"):
                for child in (_worker(), _beat(home)):
                    supervisor.start(child)
                supervisor.wait_until(lambda: _answers(f"{probe}/readyz"), "the whole", 60)
            poll_due_sources.delay()  # beat's first round would be a minute away
            if _wants_simulated_readers():
                _watch_newsroom(supervisor)
                _simulate(environment, home)
            if options["once"]:
                return
            while True:
                time.sleep(1)
                supervisor.restart_dead()
        finally:
            say("")
            with _step("Ending"), contextlib.suppress(KeyboardInterrupt):
                supervisor.stop()

    def _welcome(self, address: str, seconds: float) -> None:
        say(f"\n  Gyeol is ready after {seconds:.0f} s:  {self.style.SUCCESS(address)}\n")
        # Made only now, in the same breath in which they are shown: a start that was interrupted loses no password.
        if made := _make_accounts():
            say("  Made for this installation, shown only now:")
            for role, email, password in made:
                say(f"    {role:<9} {email:<24} {password}")
        else:
            say("  `manage.py changepassword EMAIL` sets a password anew.")
        say("\n  Ctrl-C ends everything.\n")


def _check_settings() -> None:
    """Says which settings do not go together; raises StartError for one with which nothing would be drawn."""
    for message in run_checks(tags=[PICTURES]):
        if message.level >= ERROR:
            raise StartError(str(message.msg))
        say(f"gyeol: {message.msg}")


def _prepare_signing() -> None:
    """A new installation gets its certificate. Pictures are drawn and shown without one, so nothing is stopped."""
    if reason := pictures.why_unsigned(at=timezone.now()):
        say(f"gyeol: pictures will not be signed: {reason}")


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= LAST_PORT:
        raise ArgumentTypeError(f"a port is a number from 1 to {LAST_PORT}, not {text!r}")
    return int(text)


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host


# -- Children ------------------------------------------------------------------------------------------------


def _manage(*arguments: str) -> list[str]:
    return [sys.executable, str(settings.BASE_DIR / "manage.py"), *arguments]


def _model_server(port: int) -> Child:
    return Child("models", _manage("serve_models", "--port", str(port)))


def _web(host: str, port: int) -> Child:
    granian = str(Path(sys.executable).with_name("granian"))
    command = [
        granian, "--interface", "wsgi", "--host", host, "--port", str(port),
        "--workers", os.environ.get("WEB_WORKERS", "1"), "--blocking-threads", os.environ.get("WEB_THREADS", "4"),
        "--workers-kill-timeout", "5", "--backlog", "1024", "--no-ws", "--log-level", "warning",
        "frontend.wsgi:application",
    ]  # fmt: skip
    # Pages do much arithmetic on small arrays, several at once: threads within one would only wait for each other.
    return Child("web", ["env", "GYEOL_WEB=1", "GYEOL_LOCAL_MODELS=off", "OMP_NUM_THREADS=1", *command])


def _worker() -> Child:
    concurrency = os.environ.get("WORKERS", str(max(2, min(4, os.cpu_count() or 2))))
    command = [sys.executable, "-m", "celery", "-A", "curation", "worker", "-Q", "ingest,rank,render"]
    quiet = ["-l", "warning", "--without-gossip", "--without-mingle"]
    # One process a core already: a second thread of linear algebra in each would only wait for the others.
    environment = ["env", "GYEOL_LOCAL_MODELS=off", "OMP_NUM_THREADS=1"]
    return Child("worker", [*environment, *command, "-c", concurrency, *quiet], stop_seconds=20)


def _beat(home: Path) -> Child:
    command = [sys.executable, "-m", "celery", "-A", "curation", "beat", "-l", "warning", "--pidfile="]
    return Child("beat", [*command, "-s", str(home / "beat-schedule")])


# -- Steps ---------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _step(what: str) -> Iterator[None]:
    began = time.monotonic()
    sys.stdout.write(f"  {what} … ")
    sys.stdout.flush()
    try:
        yield
    except BaseException:
        say("")
        raise
    say(f"{time.monotonic() - began:.1f} s")


@contextlib.contextmanager
def _only_one(home: Path) -> Iterator[None]:
    """One supervisor an installation: two would start each child twice."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / "up.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise StartError(f"Gyeol already runs here (process {lock.read().strip() or 'unknown'}).") from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


@contextlib.contextmanager
def _database(home: Path) -> Iterator[None]:
    if os.environ.get("DATABASE_URL"):
        yield
        return
    with contextlib.ExitStack() as stack:
        with _step("Starting PostgreSQL"):
            stack.enter_context(embedded.running(home))
        yield


def _wants_newsroom() -> bool:
    """Only an empty database: a site with articles of its own, or one that closed the newsroom, is left alone."""
    return not sample_queries.was_ever_open() and not Article.objects.exists()


def _wants_simulated_readers() -> bool:
    return sample_queries.is_open() and not User.objects.filter(is_synthetic=True).exists()


@transaction.atomic
def _make_accounts() -> list[tuple[str, str, str]]:
    """A demo reader and an operator with random passwords: (role, e-mail, password).

    The operator wherever there is none, even if somebody has signed up first; the reader where there is nobody yet.
    """
    people = User.objects.filter(is_synthetic=False)
    wanted = [] if people.exists() else [(User.Role.READER, "reader@gyeol.local")]
    if not people.filter(role=User.Role.OPERATOR).exists():
        wanted.append((User.Role.OPERATOR, "operator@gyeol.local"))
    made = []
    for role, email in wanted:
        password = "-".join(secrets.token_hex(2) for _ in range(4))
        user = User.objects.create_user(email, password, role=role)
        if role == User.Role.READER:
            accounts.pick_topics(reader=user, slugs=DEMO_TOPICS, at=timezone.now())
        made.append((role.value, email, password))
    return made


def _answers(url: str) -> bool:
    """Whether our own server answers 200, asked by a name that it answers to."""
    name = settings.ALLOWED_HOSTS[0].lstrip(".") if settings.ALLOWED_HOSTS else ""
    request = urllib.request.Request(url, headers={"Host": name} if name not in {"", "*"} else {})  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=3) as response:  # noqa: S310 - our own loopback address
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _watch_newsroom(supervisor: Supervisor, seconds: float = 600) -> None:
    """Show how far the first newsroom is: read, and drawn."""
    deadline = time.monotonic() + seconds
    shown = None
    while time.monotonic() < deadline:
        supervisor.restart_dead()
        status = queries.site_status()
        drawn = status["articles_illustrated"] + status["illustrations_failed"]
        progress = (status["articles"], drawn)
        if progress != shown:
            sys.stdout.write(f"\r  Sample newsroom: {progress[0]} articles read, {progress[1]} drawn   ")
            sys.stdout.flush()
            shown = progress
        if status["articles"] and drawn >= status["articles"] and status["queue_oldest_seconds"] == 0:
            break
        time.sleep(1)
    say("")


def _simulate(environment: dict[str, str], home: Path) -> None:
    """The first start has readers, so that the dashboard has something to show; they are marked synthetic."""
    command = _manage("simulate", "--readers", str(SAMPLE_READERS), "--days", str(SAMPLE_DAYS), "--seed", "1")
    with _step(f"Imagining {SAMPLE_READERS} readers"), (home / "log" / "simulate.log").open("a") as log:
        result = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=log, check=False)
    if result.returncode:
        say(f"gyeol: the simulated readers could not be made (log: {home / 'log' / 'simulate.log'}).")
    else:
        with contextlib.suppress(ValueError):
            totals = json.loads(result.stdout)
            say(f"  {totals.get('events', 0)} synthetic events; the dashboard marks them.")
