"""Who signs: one certificate for an installation, or the operator's; what is wrong with it is said in one line."""

from __future__ import annotations

import io
import stat
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID
from django.conf import settings as installed
from PIL import Image

from illustrate.checks import check_certificate
from illustrate.provenance import _c2pa
from illustrate.provenance.certificate import CannotSign, development_file, signing_certificate
from illustrate.provenance.record import ALGORITHM, PublicRecord
from illustrate.provenance.trial import trouble
from illustrate.queries import why_unsigned

from .certificates import NOW, almost_over, chain_of_three, key_pem, name_in, over, parts

RECORD = PublicRecord(
    renderer="composer", revision="1", preset="grain/1", seed=1, licence="CC0-1.0", digital_source_type=ALGORITHM
)


def small() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (32, 18)).save(out, "WEBP")
    return out.getvalue()


SMALL = small()


def test_an_installation_makes_its_own_once_and_for_its_owner_alone(settings, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    settings.GYEOL_HOME = tmp_path / "new" / "home"
    first = signing_certificate(at=NOW)
    file = settings.GYEOL_HOME / "signing.pem"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert signing_certificate(at=NOW + timedelta(days=365)) == first
    assert first.is_development
    assert [each.name for each in settings.GYEOL_HOME.iterdir()] == ["signing.pem"]


def test_processes_that_start_together_share_one_certificate(tmp_path: Path) -> None:
    program = (
        "import sys, time, pathlib\n"
        "from datetime import UTC, datetime\n"
        "from illustrate.provenance.certificate import development_file\n"
        "home = pathlib.Path(sys.argv[1]); print('ready', flush=True); sys.stdin.readline()\n"
        "print(development_file(home, at=datetime.now(tz=UTC)).read_text().encode().hex())\n"
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(tmp_path)],
            cwd=installed.BASE_DIR, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for _ in range(4)
    ]  # fmt: skip
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in started:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    seen = {process.communicate(timeout=30)[0].strip() for process in started}
    assert len(seen) == 1
    assert bytes.fromhex(seen.pop()).count(b"BEGIN PRIVATE KEY") == 1
    assert [each.name for each in tmp_path.iterdir()] == ["signing.pem"]


def test_a_home_that_cannot_be_written_to_is_said_and_nothing_is_left(tmp_path: Path) -> None:
    blocked = tmp_path / "a-file"
    blocked.write_text("")
    with pytest.raises(CannotSign, match="cannot be made"):
        development_file(blocked / "home", at=NOW)


def test_the_authoritys_key_is_forgotten_and_its_certificate_stays_at_home(settings, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    settings.GYEOL_HOME = tmp_path
    found = signing_certificate(at=NOW)
    assert (tmp_path / "signing.pem").read_text().count("PRIVATE KEY-----") == 2  # begin and end of one
    assert len(x509.load_pem_x509_certificates(found.chain.encode())) == 1
    assert len(x509.load_pem_x509_certificates(found.anchors.encode())) == 1


def test_nothing_in_it_tells_whose_installation_it_is(settings, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    settings.GYEOL_HOME, settings.PUBLIC_URL = tmp_path, "https://my-own-news.example.org"
    (leaf,) = x509.load_pem_x509_certificates(signing_certificate(at=NOW).chain.encode())
    assert leaf.subject.rfc4514_string() == "CN=Gyeol development certificate,O=Gyeol"


def test_the_operators_own_certificate_signs_in_its_place(settings, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    chain, key = parts()
    name_in(settings, tmp_path, chain, key)
    settings.GYEOL_HOME = tmp_path / "home"
    found = signing_certificate(at=NOW)
    assert not found.is_development
    assert found.algorithm == "es256"
    assert not settings.GYEOL_HOME.exists()
    assert trouble(at=NOW) == ""


def leaf_of(chain: bytes) -> bytes:
    return x509.load_pem_x509_certificates(chain)[0].public_bytes(Encoding.PEM)


def test_a_certificate_without_its_issuers_signs_and_the_operator_hears_what_is_missing(
    settings, tmp_path: Path
) -> None:  # type: ignore[no-untyped-def]
    chain, key = parts()
    name_in(settings, tmp_path, leaf_of(chain), key)
    found = signing_certificate(at=NOW)
    signed = _c2pa.sign({"": SMALL}, RECORD, found)[""]
    assert _c2pa.read(signed, RECORD, found).state == "foreign", "whole, and by whom cannot be told"
    assert _c2pa.read(SMALL, RECORD, found).state == "none"
    assert "without its issuers" in trouble(at=NOW)


def test_a_certificate_for_something_else_is_found_out_before_the_first_picture(settings, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    key = ec.generate_private_key(ec.SECP256R1())
    name_in(settings, tmp_path, chain_of_three(key), key_pem(key))
    assert trouble(at=NOW) == ""
    name_in(settings, tmp_path, chain_of_three(key, ExtendedKeyUsageOID.SERVER_AUTH), key_pem(key))
    assert "refuses to sign" in trouble(at=NOW)
    assert check_certificate()


def _unfit(case: str) -> tuple[bytes | None, bytes | None]:
    chain, key = parts()
    return {
        "expired": lambda: parts(over()),
        "not yet": lambda: parts(NOW + timedelta(days=30)),
        "mismatched": lambda: (chain, parts()[1]),
        "alone": lambda: (chain, None),
        "no certificate": lambda: (b"hello", key),
        "no key": lambda: (chain, b"hello"),
        "locked": lambda: (chain, key_pem(ec.generate_private_key(ec.SECP256R1()), b"secret")),
    }[case]()


@pytest.mark.parametrize(
    ("case", "words"),
    [
        ("expired", r"C2PA_CERTIFICATE \(.+chain\.pem\) has expired on \d{4}-\d\d-\d\d: renew it"),
        ("not yet", "valid only from"),
        ("mismatched", r"C2PA_PRIVATE_KEY \(.+key\.pem\) is not the key of C2PA_CERTIFICATE"),
        ("alone", "belong together"),
        ("no certificate", "holds no certificate in PEM"),
        ("no key", "holds no private key in PEM"),
        ("locked", "locked with a password"),
    ],
)
def test_an_unfit_certificate_is_refused_in_words_and_warned_of(
    case: str, words: str, settings, tmp_path: Path
) -> None:  # type: ignore[no-untyped-def]
    name_in(settings, tmp_path, *_unfit(case))
    with pytest.raises(CannotSign, match=words):
        signing_certificate(at=NOW)
    (warning,) = check_certificate()
    assert warning.id == "illustrate.W001"
    assert not warning.is_serious()  # the site starts all the same


def test_a_key_that_c2pa_does_not_know_is_refused(settings, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    from illustrate.provenance import certificate

    with pytest.raises(CannotSign, match="of a kind that C2PA does not know"):
        certificate._algorithm(ec.generate_private_key(ec.SECP256K1()), "the key")
    assert certificate._algorithm(rsa.generate_private_key(65537, 1024), "the key") == "ps256"


def test_a_file_that_is_not_there_is_named(settings, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    name_in(settings, tmp_path, *parts())
    settings.C2PA_PRIVATE_KEY = str(tmp_path / "nowhere.pem")
    with pytest.raises(CannotSign, match=r"C2PA_PRIVATE_KEY \(.+nowhere\.pem\) cannot be read: No such file"):
        signing_certificate(at=NOW)


def test_an_expiry_is_announced_a_month_ahead(settings, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    assert check_certificate() == []
    name_in(settings, tmp_path, *parts(almost_over()))
    (warning,) = check_certificate()
    assert "expires on" in warning.msg


def test_the_start_of_an_installation_makes_it_and_hears_what_is_wrong(settings, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    settings.GYEOL_HOME = tmp_path / "home"
    assert why_unsigned(NOW) == ""
    assert (tmp_path / "home" / "signing.pem").exists()
    name_in(settings, tmp_path, *parts(over()))
    assert "has expired" in why_unsigned(NOW)
