"""Files that are whole or not there, and folders that one process at a time works in."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO

LOCK = ".lock"


class FolderInUseError(OSError):
    """Another process is at work in the folder."""


@contextlib.contextmanager
def replaced(path: Path) -> Iterator[IO[bytes]]:
    """A file that takes the path's place once it is written whole, whenever the machine or the disk gives out; whoever
    is killed before leaves the old one, and `NAME.unfinished` for the next. One at a time may write a path.

    Raises OSError where it cannot be written; nothing is left behind then.
    """
    unfinished = path.with_name(f"{path.name}.unfinished")
    try:
        with unfinished.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            unfinished.unlink()
        raise


def write_whole(path: Path, body: bytes) -> None:
    """The file has all of the body, or stays as it was. Raises what `replaced` raises."""
    with replaced(path) as file:
        file.write(body)


@contextlib.contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Nobody else works in the folder meanwhile; a killed process leaves no lock. Raises FolderInUseError."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open("a") as file:
        _lock(file.fileno(), folder)
        yield


def _lock(descriptor: int, folder: Path) -> None:
    try:
        import fcntl
    except ImportError:  # Windows: a second process is on its own
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise FolderInUseError(f"another process is at work in {folder}") from None
