"""The bytes of a photo that came from anywhere become pixels, or a reason why not. Nothing else is decoded here."""

from __future__ import annotations

import io
import struct
import warnings
import zlib

from PIL import Image, ImageOps, UnidentifiedImageError

FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
MAX_BYTES = 8 * 1024 * 1024
MAX_PIXELS = 40_000_000  # the largest press photos; decoded, 120 MB
MAX_SIDE = 20_000
MIN_SIDE = 24  # below it: a tracking pixel or a favicon, nothing to see
WIDTH = 960  # of what is looked at; finer detail says nothing more
COLOURS = frozenset(("1", "L", "LA", "P", "PA", "RGB", "RGBA"))


class Rejected(Exception):
    """The message is the reason, for people."""


def decode(photo: bytes) -> Image.Image:
    """RGB, upright, on white, at most 960 pixels wide. Raises Rejected, and nothing else whatever the bytes hold."""
    if len(photo) > MAX_BYTES:
        raise Rejected(f"the photo is larger than {MAX_BYTES // 2**20} MB")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of broken metadata, which is not read
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            # Only the header is read here: the size is judged before a pixel is decoded.
            with Image.open(io.BytesIO(photo), formats=FORMATS) as image:
                _check(image)
                image.draft("RGB", (WIDTH, WIDTH))
                image.load()
                upright = ImageOps.exif_transpose(image)
                upright.thumbnail((WIDTH, WIDTH * 2))
                return _on_white(upright)
    except Rejected:
        raise
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise Rejected("the photo is a decompression bomb") from None
    except UnidentifiedImageError:
        raise Rejected(f"not a photo in a format that is read here ({', '.join(FORMATS)})") from None
    except (OSError, ValueError, SyntaxError, EOFError, KeyError, IndexError, TypeError, AttributeError,
            MemoryError, OverflowError, RuntimeError, AssertionError, struct.error, zlib.error) as error:  # fmt: skip
        # The decoders raise all of these on broken or hostile bytes.
        raise Rejected(f"the photo is broken: {type(error).__name__}") from None


def _check(image: Image.Image) -> None:
    width, height = image.size
    if width * height > MAX_PIXELS or max(width, height) > MAX_SIDE:
        raise Rejected(f"the photo is too large: {width}x{height}")
    if min(width, height) < MIN_SIDE:
        raise Rejected(f"the photo is too small: {width}x{height}")
    # Telephones put a preview or a depth map behind the photo (MPO): those are no frames of a film.
    if image.format != "MPO" and getattr(image, "n_frames", 1) > 1:
        raise Rejected("the photo is animated")
    if image.mode == "CMYK":
        raise Rejected("the photo is made for printing (CMYK): without its profile nobody knows its colours")
    if image.mode not in COLOURS:
        raise Rejected(f"the photo's colours ({image.mode}) are not read here")


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode in {"RGBA", "LA", "PA"} or "transparency" in image.info:
        layer = image.convert("RGBA")
        ground = Image.new("RGB", layer.size, "white")
        ground.paste(layer, mask=layer.getchannel("A"))
        return ground
    return image.convert("RGB")
