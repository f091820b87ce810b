# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""RSA keys for tests: each is made once in a run, since making one takes long."""

from __future__ import annotations

import functools
from datetime import datetime, timedelta, timezone
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import NameOID


@functools.lru_cache(maxsize=None)
def _made(name: str, size: int) -> RSAPrivateKey:
    del name  # only tells keys apart
    return generate_private_key(public_exponent=65537, key_size=size)


def private_key(name: str, size: int = 2048) -> RSAPrivateKey:
    """The key of this name, the same one throughout a run."""
    return _made(name, size)


def public_key(name: str, size: int = 2048) -> RSAPublicKey:
    return private_key(name, size).public_key()


@functools.lru_cache(maxsize=None)
def private_text(name: str, size: int = 2048, form: str = "PKCS8") -> str:
    """Made here with the library itself, not with the code under test. form: PKCS8 or TraditionalOpenSSL (PKCS#1)."""
    key = private_key(name, size)
    return key.private_bytes(Encoding.PEM, getattr(PrivateFormat, form), NoEncryption()).decode("ascii")


@functools.lru_cache(maxsize=None)
def public_text(name: str, size: int = 2048, form: str = "SubjectPublicKeyInfo") -> str:
    """form: SubjectPublicKeyInfo or PKCS1."""
    return public_key(name, size).public_bytes(Encoding.PEM, getattr(PublicFormat, form)).decode("ascii")


@functools.lru_cache(maxsize=None)
def certificate_text(name: str = "ca") -> str:
    """A certificate that signs itself, of a CA and of 127.0.0.1, with the key of this name."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(timezone.utc)
    key = private_key(name)
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(True, None), True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
    )
    return built.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM).decode("ascii")
