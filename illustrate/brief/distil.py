"""Trains the register's small head to say what the larger way says: words, examples and the embedder together.

It learns from text of our own alone: labelled examples, the headlines that teach topics, the sample newsroom, single
words and pairs of words of the glossary, and headlines that a grammar invents. The larger way labels them; where we
know better, because somebody labelled the headline or the grammar was asked for grief, that counts as well.
"""

from __future__ import annotations

import csv
import hashlib
import random
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml

from curation.serving.queries import current_space, embed
from illustrate.brief import _happening, _invented, sensitive
from illustrate.brief._choose import all_phrases
from illustrate.brief._ngrams import hashed
from illustrate.brief._register_head import DAMPING, SHIPPED, Head, write

CURATION = Path(__file__).parents[2] / "curation"  # read as data: nothing of it is imported

# How much a text of each kind counts. Few are labelled by hand; of words and phrases there are many.
WEIGHTS = {
    "labelled": 3.0,
    "read": 1.0,
    "topic": 1.0,
    "newsroom": 0.5,
    "word": 0.3,
    "motif": 0.1,
    "invented": 0.3,
    "piece": 0.3,
    "joined": 0.3,
    "row": 0.3,
}
PIECES, JOINED, ROWS = 18_000, 15_000, 15_000
HEADLINES_A_PHRASE = 100  # that the grammar invents
SEED = 7
# The larger way answers yes or no; of what it is hardly sure the head shall not be sure either.
CERTAINTY = 0.7
BITS = 18
RIDGE = 0.3
STEPS = 80  # of L-BFGS; 200 move one held-out headline in 240
FOLDS = 5
NEARLY = 0.005  # of F1

Progress = Callable[[str], None]


def _in_silence(line: str) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Lesson:
    """A text, and what is known of it without asking the larger way: 1 for suffering, 0 for none, None for unknown."""

    text: str
    language: str
    kind: str  # one of WEIGHTS
    known: float | None = None


# -- What it learns from -------------------------------------------------------------------------------------


def lessons(seed: int = SEED, share: float = 1.0) -> list[Lesson]:
    """All of them, in an order that stays; `share` of those that chance makes."""
    chooser = random.Random(seed)
    topics, newsroom = list(_topics()), list(_newsroom())
    words = sorted(set(_words()))
    motifs = sorted({(phrase, language) for language in ("en", "ko") for phrase in all_phrases(language)})
    own = [
        *_labelled(),
        *(Lesson(*row, "topic") for row in topics),
        *(Lesson(*row, "newsroom") for row in newsroom),
        *(Lesson(*row, "word") for row in words),
        *(Lesson(*row, "motif") for row in motifs),
    ]
    invented = [
        Lesson(text, language, "invented", known)
        for language in ("en", "ko")
        for kind, known in (("grave", 1.0), ("plain", 0.0))
        for text in sorted(
            set(_invented.invent(language, kind, each=max(1, round(HEADLINES_A_PHRASE * share)), seed=seed))
        )
    ]
    # Never pieces of labelled headlines: they would tell of a fold that is held out.
    natural = [*topics, *newsroom]
    grave = [(lesson.text, lesson.language) for lesson in invented if lesson.known]
    made = [
        *invented,
        *(Lesson(*row, "piece") for row in _pieces(natural, round(PIECES * share), chooser)),
        *(Lesson(*row, "joined") for row in _joined(natural, grave, round(JOINED * share), chooser)),
        *(Lesson(*row, "row") for row in _rows(words, round(ROWS * share), chooser)),
    ]
    return own + made


def _labelled() -> Iterable[Lesson]:
    headlines, languages, labels = sensitive.examples()
    for headline, language, label in zip(headlines, languages, labels, strict=True):
        yield Lesson(headline, language, "labelled", float(label))
    for row in _happening.examples():
        if row["headline"] not in headlines:
            yield Lesson(row["headline"], row["lang"], "read")


def _topics() -> Iterable[tuple[str, str]]:
    for language in ("en", "ko"):
        for name in (language, f"sections_{language}"):
            for row in _table(CURATION / "topics" / "examples" / f"{name}.tsv"):
                yield row["headline"], language


def _newsroom() -> Iterable[tuple[str, str]]:
    """Titles, and the sentences of the articles that are no longer than a long headline."""
    for language in ("en", "ko"):
        for path in sorted((CURATION / "sample" / "newsroom" / language).glob("*.yaml")):
            for article in yaml.safe_load(path.read_text("utf-8")):
                yield article["title"], language
                for sentence in re.split(r"(?<=[.!?])\s+", article["body"]):
                    text = " ".join(sentence.replace(">", " ").split())
                    if 12 < len(text) < 200:
                        yield text, language


def _words() -> Iterable[tuple[str, str]]:
    for name in ("glossary", "compounds", "predicates"):
        for row in _table(CURATION / "serving" / f"{name}.tsv"):
            yield row["korean"], "ko"
            yield row["english"], "en"


def _pieces(natural: Sequence[tuple[str, str]], count: int, chooser: random.Random) -> list[tuple[str, str]]:
    """A few words in a row of a headline: what weighs in it."""
    found = set()
    for _ in range(count):
        text, language = chooser.choice(natural)
        words = text.split()
        length = chooser.randint(1, max(1, min(6, len(words) - 1)))
        start = chooser.randrange(max(1, len(words) - length + 1))
        found.add((" ".join(words[start : start + length]), language))
    return sorted(found)


_CLAUSE = re.compile(r"(?<=[,;:…])\s*| – ")


def _joined(
    natural: Sequence[tuple[str, str]], grave: Sequence[tuple[str, str]], count: int, chooser: random.Random
) -> list[tuple[str, str]]:
    """Clauses of two headlines as one, in half of them a grave one: what it weighs beside a plain one."""
    clauses: dict[str, list[str]] = {"en": [], "ko": []}
    for text, language in natural:
        parts = (part.strip(" ,;:…") for part in _CLAUSE.split(text))
        clauses[language] += [part for part in parts if len(part) > 4]
    sorry = {language: [text for text, of in grave if of == language] for language in ("en", "ko")}
    between = {"en": (": ", ", ", "; ", " "), "ko": ("…", ", ", " ", "… ")}
    found = set()
    for _ in range(count):
        language = chooser.choice(("en", "ko"))
        pair = [chooser.choice(clauses[language]), chooser.choice(chooser.choice((clauses, sorry))[language])]
        chooser.shuffle(pair)
        found.add((chooser.choice(between[language]).join(pair), language))
    return sorted(found)


_ENDINGS = ("", "", "", "의", "은", "이", "에", "서", "로", "도")


def _rows(words: Sequence[tuple[str, str]], count: int, chooser: random.Random) -> list[tuple[str, str]]:
    """Words of the glossary one after another, which is how Korean headlines are built; hence two of three Korean."""
    known = {language: [word for word, of in words if of == language and len(word) < 24] for language in ("en", "ko")}
    found = set()
    for _ in range(count):
        language = chooser.choice(("en", "ko", "ko"))
        row = [chooser.choice(known[language]) for _ in range(chooser.randint(2, 5))]
        if language == "ko":
            row = [word + chooser.choice(_ENDINGS) for word in row]
            if chooser.random() < 0.5:
                row[:2] = [chooser.choice(("…", ", ", " “")).join(row[:2])]
        found.add((" ".join(row), language))
    return sorted(found)


def _table(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text("utf-8").splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE))


# -- What the larger way says of it --------------------------------------------------------------------------


def targets(of: Sequence[Lesson], progress: Progress) -> np.ndarray:
    """float64 (n,), 0..1. Raises what the model server raises."""
    asked = [lesson for lesson in of if lesson.known is None or lesson.kind == "invented"]
    progress(f"the larger way labels {len(asked)} of {len(of)} texts")
    said = dict(zip(asked, _larger_way(asked), strict=True))

    def target(lesson: Lesson) -> float:
        if lesson.known is None:
            return said[lesson]
        # The grammar's slots do not always keep to what was asked of it.
        return (lesson.known + said[lesson]) / 2 if lesson.kind == "invented" else lesson.known

    return np.array([target(lesson) for lesson in of])


def _larger_way(of: Sequence[Lesson]) -> list[float]:
    weights, bias = sensitive._head()
    vectors = embed([lesson.text for lesson in of], [lesson.language for lesson in of])
    chances = 1 / (1 + np.exp(-(vectors @ weights + bias)))
    return [
        CERTAINTY * sensitive._decide(lesson.text, "", lesson.language, float(chance))[0]
        + (1 - CERTAINTY) * float(chance)
        for lesson, chance in zip(of, chances, strict=True)
    ]


# -- Fitting -------------------------------------------------------------------------------------------------


def distil(progress: Progress = _in_silence, *, out: Path = SHIPPED, bits: int = BITS) -> Head:
    """Train the head from the start and write it whole: ten minutes on one core, half of them the larger way's.

    Raises what the model server raises, and OSError.
    """
    learned = lessons()
    head = fit(learned, targets(learned, progress), progress, bits=bits)
    write(head, out)
    return head


def fit(
    of: Sequence[Lesson],
    wanted: np.ndarray,
    progress: Progress = _in_silence,
    *,
    bits: int = BITS,
    seed: int = SEED,
) -> Head:
    """Logistic regression over the n-grams; the threshold is chosen on folds of our own labels."""
    design = _design([lesson.text for lesson in of], bits)
    weights = np.array([WEIGHTS[lesson.kind] for lesson in of])
    labelled = np.array([place for place, lesson in enumerate(of) if lesson.kind == "labelled"])
    truth = np.array([of[place].known for place in labelled]) == 1
    fold = np.random.default_rng(seed).integers(0, FOLDS, len(labelled))
    chances = np.empty(len(labelled))
    for held_out in range(FOLDS):
        kept = np.ones(len(of), dtype=bool)
        kept[labelled[fold == held_out]] = False
        coefficients, bias = _regression(design[kept], wanted[kept], weights[kept])
        chances[fold == held_out] = _chances(design[labelled[fold == held_out]] @ coefficients + bias)
        progress(f"fold {held_out + 1} of {FOLDS}")
    threshold, f1 = _threshold(chances, truth)

    coefficients, bias = _regression(design, wanted, weights)
    space = current_space()
    return Head.of(
        coefficients,
        bias,
        threshold,
        {
            "texts": dict(sorted(Counter(lesson.kind for lesson in of).items())),
            "sha256": digest(of, wanted),
            "labelled_by": f"illustrate.brief.sensitive on {space.name} {space.revision}",
            "seed": seed,
            "f1_on_folds": round(f1, 3),
        },
    )


def digest(of: Sequence[Lesson], wanted: np.ndarray) -> str:
    """Of the texts, their kinds and targets to two places; a target's last digits differ from machine to machine."""
    lines = (
        f"{lesson.kind}\t{lesson.language}\t{lesson.text}\t{target:.2f}\n"
        for lesson, target in zip(of, wanted, strict=True)
    )
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _design(texts: Sequence[str], bits: int):
    from scipy import sparse

    rows, buckets = hashed(texts, bits)
    counts = np.maximum(np.bincount(rows, minlength=len(texts)), 1)
    values = (counts[rows] ** -DAMPING).astype(np.float32)
    return sparse.csr_matrix((values, (rows, buckets)), shape=(len(texts), 1 << bits))


def _regression(design, wanted: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, float]:
    from scipy.optimize import minimize

    transposed = design.T.tocsr()

    def loss(point: np.ndarray) -> tuple[float, np.ndarray]:
        scores = design @ point[:-1] + point[-1]
        misses = weights * (_chances(scores) - wanted)
        total = (weights * (np.logaddexp(0, scores) - wanted * scores)).sum() + RIDGE / 2 * (point[:-1] @ point[:-1])
        return total, np.append(transposed @ misses + RIDGE * point[:-1], misses.sum())

    found = minimize(loss, np.zeros(design.shape[1] + 1), jac=True, method="L-BFGS-B", options={"maxiter": STEPS}).x
    return found[:-1], float(found[-1])


def _chances(scores: np.ndarray) -> np.ndarray:
    return np.asarray(1 / (1 + np.exp(-scores)))


def _threshold(chances: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    """A chance, and F1 when headlines from there on are called ones of suffering.

    Not the best F1, but the lowest chance that is nearly as good: overlooking a grief is the worse mistake.
    """
    order = np.argsort(-chances, kind="stable")
    hits = np.cumsum(truth[order])
    f1 = 2 * hits / (np.arange(1, len(order) + 1) + truth.sum())
    place = int(np.flatnonzero(f1 >= f1.max() - NEARLY)[-1])
    return float(chances[order[place]]), float(f1[place])
