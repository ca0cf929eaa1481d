"""A training from the log to its verdict: it serves if it is better, and may be killed at any point."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections

from curation.analytics import queries as analytics
from curation.engagement.models import Event, Slate
from curation.ranking.learning import checkpoints, child, gate, train
from curation.ranking.learning.checkpoints import State
from curation.ranking.learning.weights import digest
from curation.ranking.models import Checkpoint
from curation.ranking.pipelines import FLOOR
from curation.ranking.tasks import train_ranker as nightly
from tests.factories.ranking import NOW
from tests.unit.ranking.learning.site import all_alike, checkpoint, fill_site, old_is_gold

ROOT = Path(__file__).resolve().parents[4]


def learn(*, is_synthetic: bool = False, at=NOW, seed: int = 0, said: list[str] | None = None):
    say = [].append if said is None else said.append
    return train.train_ranker(profiles={}, seed=seed, is_synthetic=is_synthetic, at=at, say=say)


# -- What comes of it ----------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_what_is_better_on_the_later_lists_serves_and_what_served_is_retired():
    fill_site(old_is_gold)
    before = checkpoint("serving")
    told = learn()
    assert told["state"] == "serving", told
    assert "later lists" in told["reason"]
    trained = Checkpoint.objects.get(pk=told["checkpoint"])
    assert digest(bytes(trained.weights)) == trained.sha256
    assert bytes(trained.progress) == b""
    metrics = trained.metrics
    assert metrics["difference"]["floor"]["ci95"][0] > 0
    assert set(metrics["difference"]) == {"floor", "serving"}
    assert metrics["challenger"]["ndcg@10"] > metrics["floor"]["ndcg@10"]
    assert not metrics["simulated_readers"]
    # Trained on nothing that it was judged by.
    at = sorted(Slate.objects.values_list("created_at", flat=True))
    assert trained.trained_until == at[round(0.75 * len(at)) - 1]
    before.refresh_from_db()
    assert before.state == "retired"
    assert json.dumps(told, default=str)


@pytest.mark.django_db
def test_noise_is_refused_and_what_serves_stays():
    fill_site(all_alike)
    serving = checkpoint("serving")
    told = learn()
    assert told["state"] == "refused"
    assert "not surely better" in told["reason"]
    assert checkpoints.serving(is_synthetic=False) == serving


@pytest.mark.django_db
def test_a_short_log_teaches_nothing_and_says_why():
    fill_site(old_is_gold, readers=4, slates=10)
    told = learn()
    assert told["state"] == "waiting"
    assert "500 are needed" in told["reason"]
    assert not Checkpoint.objects.exists()


@pytest.mark.django_db
def test_simulated_readers_teach_only_when_asked_and_what_they_taught_serves_only_when_asked(capsys):
    fill_site(old_is_gold, is_synthetic=True)
    assert learn()["state"] == "waiting"  # of real readers there is nothing
    call_command("train_ranker", "--synthetic", "--json")
    told = json.loads(capsys.readouterr().out)
    assert told["state"] == "trained"
    assert told["metrics"]["simulated_readers"]
    assert f"manage.py ranker promote {told['checkpoint']}" in told["reason"]
    assert checkpoints.serving(is_synthetic=True) is None
    call_command("ranker", "promote", str(told["checkpoint"]))
    assert checkpoints.serving(is_synthetic=True) is not None
    assert checkpoints.serving(is_synthetic=False) is None


# -- When it does not go well --------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_training_that_breaks_is_told_and_the_next_begins_anew(monkeypatch):
    fill_site(old_is_gold)
    with monkeypatch.context() as broken:
        broken.setattr(train, "fit_ranker", lambda *args, **kwargs: (_ for _ in ()).throw(MemoryError("too much")))
        with pytest.raises(CommandError, match="MemoryError: too much"):
            call_command("train_ranker")
    failed = Checkpoint.objects.get()
    assert (failed.state, failed.reason) == (State.FAILED, "MemoryError: too much")
    (trouble,) = analytics._ranker_troubles(failed.created_at)
    assert trouble.key == "ranker_not_trained"
    assert train._begun(0, False, failed.created_at).pk != failed.pk


@pytest.mark.django_db
def test_killed_before_the_verdict_only_the_verdict_is_made_up_for(monkeypatch):
    fill_site(old_is_gold)

    class Killed(BaseException): ...

    with monkeypatch.context() as broken:
        broken.setattr(gate, "judge", lambda *args, **kwargs: (_ for _ in ()).throw(Killed()))
        with pytest.raises(Killed):
            learn()
    trained = Checkpoint.objects.get()
    assert trained.state == State.TRAINED
    with monkeypatch.context() as broken:
        broken.setattr(train, "fit_ranker", lambda *args, **kwargs: pytest.fail("it was trained already"))
        told = learn(at=NOW + timedelta(hours=1))
    assert (told["checkpoint"], told["state"], told["resumed"]) == (trained.pk, "serving", True)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("state", "other"),
    [
        ("training", {"schema": "older"}),
        ("training", {"seed": 5}),
        ("training", {"space_revision": "0"}),
        ("training", {"created_at": NOW - timedelta(days=2)}),
        ("trained", {"seed": 5}),
    ],
)
def test_what_was_broken_off_is_gone_on_with_only_where_it_is_the_same_training(state, other):
    open_one = checkpoint(state, reason="")
    assert train._begun(0, False, NOW + timedelta(hours=20)).pk == open_one.pk
    Checkpoint.objects.filter(pk=open_one.pk).update(reason="" if state == "trained" else "ended by signal 9", **other)
    begun = train._begun(0, False, NOW)
    assert begun.pk != open_one.pk
    assert (begun.state, begun.reason) == (State.TRAINING, "")
    open_one.refresh_from_db()
    assert (open_one.state, open_one.reason) == (State.FAILED, "it was broken off, and another one was begun")


@pytest.mark.django_db
def test_a_trial_on_simulated_readers_leaves_the_training_that_was_broken_off():
    open_one = checkpoint("training", reason="")
    assert train._begun(0, True, NOW).pk != open_one.pk
    assert train._begun(0, False, NOW).pk == open_one.pk


@pytest.mark.django_db
def test_what_was_judged_is_not_begun_again():
    judged = checkpoint("trained", is_synthetic=True, reason="it serves only when asked")
    assert train._begun(0, True, NOW).pk != judged.pk
    judged.refresh_from_db()
    assert judged.state == State.TRAINED


@pytest.mark.django_db
def test_the_cut_is_where_it_was_whatever_was_read_since():
    fill_site(old_is_gold)
    log = train.site.read_site(profiles={}, progress=lambda *args: None).log
    then = train._cut(log, NOW - timedelta(days=5))
    Event.objects.filter(kind="click", at__gt=NOW - timedelta(days=5)).delete()
    later = train.site.read_site(profiles={}, progress=lambda *args: None).log
    assert train._cut(later, NOW - timedelta(days=5)) == then
    assert then.train.stop == then.gate.start
    assert log.lists.at[then.gate.stop - 1] <= (NOW - timedelta(days=5)).timestamp()


# -- Processes -----------------------------------------------------------------------------------------------


def environment() -> dict[str, str]:
    name = connection.settings_dict["NAME"]
    return os.environ | {
        "DJANGO_SETTINGS_MODULE": "curation.settings",
        "DATABASE_URL": os.environ["DATABASE_URL"].replace("/gyeol?", f"/{name}?"),
        "OMP_NUM_THREADS": "1",
    }


def started(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "manage.py", "train_ranker", "--json", *arguments]
    return subprocess.Popen(
        command, cwd=ROOT, env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip


def wait_until(condition, seconds: float = 120.0) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition():
            return True
        time.sleep(0.005)
    return False


def has_progress() -> bool:
    return any(map(bytes, Checkpoint.objects.filter(state=State.TRAINING).values_list("progress", flat=True)))


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_killed_in_the_middle_it_goes_on_and_meanwhile_nobody_else_trains():
    fill_site(old_is_gold)
    first = started()
    assert wait_until(lambda: has_progress() or first.poll() is not None)
    assert first.poll() is None, first.stderr and first.stderr.read()
    assert learn(at=NOW + timedelta(days=1)) == {"state": "busy", "reason": "another training is running"}
    first.send_signal(signal.SIGKILL)
    first.communicate()
    (broken_off,) = Checkpoint.objects.all()
    assert broken_off.state == State.TRAINING

    second = started()
    out, said = second.communicate(timeout=300)
    assert second.returncode == 0, said
    told = json.loads(out)
    assert (told["checkpoint"], told["resumed"], told["state"]) == (broken_off.pk, True, "serving")
    assert "goes on after epoch" in said
    assert Checkpoint.objects.count() == 1
    assert bytes(Checkpoint.objects.get().progress) == b""


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_at_night_a_process_of_its_own_trains(monkeypatch):
    fill_site(all_alike)
    for name, value in environment().items():
        monkeypatch.setenv(name, value)
    nightly()
    assert Checkpoint.objects.get().state == State.REFUSED


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_the_child_ends_when_its_parent_does():
    fill_site(old_is_gold)
    worker = started("--attended")
    assert wait_until(has_progress)
    assert worker.stdin is not None
    worker.stdin.close()  # as the kernel does it for who is killed
    assert worker.wait(10) == 1
    assert worker.stdout is not None
    assert worker.stderr is not None
    worker.stdout.close()
    worker.stderr.close()
    assert Checkpoint.objects.get().state == State.TRAINING


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_child_that_takes_too_long_or_is_killed_is_told(monkeypatch):
    checkpoint("training", weights=b"", reason="")
    for name, value in environment().items():
        monkeypatch.setenv(name, value)
    child.train_in_child(seconds=0.05)
    told = Checkpoint.objects.get().reason
    assert told.endswith("the next training goes on from there")
    monkeypatch.setattr(child.sys, "executable", "/bin/sh")
    monkeypatch.setattr(child.settings, "BASE_DIR", _script("kill -9 $$"))
    child.train_in_child(seconds=20)
    assert "signal 9 (often: the machine had no memory left)" in Checkpoint.objects.get().reason
    connections.close_all()


def _script(line: str) -> Path:
    import tempfile

    folder = Path(tempfile.mkdtemp(prefix="gyeol-child-"))
    (folder / "manage.py").write_text(line + "\n")
    return folder


def test_the_gate_and_the_training_know_the_same_scorers():
    assert tuple(scorer for scorer, _ in FLOOR.scorers) == train.SCORERS
