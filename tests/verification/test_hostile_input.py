"""Hostile input that nobody here wrote: addresses, XML, HTML. Nothing of it is ever fetched or run."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from curation.sources import actions, queries
from curation.sources._guard import check_url
from curation.sources.models import Entry, Fetch, Source
from curation.sources.types import AddressRefused, FeedRefused
from tests.factories.sources import NOON, SourceFactory
from tests.loopback import Answer, serve

pytestmark = pytest.mark.corpus
# Names of the public internet that the list holds as carriers of an attack (redirectors, caches, pages about it): their
# form is harmless, and what they resolve or redirect to is checked when a connection is made.
PUBLIC_NAMES = {
    "ⓔⓧⓐⓜⓟⓛⓔ.ⓒⓞⓜ", "307.r3dir.me", "62epax5fhvj3zzmzigyoe5ipkbn7fysllvges3a.302.r3dir.me", "1.1.1.1", "google.com",
    "example.com", "169.254.169.254.nip.io", "nip.io", "xip.io", "nicob.net", "help.redacted.com",
    "azure.microsoft.com",
    "4d0cf09b9b2d761a7d87be99d17507bce8b86f3b.flaws.cloud", "ssrf.localdomain.pw", "webcache.googleusercontent.com",
    "edoverflow.com", "spyclub.tech", "cloud.tencent.com", "support.huaweicloud.com",
}  # fmt: skip


def test_every_listed_address_is_refused_unless_it_is_a_public_name(corpus, capsys):
    folder = corpus / "30-security"
    lines = (folder / "ssrf_urls_extracted.tsv").read_text().splitlines()[1:]
    addresses = {line.partition("\t")[0] for line in lines if line}
    for notes in folder.rglob("cloud-metadata.txt"):
        addresses |= set(re.findall(r"\b[a-z]+://\S+", notes.read_text(errors="replace")))
    let_through = {}
    for address in addresses:
        try:
            check_url(address)
        except AddressRefused:
            continue
        let_through[address] = urlsplit(address).hostname
    names = set(let_through.values())
    with capsys.disabled():
        print(f"\nSSRF list: {len(addresses)} addresses, {len(let_through)} of public names: {sorted(names)}")
    assert names <= PUBLIC_NAMES


def test_a_public_name_that_answers_with_an_inside_address_is_refused(monkeypatch, settings):
    settings.FETCH = "on"
    monkeypatch.setattr("curation.sources._http.HOST_GAP_SECONDS", 0)
    for name in sorted(name for name in PUBLIC_NAMES - {"1.1.1.1"} if name.isascii()):
        answer = [(2, 1, 6, "", ("169.254.169.254", 80))]
        monkeypatch.setattr("curation.sources._http.socket.getaddrinfo", lambda *a, answer=answer, **k: answer)
        with pytest.raises(AddressRefused):
            queries.fetch_document(f"http://{name}/")


@pytest.mark.django_db
def test_xml_bombs_and_external_entities_are_refused_with_a_recorded_reason(corpus, settings, capsys):
    settings.FETCH, settings.FETCH_ALLOW_NETWORKS = "on", ["127.0.0.0/8"]
    folder = corpus / "30-security"
    files = [p for p in sorted((folder / "defusedxml-xml-bombs").iterdir()) if b"<!ENTITY" in p.read_bytes()]
    files += [p for p in sorted(folder.glob("PayloadsAllTheThings/XXE Injection/Files/*")) if p.is_file()]
    payloads = [(path.name, path.read_bytes()) for path in files]
    for lines in folder.glob("PayloadsAllTheThings/XXE Injection/Intruders/*.txt"):
        for number, line in enumerate(lines.read_bytes().splitlines()):
            if b"<!ENTITY" in line and b"<!DOCTYPE" in line:
                payloads.append((f"{lines.name}:{number}", line))
    with serve() as site:
        for number, (name, body) in enumerate(payloads):
            site.pages[f"/{number}"] = Answer(body)
            source = SourceFactory(address=site.address(f"/{number}"))
            assert actions.fetch_source(source_id=source.pk, at=NOON).outcome == "refused", name
        asked = {path for path, _ in site.requests}
    assert len(asked) == len(payloads)  # nothing that a document named was fetched
    reasons = Fetch.objects.values_list("reason", flat=True)
    with capsys.disabled():
        print(f"\nhostile XML: {len(payloads)} documents refused; reasons {sorted({r[:70] for r in reasons})}")
    assert all(reasons)
    assert not Entry.objects.exists()
    assert not Source.objects.filter(pk__in=Fetch.objects.values("source"), last_error="").exists()


def test_the_bombs_themselves_are_named_as_what_they_are(corpus):
    for name in ("xmlbomb.xml", "xmlbomb2.xml", "quadratic.xml", "cyclic.xml", "external.xml", "external_file.xml"):
        with pytest.raises(FeedRefused, match="declares entities"):
            queries.parse((corpus / "30-security" / "defusedxml-xml-bombs" / name).read_bytes(), url="")


class _Witness(HTMLParser):
    """Notes what a browser could run."""

    FORBIDDEN = frozenset({
        "script", "style", "iframe", "object", "embed", "form", "input", "svg", "math", "base", "link", "meta",
        "template",
    })  # fmt: skip

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self.tree: list[object] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tree.append((tag, sorted(attrs)))
        if tag in self.FORBIDDEN:
            self.found.append(tag)
        for name, value in attrs:
            scheme = re.match(r"\s*([a-z][a-z0-9+.-]*):", (value or "").lower())
            if name.startswith("on") or name in ("style", "srcdoc", "id", "name", "class", "formaction", "xlink:href"):
                self.found.append(f"{tag} {name}")
            if name in ("href", "src", "cite") and (not scheme or scheme[1] not in ("http", "https", "mailto")):
                self.found.append(f"{tag} {name}={value}")

    def handle_endtag(self, tag: str) -> None:
        self.tree.append(tag)

    def handle_data(self, data: str) -> None:
        self.tree.append(data)

    @classmethod
    def of(cls, html: str) -> _Witness:
        witness = cls()
        witness.feed(html)
        witness.close()
        return witness


def payloads_of(folder: Path) -> list[str]:
    listed = [pair["payload"] for pair in json.loads((folder / "DOMPurify" / "expect.json").read_text())]
    for path in sorted(folder.glob("PayloadsAllTheThings/XSS Injection/Intruders/*.txt")):
        listed += path.read_text(errors="replace").splitlines()
    return [*listed, *json.loads((folder / "big-list-of-naughty-strings" / "blns.json").read_text())]


def test_no_payload_keeps_anything_that_runs(corpus, capsys):
    payloads = payloads_of(corpus / "30-security")
    for payload in payloads:
        clean = queries.clean_html(payload, "https://e.org/a")
        witness = _Witness.of(clean)
        assert not witness.found, (payload, clean)
        again = queries.clean_html(clean, "https://e.org/a")
        assert _Witness.of(again).tree == witness.tree, payload  # parsed once more it is still the same tree
    with capsys.disabled():
        print(f"\nsanitiser: {len(payloads)} payloads, none left anything that runs")
