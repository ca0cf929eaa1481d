import os
import subprocess
from pathlib import Path

import pytest

from curation import embedded


def test_a_long_home_moves_the_socket_to_a_private_temporary_folder(tmp_path: Path) -> None:
    home = tmp_path / ("very-long-name-" * 8)
    path = embedded.socket_dir(home)
    assert len(os.fsencode(path / f".s.PGSQL.{embedded.PORT}")) <= embedded.SOCKET_PATH_LIMIT


def test_the_broker_is_the_same_database() -> None:
    url = embedded.broker_url("postgresql://gyeol@/gyeol?host=%2Ftmp%2Frun")
    assert url == "sqla+postgresql+psycopg://gyeol@/gyeol?host=%2Ftmp%2Frun"


def test_the_secret_key_is_made_once_and_kept(tmp_path: Path) -> None:
    first = embedded.secret_key(tmp_path)
    assert first == embedded.secret_key(tmp_path)
    assert len(first) >= 50


def test_data_of_another_major_version_is_refused_with_instructions(tmp_path: Path) -> None:
    data = embedded.data_dir(tmp_path)
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("16\n")
    with pytest.raises(embedded.EmbeddedError, match=r"PostgreSQL 16 .* dump it"):
        embedded.Server(tmp_path)._check_version(data)


def test_a_file_that_a_crash_left_names_no_process_to_be_stopped(tmp_path: Path) -> None:
    """After a reboot its number may be anybody's."""
    data = embedded.data_dir(tmp_path)
    data.mkdir(parents=True)
    somebody = subprocess.Popen(["sleep", "60"])
    try:
        (data / "postmaster.pid").write_text(f"{somebody.pid}\n{data}\n")
        server = embedded.Server(tmp_path)
        assert server.pid() is None
        server.stop()
        assert somebody.poll() is None
    finally:
        somebody.kill()
        somebody.wait()


@pytest.mark.parametrize(("name", "stays"), [("sleep", False), ("postgres", True)])
def test_only_a_lock_of_another_program_is_forgotten(tmp_path: Path, name: str, stays: bool) -> None:
    lock = tmp_path / "postmaster.pid"
    somebody = subprocess.Popen([name, "60"], executable="/bin/sleep")
    try:
        lock.write_text(f"{somebody.pid}\n")
        embedded._forget_stale_lock(lock)
        assert lock.exists() == stays
    finally:
        somebody.kill()
        somebody.wait()


def test_where_nobody_can_tell_the_lock_stays_and_its_server_counts(tmp_path: Path, monkeypatch) -> None:
    lock = embedded.data_dir(tmp_path) / "postmaster.pid"
    lock.parent.mkdir(parents=True)
    lock.write_text(f"{os.getpid()}\n")
    monkeypatch.setenv("PATH", str(tmp_path))  # no ps here
    embedded._forget_stale_lock(lock)
    assert lock.exists()
    assert embedded.Server(tmp_path).pid() == os.getpid()
