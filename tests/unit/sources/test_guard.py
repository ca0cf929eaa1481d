"""Which addresses may be visited. Nothing here touches the network."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.sources._guard import check_address, check_url
from curation.sources.types import AddressRefused

INSIDE = [
    "0.0.0.0", "10.1.2.3", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.255.255.254", "169.254.169.254",
    "172.16.0.1", "172.31.255.255", "192.0.0.192", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1",
    "198.51.100.1", "203.0.113.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::", "::1", "::127.0.0.1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "100::1",
    "2001::1", "2001:db8::1", "2002:7f00:1::", "2002:a9fe:a9fe::1", "3fff::1", "5f00::1", "fc00::1",
    "fd00:ec2::254", "fe80::1", "fe80::1%e", "fec0::1", "ff02::1",
]  # fmt: skip
OUTSIDE = ["1.1.1.1", "93.184.215.14", "::ffff:1.1.1.1", "64:ff9b::101:101", "2002:101:101::1", "2606:4700:4700::1111"]


@pytest.mark.parametrize("address", INSIDE)
def test_addresses_inside_networks_are_refused(address):
    with pytest.raises(AddressRefused):
        check_address(address)


@pytest.mark.parametrize("address", OUTSIDE)
def test_public_addresses_pass(address):
    check_address(address)


@given(st.ip_addresses(v=4))
def test_every_wrapping_of_an_address_is_judged_as_the_address_itself(address):
    def refused(candidate) -> bool:
        try:
            check_address(candidate)
        except AddressRefused:
            return True
        return False

    wrapped = [
        ipaddress.IPv6Address((0xFFFF << 32) | int(address)),
        ipaddress.IPv6Address((0x0064_FF9B << 96) | int(address)),
        ipaddress.IPv6Address((0x2002 << 112) | (int(address) << 80)),
    ]
    assert [refused(candidate) for candidate in wrapped] == [refused(address)] * 3


@pytest.mark.parametrize(
    "url",
    [
        "http://127.1/", "http://2130706433/", "http://0x7f000001/", "http://0177.0.0.1/", "http://0/",
        "http://1.1.1/", "http://127.0.0.1.", "http://①②⑦.0.0.1/", "http://127。0。0。1/", "http://[::ffff:127.0.0.1]/",
        "http://[::1]:80/", "http://localhost/", "http://LOCALHOST./", "http://a.localhost/", "http://printer.local/",
        "http://intranet/", "http://metadata.google.internal/", "http://router.home.arpa/",
        "http://x.sample.invalid/", "http://user@example.org/", "http://user:pass@example.org/",
        "http://example.org@127.0.0.1/", "http://example.org\\@127.0.0.1/", "http://exa mple.org/",
        "http://example.org\r\nHost: x/", "http:///feed", "http://-bad.example/", "http://" + "a" * 64 + ".org/",
        "http://example.org:22/", "http://example.org:6379/", "http://example.org:99999/", "http://example.org:x/",
        "ftp://example.org/", "file:///etc/passwd", "//example.org/", "gopher://example.org/", "",
        "http://example.org/" + "a" * 2000,
    ],
)  # fmt: skip
def test_forms_that_lead_elsewhere_are_refused(url):
    with pytest.raises(AddressRefused):
        check_url(url)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://example.org/feed?x=1#y", "example.org"),
        ("http://EXAMPLE.org:8080/", "example.org"),
        ("https://한겨레.한국/rss", "xn--h89at9srwx.xn--3e0b707e"),
        ("http://1.1.1.1/", "1.1.1.1"),
        ("http://[2606:4700:4700::1111]/", "2606:4700:4700::1111"),
        ("https://under_score.example.org/", "under_score.example.org"),
    ],
)
def test_ordinary_addresses_pass_in_the_form_that_is_looked_up(url, host):
    assert check_url(url) == host


def test_an_allowed_network_opens_that_network_alone():
    allowed = ["192.168.1.0/24"]
    check_url("http://192.168.1.20:8000/feed", allowed=allowed)
    check_address("192.168.1.20", allowed=allowed)
    check_url("http://nas.local/feed", allowed=allowed)
    for other in ("192.168.2.1", "127.0.0.1", "169.254.169.254"):
        with pytest.raises(AddressRefused):
            check_address(other, allowed=allowed)


def test_a_reason_does_not_repeat_the_secret_in_an_address():
    with pytest.raises(AddressRefused) as caught:
        check_url("http://reader:s3cret@example.org/feed?token=abc")
    assert "s3cret" not in str(caught.value)
    assert "abc" not in str(caught.value)
