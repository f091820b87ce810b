# Copyright: (c) 2026, dcos.security contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change at any time.
"""RSA keys: make, load, normalise, compare, fingerprint.

Written forms are PEM PKCS#8 (private) and SubjectPublicKeyInfo (public): a known consumer rejects PKCS#1, which is
therefore read and never written. Keys are compared as keys: the IAM returns a public key byte for byte as it was sent.
"""

from __future__ import annotations

import base64
import hashlib
import re

from .._errors import DcosError

try:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey, generate_private_key
except ImportError:  # _module/libraries.py tells the user; the sanity tests import this file without the library
    pass

MINIMUM_SIZE = 2048
"""Bits. The IAM itself takes 1024 and fewer (observed), which can be broken."""

MAXIMUM_SIZE = 16384
"""Bits. Larger keys take minutes or hours to make, and OpenSSL does not verify with them."""

_EXPONENT = 65537
_BEGIN = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----")
_KEY_FILE = re.compile(r"\s*-----BEGIN ((?:RSA )?(?:PRIVATE|PUBLIC) KEY)-----[A-Za-z0-9+/=\s]+-----END \1-----\s*")
_PUBLIC_LABELS = ("PUBLIC KEY", "RSA PUBLIC KEY")
_NOT_RSA = "it is not of type RSA, the only type that the IAM accepts"


def check_size(size: int, option: str) -> int:
    """Return the size of a key that is to be made when it is neither too small nor too large, else raise."""
    if size < MINIMUM_SIZE:
        raise DcosError(
            f"{option}: {size} bits are too few; at least {MINIMUM_SIZE} are needed, smaller keys can be broken.",
            "invalid_key",
        )
    if size > MAXIMUM_SIZE:
        raise DcosError(
            f"{option}: {size} bits are too many; making such a key takes very long. Use {MAXIMUM_SIZE} or fewer.",
            "invalid_key",
        )
    return size


def generate(size: int = MINIMUM_SIZE) -> RSAPrivateKey:
    """Make a new key of C(size) bits."""
    return generate_private_key(public_exponent=_EXPONENT, key_size=size)


def private_pem(key: RSAPrivateKey) -> str:
    """PKCS#8 PEM, not encrypted, with a final newline."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode("ascii")


def public_pem(key: RSAPublicKey) -> str:
    """SubjectPublicKeyInfo PEM with a final newline."""
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode("ascii")


def fingerprint(key: RSAPublicKey) -> str:
    """C(SHA256:) and the unpadded base64 of the SHA-256 over the DER SubjectPublicKeyInfo."""
    der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return "SHA256:" + base64.b64encode(hashlib.sha256(der).digest()).decode("ascii").rstrip("=")


def same_key(one: RSAPublicKey | None, other: RSAPublicKey | None) -> bool:
    """Whether both are there and the same key."""
    return one is not None and other is not None and one.public_numbers() == other.public_numbers()


def load_private_key(text: str, option: str) -> RSAPrivateKey:
    """Load and fully check a private key that the user gave; errors name the option and never quote the key."""
    key = _parse_private(text, option, trusted=False)
    if key.key_size < MINIMUM_SIZE:
        raise _too_small(option, key.key_size)
    return key


def load_stored_private_key(text: str) -> RSAPrivateKey | None:
    """Load a private key read back from the secret store, or None when it is not a usable RSA key.

    It was checked when it was stored; checking again would cost 36 ms a key, loading costs 0.01 ms.
    """
    try:
        return _parse_private(text, "stored key", trusted=True)
    except DcosError:
        return None


def is_private_file(text: str) -> bool:
    """Whether a file holds one RSA private key, PKCS#8 or PKCS#1 in PEM and in the clear, and nothing else."""
    return _KEY_FILE.fullmatch(text) is not None and load_stored_private_key(text) is not None


def is_public_file(text: str) -> bool:
    """Whether a file holds one RSA public key, SubjectPublicKeyInfo or PKCS#1 in PEM, and nothing else."""
    return _KEY_FILE.fullmatch(text) is not None and read_public_key(text) is not None


def is_pkcs8(text: str) -> bool:
    """Whether a PEM private key is in the form that all consumers read."""
    return "-----BEGIN PRIVATE KEY-----" in text


def load_public_key(text: str, option: str) -> RSAPublicKey:
    """Load a public key that the user gave: SubjectPublicKeyInfo, or PKCS#1, in PEM."""
    block = _first_block(text)
    if block is None:
        raise _bad_key(option, "it is not a PEM block '-----BEGIN PUBLIC KEY-----' ... with its line breaks")
    label, _pem = block
    if "PRIVATE KEY" in label:
        raise _bad_key(option, "it is a private key; give its public half")
    if label not in _PUBLIC_LABELS:
        raise _bad_key(option, f"it is a {label.lower()}, not a public key")
    key = read_public_key(text)
    if key is None:
        raise _bad_key(option, "it is damaged, or not of type RSA")
    if key.key_size < MINIMUM_SIZE:
        raise _too_small(option, key.key_size)
    return key


def read_public_key(text: str | None) -> RSAPublicKey | None:
    """Load a public key that the IAM holds (it takes any size and text around the PEM), or None when there is none."""
    block = _first_block(text or "")
    if block is None or block[0] not in _PUBLIC_LABELS:
        return None
    try:
        key = serialization.load_pem_public_key(block[1].encode("utf-8"))
    except (ValueError, UnsupportedAlgorithm):
        return None
    return key if isinstance(key, RSAPublicKey) else None


def _first_block(text: str) -> tuple[str, str] | None:
    """Label and text of the first PEM block, if it ends.

    Two searches take as long as the text: one pattern for a whole block would be tried from each beginning to the end.
    """
    begin = _BEGIN.search(text)
    if begin is None:
        return None
    last_line = f"-----END {begin.group(1)}-----"
    end = text.find(last_line, begin.end())
    return None if end < 0 else (begin.group(1), text[begin.start() : end + len(last_line)])


def _parse_private(text: str, option: str, trusted: bool) -> RSAPrivateKey:
    block = _first_block(text)
    if block is None:
        raise _bad_key(option, "it is not a PEM block '-----BEGIN PRIVATE KEY-----' ... with its line breaks")
    label, pem = block
    if "PUBLIC KEY" in label:
        raise _bad_key(option, "it is a public key; give the private half")
    if label == "OPENSSH PRIVATE KEY":
        raise _bad_key(option, "it is in OpenSSH's own form; 'ssh-keygen -p -m PKCS8 -f FILE' rewrites the file")
    if label in ("EC PRIVATE KEY", "DSA PRIVATE KEY"):
        raise _bad_key(option, _NOT_RSA)
    if "ENCRYPTED" in pem:
        raise _bad_key(option, "it is encrypted with a passphrase; services need it in the clear")
    try:
        key = serialization.load_pem_private_key(
            pem.encode("utf-8"), password=None, unsafe_skip_rsa_key_validation=trusted
        )
    except (ValueError, TypeError, UnsupportedAlgorithm):
        # The library's own text is left out: it can quote parts of what it could not parse.
        raise _bad_key(option, "it is damaged, or its parts do not belong together") from None
    if not isinstance(key, RSAPrivateKey):
        raise _bad_key(option, _NOT_RSA)
    return key


def _bad_key(option: str, reason: str) -> DcosError:
    return DcosError(f"{option}: this is not a usable RSA key: {reason}.", "invalid_key")


def _too_small(option: str, size: int) -> DcosError:
    return DcosError(
        f"{option}: the key has {size} bits; at least {MINIMUM_SIZE} are needed, smaller ones can be broken.",
        "invalid_key",
    )
