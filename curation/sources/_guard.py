"""Says which addresses may be visited: the form of the URL first, then every IP address its name resolves to."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

import idna

from curation.sources.types import AddressRefused

MAX_URL_LENGTH = 2000
# Names that lead inside a network, or to the machine's own secrets, wherever they resolve to.
INSIDE_SUFFIXES = (
    "localhost", "local", "localdomain", "internal", "intranet", "lan", "home", "home.arpa", "corp", "private",
    "arpa", "onion", "test", "invalid", "svc", "cluster.local", "metadata.packet.net", "metadata.platformequinix.com",
    "metadata.tencentyun.com",
)  # fmt: skip
# Below 1024 only the web's own ports; above, not those where other protocols listen
# (the Fetch standard's list of bad ports, and data stores that answer to a line of text).
WEB_PORTS = frozenset({80, 443})
FOREIGN_PORTS = frozenset({
    1719, 1720, 1723, 2049, 2375, 2376, 2379, 2380, 3306, 3389, 3659, 4045, 4190, 5060, 5061, 5432, 5672, 5900, 5984,
    6000, 6379, 6443, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 9042, 9092, 9200, 9300, 10080, 10250, 11211,
    27017,
})  # fmt: skip
# `ipaddress.is_global` knows the registries; these it calls global, though they lead elsewhere or carry IPv4 inside.
_NOT_FOR_US_V4 = tuple(map(ip_network, ("192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15", "100.64.0.0/10")))
_NOT_FOR_US_V6 = tuple(
    IPv6Network(text)
    for text in (
        "::/96",
        "64:ff9b:1::/48",
        "100::/64",
        "2001::/23",
        "2001:db8::/32",
        "3fff::/20",
        "5f00::/16",
        "fec0::/10",
    )
)
_GLOBAL_UNICAST = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")
_6TO4 = IPv6Network("2002::/16")
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)", re.ASCII)
_NUMERIC = re.compile(r"\d+|0x[0-9a-f]*", re.ASCII)
_UNWRITTEN = re.compile(r"[\x00-\x20\x7f\\]")


def check_url(url: str, *, allowed: Collection[str] = ()) -> str:
    """The host of `url`, in the form that is looked up; raises AddressRefused when its form alone forbids a visit.

    Names are not resolved here: `check_address` judges what they resolve to, when the connection is made.
    """
    if len(url) > MAX_URL_LENGTH:
        raise AddressRefused(f"the address is longer than {MAX_URL_LENGTH} characters")
    if _UNWRITTEN.search(url):
        raise AddressRefused("the address holds a space, a backslash or a control character")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise AddressRefused(f"the address cannot be read: {error}") from None
    if parts.scheme not in ("http", "https"):
        raise AddressRefused(f"only http and https are fetched, not {parts.scheme or 'an address without scheme'}")
    if "@" in parts.netloc:
        raise AddressRefused("the address holds a user name or password")
    host = normal_host(parts.hostname or "")
    address = _literal(host)
    if address is not None:
        check_address(address, allowed=allowed)
    elif not allowed and ("." not in host or any(f".{host}".endswith(f".{suffix}") for suffix in INSIDE_SUFFIXES)):
        # An operator who opened a network means its names too; what they resolve to is still checked.
        raise AddressRefused(f"{host} is a name inside a network")
    if port is not None and not _is_web_port(port) and not (address and _is_allowed(address, allowed)):
        raise AddressRefused(f"port {port} is not a web server's")
    return host


def check_address(address: IPv4Address | IPv6Address | str, *, allowed: Collection[str] = ()) -> None:
    """Raises AddressRefused unless `address` is on the public internet, or in one of the `allowed` networks."""
    if isinstance(address, str):
        address = ip_address(address.partition("%")[0])
    if _is_allowed(address, allowed):
        return
    for inner in _addresses_inside(address):
        if not _is_public(inner):
            raise AddressRefused(f"{address} is not an address of the public internet")


def is_opened(host: str, *, allowed: Collection[str]) -> bool:
    """Whether `host` is an address in a network of the operator's own."""
    address = _literal(host)
    return address is not None and _is_allowed(address, allowed)


def normal_host(host: str) -> str:
    """Lower-case ASCII, as a resolver would read it; raises AddressRefused for what is no host name."""
    if ":" in host:  # urlsplit has taken the brackets off
        try:
            return str(IPv6Address(unicodedata.normalize("NFKC", host)))
        except ValueError:
            raise AddressRefused(f"[{host[:60]}] is not an IPv6 address") from None
    folded = unicodedata.normalize("NFKC", host).replace("。", ".").lower().rstrip(".")
    if not folded:
        raise AddressRefused("the address has no host")
    if not folded.isascii():
        try:
            folded = idna.encode(folded, uts46=True).decode("ascii")
        except idna.IDNAError:
            raise AddressRefused(f"{host[:60]} is not a host name") from None
    labels = folded.split(".")
    if len(folded) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise AddressRefused(f"{host[:60]} is not a host name")
    # A name whose last label is a number is an IPv4 address to every resolver (URL standard, "ends in a number"):
    # only the one plain notation of it is taken.
    if _NUMERIC.fullmatch(labels[-1]):
        try:
            IPv4Address(folded)
        except ValueError:
            raise AddressRefused(f"{host[:60]} is an odd notation of an IP address") from None
    return folded


def _literal(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _is_allowed(address: IPv4Address | IPv6Address, allowed: Collection[str]) -> bool:
    return any(address in ip_network(network) for network in allowed)


def _is_web_port(port: int) -> bool:
    return port in WEB_PORTS or (port >= 1024 and port not in FOREIGN_PORTS)


def _addresses_inside(address: IPv4Address | IPv6Address) -> list[IPv4Address | IPv6Address]:
    """The address, or the IPv4 address that a gateway would unwrap from it."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return [address.ipv4_mapped]
        if address in _NAT64:
            return [IPv4Address(int(address) & 0xFFFF_FFFF)]
        if address in _6TO4:
            return [IPv4Address(int(address) >> 80 & 0xFFFF_FFFF)]
    return [address]


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    if not address.is_global or address.is_multicast or address.is_reserved:
        return False
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _NOT_FOR_US_V4)
    return address in _GLOBAL_UNICAST and not any(address in network for network in _NOT_FOR_US_V6)
