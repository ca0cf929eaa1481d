"""A training in a process of its own: with it torch, its memory and its threads are gone when it ends."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from collections import deque

from django.conf import settings

from curation.ranking.learning.train import note_broken_off

logger = logging.getLogger(__name__)

ENDING_SECONDS = 10.0
NICENESS = 10  # pages, pictures and articles go first


def train_in_child(*, seconds: float) -> None:
    """Runs `manage.py train_ranker` and waits for it, at most so long. What is not over then goes on the next time.

    The child ends when this process does, however that is.
    """
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "train_ranker", "--json", "--attended"]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace"
    )
    last: deque[str] = deque(maxlen=1)
    listener = threading.Thread(target=lambda: last.extend(process.stderr or ()), daemon=True)
    listener.start()
    try:
        status = process.wait(seconds)
    except subprocess.TimeoutExpired:
        note_broken_off(f"it was not over after {seconds / 60:.0f} minutes; the next training goes on from there")
        return
    finally:  # also when this task's own time is over
        _end(process)
    listener.join(ENDING_SECONDS)
    if status:
        said = last[0].strip() if last else "it said nothing"
        logger.error("the ranker was not trained: %s", said)
        if status < 0:
            note_broken_off(_killed(-status))


def _killed(signal: int) -> str:
    why = " (often: the machine had no memory left)" if signal == 9 else ""
    return f"the training was ended by signal {signal}{why}; the next one goes on from there"


def _end(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(ENDING_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def end_with_parent() -> None:
    """In the child: end as soon as nobody holds the other end of standard input, and let everything else go first."""
    os.nice(NICENESS)
    threading.Thread(target=_watch, name="parent", daemon=True).start()


def _watch() -> None:
    while os.read(0, 4096):  # not sys.stdin, whose lock the interpreter wants when it ends
        pass
    os._exit(1)  # at once, in whatever library: all that matters is in the database
