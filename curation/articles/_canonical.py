"""One address for one article: without what only counts visitors."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from w3lib.url import canonicalize_url

MAX_LENGTH = 1900  # leaves room in the column for the digest that tells namesakes apart
_TRACKING = re.compile(
    r"(?:utm_|mtm_|pk_|piwik_|hsa_|at_|ns_|mc_|sc_|wt\.|vero_|oly_|ga_|_hs|__hs).*"
    r"|fbclid|gclid|gclsrc|dclid|gbraid|wbraid|msclkid|yclid|twclid|ttclid|igshid|igsh|li_fat_id|epik|wickedid|cmpid|ncid|smid"
    r"|xtor|cid_source|ref_src|ref_url|partner|rss|from_rss|feedtype|feature_src|spm|guccounter|s_cid|ito|ftag|share_id|__twitter_impression",
    re.IGNORECASE,
)


def canonical_url(url: str) -> str:
    """Host in lower case, no default port, no fragment, no tracking parameters, the others in order; "" stays ""."""
    if not url:
        return ""
    try:
        parts = urlsplit(url)
        kept = [
            (name, value)
            for name, value in parse_qsl(parts.query, keep_blank_values=True)
            if not _TRACKING.fullmatch(name)
        ]
        query = parts.query if len(kept) == len(parse_qsl(parts.query, keep_blank_values=True)) else urlencode(kept)
        netloc = re.sub(r":80$" if parts.scheme == "http" else r":443$", "", parts.netloc)
        clean = canonicalize_url(urlunsplit((parts.scheme, netloc, parts.path, query, "")))
    except ValueError:
        return ""
    return clean if len(clean) <= MAX_LENGTH else ""
