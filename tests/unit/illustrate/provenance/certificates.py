"""Certificates as an operator might have them: good, expired, of another key, of the wrong kind."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID

from illustrate.provenance import certificate

NOW = datetime.now(tz=UTC)


def parts(at: datetime = NOW) -> tuple[bytes, bytes]:
    """A certificate with its issuer, and its key, issued at the time and valid for ten years."""
    pem = certificate._development_pem(at)
    start = pem.index(b"-----BEGIN CERTIFICATE")
    return pem[start:], pem[:start]


def key_pem(key: Any, password: bytes = b"") -> bytes:
    lock = BestAvailableEncryption(password) if password else NoEncryption()
    pem: bytes = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock)
    return pem


def name_in(settings: Any, folder: Path, chain: bytes | None, key: bytes | None) -> None:
    """Write both and point the settings at them; None leaves one out."""
    for setting, name, pem in (("C2PA_CERTIFICATE", "chain.pem", chain), ("C2PA_PRIVATE_KEY", "key.pem", key)):
        if pem is None:
            setattr(settings, setting, "")
            continue
        (folder / name).write_bytes(pem)
        setattr(settings, setting, str(folder / name))


def almost_over() -> datetime:
    """When to issue one that has ten days left."""
    return NOW - certificate.DEVELOPMENT_LIFE + timedelta(days=10)


def over() -> datetime:
    return NOW - certificate.DEVELOPMENT_LIFE - timedelta(days=1)


def chain_of_three(key: Any, usage: x509.ObjectIdentifier = ExtendedKeyUsageOID.EMAIL_PROTECTION) -> bytes:
    """As a public authority gives it: the certificate of a key and the authority's between, without its root."""
    root_key, middle_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root, middle, own = (certificate._name(name) for name in ("Root", "Middle", "The Example Post"))
    authority = (
        certificate._draft(middle, root, middle_key, NOW)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(certificate._usage(signs_certificates=True), critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()), critical=False)
        .sign(root_key, hashes.SHA256())
    )
    leaf = (
        certificate._draft(own, middle, key, NOW)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(certificate._usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(middle_key.public_key()), critical=False)
        .sign(middle_key, hashes.SHA256())
    )
    return certificate._pem(leaf, authority).encode()
