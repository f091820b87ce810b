# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which public keys the IAM takes.

The libraries of today are more lenient than the one the IAM was observed with (they take a SubjectPublicKeyInfo under
a PKCS#1 label, for example), so the PEM armour is read here and only the DER is left to the library.
"""

from __future__ import annotations

import base64
import binascii
import re

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

_SEQUENCE, _INTEGER = 0x30, 0x02


class InvalidPublicKey(ValueError):
    """The text of the refusal, as the IAM words it."""


def load_public_key(text: str) -> RSAPublicKey:
    """The RSA key in `text`, the first one where there are several."""
    try:
        text.encode("ascii")
    except UnicodeEncodeError as error:
        raise InvalidPublicKey(str(error)) from None
    # PKCS#1 is only looked for where there is no SubjectPublicKeyInfo, as OpenSSL's two readers do it.
    der = _pem_block(text, "PUBLIC KEY", _SEQUENCE) or _pem_block(text, "RSA PUBLIC KEY", _INTEGER)
    if der is None:
        raise InvalidPublicKey("Could not deserialize key data.")
    try:
        key = load_der_public_key(der)
    except (ValueError, UnsupportedAlgorithm):
        raise InvalidPublicKey("Could not deserialize key data.") from None
    if not isinstance(key, RSAPublicKey):
        raise InvalidPublicKey("Key must be of type RSA")
    return key


def _pem_block(text: str, label: str, first_tag: int) -> bytes | None:
    """The DER of the first block with `label`, if its outer SEQUENCE starts with an element of `first_tag`."""
    pattern = rf"^-----BEGIN {label}-----[ \t]*\r?\n((?:[A-Za-z0-9+/=]+[ \t]*\r?\n)+)-----END {label}-----[ \t]*\r?$"
    block = re.search(pattern, text, re.MULTILINE)
    if block is None:
        return None
    try:
        der = base64.b64decode("".join(block.group(1).split()), validate=True)
    except (binascii.Error, ValueError):
        return None
    return der if _first_inner_tag(der) == first_tag else None


def _first_inner_tag(der: bytes) -> int | None:
    if len(der) < 2 or der[0] != _SEQUENCE:
        return None
    length_of_length = der[1] & 0x7F if der[1] & 0x80 else 0
    position = 2 + length_of_length
    return der[position] if position < len(der) else None
