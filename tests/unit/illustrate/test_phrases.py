"""What an article is about, in phrases for models that draw: telling, short, and without anybody's name."""

from __future__ import annotations

import csv
import re
from itertools import product
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from illustrate.brief._korean_names import without_korean_people
from illustrate.brief._plain import folded, is_plain, plain_words, tables
from illustrate.brief.phrases import PHRASES, WORDS, has_no_names, key_phrases, read_phrases, scrubbed
from illustrate.render.motifs import all_motifs
from tests.unit.illustrate.people import ALONE, KOREAN_PEOPLE, NAMES, SPELLED, assumed_names, parts_of, words_of

DATA = Path(__file__).parents[2] / "data"

TEMPLATES = (
    "{} opens a lighthouse museum in the harbour",
    "Police arrest {} after bridge protest",
    "Harbour reopens as {} resigns over ferry deal",
    "{}'s new album tops the charts",
    "Why {} is painting a mural of whales",
    "Court rules against {} in dispute over village path",
    "Ferry strike: {} urges calm",
    "Fans of {} wait in the rain",
    "President {} visits a glacier",
    "Former footballer {} plants a forest",
    "“The ferry is late,” says {}",
    "Mr {} and Ms {} share science prize",
    "{}, chief executive of a bank, resigns",
    "Singer-turned-farmer {} sells sheep",
    "Bridge collapses (photo: {})",
)
CASES = {
    "as written": str,
    "a headline of capitals": lambda text: re.sub(r"(?<![\w'’])\w", lambda found: found[0].upper(), text),
    "capitals alone": str.upper,
    "small letters alone": str.lower,
}
KOREAN_TEMPLATES = (
    "{}{} 등대 박물관 개관식 참석",
    "{} 대통령{} 산불 현장 방문",
    "{} 의원{} 항만 법안 발의",
    "가수 {}{} 새 음반 발매",
    "여객선 파업에 {}{} “유감”",
    "{}·시진핑{} 항구에서 회담",
    "{} 씨{} 병원 옮겼다",
    "감독 {}{} 영화제 초청",
)
PARTICLES = ("", ",", "은", "는", "이", "가", "의", "을", "와", "도", "에게", "께서", " “", "…")


# -- No name survives ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES)
def test_no_persons_name_survives_in_any_place_of_a_headline(case):
    leaks = []
    for template, name in product(TEMPLATES, NAMES):
        title = CASES[case](template.format(name, name))
        leaked = words_of(key_phrases(title)) & parts_of(name) - words_of((folded(template),))
        if leaked:
            leaks.append((title, leaked))
    assert leaks == []


@pytest.mark.parametrize("case", CASES)
def test_no_surname_alone_survives(case):
    leaks = []
    for template, name in product(TEMPLATES, ALONE):
        title = CASES[case](template.format(name, name))
        if words_of(key_phrases(title)) & parts_of(name):
            leaks.append(title)
    assert leaks == []


TRICKS = {
    "look-alike letters": lambda name: name.replace("o", "о").replace("a", "а").replace("e", "е"),
    "wide letters": lambda name: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in name),
    "letters between which nothing is seen": lambda name: "\u200b".join(name),
    "soft hyphens": lambda name: "\u00ad".join(name),
    "marks on every letter": lambda name: "".join(c + "\u0301" if c.isalpha() else c for c in name),
    "no-break spaces": lambda name: name.replace(" ", "\u00a0"),
    "in italics": lambda name: "".join(chr(0x1D608 + ord(c) - 65) if "A" <= c <= "Z" else c for c in name),
    "entities": lambda name: name.replace(" ", "&nbsp;").replace("'", "&#39;"),
    "tags": lambda name: f"<b>{name}</b>",
    "a handle": lambda name: "@" + name.replace(" ", ""),
    "a tag for searching": lambda name: "#" + name.replace(" ", ""),
    "underscores": lambda name: name.replace(" ", "_"),
    "brackets": lambda name: name.replace(" ", " [sic] "),
    "a possessive": lambda name: f"{name}’s",
    "initials": lambda name: " ".join([name[0] + ".", *name.split()[1:]]),
    "a hyphen": lambda name: f"{name}-backed",
    "turned around": lambda name: ", ".join(reversed(name.split(" ", 1))),
}


@pytest.mark.parametrize("trick", TRICKS)
def test_no_disguise_carries_a_name_through(trick):
    for name, template in product(NAMES, TEMPLATES[:3]):
        title = template.format(TRICKS[trick](name))
        assert not words_of(key_phrases(title)) & parts_of(name) - words_of((folded(template),)), title


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(TEMPLATES), st.sampled_from(NAMES), st.sampled_from(NAMES), st.sampled_from(sorted(CASES)),
    st.sampled_from(sorted(TRICKS)),
)  # fmt: skip
def test_no_name_survives_whatever_the_lead_says(template, name, other, case, trick):
    title = CASES[case](template.format(name, other))
    lead = f"{TRICKS[trick](other)} said on Monday that {name.split()[-1]} had opened the old lighthouse to children."
    leaked = words_of(key_phrases(title, lead)) & parts_of(name, other) - words_of((folded(template),))
    assert not leaked - words_of((lead.split("that")[1].split("had")[1],))


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=120), st.text(max_size=300))
@example("O\u200b'B.", "'s's -- ''")
@example("A's B' c'd's", "Mr. Mr. Mr.")
@example("of the of the", "The Of The")
def test_whatever_is_written_a_phrase_is_small_ordinary_words(title, text):
    for phrase in key_phrases(title, text):
        assert has_no_names(phrase)
        assert re.fullmatch(r"[a-z]+(?:[ '-][a-z]+)*", phrase)
        assert len(phrase.split()) <= WORDS


def test_korean_names_neither_survive_nor_become_words():
    """Spelled out they would be capitals, which no phrase has; the surnames that are English words stay out too."""
    leaks = []
    for number, (template, name) in enumerate(product(KOREAN_TEMPLATES, KOREAN_PEOPLE)):
        title = template.format(name, PARTICLES[number % len(PARTICLES)])
        if words_of(key_phrases(title, language="ko")) & set(SPELLED.split()):
            leaks.append(title)
    assert leaks == []


@pytest.mark.parametrize("title", KOREAN_PEOPLE[:4])
@pytest.mark.parametrize("particle", PARTICLES)
def test_a_korean_title_stays_where_its_name_goes(title, particle):
    plain, _ = without_korean_people(f"{title} 대통령{particle} 산불 현장 방문")
    assert title not in plain
    assert plain.startswith("대통령")


def test_a_korean_surname_that_is_an_english_word_is_told():
    _, names = without_korean_people("문재인 대통령, 박나래와 만나")
    assert {"moon", "park"} <= names
    assert read_phrases("문재인, 등대 방문", "", "ko").names >= {"moon"}


# -- Roles in their place ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("title", "lead", "phrase"),
    [
        ("President Yoon meets Kim Jong-un", "", "a president meets a leader"),
        ("Prime Minister Adela Rusk calls vote", "", "a prime minister calls vote"),
        ("Striker Harry Kane breaks a goal record", "", "a striker breaks a goal record"),
        ("The actor Jude Law opens a theatre", "", "the actor opens a theatre"),
        ("Jane Roe, the chief executive of Norwick, sells a ferry", "", "a chief executive sells a ferry"),
        ("Mr Roe and Ms Poe marry on a ferry", "", "two people marry on a ferry"),
        ("Dr Roe finds a virus", "", "a doctor finds a virus"),
        ("Trump's tariffs hit the steel harbour", "", "leader's tariffs hit the steel harbour"),
        ("Bank of Norwick robbed at night", "", "a bank robbed at night"),
        ("Apple to build a glass tower", "", "company to build a glass tower"),
        ("Ferry from Seoul sinks in storm", "", "ferry from city sinks in storm"),
        # The lead says who the surname is.
        ("Rusk calls an early vote", "Prime Minister Adela Rusk said so.", "prime minister calls an early vote"),
        ("Rusk calls an early election", "Adela Rusk, the mayor, said so.", "a mayor calls an early election"),
        ("Rusk Calls An Early Election", "Mayor Adela Rusk said so.", "a mayor calls an early election"),
    ],
)  # fmt: skip
def test_a_kind_stands_in_a_names_place(title, lead, phrase):
    assert phrase in key_phrases(title, lead)


@pytest.mark.parametrize(
    ("title", "told"),
    [
        ("Lighthouse keepers of the northern coast", {"lighthouse", "keepers"}),
        ("A fox in the rose garden", {"fox", "rose"}),
        ("House prices fall as the rice harvest fails", {"prices", "rice", "harvest"}),
        ("Village Bakers Win Bread Prize", {"bread", "prize"}),
        ("국회, 새 예산안 통과", {"parliament", "budget"}),
        ("반도체 공장 화재", {"semiconductor", "factory", "fire"}),
        ("전기차는 왜 겨울에 멀리 못 갈까", {"electric", "car", "winter"}),
        ("등대를 지키는 하루", {"lighthouse"}),
    ],
)
def test_common_words_stay_though_people_are_called_so_too(title, told):
    assert told <= words_of(key_phrases(title, language="ko" if re.search("[가-힣]", title) else "en"))


def test_what_the_lead_uses_as_a_common_word_is_one_at_the_head_of_a_title():
    assert "fox" not in words_of(key_phrases("Fox spotted in the harbour"))
    assert "fox" in words_of(key_phrases("Fox spotted in the harbour", "The fox came at night and ate a fish."))
    assert "fox" not in words_of(key_phrases("Fox spotted in the harbour", "Liam Fox, the minister, saw a fox."))


def test_the_most_telling_stands_first_and_nothing_is_said_twice():
    phrases = key_phrases("Ferry strike ends", "The ferry strike ended. A lighthouse keeper waits by the swing bridge.")
    assert phrases[0] == "ferry strike ends"
    assert 1 < len(phrases) <= PHRASES
    assert sum("ferry" in phrase for phrase in phrases) == 1


def test_another_tongue_gives_no_phrases():
    assert key_phrases("Für immer und ewig: das große Konzert im Hafen") == ()
    assert key_phrases("Le chat est sur la table avec un pain") == ()


def test_the_same_article_gives_the_same_phrases():
    title, lead = "A shut bridge puts forty minutes on every mackerel", "The swing bridge is shut. Lorries wait."
    assert key_phrases(title, lead) == key_phrases(title, lead)


# -- The last gate -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "phrase",
    [
        "will smith slaps a comedian", "tiger woods swings", "a president meets kim", "trump at a port", "moon jae-in",
        "the Harbour Town", "bush speaks to a crowd", "sun-young sings", "zanzifar opens a bakery", "café", "a1", "",
        " ", "the", "one two three four five six seven", "a harbour; a ferry", "wоods", "<b>a ferry</b>", "@someone",
    ],
)  # fmt: skip
def test_what_somebody_else_writes_passes_only_as_ordinary_words(phrase):
    assert scrubbed(phrase) == ""


@pytest.mark.parametrize(
    ("phrase", "plain"),
    [
        ("a lighthouse keeper at dawn", "a lighthouse keeper at dawn"),
        ("  an old  stone bridge. ", "an old stone bridge"),
        ("A fox in the garden", "a fox in the garden"),
        ("sheep on a hill", "sheep on a hill"),
    ],
)
def test_ordinary_words_pass(phrase, plain):
    assert scrubbed(phrase) == plain


def test_the_articles_own_names_do_not_pass():
    names = read_phrases("Emma Stone opens a lighthouse").names
    assert scrubbed("a stone lighthouse") == "a stone lighthouse"
    assert scrubbed("a stone lighthouse", names) == ""


def test_no_list_of_names_is_a_list_of_ordinary_words():
    """A given name that is a word only by being a name must not be sayable."""
    known = tables()
    sayable = {word for word in known.given if is_plain(word)}
    assert sayable <= known.also_names | plain_words()
    assert len(sayable) < 0.04 * len(known.given), sorted(sayable)
    assert not {"trump", "biden", "putin", "obama", "musk"} & {word for word in known.known if is_plain(word)} - {
        "musk"
    }


def test_every_phrase_of_the_library_may_be_said():
    """The library's own words are what a phrase is made of; the few that are names stay out."""
    unsayable = [
        phrase
        for motif in all_motifs()
        for phrase in motif.phrases
        if not all(
            is_plain(word.removesuffix("'s")) for word in re.findall(r"[a-z]+(?:-[a-z]+)*(?:'s)?", phrase.lower())
        )
    ]
    assert len(unsayable) < 120


# -- On headlines that others wrote --------------------------------------------------------------------------


def test_no_headline_of_the_test_data_leaks_a_name(capsys):
    checked = named = 0
    for file in sorted(DATA.glob("*headlines.tsv")):
        with file.open(encoding="utf-8") as table:
            for row in csv.DictReader(table, delimiter="\t", quoting=csv.QUOTE_NONE):
                title, language = row["headline"], row.get("language") or row.get("lang") or ""
                if language != "en":
                    continue
                checked += 1
                names = assumed_names(title)
                named += bool(names)
                assert not words_of(key_phrases(title)) & names, title
    with capsys.disabled():
        print(f"\nphrases of {checked} headlines, {named} with names that are plainly such: 0 names in phrases")
    assert checked > 600
    assert named > 10
