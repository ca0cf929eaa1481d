"""Takes the newsroom's photographs: soft, photograph-like scenes drawn from a seed, as JPEG.

They stand in for a publisher's own photos, which Gyeol describes and never shows.
"""

from __future__ import annotations

import io
import random
from functools import lru_cache

import resvg_py
from PIL import Image, ImageFilter

WIDTH, HEIGHT = 960, 640
# scene: (sky, horizon, near, far) colours of light and ground
OUTDOOR = {
    "river": ("#9fc3d8", "#e9e3cf", "#567a4e", "#6d8fa3"),
    "sea": ("#8fb7d6", "#e8eef0", "#2f6079", "#4c88a3"),
    "mountain": ("#8eb0d0", "#e6e9ee", "#53614f", "#7d8b96"),
    "forest": ("#a9c0b0", "#dfe8d8", "#2f4a34", "#4d6b4c"),
    "field": ("#9cc1de", "#f2ead2", "#a39a4e", "#7f9a55"),
    "harbour": ("#b3c2cf", "#efe6da", "#39586b", "#6a7e8c"),
    "night-sky": ("#0d1430", "#2b3358", "#0b0e1a", "#141a33"),
}
URBAN = {
    "city": ("#a8bccd", "#ece7df", "#5a5f68"),
    "street": ("#bcc7cf", "#efe9e0", "#6b6661"),
    "station": ("#9aa5ad", "#dcdcd8", "#4d5157"),
    "factory": ("#a7adb0", "#dedad2", "#57534e"),
    "stadium": ("#8fb4d4", "#e9edf0", "#3f7a46"),
}
INDOOR = {
    "laboratory": ("#dfe8ea", "#9fb6bd"),
    "library": ("#c9a97c", "#6a4a2f"),
    "kitchen": ("#efe3d0", "#a9754c"),
    "market": ("#e8cf9f", "#b0613a"),
    "stage": ("#2a1c28", "#8a2f3c"),
    "classroom": ("#e6e2d0", "#6f8a72"),
    "hospital": ("#e6f0f0", "#7ea5a8"),
    "courtroom": ("#c8ab84", "#5d4029"),
    "office": ("#e5e7ea", "#7b8794"),
    "workshop": ("#cdb28d", "#6b5138"),
}
PEOPLE = {"portrait": 1, "crowd": 14}
SKINS = ("#f1c9a5", "#d9a47a", "#a86f47", "#7a4a2e", "#5b3622")


@lru_cache(maxsize=64)
def photograph(scene: str, seed: str) -> bytes:
    """A 960x640 JPEG. An unknown scene raises KeyError."""
    rng = random.Random(f"{scene}:{seed}")
    if scene in OUTDOOR:
        shapes = _outdoor(rng, *OUTDOOR[scene], stars=scene == "night-sky")
    elif scene in URBAN:
        shapes = _urban(rng, *URBAN[scene])
    elif scene in INDOOR:
        shapes = _indoor(rng, *INDOOR[scene])
    else:
        shapes = _people(rng, PEOPLE[scene])
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}">{shapes}</svg>'
    image = Image.open(io.BytesIO(bytes(resvg_py.svg_to_bytes(svg_string=svg)))).convert("RGB")
    grain = Image.effect_noise((WIDTH, HEIGHT), 18).convert("RGB")
    image = Image.blend(image.filter(ImageFilter.GaussianBlur(2.2)), grain, 0.05)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=82)
    return out.getvalue()


def _gradient(name: str, top: str, bottom: str) -> str:
    return (
        f'<defs><linearGradient id="{name}" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="{top}"/>'
        f'<stop offset="1" stop-color="{bottom}"/></linearGradient></defs>'
    )


def _ridge(rng: random.Random, base: float, height: float, colour: str) -> str:
    points = [(x, base - rng.random() * height) for x in range(-40, WIDTH + 120, 80)]
    path = " ".join(f"L{x:.0f} {y:.0f}" for x, y in points)
    return f'<path d="M-40 {HEIGHT} {path} L{WIDTH + 120} {HEIGHT} Z" fill="{colour}"/>'


def _outdoor(rng: random.Random, sky: str, horizon: str, near: str, far: str, *, stars: bool) -> str:
    parts = [_gradient("sky", sky, horizon), f'<rect width="{WIDTH}" height="{HEIGHT}" fill="url(#sky)"/>']
    if stars:
        parts += [
            f'<circle cx="{rng.randrange(WIDTH)}" cy="{rng.randrange(400)}" r="{rng.randint(1, 2)}" fill="#fff"/>'
            for _ in range(160)
        ]
    else:
        parts.append(f'<circle cx="{rng.randrange(120, 840)}" cy="{rng.randrange(80, 220)}" r="46" fill="#fff8e4"/>')
    parts += [_ridge(rng, 400, 130, far), _ridge(rng, 500, 70, near), _ridge(rng, 600, 50, near)]
    return "".join(parts)


def _urban(rng: random.Random, sky: str, haze: str, ground: str) -> str:
    parts = [_gradient("sky", sky, haze), f'<rect width="{WIDTH}" height="{HEIGHT}" fill="url(#sky)"/>']
    x = -20
    while x < WIDTH:
        width, height = rng.randrange(50, 130), rng.randrange(140, 420)
        grey = rng.randrange(90, 170)
        parts.append(
            f'<rect x="{x}" y="{500 - height}" width="{width}" height="{height}" fill="rgb({grey},{grey},{grey + 8})"/>'
        )
        x += width + rng.randrange(0, 14)
    parts.append(f'<rect y="490" width="{WIDTH}" height="150" fill="{ground}"/>')
    return "".join(parts)


def _indoor(rng: random.Random, wall: str, things: str) -> str:
    parts = [_gradient("wall", wall, things), f'<rect width="{WIDTH}" height="{HEIGHT}" fill="url(#wall)"/>']
    parts += [
        f'<rect x="{x}" y="{rng.randrange(60, 300)}" width="{rng.randrange(40, 110)}" '
        f'height="{rng.randrange(60, 260)}" fill="{things}" opacity="{rng.uniform(0.35, 0.8):.2f}"/>'
        for x in range(20, WIDTH, 110)
    ]
    parts.append(f'<rect y="470" width="{WIDTH}" height="170" fill="{things}"/>')
    return "".join(parts)


def _people(rng: random.Random, count: int) -> str:
    parts = [_gradient("wall", "#cfd6d6", "#8d938f"), f'<rect width="{WIDTH}" height="{HEIGHT}" fill="url(#wall)"/>']
    for index in range(count):
        scale = 170 if count == 1 else rng.randrange(44, 70)
        x = WIDTH / 2 if count == 1 else 60 + (index % 7) * 135 + rng.randrange(-20, 20)
        y = 270 if count == 1 else 250 + (index // 7) * 170 + rng.randrange(-20, 20)
        cloth = f"hsl({rng.randrange(360)},30%,40%)"
        parts.append(f'<ellipse cx="{x}" cy="{y + scale * 2.3}" rx="{scale * 1.7}" ry="{scale * 1.3}" fill="{cloth}"/>')
        parts.append(f'<ellipse cx="{x}" cy="{y}" rx="{scale * 0.8}" ry="{scale}" fill="{rng.choice(SKINS)}"/>')
        parts.append(f'<ellipse cx="{x}" cy="{y - scale * 0.6}" rx="{scale * 0.9}" ry="{scale * 0.6}" fill="#2a211c"/>')
    return "".join(parts)
