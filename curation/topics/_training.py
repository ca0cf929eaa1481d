"""Trains the topic head: `python -m curation.topics._training` prints what held-out headlines get and writes head.npz.

Headlines teach it in two ways. Our own with a topic (examples/en.tsv, ko.tsv, the sample newsroom) say which topic it
is, or which of a few. Our own with a section (examples/sections_*.tsv), and real Korean ones with their newspaper's
section, say only that it is one of the section's topics: their likelihood is the sum over those. The corpus is used in
place; only weights are kept.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import re
import tarfile
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml
from scipy import sparse
from scipy.optimize import minimize

from curation.topics import _catalogue, _head

NEWSROOM = Path(__file__).parents[1] / "sample" / "newsroom"
LEAD_CHARACTERS = 300
EXAMPLES = Path(__file__).parent / "examples"
CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpus" / "12-korean-news-knews-rss"

# How much the vector and the bag of words count, and how strongly weights are held back; chosen on held-out publishers.
VECTOR_SCALE, BAG_SCALE, RESTRAINT, STEPS = 3.0, 6.0, 3e-4, 120
# Each language's head leans on its own language's examples; real Korean sections teach the English one only a little.
# A section is less than a topic: however many of those examples there are, they must not drown the finer labels.
OWN_WEIGHT = {"en": 5.0, "ko": 3.0}
SECTION_WEIGHT = {"en": 2.0, "ko": 1.5}
NEWSPAPER_WEIGHT = {"en": 0.2, "ko": 1.0}
VOCABULARY = 6_000
BACKGROUND = 256
# The newspapers' section names, as the collection spells them.
SECTIONS = {
    "economy": "economy",
    "politics": "politics",
    "international": "world",
    "society": "society",
    "sports": "sport",
    "tech-science": "science-technology",
    "medical-science": "science-technology",
    "culture": "life-culture",
    "culture-entertainment": "life-culture",
    "culture-health": "life-culture",
    "entertainment": "life-culture",
    "health": "life-culture",
}


@dataclass(frozen=True)
class Headline:
    text: str
    language: str
    kind: str  # "example" | "section" | "newsroom" | "newspaper" | "description"
    topics: tuple[str, ...] = ()  # one of these, where known
    section: str = ""
    publisher: str = ""
    day: str = ""


# -- Reading -------------------------------------------------------------------------------------------------


def own_headlines() -> list[Headline]:
    section_of = {topic.slug: area.section for area in _catalogue.areas() for topic in area.topics}
    found = []
    for language in ("en", "ko"):
        for row in _rows(EXAMPLES / f"{language}.tsv"):
            topic = row["topic"]
            found.append(Headline(row["headline"], language, "example", (topic,), section_of[topic]))
        for row in _rows(EXAMPLES / f"sections_{language}.tsv"):
            found.append(Headline(row["headline"], language, "section", section=row["section"]))
    for slug, entry in _catalogue.topics().items():
        for language, text in (("en", entry.description), *entry.names.items()):
            found.append(Headline(text, language, "description", (slug,), section_of[slug]))
    for language in ("en", "ko"):
        for path in sorted((NEWSROOM / language).glob("*.yaml")):
            for article in yaml.safe_load(path.read_text(encoding="utf-8")):
                topics = tuple(article["topics"])
                for text in (article["title"], f"{article['title']}. {article['body'][:LEAD_CHARACTERS]}"):
                    found.append(Headline(text, language, "newsroom", topics, section_of[topics[0]]))
    return found


def newspaper_headlines(corpus: Path) -> list[Headline]:
    """Each title once, under the first section that had it."""
    import feedparser

    found: dict[str, Headline] = {}
    for path in sorted((corpus / "snapshot-2022-08-01" / "jsons").glob("*.json")):
        titles = [item["title"] for item in json.loads(path.read_text(encoding="utf-8"))]
        _add(found, path.stem, titles, "2022-08-01")
    for path in sorted((corpus / "daily-history").glob("*.tar.xz")):
        with tarfile.open(path) as archive:
            for member in sorted(archive.getmembers(), key=lambda member: member.name):
                body = archive.extractfile(member) if member.name.endswith(".xml") else None
                if body is not None:
                    entries = feedparser.parse(io.BytesIO(body.read())).entries
                    _add(found, Path(member.name).stem, [entry.get("title", "") for entry in entries], path.name[:10])
    return list(found.values())


def _add(found: dict[str, Headline], feed: str, titles: Iterable[str], day: str) -> None:
    publisher, _, name = feed.partition("-")
    if name not in SECTIONS:
        return
    for title in titles:
        text = " ".join(re.sub(r"<[^>]+>", " ", title).split())
        if text:
            found.setdefault(
                text, Headline(text, "ko", "newspaper", section=SECTIONS[name], publisher=publisher, day=day)
            )


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


# -- Learning ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Material:
    headlines: list[Headline]
    vectors: np.ndarray
    bags: sparse.csr_matrix
    allowed: np.ndarray  # (headlines, topics): which topics the label leaves open
    vocabulary: dict[str, int]
    rarity: np.ndarray


def prepare(headlines: list[Headline]) -> Material:
    """Vectors and words of every headline, by the models that serve."""
    from curation.serving import queries as serving

    texts, languages = [headline.text for headline in headlines], [headline.language for headline in headlines]
    vectors = serving.embed(texts, languages)
    words = [
        _head.features(english, tokens, "ko" if english != text else "en")
        for text, english, tokens in zip(
            texts, serving.bridged(texts, languages), serving.search_tokens(texts, languages), strict=True
        )
    ]
    frequency = Counter(word for row in words for word in set(row))
    kept = [word for word, count in frequency.most_common(VOCABULARY) if count > 1]
    vocabulary = {word: index for index, word in enumerate(kept)}
    rarity = np.log((1 + len(words)) / (1 + np.array([frequency[word] for word in kept]))) + 1
    return Material(headlines, vectors, _bags(words, vocabulary, rarity), _allowed(headlines), vocabulary, rarity)


def _bags(words: list[list[str]], vocabulary: dict[str, int], rarity: np.ndarray) -> sparse.csr_matrix:
    rows = [_head.bag(row, vocabulary, rarity) for row in words]
    starts = np.cumsum([0, *(len(known) for known, _ in rows)])
    known = np.concatenate([known for known, _ in rows])
    weights = np.concatenate([weights for _, weights in rows])
    return sparse.csr_matrix((weights, known, starts), shape=(len(words), len(vocabulary)))


def _allowed(headlines: list[Headline]) -> np.ndarray:
    topics = list(_catalogue.topics().values())
    section_of = {area.slug: area.section for area in _catalogue.areas()}
    by_section = {
        section: np.array([section_of[topic.area] == section for topic in topics]) for section in section_of.values()
    }
    return np.array(
        [
            np.array([topic.slug in line.topics for topic in topics]) if line.topics else by_section[line.section]
            for line in headlines
        ]
    )


def weights_of(headlines: list[Headline], language: str) -> np.ndarray:
    """How much each headline counts in the head of one language: its own examples first, real sections in Korean."""
    sizes = Counter(line.section for line in headlines if line.kind == "newspaper")
    total = sum(sizes.values())
    weights = []
    for line in headlines:
        weight = 1.0
        if line.kind == "example":
            weight = OWN_WEIGHT[language] if line.language == language else 1.0
        elif line.kind == "section":
            weight = SECTION_WEIGHT[language] if line.language == language else 0.5
        elif line.kind == "newspaper":
            balance = (total / len(sizes) / sizes[line.section]) ** 0.5
            weight = balance * NEWSPAPER_WEIGHT[language]
        weights.append(weight)
    return np.array(weights)


@dataclass(frozen=True)
class Fitted:
    dense: np.ndarray
    words: np.ndarray
    bias: np.ndarray

    def logits(self, vectors: np.ndarray, bags: sparse.csr_matrix) -> np.ndarray:
        return np.asarray(vectors @ self.dense + bags @ self.words + self.bias)


def fit(material: Material, weights: np.ndarray, rows: np.ndarray) -> Fitted:
    """Softmax regression whose labels are sets: minus log of the probability that the true set holds, plus L2."""
    dense, bags, allowed = (
        material.vectors[rows] * VECTOR_SCALE,
        material.bags[rows] * BAG_SCALE,
        material.allowed[rows],
    )
    weights = weights[rows] / weights[rows].sum()
    turned = bags.T.tocsr()
    width, words, topics = dense.shape[1], bags.shape[1], allowed.shape[1]

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        theta = flat.reshape(width + words + 1, topics)
        scores = softmax(dense @ theta[:width] + bags @ theta[width:-1] + theta[-1])
        right = scores * allowed
        held = right.sum(axis=1) + 1e-12
        slope = (scores - right / held[:, None]) * weights[:, None]
        gradient = RESTRAINT * theta
        gradient[-1] = 0
        gradient[:width] += dense.T @ slope
        gradient[width:-1] += turned @ slope
        gradient[-1] += slope.sum(axis=0)
        penalty = 0.5 * RESTRAINT * float((theta[:-1] ** 2).sum())
        return penalty - float(weights @ np.log(held)), gradient.ravel()

    start = np.zeros((width + words + 1) * topics)
    theta = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": STEPS}).x
    theta = theta.reshape(width + words + 1, topics)
    return Fitted(theta[:width] * VECTOR_SCALE, theta[width:-1] * BAG_SCALE, theta[-1])


def softmax(logits: np.ndarray) -> np.ndarray:
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True))


def temperature_of(logits: np.ndarray, truth: np.ndarray) -> float:
    """The divisor under which the scores of held-out headlines are as often right as they say."""
    candidates = np.linspace(0.4, 3.0, 53)
    rows = np.arange(len(truth))
    losses = [-np.log(softmax(logits / candidate)[rows, truth] + 1e-12).mean() for candidate in candidates]
    return float(candidates[int(np.argmin(losses))])


# -- Measuring -----------------------------------------------------------------------------------------------


def section_accuracy(scores: np.ndarray, headlines: list[Headline]) -> float:
    """Share of headlines whose likeliest area lies in their section."""
    areas = _catalogue.areas()
    topics = list(_catalogue.topics().values())
    membership = np.array([[topic.area == area.slug for area in areas] for topic in topics], dtype=float)
    chosen = (scores @ membership).argmax(axis=1)
    return float(np.mean([areas[index].section == line.section for index, line in zip(chosen, headlines, strict=True)]))


def hold_out(material: Material, language: str, held: np.ndarray) -> tuple[np.ndarray, list[Headline], float]:
    """Trains without the rows in `held`: their scores, what they are, and the section accuracy on them."""
    weights = weights_of(material.headlines, language)
    head = fit(material, weights, np.flatnonzero(~held))
    logits = head.logits(material.vectors[held], material.bags[held])
    lines = [line for line, is_held in zip(material.headlines, held, strict=True) if is_held]
    return logits, lines, section_accuracy(softmax(logits), lines)


def report(material: Material) -> dict[str, float]:
    """Prints what held-out headlines get, and returns each language's temperature."""
    lines = material.headlines
    folds = sorted({line.publisher for line in lines if line.publisher})
    for fold in range(4):
        held = np.array([line.kind == "newspaper" and folds.index(line.publisher) % 4 == fold for line in lines])
        _say(f"Korean, publishers of fold {fold} unseen", hold_out(material, "ko", held)[2], held)
    held = np.array([line.day == "2022-07-26" for line in lines])
    _say("Korean, a day unseen", hold_out(material, "ko", held)[2], held)
    temperatures = {}
    for language in ("ko", "en"):
        held = np.array([line.kind == "section" and line.language == language for line in lines])
        _say(f"{language}, section examples unseen", hold_out(material, language, held)[2], held)
        held = np.array([line.kind == "newsroom" and line.language == language for line in lines])
        _say(f"{language}, the sample newsroom unseen", hold_out(material, language, held)[2], held)
        held = np.array([line.kind == "example" and line.language == language for line in lines])
        held &= np.random.default_rng(0).random(len(lines)) < 0.25
        logits, tested, accuracy = hold_out(material, language, held)
        _say(f"{language}, a quarter of the topic examples unseen", accuracy, held)
        truth = np.array([list(_catalogue.topics()).index(line.topics[0]) for line in tested])
        temperatures[language] = temperature_of(logits, truth)
        _say(f"{language}, the same, exact topic of 72", float((logits.argmax(axis=1) == truth).mean()), held)
    return temperatures


def _say(what: str, accuracy: float, held: np.ndarray) -> None:
    print(f"{what:48s} {accuracy:.3f}  of {int(held.sum())}", flush=True)  # noqa: T201


# -- Writing -------------------------------------------------------------------------------------------------


def write(material: Material, heads: dict[str, Fitted], temperatures: dict[str, float], path: Path) -> None:
    stored: dict[str, np.ndarray] = {
        "slugs": np.array("\n".join(_catalogue.topics())),
        "vocabulary": np.array("\n".join(material.vocabulary)),
        "rarity": material.rarity.astype(np.float16),
    }
    for language, head in heads.items():
        for name, values in (("dense", head.dense), ("words", head.words)):
            scale = np.abs(values).max(axis=0) / 127 + 1e-9
            stored[f"{name}_{language}"] = np.round(values / scale).astype(np.int8)
            stored[f"{name}_{language}_scale"] = scale.astype(np.float32)
        stored[f"bias_{language}"] = head.bias.astype(np.float32)
        stored[f"temperature_{language}"] = np.array(temperatures[language], dtype=np.float32)
    examples = [index for index, line in enumerate(material.headlines) if line.kind == "example"]
    chosen = np.random.default_rng(0).choice(examples, BACKGROUND, replace=False)
    stored["background"] = material.vectors[chosen].astype(np.float16)
    np.savez_compressed(path, **stored)  # type: ignore[arg-type]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, default=CORPUS, help="Korean headlines with section labels")
    parser.add_argument("--out", type=Path, default=_head.WEIGHTS)
    parser.add_argument("--quick", action="store_true", help="train without measuring; keeps the temperatures")
    options = parser.parse_args()
    material = prepare(own_headlines() + newspaper_headlines(options.corpus))
    temperatures = _head.load().temperature if options.quick else report(material)
    everything = np.arange(len(material.headlines))
    heads = {language: fit(material, weights_of(material.headlines, language), everything) for language in ("en", "ko")}
    write(material, heads, temperatures, options.out)
    print(f"{options.out}: {options.out.stat().st_size / 1e3:.0f} kB, temperatures {temperatures}")  # noqa: T201


if __name__ == "__main__":
    import os

    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "curation.settings")
    django.setup()
    main()
