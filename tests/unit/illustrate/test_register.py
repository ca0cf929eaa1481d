"""The register's small head: nearly as good as the larger way, without a model server, and never silently broken."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.serving import queries
from curation.serving.types import ModelUnavailable
from illustrate.brief import _invented, _ngrams, _register_head, distil, register, sensitive
from illustrate.brief.distil import Lesson

DATA = Path(__file__).parents[2] / "data"
LABELLED = ("sensitive_headlines", "register_headlines", "register_unseen")
# F1 of the larger way on the same headlines, by `python -m benchmarks register`: to load it here takes 6 s.
LARGER = {"en": 0.927, "ko": 0.955}


def table(name: str) -> list[dict[str, str]]:
    with (DATA / f"{name}.tsv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def kept_apart() -> list[tuple[str, str, bool]]:
    """Headline, language, whether it tells of suffering. Two that also stand among the examples are left out."""
    known = {_ngrams.plain(headline) for headline in sensitive.examples()[0]}
    return [
        (row["headline"], row.get("lang") or row["language"], row["sensitive"] == "1")
        for name in LABELLED
        for row in table(name)
        if _ngrams.plain(row["headline"]) not in known
    ]


def f1(found: np.ndarray, true: np.ndarray) -> float:
    return float(2 * (found & true).sum() / (found.sum() + true.sum()))


@pytest.fixture
def no_model_server(monkeypatch):
    def away(*args, **kwargs):
        raise ModelUnavailable("nobody answers")

    monkeypatch.setattr(queries, "infer", away)


@pytest.fixture
def shipped(monkeypatch, tmp_path):
    """A copy of the weights that a test may break, in the place of the true ones."""
    path = tmp_path / "register_head.npz"
    path.write_bytes(_register_head.SHIPPED.read_bytes())
    monkeypatch.setattr(register, "_head", lambda: _register_head.read(path))
    return path


# -- What it hears -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "ko"])
def test_on_labels_kept_apart_it_is_at_most_three_points_behind_the_larger_way(language, no_model_server, capsys):
    rows = [row for row in kept_apart() if row[1] == language]
    found = register.chances([headline for headline, _, _ in rows]) >= register.threshold()
    score = f1(found, np.array([suffering for _, _, suffering in rows]))
    with capsys.disabled():
        print(f"\nthe register's small head, {language}: F1 {score:.3f}, larger {LARGER[language]} (n={len(rows)})")
    assert len(rows) >= 168
    assert score >= LARGER[language] - 0.03


@pytest.mark.parametrize(
    ("headline", "sensitive"),
    [
        ("Nine feared dead after trawler goes down off the cape", True),
        ("Parents of murdered nurse speak of their grief", True),
        ("공사장서 추락한 20대 노동자 끝내 숨져", True),
        ("학대 피해 아동의 마지막 일기 공개", True),
        ("Server crash kills the mood on launch day", False),
        ("Village bakery wins a prize for its rye loaf", False),
        ("할인 폭탄에 배달앱 전쟁 다시 불붙었다", False),
        ("봄나물 축제에 관광객 북적", False),
    ],
)
def test_it_answers_when_the_model_server_does_not(headline, sensitive, no_model_server):
    found, reason = register.is_sensitive_unaided(headline)
    assert found is sensitive
    assert bool(reason) is sensitive


def test_one_headline_is_heard_as_it_is_among_others():
    headlines = [row["headline"] for row in table("register_unseen")] * 12  # more than is hashed in one pass
    together = register.chances(headlines)
    assert sum(map(len, headlines)) > _ngrams.AT_ONCE
    np.testing.assert_allclose(together[:100], [register.tells_of_suffering(each) for each in headlines[:100]])
    np.testing.assert_allclose(together[-100:], together[:100])


def test_no_headline_at_all_has_no_chances():
    assert register.chances([]).shape == (0,)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=600))
def test_any_text_has_a_chance(text):
    assert 0 <= register.tells_of_suffering(text) <= 1


def test_letters_in_another_width_and_other_numbers_are_the_same_headline():
    assert _ngrams.plain("ＦＩＲＥ kills １2, 1,400 flee") == _ngrams.plain("Fire kills 3, 90 flee")
    assert _ngrams.plain("“Killed” by ‘kindness’") == ' " killed " by " kindness " '
    assert _ngrams.plain("Don’t") == _ngrams.plain("don't") == " don't "


# -- Its weights ---------------------------------------------------------------------------------------------


def test_the_weights_are_few_and_say_what_they_were_trained_on():
    assert _register_head.SHIPPED.stat().st_size < 500_000
    trained_on = _register_head.read().trained_on
    assert trained_on["texts"]["labelled"] > 1_500
    assert len(trained_on["sha256"]) == 64


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:20_000])


def lose(path: Path) -> None:
    path.unlink()


def turn_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def put_something_else(path: Path) -> None:
    path.write_text("<html>not found</html>")


def put_other_weights(path: Path) -> None:
    with np.load(path) as file:
        header, weights = file["header"], file["weights"].copy()
    weights[:9] += 1
    np.savez(path, header=header, weights=weights)


def put_another_version(path: Path) -> None:
    with np.load(path) as file:
        header, weights = json.loads(str(file["header"])), file["weights"]
    np.savez(path, header=np.array(json.dumps(header | {"version": 99})), weights=weights)


@pytest.mark.parametrize(
    "harm", [cut_short, lose, turn_a_bit, put_something_else, put_other_weights, put_another_version]
)
def test_broken_weights_are_named_and_the_words_decide_instead(harm, shipped, caplog):
    harm(shipped)
    with pytest.raises(register.BrokenWeights, match="distil_register") as error:
        register.tells_of_suffering("Two killed in crash")
    assert str(shipped) in str(error.value)
    assert register.is_sensitive_unaided("Two killed in crash") == (True, "words: two killed in")
    assert register.is_sensitive_unaided("Killer whales return to the bay") == (False, "")
    assert "words alone" in caplog.text


def test_weights_come_back_as_they_were_written(tmp_path):
    weights = np.linspace(-3, 5, 1 << 10)
    head = _register_head.Head.of(weights, bias=-0.5, threshold=0.3, trained_on={"texts": {"labelled": 2}})
    _register_head.write(head, tmp_path / "head.npz")
    back = _register_head.read(tmp_path / "head.npz")
    np.testing.assert_allclose(back.steps * back.scale, weights, atol=5 / 127)
    assert (back.bias, back.threshold, back.trained_on) == (-0.5, 0.3, {"texts": {"labelled": 2}})
    assert [path.name for path in tmp_path.iterdir()] == ["head.npz"]


# -- Its training --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def few() -> tuple[list[Lesson], np.ndarray]:
    lessons = [lesson for lesson in distil.lessons(share=0.02) if lesson.kind in ("labelled", "invented")]
    return lessons, np.array([float(lesson.known) for lesson in lessons])


def test_training_twice_writes_the_same_file(few, tmp_path, monkeypatch):
    lessons, wanted = few
    first, second = tmp_path / "first.npz", tmp_path / "second.npz"
    for path in (first, second):
        _register_head.write(distil.fit(lessons, wanted, bits=12), path)
    assert first.read_bytes() == second.read_bytes()


def test_training_finds_what_the_labels_say(few):
    lessons, wanted = few
    rows = kept_apart()
    headlines, true = [headline for headline, _, _ in rows], np.array([suffering for *_, suffering in rows])
    head = distil.fit(lessons, wanted, bits=12)
    assert f1(head.chances(headlines) >= head.threshold, true) >= 0.8
    # Labels turned round teach the opposite.
    assert f1(distil.fit(lessons, 1 - wanted, bits=12).chances(headlines) < 0.5, true) >= 0.7


def test_it_never_learns_from_a_headline_that_it_is_judged_by():
    judging = {_ngrams.plain(headline) for headline, _, _ in kept_apart()}
    assert len(judging) >= 330
    assert [lesson for lesson in distil.lessons() if _ngrams.plain(lesson.text) in judging] == []


def test_the_larger_way_is_asked_only_for_what_nobody_labelled(monkeypatch):
    monkeypatch.setattr(distil, "_larger_way", lambda of: [0.5 for _ in of])
    lessons = [
        Lesson("a", "en", "labelled", 1.0),
        Lesson("b", "en", "topic"),
        Lesson("c", "en", "invented", 1.0),
        Lesson("d", "en", "invented", 0.0),
    ]
    assert distil.targets(lessons, lambda line: None).tolist() == [1.0, 0.5, 0.75, 0.25]


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("kind", ["grave", "plain"])
def test_the_grammar_invents_whole_headlines_and_the_same_ones_again(language, kind):
    headlines = _invented.invent(language, kind, each=3, seed=1)
    assert len(headlines) == 3 * _invented.phrases(language, kind)
    assert headlines == _invented.invent(language, kind, each=3, seed=1)
    assert len(set(headlines)) > 0.8 * len(headlines)
    assert not [headline for headline in headlines if set("{}()|?") & set(headline) or not headline.strip()]


@pytest.mark.parametrize("phrase", ["a (b|c", "a b) c", "a {nothing} b"])
def test_a_phrase_that_cannot_be_read_is_refused(phrase):
    with pytest.raises(_invented.BadGrammar, match=r"nothing|bracket"):
        _invented._Reader(phrase, {}).phrase()
