"""Names of people for tests, and what in a headline is plainly one: nothing here is known to the product."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

# Written for these tests alone: names of every kind that a headline may hold, and many that are words as well.
PEOPLE = """
Yoon Suk-yeol|Kim Jong-un|Moon Jae-in|Park Geun-hye|Lee Jae Myung|Son Heung-Min|Bong Joonho|Song Joong-ki|Han Kang
Han Duck-soo|IU Lee|Ban Ki-moon|Oh Se-hoon|Cho Kuk|Hwang Sun-woo|Young-hee Park|Kim Yo Jong
Donald Trump|Joe Biden|Barack Obama|George W. Bush|JD Vance|Kamala Harris|Tim Cook|Bill Gates|Elon Musk|Will Smith
Chris Rock|Tiger Woods|Usain Bolt|Taylor Swift|Emma Stone|Kate Bush|Tom Cruise|Brad Pitt|Stephen King|Billie Jean King
Theresa May|Gordon Brown|Condoleezza Rice|Grace Hopper|Frank Ocean|Jude Law|Hugh Grant|Mark Twain|Rose Tyler
Jack White|Amy Winehouse|Michelle Obama|Vladimir Putin|Volodymyr Zelensky|Emmanuel Macron|Angela Merkel|Xi Jinping
Narendra Modi|Recep Tayyip Erdoğan|Lula da Silva|Ursula von der Leyen|Kylian Mbappé|Zlatan Ibrahimović|Beyoncé Knowles
Séamus O'Brien|Siobhán McKenna|Jürgen Klopp|Jean-Claude Juncker|Mary-Kate Olsen|Björn Borg|Saoirse Ronan|Idris Elba
Ngozi Okonjo-Iweala|Chimamanda Adichie|Wole Soyinka|Aung San Suu Kyi|Nguyen Van Troi|Haruki Murakami|Shinzo Abe
Malala Yousafzai|Salman Rushdie|Mohammed bin Salman|Mahmoud Abbas|Abdel Fattah el-Sisi|J.K. Rowling|A.A. Milne
Dilys Arkwright|Lewin Stroud|Adela Rusk|Maud Tennick|Tobin Hale|Hesper Lyle|Quvenzhané Wallis|Zanzifar Quellmont
"""
NAMES = sorted({name for line in PEOPLE.split("\n") for name in line.split("|") if name})
# Who stands in a headline by surname alone.
SURNAMES = """
Trump Biden Obama Putin Macron Merkel Modi Zelensky Bush Cook Woods Bolt Swift Stone Rice Brown May Rusk Musk Rowling
Mbappé Erdoğan Klopp Federer Adele Beyoncé Rushdie Kim Yoon Winehouse
"""
ALONE = SURNAMES.split()
KOREAN = """
윤석열 김정은 문재인 박근혜 이재명 손흥민 봉준호 한강 남궁민수 도널드트럼프 블라디미르푸틴 홍길동
송가인 선우은숙 박나래 이강인 한동훈 조국 문근영 배철수
"""
KOREAN_PEOPLE = KOREAN.split()
SPELLED = """
yoon suk yeol kim jong un moon jae park geun hye lee myung son heung min bong joon ho han kang namgoong hong gil dong
song ga sun woo eun na rae hoon cho kuk guk bae cheol su trump putin donald vladimir
"""


def words_of(phrases: Iterable[str]) -> set[str]:
    return {word for phrase in phrases for word in re.split("[^a-z]+", phrase) if word}


def parts_of(*names: str) -> set[str]:
    """The words of names, as no phrase may hold them; connectors such as "of" and "bin" name nobody."""
    found = {part for name in names for part in re.split(r"[\s'’.-]+", _folded(name)) if len(part) > 1}
    return found - {"von", "der", "van", "da", "el", "bin", "will", "may", "in", "so", "oh"}


def _folded(name: str) -> str:
    letters = unicodedata.normalize("NFKD", name.casefold())
    return "".join(letter for letter in letters if unicodedata.category(letter) != "Mn")


OFFICES = "President|Minister|Senator|Judge|Governor|Mayor|Prince|Coach|Captain|Mr|Mrs|Ms|Dr|Sir"
WORDS_TOO = {"Will", "Mark", "Rose", "Grace", "Frank", "Bill", "Jack", "Tiger", "May", "Oh", "Son", "Han", "Song"}
GIVEN = "|".join(sorted({name.split()[0] for name in NAMES if name.split()[0].isalpha()} - WORDS_TOO))
OFFICIAL = re.compile(rf"\b(?:{OFFICES})\.? ([A-Z][a-z]+(?: [A-Z][\w'’-]+)?)")
CALLED = re.compile(rf"\b(?:{GIVEN}) [A-Z][\w'’-]+|\b(?:{'|'.join(ALONE)})\b")
KOREAN_IN_LATIN = re.compile(r"\b(?:Kim|Lee|Park|Choi|Moon|Yoon|Son|Han|Cho|Jung|Kang|Ban|Hwang) [A-Z][a-z]+-[A-Za-z]+")
SENTENCE = re.compile(r"(?<!\w)[a-z]{4,}")


def assumed_names(text: str) -> set[str]:
    """Words of what is plainly somebody's name, found without the tables of the product."""
    found = [*CALLED.findall(text), *KOREAN_IN_LATIN.findall(text)]
    if SENTENCE.search(text):  # where every word has a capital, an office tells nothing of the word behind it
        found += OFFICIAL.findall(text)
    return parts_of(*found) - set(OFFICES.lower().split("|"))
