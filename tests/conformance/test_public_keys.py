# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which public keys make a service account, that they come back byte for byte, and that logging in with them works."""

from __future__ import annotations

import base64
import textwrap
import warnings
from typing import Any

import pytest
from conformance_support import KEY, OTHER_KEY, Emulator, Names, login_token, new_key, private_pem, public_pem
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519

PEM = public_pem(KEY)
PKCS1 = public_pem(KEY, "PKCS1")
DER = KEY.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
OPENSSH = KEY.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH).decode()
NOT_A_KEY = "Invalid public key: Could not deserialize key data."
NOT_RSA = "Invalid public key: Key must be of type RSA"


@pytest.mark.parametrize(
    ("row", "key", "text"),
    [
        ("2048 bits", KEY, PEM),
        ("PKCS#1", KEY, PKCS1),
        ("no final newline", KEY, PEM.rstrip("\n")),
        ("CRLF lines", KEY, PEM.replace("\n", "\r\n")),
        ("blank lines around", KEY, f"\n\n{PEM}\n\n"),
        ("text before", KEY, f"a comment\n{PEM}"),
        ("junk after", KEY, f"{PEM}junk"),
        ("a second key after it: the first counts", KEY, PEM + public_pem(OTHER_KEY)),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 60 else "",
)
def test_accepted(emulator: Emulator, names: Names, row: str, key: Any, text: str) -> None:
    """bouncer-observed: public_key: accepted, returned as sent, login works."""
    accepted(emulator, names["unknown"], key, text)


@pytest.mark.parametrize(("bits", "exponent"), [(1024, 65537), (2048, 3), (3072, 65537), (4096, 65537)])
def test_accepted_sizes(emulator: Emulator, names: Names, bits: int, exponent: int) -> None:
    """bouncer-observed: public_key: 1024 to 4096 bits, exponents 3 and 65537; no minimum size on the server."""
    key = new_key(bits, exponent)
    with warnings.catch_warnings():
        # Newer libraries warn about small keys, which is the point of this row.
        warnings.simplefilter("ignore")
        accepted(emulator, names["unknown"], key, public_pem(key))


def accepted(emulator: Emulator, uid: str, key: Any, text: str) -> None:
    emulator.must(201, "PUT", f"/users/{uid}", {"public_key": text})
    assert emulator.iam("GET", f"/users/{uid}").json["public_key"] == text
    assert emulator.login(uid=uid, token=login_token(key, uid=uid)).status == 200


@pytest.mark.parametrize(
    ("row", "text", "description"),
    [
        ("EC", public_pem(ec.generate_private_key(ec.SECP256R1())), NOT_RSA),
        ("Ed25519", public_pem(ed25519.Ed25519PrivateKey.generate()), NOT_RSA),
        ("DSA", public_pem(dsa.generate_private_key(1024)), NOT_RSA),
        ("garbage", "garbage", NOT_A_KEY),
        ("broken PEM", PEM.replace("MII", "MIJ", 1), NOT_A_KEY),
        ("cut PEM", "".join(PEM.splitlines(True)[:3]), NOT_A_KEY),
        ("private key", private_pem(KEY), NOT_A_KEY),
        ("certificate", PEM.replace("PUBLIC KEY", "CERTIFICATE"), NOT_A_KEY),
        ("OpenSSH", OPENSSH, NOT_A_KEY),
        ("bare base64 DER", base64.b64encode(DER).decode(), NOT_A_KEY),
        ("newlines turned into blanks", PEM.replace("\n", " "), NOT_A_KEY),
        ("newlines turned into literal \\n", PEM.replace("\n", "\\n"), NOT_A_KEY),
        ("lower-case header", PEM.replace("BEGIN PUBLIC KEY", "begin public key"), NOT_A_KEY),
        ("indented (iam-api section 2)", textwrap.indent(PEM, "  "), NOT_A_KEY),
        ("SPKI under a PKCS#1 label (iam-api section 2)", PEM.replace("PUBLIC KEY", "RSA PUBLIC KEY"), NOT_A_KEY),
        ("PKCS#1 under an SPKI label", PKCS1.replace("RSA PUBLIC KEY", "PUBLIC KEY"), NOT_A_KEY),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 46 else "",
)
def test_refused(emulator: Emulator, names: Names, row: str, text: str, description: str) -> None:
    """bouncer-observed: public_key: refused, and nothing is made."""
    answer = emulator.iam("PUT", f"/users/{names['unknown']}", {"public_key": text})
    assert (answer.status, answer.code) == (400, "ERR_INVALID_PUBLIC_KEY")
    assert answer.json["description"] == description
    assert emulator.iam("GET", f"/users/{names['unknown']}").status == 400


def test_not_ascii(emulator: Emulator, names: Names) -> None:
    """bouncer-observed: public_key: non-ASCII text is named as such."""
    answer = emulator.iam("PUT", f"/users/{names['unknown']}", {"public_key": "é" + PEM})
    assert (answer.status, answer.code) == (400, "ERR_INVALID_PUBLIC_KEY")
    assert answer.json["description"].startswith("Invalid public key: 'ascii' codec can't encode character")
