"""The record of a picture: whole from today's rows, readable from older ones, silent on what is nobody's business."""

from __future__ import annotations

from illustrate.evaluate import judge
from illustrate.provenance.record import public_record, record_of
from illustrate.types import Scores

from .drawings import COMPOSITE, brief, painted, provenance

EVALUATION = {
    "decision": "accept", "reasons": [], "figures": {"edges": 0.05, "contrast": 0.1}, "failed": ["contrast"],
    "attempts": 2,
}  # fmt: skip


def test_it_holds_brief_look_seed_checks_and_times() -> None:
    record = record_of(brief=brief().to_dict(), provenance=provenance(signed=True), evaluation=EVALUATION, seed=7)
    assert (record.asked.hero, record.asked.scene, record.asked.manner) == ("lighthouse", "shore", "plain")
    assert (record.preset, record.seed, record.licence, record.attempts) == ("grain/2", 7, "CC0-1.0", 2)
    assert [(check.name, check.passed) for check in record.checks] == [("edges", True), ("contrast", False)]
    assert record.drawn_at is not None
    assert record.drawn_at.year == 2026
    assert (record.kind, record.painter, record.photo) == ("algorithm", None, None)
    assert record.licence_page.endswith("/zero/1.0/")


def test_a_model_is_told_with_what_it_was_told_but_not_where_it_lies() -> None:
    record = record_of(brief={}, provenance=painted(), evaluation={}, seed=None)
    assert record.kind == "composite"
    assert record.digital_source_type == COMPOSITE
    assert record.painter is not None
    assert (record.painter.model, record.painter.revision) == ("house-painter", "3f1c09a7")
    assert record.painter.prompt == "a lighthouse by the sea"
    assert record.painter.adapter is not None
    assert record.painter.adapter.name == "house"
    assert [check.name for check in record.painter.checks] == ["layout_kept", "faces"]
    assert "/srv" not in record.model_dump_json()
    hub = {**painted()["painting"], "model": "black-forest-labs/FLUX.2-klein-4B", "adapter": None}
    assert public_record(provenance(painting=hub)).model == "black-forest-labs/FLUX.2-klein-4B"
    windows = {**hub, "model": r"C:\models\painter"}
    assert public_record(provenance(painting=windows)).model == "painter"


def test_rows_of_any_age_can_be_read() -> None:
    empty = record_of(brief={}, provenance={}, evaluation={}, seed=5)
    assert (empty.seed, empty.signed, empty.kind, empty.checks) == (5, None, "", ())
    later = provenance(something_new={"a": 1}) | {"photo": {"faces": 2, "caption": "later"}}
    assert record_of(brief={"hero": "x", "new": 1}, provenance=later, evaluation={}, seed=None).photo is not None
    public_record({})


def test_every_reason_of_the_judge_is_known_by_its_check() -> None:
    for name in judge._REASONS:
        reason = judge.reason(name, Scores(figures={name: 0.5}))
        (refusal,) = record_of(
            brief={}, provenance={"refused": [f"gavel in dispute: {reason}"]}, evaluation={}, seed=None
        ).refused
        assert (refusal.hero, refusal.scene, refusal.failed) == ("gavel", "dispute", (name,))


def test_a_refusal_in_other_words_is_one_all_the_same() -> None:
    (refusal,) = record_of(brief={}, provenance={"refused": ["out of paint"]}, evaluation={}, seed=None).refused
    assert refusal.failed == ()
