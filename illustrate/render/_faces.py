"""A face set part by part: which brows, eyes and mouth make which mood, where the head leans and what the hands do."""

from __future__ import annotations

from dataclasses import dataclass

# Strokes on the style's expression grid (227 x 254), drawn by us because the set's own faces grin at a court case.
# "M…" is a stroke; "o x y rx ry" an ellipse; a mouth that is open has its lips and its tongue after "f" and "|".
BROWS = {
    "level": "M24 58Q48 40 80 42|M151 36Q178 36 199 50",
    "lifted": "M24 50Q48 28 80 34|M150 28Q178 24 201 42",
    "arched": "M22 46Q46 24 80 32|M150 26Q178 20 202 38",
    "flung": "M22 40Q46 14 80 26|M150 20Q178 12 202 32",
    "steep": "M20 66Q54 54 82 36|M148 32Q172 50 202 62",
    "gathered": "M20 64Q52 52 80 34|M150 30Q172 46 201 58",
    "drawn": "M22 40L84 66|M147 64L200 38",
    "set": "M20 52Q52 46 84 62|M147 60Q174 46 202 48",
    "soft": "M24 54Q48 38 80 42|M151 36Q178 34 199 50",
    "uneven": "M22 62Q50 48 82 54|M150 26Q180 12 203 36",
}
EYES = {
    "open": "o57 88 10 18|o173 85 10.5 17",
    "round": "o57 88 11.5 21|o173 85 12 20",
    "keen": "o60 90 10 16|o175 84 11 18",
    "narrowed": "o58 94 10.5 13|o173 91 11 12",
    "firm": "o58 90 10.5 15|o173 87 11 14",
    "beaming": "M38 94Q57 66 78 92|M154 90Q173 62 193 88",
    "closed": "M38 88Q58 106 78 90|M154 87Q174 104 193 86",
    "low": "M38 90Q58 106 78 90|M154 88Q174 104 192 87",
}
MOUTHS = {
    "even": "M100 205Q127 210 152 203",
    "laugh": "fM86 184Q128 198 166 178Q164 232 126 233Q90 230 86 184Z|"
             "M104 219Q126 204 149 215Q142 231 126 231Q112 230 104 219Z",
    "smile": "M94 192Q126 226 160 190",
    "faint-smile": "M100 196Q127 216 154 194",
    "wavering": "M98 212Q112 198 126 206T156 201",
    "down": "M102 214Q127 194 152 210",
    "tight": "M98 217Q127 196 158 211",
    "gasp": "fM128 186C146 186 148 226 128 227C108 226 110 186 128 186Z|",
    "firm": "M98 206Q132 212 158 192",
    "wry": "M104 204Q132 214 154 195",
}  # fmt: skip
NOSE = "M137 117C159 124 160 151 137 152C125 152 116 147 109 142"
GLANCES = {"ahead": (0.0, 0.0), "up": (4.0, -7.0), "down": (4.0, 7.0)}


@dataclass(frozen=True, slots=True)
class Expression:
    """One row of the table: the parts that a mood moves."""

    brows: str
    eyes: str
    mouth: str
    tilt: float  # degrees that the head leans, forward positive
    gesture: str  # a pose of the arms, see POSES
    another: str  # a second one, so that not every worry holds its cheek


EXPRESSIONS: dict[str, Expression] = {
    "neutral": Expression("level", "open", "even", 0, "stand", "hold"),
    "joy": Expression("arched", "beaming", "laugh", -6, "cheer", "clap"),
    "hope": Expression("lifted", "open", "smile", -5, "heart", "offer"),
    "worry": Expression("gathered", "open", "wavering", 4, "cheek", "cover"),
    "sorrow": Expression("steep", "low", "down", 10, "heart", "stand"),
    "anger": Expression("drawn", "narrowed", "tight", 5, "fists", "crossed"),
    "surprise": Expression("flung", "round", "gasp", -8, "cover", "shrug"),
    "determination": Expression("set", "firm", "firm", 3, "fist", "hips"),
    "calm": Expression("soft", "closed", "faint-smile", -3, "stand", "hold"),
    "curiosity": Expression("uneven", "keen", "wry", 7, "think", "point"),
}


def strokes(mood: str, glance: str) -> list[tuple[str, str, float]]:
    """The face as (kind, path data, width): kind is stroke, fill or tongue; a fill has no width."""
    expression = EXPRESSIONS[mood]
    right, down = GLANCES[glance]
    out: list[tuple[str, str, float]] = [("stroke", brow, 15) for brow in BROWS[expression.brows].split("|")]
    for eye in EYES[expression.eyes].split("|"):
        if eye[0] == "o":
            x, y, rx, ry = (float(each) for each in eye[1:].split())
            x, y = x + right, y + down
            out.append(("fill", f"M{x - rx} {y}A{rx} {ry} 0 1 1 {x + rx} {y}A{rx} {ry} 0 1 1 {x - rx} {y}Z", 0))
        else:
            out.append(("stroke", eye, 13))
    out.append(("stroke", NOSE, 12))
    mouth = MOUTHS[expression.mouth]
    if mouth[0] == "f":
        lips, _, tongue = mouth[1:].partition("|")
        out.append(("fill", lips, 0))
        if tongue:
            out.append(("tongue", tongue, 0))
    else:
        out.append(("stroke", mouth, 13))
    return out
