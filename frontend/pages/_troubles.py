"""Why a source could not be visited or read, in the page's language: chapters below record their reasons in English."""

from __future__ import annotations

import re

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

_REASONS = (
    # The address
    gettext_noop("the address is longer than %(limit)s characters"),
    gettext_noop("the address holds a space, a backslash or a control character"),
    gettext_noop("the address cannot be read: %(why)s"),
    gettext_noop("only http and https are fetched, not %(scheme)s"),
    gettext_noop("the address holds a user name or password"),
    gettext_noop("%(host)s is a name inside a network"),
    gettext_noop("port %(port)s is not a web server's"),
    gettext_noop("%(address)s is not an address of the public internet"),
    gettext_noop("%(host)s is not an IPv6 address"),
    gettext_noop("the address has no host"),
    gettext_noop("%(host)s is not a host name"),
    gettext_noop("%(host)s is an odd notation of an IP address"),
    # The visit
    gettext_noop("fetching from the internet is switched off"),
    gettext_noop("more than %(limit)s redirects"),
    gettext_noop("the server redirects to what is no address"),
    gettext_noop("the answer is packed as %(encoding)s, which was not asked for"),
    gettext_noop("the packed answer is damaged"),
    gettext_noop("the server answered %(answer)s"),
    gettext_noop("the server took too long"),
    gettext_noop("too many visits to %(host)s are waiting"),
    gettext_noop("no connection: %(why)s"),
    # The document
    gettext_noop("the document is empty"),
    gettext_noop("not a feed: %(why)s"),
    gettext_noop("not a feed"),
    gettext_noop("the packed document is damaged"),
    gettext_noop("larger than %(size)s when unpacked"),
    gettext_noop("larger than %(size)s"),
    gettext_noop("the document declares entities (%(kind)s): refused unread"),
    gettext_noop("the document type declares entities or elements: refused unread"),
    gettext_noop("not JSON: %(why)s"),
    gettext_noop("JSON, but not a JSON Feed"),
    gettext_noop("the subscription list is too large"),
    gettext_noop("not a subscription list (OPML)"),
    gettext_noop("more than %(limit)s subscriptions in one list"),
    # Ourselves
    gettext_noop("the parser failed: %(kind)s"),
    gettext_noop("the database could not hold the entries"),
    gettext_noop("the visit failed: %(kind)s"),
)
_PATTERNS = tuple(
    (re.compile(re.sub(r"%\\\((\w+)\\\)s", r"(?P<\1>.+)", re.escape(reason)), re.DOTALL), reason) for reason in _REASONS
)


def in_words(reason: str) -> str:
    """The reason in the active language; one that nobody foresaw stays as it was recorded."""
    for pattern, known in _PATTERNS:
        if found := pattern.fullmatch(reason):
            return _(known) % found.groupdict()
    return reason
