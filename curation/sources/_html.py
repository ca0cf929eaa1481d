"""Strangers' HTML made harmless: a short list of tags, absolute http addresses, no script, style, frame or form."""

from __future__ import annotations

import html as htmllib
import re
from collections.abc import Callable
from urllib.parse import urljoin, urlsplit

import nh3

MAX_HTML = 300_000  # characters; what is longer is cut before it is cleaned, so that tags still close

_TAGS = {
    "a", "abbr", "b", "bdi", "bdo", "blockquote", "br", "caption", "cite", "code", "col", "colgroup", "dd", "del",
    "details", "dfn", "div", "dl", "dt", "em", "figcaption", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "hr",
    "i", "img", "ins", "kbd", "li", "mark", "ol", "p", "pre", "q", "rp", "rt", "ruby", "s", "samp", "small", "span",
    "strong", "sub", "summary", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "time", "tr", "u", "ul",
    "var", "wbr",
}  # fmt: skip
_EMPTIED = {
    "script", "style", "iframe", "frame", "frameset", "object", "embed", "applet", "select", "textarea", "button",
    "svg", "math", "template", "noembed", "noframes", "xmp", "title", "audio", "video", "canvas", "dialog", "plaintext",
}  # fmt: skip
_ATTRIBUTES = {
    "*": {"lang", "dir", "title"},
    "a": {"href", "hreflang"},
    "img": {"src", "alt", "width", "height"},
    "blockquote": {"cite"},
    "q": {"cite"},
    "del": {"cite", "datetime"},
    "ins": {"cite", "datetime"},
    "time": {"datetime"},
    "ol": {"start", "reversed", "type"},
    "li": {"value"},
    "td": {"colspan", "rowspan", "headers"},
    "th": {"colspan", "rowspan", "headers", "scope", "abbr"},
    "col": {"span"},
    "colgroup": {"span"},
}
# The reader's address and the page they read stay between them and us.
_SET_ATTRIBUTES = {"img": {"loading": "lazy", "decoding": "async", "referrerpolicy": "no-referrer"}}
# In the cleaner's own output every value stands in double quotes. Dropped: images left without an address, and the
# single dots that count readers.
_VALUES = r'(?:\s[a-z]+="[^"]*")*'
_EMPTY_IMAGE = re.compile(rf'<img(?:(?!{_VALUES}\ssrc=)|(?={_VALUES}\s(?:width|height)="[01]")){_VALUES}>')
_UNSEEN = re.compile(r"[\t\n\r]")
_SCHEME = re.compile(r"\s*[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_BLOCK_ENDS = re.compile(
    r"<(?:/(?:p|div|li|h[1-6]|blockquote|tr|dd|dt|figcaption|pre|table|summary)|br\s*/?|hr\s*/?)>", re.IGNORECASE
)
_ENTITY = re.compile(r"&(?:amp|quot|apos|nbsp|hellip|[lr][sd]quo|[mn]dash|#\d{2,5}|#x[0-9a-f]{2,4});", re.IGNORECASE)
_BLANKS = re.compile(r"[^\S\n]+")
_LINES = re.compile(r"\s*\n\s*")
_UNSTORABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff￾￿]")


def clean_html(html: str, base_url: str = "") -> str:
    """`html` with only harmless tags and attributes left; relative addresses made absolute, without a base dropped."""
    cleaner = nh3.Cleaner(
        tags=_TAGS,
        clean_content_tags=_EMPTIED,
        attributes=_ATTRIBUTES,
        attribute_filter=_keep_attribute,
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values=_SET_ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
        url_relative=_resolver(base_url),
    )
    return _EMPTY_IMAGE.sub("", cleaner.clean(storable(html)[:MAX_HTML])).strip()


def plain_text(html: str) -> str:
    """The words of `html`, a line for each block, in the form that people would type."""
    with_breaks = _BLOCK_ENDS.sub(lambda tag: f"{tag[0]}\n", storable(html)[:MAX_HTML])
    bare = nh3.clean(with_breaks, tags=set(), clean_content_tags=_EMPTIED)
    return _LINES.sub("\n", _BLANKS.sub(" ", htmllib.unescape(bare))).strip()


def plain_title(text: str) -> str:
    """A title on one line, without mark-up; entities that a publisher escaped twice are what was meant."""
    words = plain_text(text) if "<" in text or "&" in text else storable(text)
    return " ".join(_ENTITY.sub(lambda entity: htmllib.unescape(entity[0]), words).split())


def storable(text: str) -> str:
    """Without the characters that PostgreSQL or JSON cannot hold."""
    return _UNSTORABLE.sub("", text)


def absolute_url(url: str, base_url: str = "") -> str:
    """An http(s) address, or "" for anything else."""
    url = storable(url).strip()
    try:
        joined = (urljoin(base_url, url) if url else "").replace(" ", "%20")
        parts = urlsplit(joined)
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not parts.netloc or len(joined) > 2000:
        return ""
    return joined


def _resolver(base_url: str) -> Callable[[str], str | None]:
    def resolve(url: str) -> str | None:
        return absolute_url(url, base_url) or None

    return resolve


def _keep_attribute(tag: str, attribute: str, value: str) -> str | None:
    if attribute in ("href", "src"):
        value = _UNSEEN.sub("", value)  # as browsers do, before they look for a scheme
    if attribute == "src" and _SCHEME.match(value) and not value.lower().startswith(("http:", "https:")):
        return None
    if attribute in ("width", "height", "colspan", "rowspan", "span", "start", "value"):
        return value if value.isascii() and value.isdigit() and len(value) <= 5 else None
    if attribute == "cite":
        return value if value.lower().startswith(("http://", "https://")) else None
    return value
