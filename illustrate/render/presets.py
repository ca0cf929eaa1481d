"""The looks that pictures can have: each a named, versioned set of measures, and the rules that its hand keeps."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

Colours = Literal["full", "card", "two", "spot", "night"]
Sky = Literal["bands", "flat", "bare", "rings", "dots"]


@dataclass(frozen=True, slots=True)
class Preset:
    """All lengths are pixels of the wide frame."""

    slug: str
    version: int
    name_en: str
    name_ko: str
    colours: Colours  # how an area's palette is turned into this hand's
    outline: float  # the heavy pen round a figure, whatever the figure's size; 0 draws none
    detail: float  # the light pen inside it
    line: str  # palette role of both pens
    scenery: float  # the pen round hills, walls and houses; 0 draws none
    shade: float  # opacity of a figure's shadow side
    hatch: bool  # the shadow side is hatched with the light pen instead
    halo: float  # light round a figure on dark ground
    drop: tuple[float, float, float]  # a cut sheet's shadow: right, down, opacity
    cut: float  # how straight the scissors cut, in units of a figure's 24 x 24 grid; 0 keeps every curve
    shift: tuple[float, float]  # how far the colours miss their lines
    sky: Sky
    print: bool  # separated into inks, screened and printed one over the other
    grain: float  # strength of the paper, in steps of 255
    margin: float  # of bare paper round the picture
    dark: bool  # every picture is a night
    hero: tuple[int, int]  # widest and tallest that a hero gets
    persona: int  # height of a bust above the lower edge
    about_en: str
    about_ko: str
    do_en: tuple[str, ...]
    do_ko: tuple[str, ...]
    dont_en: tuple[str, ...]
    dont_ko: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """The measures, JSON-ready, without the words for editors."""
        words = ("about", "do", "dont")
        return {name: value for name, value in asdict(self).items() if not name.startswith(words)}


GRAIN = Preset(
    slug="grain", version=2, name_en="Grain", name_ko="결",
    colours="full", outline=6.5, detail=4.5, line="ink", scenery=0, shade=0.17, hatch=False, halo=9, drop=(0, 0, 0),
    cut=0, shift=(0, 0), sky="bands", print=False, grain=3.8, margin=0, dark=False, hero=(450, 400), persona=436,
    about_en="The house look: full colour, an even ink line, and the grain of paper over all.",
    about_ko="기본 그림체예요. 색을 고루 쓰고, 굵기가 한결같은 먹선에 종이 결을 얹어요.",
    do_en=("Ink only what is near; hills and houses stay without a line.", "One light, from the left.",
           "Two tones and a shadow side on every figure."),
    do_ko=("가까운 것에만 선을 둘러요. 언덕과 건물에는 선이 없어요.", "빛은 언제나 왼쪽에서 와요.",
           "모든 사물은 두 색과 그늘로 그려요."),
    dont_en=("No gradients inside figures.", "No second line weight beside the two pens."),
    dont_ko=("사물 안에 그러데이션을 쓰지 않아요.", "두 펜 말고 다른 굵기를 쓰지 않아요."),
)  # fmt: skip
CUT_PAPER = Preset(
    slug="cut-paper", version=1, name_en="Cut paper", name_ko="오린 종이",
    colours="card", outline=0, detail=2.6, line="seam", scenery=0, shade=0.0, hatch=False, halo=7, drop=(7, 9, 0.24),
    cut=0.16, shift=(0, 0), sky="flat", print=False, grain=5.6, margin=0, dark=False, hero=(470, 410), persona=430,
    about_en="Sheets of coloured card, cut with scissors and laid over each other; each throws its shadow on the next.",
    about_ko="색지를 가위로 오려 겹겹이 쌓았어요. 종이마다 아래 종이에 그림자를 드리워요.",
    do_en=("Depth comes from shadows between sheets, never from a line.", "Edges are a little crooked, as cut by hand.",
           "Few, large sheets behind; small pieces only in the figure."),
    do_ko=("깊이는 선이 아니라 종이 사이의 그림자로 나타내요.", "손으로 오린 듯 가장자리가 조금 비뚤어요.",
           "뒤에는 큰 종이 몇 장, 잔 조각은 사물에만 써요."),
    dont_en=("No outline.", "No gradient in the sky."),
    dont_ko=("윤곽선을 두르지 않아요.", "하늘에 그러데이션을 쓰지 않아요."),
)  # fmt: skip
PEN = Preset(
    slug="pen", version=1, name_en="Pen and two colours", name_ko="펜과 두 가지 색",
    colours="two", outline=4.6, detail=3.0, line="ink", scenery=2.6, shade=0.0, hatch=True, halo=0, drop=(0, 0, 0),
    cut=0, shift=(7, 5), sky="bare", print=False, grain=2.6, margin=0, dark=False, hero=(450, 400), persona=430,
    about_en="A pen on white paper, hatched shadows, and two flat colours laid down a little beside their lines.",
    about_ko="흰 종이에 펜으로 그리고 빗금으로 그늘을 넣어요. 두 가지 단색은 선에서 살짝 비켜나 있어요.",
    do_en=("Leave half of the sheet white.", "Shadows are hatched.", "Colours miss their lines by one small step.",
           "A night is toned paper, lit with white."),
    do_ko=("종이의 절반은 비워 둬요.", "그늘은 빗금으로 나타내요.", "색은 늘 같은 만큼 선에서 비켜나요.",
           "밤은 색지에 그리고 흰색으로 밝혀요."),
    dont_en=("No third colour, but a wash of sepia for skin.", "No filled black areas larger than a hat."),
    dont_ko=("살갗에 옅게 바르는 세피아 말고는 세 번째 색을 쓰지 않아요.", "모자보다 큰 검은 면을 칠하지 않아요."),
)  # fmt: skip
RISO = Preset(
    slug="riso", version=1, name_en="Risograph", name_ko="리소그래프",
    colours="spot", outline=0, detail=3.4, line="light", scenery=0, shade=0.32, hatch=False, halo=0, drop=(5, 6, 0.3),
    cut=0, shift=(0, 0), sky="bands", print=True, grain=0, margin=26, dark=False, hero=(470, 410), persona=430,
    about_en="Three inks, screened and printed one over the other, never quite in register, on cream paper.",
    about_ko="세 가지 잉크를 망점으로 나눠 크림색 종이에 겹쳐 찍어요. 판이 조금씩 어긋나요.",
    do_en=("Let inks overprint: the third colour is a mixture.", "Parts are parted by bare paper, not by a line.",
           "A margin of paper all round, and a rim of it round what stands in the dark."),
    do_ko=("잉크를 겹쳐 찍어 새 색을 만들어요.", "면은 선이 아니라 종이로 나눠요.",
           "둘레에 종이 여백을 남기고, 어두운 곳에서는 사물 둘레에도 남겨요."),
    dont_en=("No colour that the three inks cannot make.", "No even tone: what is pale is screened."),
    dont_ko=("세 잉크로 만들 수 없는 색은 쓰지 않아요.", "옅은 색은 고르게 칠하지 않고 망점으로 찍어요."),
)  # fmt: skip
NIGHT_POSTER = Preset(
    slug="night-poster", version=1, name_en="Night poster", name_ko="밤 포스터",
    colours="night", outline=0, detail=3.2, line="seam", scenery=0, shade=0.34, hatch=False, halo=5, drop=(0, 0, 0),
    cut=0, shift=(0, 0), sky="rings", print=False, grain=4.6, margin=0, dark=True, hero=(490, 430), persona=420,
    about_en="A screen-printed poster of the night: dark grounds, rings of light, hard shadows, a figure that glows.",
    about_ko="밤을 찍은 스크린 인쇄 포스터예요. 어두운 바탕에 빛의 고리, 단단한 그늘, 빛나는 사물이 있어요.",
    do_en=("The light comes from behind the figure, in rings.", "Shadows are hard and dark.",
           "The figure is the brightest thing."),
    do_ko=("빛은 사물 뒤에서 고리 모양으로 퍼져요.", "그늘은 단단하고 어두워요.", "가장 밝은 것은 사물이에요."),
    dont_en=("No daylight, whatever the hour of the news.", "No outline darker than the ground."),
    dont_ko=("기사 속 시각이 언제든 낮을 그리지 않아요.", "바탕보다 어두운 윤곽선을 쓰지 않아요."),
)  # fmt: skip

_ALL = (GRAIN, CUT_PAPER, PEN, RISO, NIGHT_POSTER)
PRESETS = {(each.slug, each.version): each for each in _ALL}


def get_preset(slug: str, version: int) -> Preset:
    """The preset of that name and version; raises KeyError when there is none."""
    return PRESETS[slug, version]


def latest(slug: str) -> Preset:
    """The newest version of a look; raises KeyError when there is none of that name."""
    versions = [preset for preset in _ALL if preset.slug == slug]
    if not versions:
        raise KeyError(slug)
    return max(versions, key=lambda preset: preset.version)
