"""Who signs pictures: the certificate that settings name, or one that the installation makes for itself."""

from __future__ import annotations

import contextlib
import os
import tempfile
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from django.conf import settings

DEVELOPMENT_FILE = "signing.pem"  # under GYEOL_HOME: key, certificate and authority in one, so that they always match
DEVELOPMENT_LIFE = timedelta(days=3650)  # no time stamp says when a file was signed: it holds as long as this does
CLOCKS_DIFFER = timedelta(days=1)
ORGANISATION = "Gyeol"

# What C2PA allows (technical specification, "Digital signatures"), by curve; RSA signs as PSS.
_CURVES = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}


class CannotSign(RuntimeError):
    """Files stay unsigned; the message says why and what to do, for operators."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """All PEM. The key never leaves this machine; the chain stands in every signed file."""

    chain: str  # the signing certificate first; without the root, which a reader has or does not trust
    key: str  # PKCS #8
    algorithm: str  # as C2PA names it: es256, ps256, ed25519, ...
    anchors: str  # whom our own reader trusts: the issuers that came with the certificate; may be empty
    is_development: bool
    expires_at: datetime


def signing_certificate(*, at: datetime) -> Certificate:
    """Raises CannotSign for what is unreadable, does not belong together, or is not valid at the time."""
    paths = [settings.C2PA_CERTIFICATE, settings.C2PA_PRIVATE_KEY]
    if not any(paths):
        own = development_file(settings.GYEOL_HOME, at=at)
        try:
            pem = own.read_bytes()
        except OSError as error:
            raise CannotSign(f"{own} cannot be read: {error.strerror}") from None
        return _certificate(pem, pem, (str(own), str(own)), at, is_development=True)
    if not all(paths):
        raise CannotSign("C2PA_CERTIFICATE and C2PA_PRIVATE_KEY belong together, and one of them is not set")
    named = (f"C2PA_CERTIFICATE ({paths[0]})", f"C2PA_PRIVATE_KEY ({paths[1]})")
    certificate, key = (_read(path, name) for path, name in zip(paths, named, strict=True))
    return _certificate(certificate, key, named, at, is_development=False)


def _read(path: str, name: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise CannotSign(f"{name} cannot be read: {error.strerror}") from None


def _certificate(
    pem: bytes, key_pem: bytes, names: tuple[str, str], at: datetime, *, is_development: bool
) -> Certificate:
    try:
        held = x509.load_pem_x509_certificates(pem)
    except ValueError as error:
        raise CannotSign(f"{names[0]} holds no certificate in PEM: {error}") from None
    try:
        key = load_pem_private_key(key_pem, password=None)
    except TypeError:
        raise CannotSign(f"{names[1]} is locked with a password: give it without one, readable by us alone") from None
    except (ValueError, UnsupportedAlgorithm) as error:
        raise CannotSign(f"{names[1]} holds no private key in PEM: {error}") from None
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    leaf = next((each for each in held if _spki(each) == public), None)
    if leaf is None:
        raise CannotSign(f"{names[1]} is not the key of {names[0]}")
    issuers = [each for each in held if each is not leaf]
    if at > leaf.not_valid_after_utc:
        raise CannotSign(f"{names[0]} has expired on {leaf.not_valid_after_utc:%Y-%m-%d}: renew it")
    if at < leaf.not_valid_before_utc:
        raise CannotSign(f"{names[0]} is valid only from {leaf.not_valid_before_utc:%Y-%m-%d} on")
    return Certificate(
        chain=_pem(leaf, *(each for each in issuers if each.subject != each.issuer)),
        key=key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
        algorithm=_algorithm(key, names[1]),
        anchors=_pem(*issuers),
        is_development=is_development,
        expires_at=leaf.not_valid_after_utc,
    )


def _spki(certificate: x509.Certificate) -> bytes:
    return certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _pem(*certificates: x509.Certificate) -> str:
    return "".join(each.public_bytes(Encoding.PEM).decode() for each in certificates)


def _algorithm(key: object, name: str) -> str:
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name in _CURVES:
        return _CURVES[key.curve.name]
    if isinstance(key, rsa.RSAPrivateKey):
        return "ps256"
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return "ed25519"
    raise CannotSign(f"{name} is of a kind that C2PA does not know: take P-256, P-384, P-521, RSA or Ed25519")


# -- An installation's own -----------------------------------------------------------------------------------


def development_file(home: Path, *, at: datetime) -> Path:
    """Made at the first call, kept for good, readable by its owner alone. Raises CannotSign."""
    path = home / DEVELOPMENT_FILE
    if path.exists():
        return path
    try:
        home.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=home)  # mode 0600
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(_development_pem(at))
                file.flush()
                os.fsync(file.fileno())
            with contextlib.suppress(FileExistsError):
                os.link(name, path)  # the first of several processes wins; the others read its file
        finally:
            Path(name).unlink()
    except OSError as error:
        raise CannotSign(f"{path} cannot be made: {error.strerror}") from None
    return path


def _development_pem(at: datetime) -> bytes:
    """A key, its certificate, and the authority that issued it and whose own key is forgotten here."""
    authority_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    authority_name = _name("Gyeol development authority")
    authority = (
        _draft(authority_name, authority_name, authority_key, at)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .sign(authority_key, hashes.SHA256())
    )
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key())
    leaf = (
        _draft(_name("Gyeol development certificate"), authority_name, key, at)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
        .add_extension(issuer, critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + _pem(leaf, authority).encode()


def _name(common: str) -> x509.Name:
    # The same everywhere: a file that is passed on must not tell whose installation it came from.
    return x509.Name([
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, ORGANISATION),
        x509.NameAttribute(NameOID.COMMON_NAME, common),
    ])  # fmt: skip


def _draft(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, at: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - CLOCKS_DIFFER)
        .not_valid_after(at + DEVELOPMENT_LIFE)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
