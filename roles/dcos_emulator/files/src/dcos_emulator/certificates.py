# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cluster's own certificate authority and its server certificate, good enough for the strictest verifiers."""

from __future__ import annotations

import datetime
import ipaddress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from .datadir import write_private

DNS_NAMES = ("localhost", "leader.mesos", "master.mesos", "marathon.mesos")
ADDRESSES = ("127.0.0.1", "::1")

_DAY = datetime.timedelta(days=1)
_CA_LIFETIME = 3650 * _DAY
_SERVER_LIFETIME = 825 * _DAY
_RENEW_BEFORE = 30 * _DAY


def ensure_certificates(ca_path: Path, ca_key_path: Path, server_path: Path, server_key_path: Path) -> None:
    """Make what is missing; keep what is there, so that a restart keeps the cluster's identity."""
    if ca_path.exists() and ca_key_path.exists():
        ca = x509.load_pem_x509_certificate(ca_path.read_bytes())
        ca_key = _load_key(ca_key_path)
    else:
        ca_key = _new_key(ca_key_path)
        ca = _make_ca(ca_key)
        write_private(ca_path, ca.public_bytes(serialization.Encoding.PEM), mode=0o644)
        server_path.unlink(missing_ok=True)
    if server_path.exists() and server_key_path.exists():
        server = x509.load_pem_x509_certificate(server_path.read_bytes())
        if server.not_valid_after_utc - _now() > _RENEW_BEFORE and set(DNS_NAMES) <= set(_names(server)):
            return
    server_key = _load_key(server_key_path) if server_key_path.exists() else _new_key(server_key_path)
    server = _make_server_certificate(server_key.public_key(), ca, ca_key)
    write_private(server_path, server.public_bytes(serialization.Encoding.PEM))


def _names(server: x509.Certificate) -> list[str]:
    """The names in a certificate; one of an older emulator has fewer."""
    return server.extensions.get_extension_for_class(x509.SubjectAlternativeName).value.get_values_for_type(
        x509.DNSName
    )


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.timezone.utc)


def _new_key(path: Path) -> ec.EllipticCurvePrivateKey:
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    write_private(path, pem)
    return key


def _load_key(path: Path) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError(f"{path} does not hold a key of the emulator")
    return key


def _name(common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "dcos-emulator"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _key_usage(*, ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=ca,
        crl_sign=ca,
        encipher_only=False,
        decipher_only=False,
    )


def _make_ca(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    # The serial number keeps the names of two emulators' authorities apart in one trust store.
    serial = x509.random_serial_number()
    name = _name(f"dcos-emulator CA {serial:x}"[:64])
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(serial)
        .not_valid_before(_now() - _DAY)
        .not_valid_after(_now() + _CA_LIFETIME)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(ca=True), critical=True)
        .add_extension(identifier, critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False)
        .sign(key, hashes.SHA256())
    )


def _make_server_certificate(
    public_key: ec.EllipticCurvePublicKey, ca: x509.Certificate, ca_key: ec.EllipticCurvePrivateKey
) -> x509.Certificate:
    names: list[x509.GeneralName] = [x509.DNSName(name) for name in DNS_NAMES]
    names += [x509.IPAddress(ipaddress.ip_address(address)) for address in ADDRESSES]
    issuer_identifier = ca.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return (
        x509.CertificateBuilder()
        .subject_name(_name("localhost"))
        .issuer_name(ca.subject)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(_now() - _DAY)
        .not_valid_after(_now() + _SERVER_LIFETIME)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(ca=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(issuer_identifier), critical=False
        )
        .sign(ca_key, hashes.SHA256())
    )
